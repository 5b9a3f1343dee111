"""What made the run: identity, inputs with hashes, files, scenarios with their changes, versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.report.workbook.sheet import Sheet

IDENTITY = (
    ("run_id", "Run id"),
    ("company", "Company"),
    ("currency", "Currency"),
    ("actuals_through", "Actuals through"),
    ("forecast_start", "Forecast start"),
    ("quarters", "Quarters"),
    ("trials", "Trials"),
    ("first_trial", "First trial"),
    ("stop_trial", "Trial after the last"),
    ("seed", "Seed"),
    ("stream_version", "Version of the random streams"),
    ("calibration", "Calibration"),
    ("plan_hash", "Hash of the plan's content"),
    ("scenario_hash", "Hash of the scenarios"),
    ("code", "Hash of the code"),
    ("lock", "Hash of the locked libraries"),
    ("tradewind", "Version of tradewind"),
    ("python", "Python"),
    ("machine", "Machine"),
)
NOT_RECORDED = "not recorded in this run"
Rows = Iterable[tuple[Any, ...]]


def write_audit(sheet: Sheet, record: Mapping[str, Any], subtitle: str, footer: str) -> None:
    """Every section one under the other."""
    sheet.heading("Audit: what made this run", subtitle)
    row = _section(
        sheet, 3, "Identity", ("What", "Value"), [(label, _known(record.get(key))) for key, label in IDENTITY]
    )
    row = _section(sheet, row, "Input files", ("File", "sha256"), sorted(record["inputs"].items()))
    files = [
        (
            each["file"],
            _read_as(each),
            f"{each['rows']:,} rows = {each['used']:,} used + {each['rows'] - each['used']:,} rejected",
            "; ".join(f"{reason}: {count:,}" for reason, count in each["rejected"]) or "none rejected",
            _remarks(each),
        )
        for each in record["files"]
    ]
    titles = ("File", "Read as", "Rows", "Rejected by reason", "Remarks")
    row = _section(sheet, row, "Files: used and rejected", titles, files)
    scenarios = record["scenarios"].items()
    row = _section(
        sheet,
        row,
        "Scenarios",
        ("Scenario", "Why", "Source", "Responses"),
        [(name, each["why"], each["source"], _responses(each)) for name, each in scenarios],
    )
    applied = [(name, change) for name, each in scenarios for change in each["applied"]]
    row = _section(sheet, row, "Applied changes", ("Scenario", "Change: path: old -> new"), applied)
    row = _section(sheet, row, "Libraries", ("Library", "Version"), sorted(record["libraries"].items()))
    sheet.widths([34.0, 62.0, 40.0, 34.0, 34.0])
    sheet.freeze(2, 0)
    sheet.paper(footer)


def _known(value: Any) -> str:
    return NOT_RECORDED if value is None else str(value)


def _read_as(each: Mapping[str, Any]) -> str:
    """Table, layout and who decided; a file that was not recognised has none."""
    return f"{each['table']}, {each['layout']}, by {each['by']}" if each["table"] else "not recognised"


def _remarks(each: Mapping[str, Any]) -> str:
    parts = list(each["notes"])
    if each["unknown_columns"]:
        parts.append("unknown columns: " + ", ".join(each["unknown_columns"]))
    if each["defaulted_columns"]:
        parts.append("defaulted columns: " + ", ".join(each["defaulted_columns"]))
    return "; ".join(parts)


def _responses(each: Mapping[str, Any]) -> str:
    return "; ".join(
        ", ".join(f"{name}: {value}" for name, value in response.items() if value is not None)
        for response in each.get("responses", ())
    )


def _section(sheet: Sheet, row: int, title: str, heads: tuple[str, ...], rows: Rows) -> int:
    """A titled table; the row after it and a gap."""
    sheet.text(row, 0, title, "section")
    sheet.texts(row + 1, 0, heads, "head")
    at = row + 1
    for each in rows:
        at += 1
        sheet.texts(at, 0, each, "wrap")
    if at == row + 1:
        at += 1
        sheet.text(at, 0, "none", "note")
    return at + 2
