"""Canonical content: sorted lists and rows, and the hash that only meaning can move."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.schema import PlanConfig
from engine.plan.tables import TABLES

_KEYED = ("markets", "sales_channels", "acquisition_channels", "territories", "ports", "nodes", "suppliers")
_LABELS = frozenset({"label", "return_handling_source"})
"""Fields that only people read: they move no result."""
_LISTED = frozenset({"mean", "sd", "source"})
"""Fields of a listed figure, whose ``source`` is a citation (a season's ``source`` is a choice)."""


def sorted_config(config: PlanConfig) -> PlanConfig:
    """The configuration with every list whose order means nothing sorted by key."""
    finance = config.finance.model_copy(
        update={
            "fixed_costs": tuple(
                sorted(config.finance.fixed_costs, key=lambda cost: (cost.name, cost.monthly))
            ),
            "capex": tuple(
                sorted(config.finance.capex, key=lambda entry: (entry.day, entry.amount, entry.life_months))
            ),
            "contributions": tuple(sorted(config.finance.contributions)),
        }
    )
    lists: dict[str, Any] = {
        name: tuple(sorted(getattr(config, name), key=lambda entry: entry.key)) for name in _KEYED
    }
    lists["lanes"] = tuple(sorted(config.lanes, key=lambda lane: (lane.supplier, lane.node)))
    lists["scenario_weights"] = dict(sorted(config.scenario_weights.items()))
    return config.model_copy(update=lists | {"finance": finance})


def sorted_table(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """The canonical columns of a table, rows sorted by their whole content."""
    table = TABLES[name]
    first = ("ordered_at", "order_id") if name == "orders" else table.unique
    order = [*first, *(column for column in table.names if column not in first)]
    ordered = frame[list(table.names)].sort_values(order, kind="stable", na_position="last")
    return ordered.reset_index(drop=True)


def content_hash(config: PlanConfig, tables: Mapping[str, pd.DataFrame]) -> str:
    """sha256 of a plan's sorted content without labels; hexadecimal."""
    digest = hashlib.sha256()
    plain = _without_labels(config.model_dump(mode="json"))
    plain["company"].pop("name")
    plain.pop("accept")  # it turns faults into warnings and moves no figure
    digest.update(json.dumps(plain, sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode())
    for name in sorted(tables):
        frame = tables[name]
        digest.update(f"\x1d{name}\x1e{len(frame)}".encode())
        for column in sorted(set(frame.columns) - _LABELS - {"source"}):
            digest.update(f"\x1e{column}\x1e".encode())
            digest.update(_column_bytes(frame[column]))
    return digest.hexdigest()


def _without_labels(value: Any) -> Any:
    if isinstance(value, dict):
        dropped = _LABELS | ({"source"} if value.keys() == _LISTED else set())
        return {key: _without_labels(inner) for key, inner in value.items() if key not in dropped}
    return [_without_labels(inner) for inner in value] if isinstance(value, list) else value


def _column_bytes(column: pd.Series) -> bytes:
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else "O"
    if kind == "f":
        return (column.to_numpy() + 0.0).astype("<f8").tobytes()
    if kind == "M":
        return column.to_numpy().astype("datetime64[s]").astype("<i8").tobytes()
    if kind in "iu":
        return column.to_numpy().astype("<i8").tobytes()
    return "\x1f".join(column.to_numpy(dtype=object)).encode()
