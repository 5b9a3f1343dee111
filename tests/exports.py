"""Compare each field of a folder's ``expected.yaml`` with what is read: ``python -m tests.exports FOLDER``.

Fields of prose are shown and not compared; every other must be equal, money to the cent. The command
ends with 1 if one differs. Where no column tells the currency the amounts alone are compared: a plan answers
that question.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from engine.plan.faults import Faults
from engine.plan.reading.canonical import Reading, Treatment
from engine.plan.reading.combine import combine
from engine.plan.reading.figures import figure
from engine.plan.reading.reader import read_export

MONIES = ("money", "order_totals")
PROSE = {
    "tool",
    "header_source",
    "notes",
    "date_form",
    "number_format",
    "first_day_note",
    "kind",
    "customer_key",
}
CENT = Decimal("0.01")
RATIO = Decimal("0.0001")


class Row(NamedTuple):
    """One field of one file."""

    file: str
    field: str
    expected: Any
    got: Any
    verdict: str
    """``ok``, ``prose`` or ``DIFFERS``."""


def compare_folder(folder: Path) -> Iterator[Row]:
    """Every field of every file of a folder."""
    expected = YAML(typ="safe", pure=True).load((folder / "expected.yaml").read_text(encoding="utf-8"))[
        "files"
    ]
    for name, fields in expected.items():
        reading, faults = read(folder / name)
        if reading is None:
            yield Row(name, "(file)", "read", "; ".join(str(fault) for fault in faults), "DIFFERS")
            continue
        for fault in faults:
            yield Row(name, "(fault)", "none", str(fault), "DIFFERS")
        for field, value in fields.items():
            if field == "together_with":
                yield from compare_pair(folder, name, reading, value)
            else:
                yield compare_field(reading, name, field, value)


def read(path: Path) -> tuple[Reading | None, Faults]:
    faults = Faults()
    return read_export(path.read_bytes(), path.name, faults), faults


def compare_field(reading: Reading, name: str, field: str, value: Any) -> Row:
    """One field of one file."""
    if field in PROSE:
        got = {"tool": reading.tool, "kind": reading.kind}.get(field, "")
        same = field != "kind" or kind_matches(value, reading.kind)
        return Row(name, field, value, got, "prose" if same else "DIFFERS")
    if field == "left_out":
        return Row(
            name, field, value, told(reading.treatments), verdict(left_out_matches(value, reading.treatments))
        )
    got = figure(reading, field, value)
    return Row(name, field, value, got, verdict(equal(value, got)))


def compare_pair(folder: Path, name: str, later: Reading, value: Mapping[str, Any]) -> Iterator[Row]:
    """The figures of a file and the one it overlaps, read together."""
    first, _ = read(folder / value["file"])
    assert first is not None
    both = combine([first, later])
    for field, expected in value.items():
        if field != "file":
            got = both.figures.get(field)
            yield Row(name, f"together_with.{field}", expected, got, verdict(equal(expected, got)))


def verdict(same: bool) -> str:
    return "ok" if same else "DIFFERS"


def kind_matches(expected: str, kind: str) -> bool:
    """Whether the first words of a kind agree (``orders (plain ledger)`` is ``orders``)."""
    return expected.split(" (")[0].replace(" ", "_") == kind.split(" (")[0].replace(" ", "_")


def equal(expected: Any, got: Any) -> bool:
    """Whether a figure is the expected one: amounts to the cent, ratios to four places, None is None."""
    if isinstance(expected, Mapping):
        return mapping_equal(expected, got)
    if isinstance(expected, list):
        return isinstance(got, (list, tuple)) and list(map(str, expected)) == list(map(str, got))
    if expected is None or isinstance(expected, bool):
        return got is expected or (expected is False and got is None)
    if got is None or isinstance(got, Mapping):
        return False
    if isinstance(got, (Decimal, int, float)) and isinstance(expected, (int, float)):
        places = CENT if len(str(expected).split(".")[-1]) <= 2 else RATIO
        return Decimal(str(got)).quantize(places) == Decimal(str(expected)).quantize(places)
    if isinstance(got, dt.date):
        return str(expected)[:10] == got.isoformat()
    return same_words(str(expected), str(got))


def same_words(expected: str, got: str) -> bool:
    """Whether a text is the expected one, a remark in brackets left aside."""
    return re.sub(r"\s*\(.*\)$", "", expected) == got or expected == got


def mapping_equal(expected: Mapping[Any, Any], got: Any) -> bool:
    if not isinstance(got, Mapping):
        return False
    if len(expected) == 1 and set(got) == {""}:
        got = {next(iter(expected)): got[""]}
    if not got and all(value == 0 for value in expected.values()):
        return True
    return all(equal(value, got.get(key, got.get(str(key)))) for key, value in expected.items()) and (
        not all_numbers(got) or set(map(str, got)) <= set(map(str, expected)) | {""}
    )


def all_numbers(got: Mapping[Any, Any]) -> bool:
    return all(isinstance(key, str) and len(key) == 3 and key.isupper() for key in got)


def left_out_matches(expected: list[Mapping[str, Any]], got: tuple[Treatment, ...]) -> bool:
    """Whether every expected group is one treatment with equal rows and money, and none is over."""
    rest = list(got)
    for group in expected:
        found = next((each for each in rest if group_matches(group, each)), None)
        if found is None:
            return False
        rest.remove(found)
    return not rest


def group_matches(group: Mapping[str, Any], treatment: Treatment) -> bool:
    for field, value in group.items():
        if field == "reason":
            continue
        if field.startswith("money_"):
            got = treatment.money.get(field.removeprefix("money_").upper())
        else:
            got = getattr(treatment, field, None)
        if not equal(value, got):
            return False
    return True


def told(treatments: tuple[Treatment, ...]) -> str:
    return "; ".join(
        f"{t.reason}: {t.rows} rows, {t.orders} orders, {t.units} units, "
        f"{plain(t.money)} {plain(t.order_totals)}"
        for t in treatments
    )


def plain(value: Any) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(plain(item) for item in value) + "]"
    return str(value)


def main(arguments: list[str]) -> int:
    """Print every field of every file; 1 if one differs."""
    if len(arguments) != 1 or not (Path(arguments[0]) / "expected.yaml").is_file():
        print("python -m tests.exports FOLDER (with an expected.yaml in it)", file=sys.stderr)
        return 2
    counts = {"ok": 0, "prose": 0, "DIFFERS": 0}
    files = set()
    for row in compare_folder(Path(arguments[0])):
        counts[row.verdict] += 1
        files.add(row.file)
        print(
            f"{row.verdict:8}{row.file}: {row.field} | expected {plain(row.expected)} | got {plain(row.got)}"
        )
    print(
        f"{len(files)} files: {counts['ok']} fields ok, {counts['prose']} of prose, "
        f"{counts['DIFFERS']} differ"
    )
    return 1 if counts["DIFFERS"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
