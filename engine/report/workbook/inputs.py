"""Plan inputs and assumptions: path, value, unit, source; blue, validated, one value a row.

The first four columns are meant to be read back: a path names one value of the plan.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from engine.report.workbook.sheet import Sheet

HEADER = 4
COLUMNS = ("Path", "Value", "Unit", "Source", "Meaning", "Allowed")
LONGEST_LIST = 255
"""Characters that a list of choices may have in the file format."""
Rule = tuple[tuple[str, Any], ...]


def write_inputs(sheet: Sheet, record: Mapping[str, Any], subtitle: str, footer: str) -> None:
    """Every value of plan.yaml, the thresholds of policy.yaml and the assumptions made where no file said."""
    sheet.heading("Inputs: the plan, its policy and its assumptions", subtitle)
    sheet.text(
        2,
        0,
        "Blue values are inputs. Changing one here changes no figure of this workbook: the run has used "
        "what stands here.",
        "note",
    )
    sheet.texts(HEADER, 0, COLUMNS, "head")
    rules: dict[tuple[str, Rule], list[int]] = defaultdict(list)
    row = HEADER + 1
    given = record.get("plan_inputs", ())
    for each in given:
        _input(sheet, row, each)
        rule = _rule(each)
        if rule:
            rules[str(each["kind"]), rule].append(row)
        row += 1
    if not given:
        sheet.text(row, 0, "Plan inputs are not recorded in this run.", "note")
        row += 1
    for path, value in _thresholds(record):
        _input(
            sheet,
            row,
            {
                "path": path,
                "value": value,
                "unit": "unit of the metric",
                "source": "policy.yaml",
                "meaning": "threshold: min is breached below, max above",
                "kind": "number",
            },
        )
        rules["number", ()].append(row)
        row += 1
    for (kind, rule), rows in rules.items():
        _validate(sheet, kind, dict(rule), rows)
    sheet.page.autofilter(HEADER, 0, max(row - 1, HEADER + 1), len(COLUMNS) - 1)
    _assumptions(sheet, record, row + 1)
    sheet.widths([46.0, 24.0, 22.0, 44.0, 52.0, 22.0])
    sheet.freeze(HEADER + 1, 1)
    sheet.paper(footer)


def _input(sheet: Sheet, row: int, each: Mapping[str, Any]) -> None:
    """One row: the value as its kind is edited."""
    sheet.text(row, 0, each["path"], "wrap")
    value, kind = each["value"], each["kind"]
    if value is None:
        sheet.text(row, 1, "", "wrap input")
    elif kind == "yes/no":
        sheet.text(row, 1, "yes" if value else "no", "wrap input")
    elif kind == "date":
        sheet.date(row, 1, dt.date.fromisoformat(str(value)), look="wrap input")
    elif kind in {"number", "integer"}:
        whole = float(value) == round(float(value))
        sheet.number(row, 1, float(value), "integer" if whole else "general", "wrap input")
    else:
        sheet.text(row, 1, value, "wrap input")
    sheet.text(row, 2, each["unit"], "wrap")
    sheet.text(row, 3, each["source"], "wrap note")
    sheet.text(row, 4, each["meaning"], "wrap note")
    sheet.text(row, 5, _allowed(each), "wrap note")


def _allowed(each: Mapping[str, Any]) -> str:
    """What may stand there, in words."""
    if each.get("choices"):
        return ", ".join(str(choice) for choice in each["choices"])
    low, high, strict = each.get("low"), each.get("high"), each.get("strict")
    parts = []
    if low is not None:
        parts.append(f"{'above' if strict else 'at least'} {low:g}")
    if high is not None:
        parts.append(f"{'below' if strict else 'at most'} {high:g}")
    return " and ".join(parts)


def _rule(each: Mapping[str, Any]) -> Rule:
    """What the validation of a row depends on: rows alike share one."""
    kind = each["kind"]
    if kind == "choice":
        return (("choices", tuple(each["choices"])),)
    if kind == "yes/no":
        return (("choices", ("yes", "no")),)
    if kind in {"number", "integer", "date"}:
        return (("low", each.get("low")), ("high", each.get("high")), ("strict", bool(each.get("strict"))))
    return ()


def _validate(sheet: Sheet, kind: str, rule: Mapping[str, Any], rows: Iterable[int]) -> None:
    """One validation for all rows of a rule; a list that is too long for the file format has none."""
    cells = [[row, 1, row, 1] for row in rows]
    options: dict[str, Any] = {"other_cells": cells[1:]} if len(cells) > 1 else {}
    if "choices" in rule:
        if len(",".join(rule["choices"])) > LONGEST_LIST:
            return
        options |= {"validate": "list", "source": list(rule["choices"])}
    elif kind == "date":
        options |= {"validate": "date", "criteria": ">=", "value": dt.date(1990, 1, 1)}
    else:
        options |= {"validate": "integer" if kind == "integer" else "decimal", **_criteria(rule)}
    options |= {"error_title": "Not allowed", "error_message": "See the column Allowed."}
    sheet.page.data_validation(*cells[0], options)


def _criteria(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Bounds as the file format writes them; without any, just a number."""
    low, high, strict = rule.get("low"), rule.get("high"), rule.get("strict")
    if low is not None and high is not None:
        return {"criteria": "between", "minimum": low, "maximum": high}
    if low is not None:
        return {"criteria": ">" if strict else ">=", "value": low}
    if high is not None:
        return {"criteria": "<" if strict else "<=", "value": high}
    return {"criteria": "between", "minimum": -1e15, "maximum": 1e15}


def _thresholds(record: Mapping[str, Any]) -> Iterable[tuple[str, float]]:
    policy = record["policy"]
    for name, limits in sorted(policy["thresholds"].items()):
        for side in ("min", "max"):
            if limits.get(side) is not None:
                yield f"policy.thresholds[{name}].{side}", float(limits[side])
    yield "policy.tolerated_probability", float(policy["tolerated_probability"])


def _assumptions(sheet: Sheet, record: Mapping[str, Any], row: int) -> None:
    """What was taken where no file said."""
    sheet.text(row, 0, "Assumptions made where no file said", "section")
    sheet.texts(row + 1, 0, ("Assumption", "Value", "Unit", "Source", "Why", ""), "head")
    for offset, each in enumerate(record["assumptions"]):
        at = row + 2 + offset
        sheet.text(at, 0, each["id"], "wrap")
        sheet.text(at, 1, each["value"], "wrap input")
        sheet.text(at, 2, each["unit"], "wrap")
        sheet.text(at, 3, each["source"], "wrap note")
        sheet.text(at, 4, each["why"], "wrap note")
    if not record["assumptions"]:
        sheet.text(row + 2, 0, "none", "note")
