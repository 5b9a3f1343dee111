"""Reading policies: one entry for a node and item, a node, an item or all; the most particular one holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from models.arrays import BoolArray
from models.network.parts import UNLIMITED
from models.network.policy import NEVER, Policy

KINDS = {
    "s_s": "s_S",
    "r_q": "R_Q",
    "base_stock": "base_stock",
    "periodic": "periodic",
    "periodic_review": "periodic",
}
NEEDED = {
    "s_S": ("reorder_level", "order_up_to"),
    "R_Q": ("reorder_level", "batch"),
    "base_stock": ("order_up_to",),
    "periodic": ("order_up_to", "review_days"),
    "transfers": (),
}
ALIASES = {
    "reorder_level": ("reorder_level", "s", "R"),
    "order_up_to": ("order_up_to", "S"),
    "batch": ("batch", "Q"),
    "review_days": ("review_days", "T"),
}
WHOLE = {"batch": 1, "review_days": 1, "first_review": 0, "keep": 0, "on_hand": 0}
"""Smallest value by field."""
OWN = {
    "policy",
    "node",
    "item",
    "shares",
    "transfer_at",
    "transfer_to",
    "first_review",
    "keep",
    "on_hand",
    "label",
    "key",
}
KNOWN = OWN.union(*ALIASES.values())


class Faults(Protocol):
    """What the policies need of the description's reader."""

    keys: dict[str, tuple[str, ...]]
    position: dict[str, dict[str, int]]

    def fault(self, address: str, problem: str, got: object = "", remedy: str = "") -> None:
        """Keep a fault."""

    def find(self, kind: str, key: object, address: str) -> int:
        """Position of a key, or a fault."""

    def listed(self, name: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Address and fields of the entries of a list."""

    def whole_number(self, value: Any, address: str, low: int, default: int) -> int:
        """A whole number, or a fault."""

    def share(self, value: Any, address: str) -> float:
        """A share, or a fault."""


class PolicyReader:
    """Policies by (node key, item key)."""

    def __init__(self, reader: Faults, qualified: BoolArray) -> None:
        self.reader = reader
        self.qualified = qualified

    def policies(self) -> dict[tuple[str, str], Policy]:
        """Every node and item with the most particular entry that names it."""
        entries: dict[tuple[str | None, str | None], Policy] = {}
        for address, row in self.reader.listed("policies"):
            for field in sorted(set(row) - KNOWN):
                self.reader.fault(
                    f"{address}.{field}", "unknown field", field, f"use {', '.join(sorted(KNOWN))}"
                )
            node, item = (None if row.get(name) is None else str(row[name]) for name in ("node", "item"))
            for kind, key in (("nodes", node), ("items", item)):
                if key is not None:
                    self.reader.find(kind, key, f"{address}.{kind[:-1]}")
            if (node, item) in entries:
                self.reader.fault(address, "node and item given twice", (node, item), "one policy for a pair")
            entries[node, item] = self._policy(address, row)
            if node is not None and item is not None:
                self._check_supply(address, node, item, entries[node, item])
        return dict(self._spread(entries))

    def _spread(
        self, entries: Mapping[tuple[str | None, str | None], Policy]
    ) -> Iterator[tuple[tuple[str, str], Policy]]:
        for node in self.reader.keys["nodes"]:
            for item in self.reader.keys["items"]:
                for pair in ((node, item), (node, None), (None, item), (None, None)):
                    if pair in entries:
                        yield (node, item), entries[pair]
                        break

    def _check_supply(self, address: str, node: str, item: str, policy: Policy) -> None:
        position = self.reader.position
        at = position["nodes"].get(node), position["items"].get(item)
        orders = policy.reorder_level != NEVER or policy.order_up_to != NEVER
        if None in at or not orders:
            return
        able = self.qualified[at[0], :, at[1]]
        if policy.shares and able.any():
            asked = [
                position["suppliers"].get(key, -1) for key, share in policy.shares.items() if share > 0.0
            ]
            if min(asked, default=-1) >= 0 and not able[asked].any():
                self.reader.fault(
                    f"{address}.shares",
                    "no supplier that has a share can deliver",
                    f"{item} at {node}",
                    "give a share to a supplier with a lane to the node that makes the item",
                )
        if not able.any():
            self.reader.fault(
                address,
                "no supplier with a lane to the node makes the item",
                f"{item} at {node}",
                "add a lane",
            )

    def _policy(self, address: str, row: Mapping[str, Any]) -> Policy:
        given: dict[str, Any] = {}
        addresses = {}
        for name in ("reorder_level", "order_up_to", *WHOLE, "transfer_at", "transfer_to"):
            named = [alias for alias in ALIASES.get(name, (name,)) if row.get(alias) is not None]
            if named:
                given[name], addresses[name] = row[named[0]], f"{address}.{named[0]}"
            if len(named) > 1:
                self.reader.fault(f"{address}.{named[1]}", f"a second name for {name}", "both", "give one")
        kind = self._kind(address, row, given)
        for name in NEEDED[kind]:
            if name not in given:
                self.reader.fault(f"{address}.{name}", f"missing for a {kind} policy", "", "a whole number")
        fields: dict[str, Any] = {
            name: self._level(value, addresses[name])
            if name in ("reorder_level", "order_up_to", "transfer_at", "transfer_to")
            else self.reader.whole_number(value, addresses[name], WHOLE[name], WHOLE[name])
            for name, value in given.items()
        }
        low, high = (np.asarray(fields.get(name, NEVER)) for name in ("reorder_level", "order_up_to"))
        if kind == "s_S" and {"reorder_level", "order_up_to"} <= set(fields) and np.any(_over(low, high)):
            self.reader.fault(address, "reorder level not below the order-up-to level", row, "s < S")
        for name in ("transfer_at", "transfer_to"):
            if isinstance(fields.get(name), tuple):
                self.reader.fault(
                    addresses[name], "not a usable whole number", fields.pop(name), "one number"
                )
        if ("transfer_at" in fields) != ("transfer_to" in fields):
            self.reader.fault(address, "transfer_at and transfer_to go together", row, "give both")
        shares = self._shares(row, address)
        code = {"periodic": "base_stock", "transfers": "s_S"}.get(kind, kind)
        return Policy(kind=code, shares=shares, **fields)

    def _kind(self, address: str, row: Mapping[str, Any], given: Mapping[str, Any]) -> str:
        """The kind named, or the one that the fields given can only mean."""
        named = row.get("policy")
        if named is None:
            if "batch" in given:
                return "R_Q"
            if "reorder_level" in given:
                return "s_S"
            if "order_up_to" in given:
                return "base_stock"
            return "transfers"
        plain = str(named).strip("()[] ").replace(",", "_").replace("-", "_").replace(" ", "_").lower()
        kind = KINDS.get(plain.replace("__", "_"))
        if kind is None:
            self.reader.fault(
                f"{address}.policy", "unknown policy", named, "use s_S, R_Q, base_stock or periodic"
            )
            return "transfers"
        return kind

    def _level(self, value: Any, address: str) -> int | tuple[int, ...]:
        """One level, or one for each day."""
        if isinstance(value, list | tuple | np.ndarray) and len(value):
            return tuple(self.reader.whole_number(each, address, -UNLIMITED, 0) for each in value)
        return self.reader.whole_number(value, address, -UNLIMITED, 0)

    def _shares(self, row: Mapping[str, Any], address: str) -> dict[str, float]:
        given = row.get("shares") or {}
        if not isinstance(given, Mapping):
            self.reader.fault(f"{address}.shares", "not a mapping", given, "give a share by supplier")
            return {}
        shares = {}
        for supplier, value in given.items():
            self.reader.find("suppliers", supplier, f"{address}.shares")
            shares[str(supplier)] = self.reader.share(value, f"{address}.shares.{supplier}")
        if shares and sum(shares.values()) == 0.0:
            self.reader.fault(f"{address}.shares", "no supplier has a share", given, "at least one above 0")
        return shares


def _over(low: Any, high: Any) -> Any:
    """Whether a level is not below the other, day by day; a list that ends early goes on with its last."""
    days = max(low.size, high.size)
    low, high = (np.pad(np.atleast_1d(a), (0, days - a.size), mode="edge") for a in (low, high))
    return low >= high
