"""A file of rows of a plan folder, whatever its format, as text."""

from __future__ import annotations

from engine.plan.faults import Faults
from engine.plan.files import LARGEST_TABLE, Folder, decode, read_bytes
from engine.plan.parquet_file import ENDING, MAGIC, parse_parquet
from engine.plan.readers import TextTable, parse_table


def read_table(folder: Folder, name: str, faults: Faults) -> TextTable | None:
    """Read a CSV or Parquet file of a plan folder; None (and faults) if it is not a table at all."""
    content = read_bytes(folder, name, faults, largest=LARGEST_TABLE)
    if content is None:
        return None
    if name.lower().endswith(ENDING):
        if content.startswith(MAGIC):
            return parse_parquet(content, name, faults)
        start = content[:4].hex(" ")
        faults.add(name, problem="not a readable Parquet file", got=f"bytes {start}", remedy="write it again")
        return None
    decoded = decode(content, name, faults)
    return None if decoded is None else parse_table(decoded[0], name, decoded[1], faults)
