"""``candidates.yaml``: sites where stock could be kept, and what plan.yaml does not say of its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.plan.faults import Faults
from engine.plan.files import Folder
from engine.plan.plan import Plan
from engine.plan.schema import Key, Lane, Model, Node, NonNegative, Positive
from engine.plan.validate import validate
from engine.plan.yaml_file import Document, Place, read_yaml
from models.errors import InputError, did_you_mean

FILE = "candidates.yaml"
_TOLERANCE = 1e-6


class LastMile(Model):
    """What it takes to bring an order from a node to a market's customers."""

    market: Key
    cost_per_order: NonNegative
    """Outbound freight per order, company currency."""
    days: Positive
    """Mean days from the node's door to the customer."""


class Site(Node):
    """A place where a node could be opened."""

    fixed_cost_monthly: NonNegative
    """Rent, staff and systems while it is open, company currency a month."""
    lanes: tuple[Lane, ...]
    """Its lanes; ``node`` is the site itself."""
    last_mile: tuple[LastMile, ...]
    """The markets it could serve."""


class KnownNode(Model):
    """What closing a node of the plan would save, and which other markets it could serve."""

    key: Key
    fixed_cost_monthly: NonNegative = 0.0
    """Part of a fixed cost of the plan that ends when the node closes, company currency a month."""
    part_of: str = ""
    """Name of that fixed cost of plan.yaml."""
    last_mile: tuple[LastMile, ...] = ()
    """Markets besides those that plan.yaml lets it serve."""


class Candidates(Model):
    """``candidates.yaml`` as a whole."""

    sites: tuple[Site, ...] = ()
    nodes: tuple[KnownNode, ...] = ()


def read_candidates(plan: Plan, path: Path | None = None) -> Candidates:
    """Candidates of a file; without one, of the plan folder's own ``candidates.yaml`` if there is one.

    Raises
    ------
    InputError : every fault of the file at once.
    """
    if path is None and not (plan.path / FILE).exists():
        return Candidates()
    faults = Faults()
    chosen = plan.path / FILE if path is None else path
    document = read_yaml(Folder.open(chosen.parent), chosen.name, faults)
    read = None if document is None else validate(Candidates, document, faults)
    if document is not None and isinstance(document.data, dict):
        _check(plan, document, faults)
    if faults or read is None:
        raise InputError(faults)
    return Candidates(
        sites=tuple(sorted(read.sites, key=lambda site: site.key)),
        nodes=tuple(sorted(read.nodes, key=lambda node: node.key)),
    )


def _entries(data: Any, name: str, place: Place = ()) -> Iterator[tuple[Place, dict[str, Any]]]:
    listed = data.get(name) if isinstance(data, dict) else None
    for position, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, dict):
            yield (*place, name, position), entry


def _check(plan: Plan, document: Document, faults: Faults) -> None:
    """Cross references of the document, read as it stands so that one fault hides no other."""
    known = {
        "territory": plan.territory_keys,
        "port": plan.port_keys,
        "supplier": plan.supplier_keys,
        "market": plan.market_keys,
    }

    def refer(place: Place, entry: dict[str, Any], kind: str) -> None:
        value = entry.get(kind)
        if isinstance(value, str) and value not in known[kind]:
            remedy = did_you_mean(value, known[kind])
            document.fault(faults, (*place, kind), problem=f"unknown {kind}", got=value, remedy=remedy)

    taken = dict.fromkeys(plan.node_keys, "a node of the plan")
    for place, site in _entries(document.data, "sites"):
        key = str(site.get("key", ""))
        if key in taken:
            document.fault(
                faults,
                (*place, "key"),
                problem=f"a key that {taken[key]} has already",
                got=key,
                remedy="give the site a key of its own",
            )
        taken[key] = "another site"
        refer(place, site, "territory")
        refer(place, site, "port")
        for at, lane in _entries(site, "lanes", place):
            refer(at, lane, "supplier")
            if lane.get("node") not in (None, key):
                document.fault(
                    faults,
                    (*at, "node"),
                    problem="a lane to another node",
                    got=lane["node"],
                    remedy=f"{key}, the site itself",
                )
        _once(document, faults, _entries(site, "lanes", place), "supplier")
        _check_last_mile(document, faults, place, site, refer)
    for place, node in _entries(document.data, "nodes"):
        key = str(node.get("key", ""))
        if key not in plan.node_keys:
            remedy = did_you_mean(key, plan.node_keys) + "; a new place belongs under sites"
            document.fault(faults, (*place, "key"), problem="no node of the plan", got=key, remedy=remedy)
        _check_last_mile(document, faults, place, node, refer)
    _once(document, faults, _entries(document.data, "nodes"), "key")
    _check_fixed_costs(plan, document, faults)


def _check_last_mile(
    document: Document, faults: Faults, place: Place, owner: dict[str, Any], refer: Any
) -> None:
    for at, way in _entries(owner, "last_mile", place):
        refer(at, way, "market")
    _once(document, faults, _entries(owner, "last_mile", place), "market")


def _once(
    document: Document, faults: Faults, listed: Iterator[tuple[Place, dict[str, Any]]], name: str
) -> None:
    seen: set[str] = set()
    for place, entry in listed:
        value = str(entry.get(name, ""))
        if value in seen:
            document.fault(
                faults, (*place, name), problem=f"a {name} given twice", got=value, remedy="name it once"
            )
        seen.add(value)


def _check_fixed_costs(plan: Plan, document: Document, faults: Faults) -> None:
    """What closing saves must be part of a fixed cost that the plan has."""
    left = {cost.name: cost.monthly for cost in plan.config.finance.fixed_costs}
    for place, node in _entries(document.data, "nodes"):
        name = str(node.get("part_of") or "")
        amount = _number(node.get("fixed_cost_monthly", 0.0))
        if amount is None or (amount == 0.0 and not name):
            continue
        if name not in left:
            document.fault(
                faults,
                (*place, "part_of"),
                problem="no fixed cost of the plan",
                got=name,
                remedy=did_you_mean(name, left) if left else "list the fixed cost in plan.yaml",
            )
            continue
        left[name] -= amount
        if left[name] < -_TOLERANCE:
            document.fault(
                faults,
                (*place, "fixed_cost_monthly"),
                problem=f"more than is left of the fixed cost {name}",
                got=f"{amount:g}",
                remedy=f"at most {left[name] + amount:g} a month",
            )


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def last_mile_of(plan: Plan, candidates: Candidates) -> dict[tuple[str, str], LastMile]:
    """Last mile by (market, node): the plan's own pairs, then those of the candidates."""
    found = {
        (market.key, node): LastMile(
            market=market.key, cost_per_order=market.outbound_cost_per_order, days=market.last_mile_days
        )
        for market in plan.config.markets
        for node in market.nodes
    }
    owners: Sequence[Site | KnownNode] = (*candidates.nodes, *candidates.sites)
    for owner in owners:
        found |= {(way.market, owner.key): way for way in owner.last_mile}
    return found
