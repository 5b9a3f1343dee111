"""The plan folder: plan.yaml with provenance, canonical tables, the salt; renamed when whole."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from engine.plan.account_lines import drafted
from engine.plan.importers.imported import hash_customers
from engine.plan.setup.derive import Derived
from engine.plan.setup.drafted import remembered
from engine.plan.setup.noted import Noted, plain

SALT = "data/.salt"
_HEAD = """\
# A plan derived from the company's files by `tradewind init PATH --from ...`. Rates are shares (0.15 is
# 15%), durations days, money in {currency} unless a currency is named. Behind each value: the file it is
# from, or the default with its source, or ASK where only you know. assumptions.yaml lists what no file told.
"""


def plan_texts(derived: Derived, report: str, salt: str) -> dict[str, str]:
    """Name to text of every file of a drafted plan but its salt."""
    tables = {f"data/{name}.csv": _table(table, salt.encode()) for name, table in derived.tables.items()}
    return {
        "plan.yaml": plan_text(derived.config),
        "assumptions.yaml": assumptions_text(derived),
        "SETUP.txt": report,
        **tables,
        **({"mappings/accounts.yaml": drafted(derived.accounts)} if derived.accounts else {}),
    }


def write_plan(path: Path, derived: Derived, report: str, sources: Sequence[Path] = ()) -> None:
    """Write the folder beside its place and rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    salt = secrets.token_hex(16)
    texts = plan_texts(derived, report, salt)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        whole = {SALT: salt + "\n", **texts, **remembered(path, sources, texts)}
        for name, text in whole.items():
            write_text(beside / name, text)
        beside.chmod(0o755)
        if path.exists():
            path.rmdir()
        beside.replace(path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def write_text(path: Path, content: str) -> None:
    """Write a file of a plan, with the folder that it lies in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")


def _table(table: pd.DataFrame, salt: bytes) -> str:
    """A canonical table as CSV; names of customers only as hashes."""
    if "customer_key" in table:
        table = table.assign(customer_key=hash_customers(table["customer_key"], salt))
    return str(table.to_csv(index=False, lineterminator="\n", float_format="%.10g"))


def plan_text(config: dict[str, Any]) -> str:
    """plan.yaml: a block for each list, a comment of provenance behind each value that has one."""
    currency = plain(config["company"]["currency"])
    return _HEAD.format(currency=currency) + "\n" + "\n".join(_block(config, 0)) + "\n"


def _block(node: dict[str, Any], depth: int) -> Iterator[str]:
    pad = "  " * depth
    for name, value in node.items():
        if isinstance(value, dict):
            yield f"{pad}{name}:"
            yield from _block(value, depth + 1)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{pad}{name}:"
            for entry in value:
                lines = list(_block(entry, depth + 2))
                lines[0] = "  " * (depth + 1) + "- " + lines[0].lstrip()
                yield from lines
        else:
            yield f"{pad}{name}: {_scalar(value)}"


def _scalar(value: Any) -> str:
    if isinstance(value, Noted):
        note = " ".join(value.note.split())
        return _scalar(value.value) + (f"  # {note}" if note else "")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(_scalar(part) for part in value) + "]"
    if isinstance(value, dt.date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)


def assumptions_text(derived: Derived) -> str:
    """assumptions.yaml: every default and question of the plan, then what was taken for tables."""
    lines = [
        "# What no file told, with where it comes from: edit the values in plan.yaml and in data/.",
        "assumptions:",
    ]
    listed: dict[str, str] = {}
    for place, note in _told(derived.config, ""):
        listed.setdefault(place, note)
    for place, note in listed.items():
        lines += [f"  - id: {json.dumps(place)}", f"    source: {json.dumps(note)}"]
    for place, value, note in derived.assumed:
        lines += [
            f"  - id: {json.dumps(place)}",
            f"    value: {json.dumps(value)}",
            f"    source: {json.dumps(note)}",
        ]
    return "\n".join(lines) + "\n" if len(lines) > 2 else "assumptions: []\n"


def _told(node: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """Paths of the values that a default or a question gives."""
    for name, value in node.items():
        here = f"{place}.{name}" if place else name
        if isinstance(value, dict):
            yield from _told(value, here)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for entry in value:
                yield from _told(entry, f"{here}.*")
        elif isinstance(value, Noted) and name != "key" and value.note.startswith(("default", "ASK")):
            yield here, value.note
