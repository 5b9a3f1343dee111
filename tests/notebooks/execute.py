"""Execute a notebook in a kernel of its own and keep what a reader of another machine needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
CELL_SECONDS = 600
"""Time for one cell; the first run on a machine compiles its kernels."""
RENDERED = {"text/html", "image/svg+xml"}
"""Forms that a reader sees in place of the plain text, which may name an address in memory."""


def notebooks() -> list[Path]:
    """Every notebook, by name."""
    return sorted(NOTEBOOKS.glob("*.ipynb"))


def execute(path: Path, place: Path | None = None) -> Any:
    """The notebook with fresh outputs, its temporary files in ``place``; an error in a cell raises."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(NOTEBOOKS)}},
        record_timing=False,
    )
    return tidy(client.execute(env=os.environ if place is None else {**os.environ, "TMPDIR": str(place)}))


def tidy(notebook: Any) -> Any:
    """The notebook without what one machine leaves in it: kernel, versions, messages on stderr, and the plain
    form of what has a rendered one.
    """
    notebook.metadata = nbformat.from_dict({"language_info": {"name": "python"}})
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
            for output in cell.outputs:
                if RENDERED & output.get("data", {}).keys():
                    output.data.pop("text/plain", None)
    return notebook
