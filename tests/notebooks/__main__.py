"""``python -m tests.notebooks``: execute every notebook and write its outputs into it."""

from __future__ import annotations

import nbformat

from tests.notebooks.execute import execute, notebooks

for path in notebooks():
    nbformat.write(execute(path), path)
    print(path.name)
