"""LibreOffice recalculates the workbook: the same numbers, no error cell."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

from tests.engine.report.workbook.conftest import Written

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
CENT = 0.005
ALWAYS_RECALCULATE = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item>
</oor:items>
"""

pytestmark = pytest.mark.skipif(
    OFFICE is None, reason="LibreOffice is not installed: the workbook is not recalculated here"
)


def without_values(data: bytes) -> bytes:
    """The workbook with the cached value of every formula replaced: only a recalculation can be right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                content = re.sub(rb"(</f><v>)[^<]*(</v>)", rb"\g<1>12345\g<2>", content)
                content = content.replace(b' t="str"><f>', b"><f>")
            new.writestr(name, content)
    return out.getvalue()


def recalculated(books: Mapping[str, bytes], folder: Path) -> dict[str, openpyxl.Workbook]:
    """The workbooks as LibreOffice saves them after calculating every formula."""
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS_RECALCULATE)
    for name, data in books.items():
        (folder / f"{name}.xlsx").write_bytes(without_values(data))
    command = [
        str(OFFICE),
        "--headless",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--convert-to",
        "xlsx",
        "--outdir",
        str(folder / "out"),
        *(str(folder / f"{name}.xlsx") for name in books),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return {name: openpyxl.load_workbook(folder / "out" / f"{name}.xlsx", data_only=True) for name in books}


def test_every_formula_recalculates_to_its_cached_value(
    hostile: Written,
    smallest: Written,
    tmp_path: Path,
    opened: Callable[[bytes], tuple[openpyxl.Workbook, openpyxl.Workbook]],
) -> None:
    books = {"hostile": hostile.data(), "smallest": smallest.data()}
    for name, anew in recalculated(books, tmp_path).items():
        formulas, values = opened(books[name])
        assert anew.sheetnames == formulas.sheetnames
        compared = 0
        for sheet in formulas.worksheets:
            for each in (cell for row in sheet.iter_rows() for cell in row):
                place = (name, sheet.title, each.coordinate)
                got = anew[sheet.title][each.coordinate].value
                assert not str(got).startswith(("#", "Err:")), (place, got)
                if each.data_type != "f":
                    continue
                expected = values[sheet.title][each.coordinate].value
                compared += 1
                if isinstance(expected, str):
                    assert got == expected, place
                else:
                    assert got == pytest.approx(expected, abs=CENT), place
        assert compared > 500
