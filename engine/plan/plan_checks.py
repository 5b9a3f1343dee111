"""Faults of ``plan.yaml`` that no single field shows: cross references, duplicates, sums.

They read the document, not the validated model, so that a fault of one field hides none of these.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

from engine.plan.faults import Faults
from engine.plan.importers.imported import Vocabulary
from engine.plan.parsing import RefusedError, to_moment
from engine.plan.schema import Returns
from engine.plan.yaml_file import Document, Place
from models.errors import did_you_mean
from models.names import GRADES

_LISTS = {
    "markets": "market",
    "sales_channels": "sales_channel",
    "acquisition_channels": "acquisition_channel",
    "territories": "territory",
    "ports": "port",
    "nodes": "node",
    "suppliers": "supplier",
}
_REFERENCES = {
    "markets": {"return_node": "node", "territory": "territory"},
    "acquisition_channels": {"sales_channel": "sales_channel"},
    "nodes": {"port": "port", "territory": "territory"},
    "suppliers": {"backup": "supplier"},
    "lanes": {"supplier": "supplier", "node": "node"},
}
"""Fields that name one key of another list, and the kind of that key."""
_OBLIGATORY = ("markets", "sales_channels", "territories", "ports", "nodes", "suppliers", "lanes")
_SUM_TOLERANCE = 1e-6


def entries(document: Document, name: str) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The mappings of a top-level list, with their places; malformed ones are left to the model."""
    data = document.data if isinstance(document.data, dict) else {}
    listed = data.get(name)
    for position, entry in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(entry, dict):
            yield (name, position), entry


def read_vocabulary(document: Document | None, salt: bytes) -> Vocabulary:
    """Keys that the document declares, as far as it can be read."""
    if document is None or not isinstance(document.data, dict):
        return Vocabulary(salt=salt)
    keys: dict[str, frozenset[str]] = {}
    for name, kind in _LISTS.items():
        if isinstance(document.data.get(name), list):
            keys[kind] = frozenset(
                str(entry["key"]) for _, entry in entries(document, name) if entry.get("key")
            )
    keys.setdefault("acquisition_channel", frozenset())
    company = document.data.get("company")
    currencies = (
        {str(company["currency"])} if isinstance(company, dict) and company.get("currency") else set()
    )
    countries: dict[str, list[str]] = {}
    for _, market in entries(document, "markets"):
        currencies.add(str(market.get("currency", "")))
        countries.setdefault(str(market.get("country", "")), []).append(str(market.get("key", "")))
    makers = {
        str(entry.get("key", "")): str(entry.get("currency", ""))
        for _, entry in entries(document, "suppliers")
    }
    keys["currency"] = frozenset((currencies | set(makers.values())) - {""})
    known = tuple(
        str(channel.get("key", ""))
        for _, channel in entries(document, "sales_channels")
        if str(channel.get("customer_known", "true")).casefold() not in ("false", "no", "off", "0", "f", "n")
    )
    own = str(company.get("currency", "")) if isinstance(company, dict) else ""
    by_country = {country: tuple(found) for country, found in countries.items()}
    return Vocabulary(keys, by_country, makers, known, salt, own)


def actuals_through(document: Document | None) -> dt.date | None:
    """Last closed day, None if it cannot be read."""
    if document is None or not isinstance(document.data, dict):
        return None
    company = document.data.get("company")
    try:
        return to_moment(str(company["actuals_through"])).date() if isinstance(company, dict) else None
    except (KeyError, RefusedError):
        return None


def end_of_month(day: dt.date) -> dt.date:
    """Last day of a day's month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def check_plan_file(document: Document, vocabulary: Vocabulary, faults: Faults) -> None:
    """All faults of the document beyond its fields."""
    if not isinstance(document.data, dict):
        return
    _check_lists(document, faults)
    _check_references(document, vocabulary, faults)
    _check_lanes(document, faults)
    _check_sums(document, faults)
    _check_end_of_month(document, faults)
    _check_dated_finance(document, faults)


def _check_lists(document: Document, faults: Faults) -> None:
    for name in _OBLIGATORY:
        if document.data.get(name) == []:
            document.fault(
                faults, (name,), problem="the list is empty", got="[]", remedy="declare at least one"
            )
    for name in _LISTS:
        seen: dict[str, int] = {}
        for place, entry in entries(document, name):
            key = str(entry.get("key", ""))
            if key in seen:
                document.fault(
                    faults,
                    (*place, "key"),
                    problem="a key that is used twice",
                    got=f"{key} (first in line {seen[key]})",
                    remedy="give it a key of its own",
                )
            elif key:
                seen[key] = document.mark((*place, "key"))[0]
        folded: dict[str, str] = {}
        for key in seen:
            if key.casefold() in folded:
                place = next(
                    place for place, entry in entries(document, name) if str(entry.get("key")) == key
                )
                document.fault(
                    faults,
                    (*place, "key"),
                    problem="keys that differ only in case",
                    got=f"{folded[key.casefold()]} and {key}",
                    remedy="give it a key of its own",
                )
            folded[key.casefold()] = key


class Reference(NamedTuple):
    """A key of another list: where it stands, what stands there, and of which kind it should be."""

    place: Place
    key: object
    kind: str


def _check_references(document: Document, vocabulary: Vocabulary, faults: Faults) -> None:
    for name, fields in _REFERENCES.items():
        for place, entry in entries(document, name):
            for field, kind in fields.items():
                reference = Reference((*place, field), entry.get(field), kind)
                _check_known(document, vocabulary, faults, reference)
    _check_nodes_of_markets(document, vocabulary, faults)
    _check_backups(document, faults)


def _check_known(document: Document, vocabulary: Vocabulary, faults: Faults, reference: Reference) -> None:
    """A fault where a reference names no key of its kind; what is no key, and a kind that could not be read,
    have faults of their own.
    """
    place, key, kind = reference
    known = vocabulary.keys.get(kind)
    if key is None or isinstance(key, (list, dict)) or known is None or str(key) in known:
        return
    document.fault(
        faults,
        place,
        problem=f"unknown {kind.replace('_', ' ')}",
        got=key,
        remedy=did_you_mean(str(key), known),
    )


def _check_nodes_of_markets(document: Document, vocabulary: Vocabulary, faults: Faults) -> None:
    for place, market in entries(document, "markets"):
        nodes = market.get("nodes")
        listed: list[Any] = nodes if isinstance(nodes, list) else []
        if nodes == []:
            document.fault(
                faults,
                (*place, "nodes"),
                problem="a market that no node serves",
                got="[]",
                remedy="name a node",
            )
        for position, node in enumerate(listed):
            _check_known(document, vocabulary, faults, Reference((*place, "nodes", position), node, "node"))
            if node in listed[:position]:
                document.fault(
                    faults,
                    (*place, "nodes", position),
                    problem="a node named twice",
                    got=node,
                    remedy="name each node once",
                )


def _check_backups(document: Document, faults: Faults) -> None:
    for place, supplier in entries(document, "suppliers"):
        if supplier.get("backup") is not None and supplier.get("backup") == supplier.get("key"):
            document.fault(
                faults,
                (*place, "backup"),
                problem="a supplier is no backup of itself",
                got=supplier["backup"],
                remedy="name another supplier",
            )


def _check_lanes(document: Document, faults: Faults) -> None:
    seen: dict[tuple[str, str], int] = {}
    for place, lane in entries(document, "lanes"):
        pair = (str(lane.get("supplier", "")), str(lane.get("node", "")))
        if pair in seen:
            document.fault(
                faults,
                place,
                problem="a lane that is given twice",
                got=f"{pair[0]} to {pair[1]} (first in line {seen[pair]})",
                remedy="keep one lane for each supplier and node",
            )
        elif all(pair):
            seen[pair] = document.mark(place)[0]


def _numbers(entry: object, names: tuple[str, ...], defaults: dict[str, float]) -> list[float] | None:
    """Numbers of an entry, None if one of them cannot be read (its own fault says so)."""
    if not isinstance(entry, dict):
        return None
    try:
        return [float(entry[name]) if name in entry else defaults[name] for name in names]
    except (TypeError, ValueError, KeyError):
        return None


def _check_sums(document: Document, faults: Faults) -> None:
    defaults = {grade: Returns.model_fields[grade].default for grade in GRADES}
    shares = _numbers(document.data.get("returns"), GRADES, defaults)
    if shares is not None and abs(sum(shares) - 1.0) > _SUM_TOLERANCE:
        document.fault(
            faults,
            ("returns",),
            problem=f"shares of {', '.join(GRADES)} that do not sum to 1",
            got=f"{sum(shares):g}",
            remedy="make them sum to 1",
        )
    season = document.data.get("season")
    if not isinstance(season, dict) or season.get("source") != "profile":
        return
    profile = season.get("profile")
    if not isinstance(profile, list) or len(profile) != 12:
        count = len(profile) if isinstance(profile, list) else 0
        document.fault(
            faults,
            ("season", "profile"),
            problem="a season profile needs twelve factors",
            got=f"{count} factors",
            remedy="January to December",
        )
        return
    factors = _numbers(dict(enumerate(profile)), tuple(range(12)), {})  # type: ignore[arg-type]
    if factors is not None and abs(sum(factors) / 12.0 - 1.0) > 1e-3:
        document.fault(
            faults,
            ("season", "profile"),
            problem="season factors whose mean is not 1",
            got=f"mean {sum(factors) / 12.0:g}",
            remedy="divide each by the mean",
        )


def _check_end_of_month(document: Document, faults: Faults) -> None:
    day = actuals_through(document)
    if day is None:
        return
    if day != end_of_month(day):
        document.fault(
            faults,
            ("company", "actuals_through"),
            problem="not the last day of a month",
            got=day.isoformat(),
            remedy=f"{end_of_month(day).isoformat()}, or the end of the month before",
        )


def _check_dated_finance(document: Document, faults: Faults) -> None:
    """Investments and contributions lie in the open time; what was paid before is in the opening balance."""
    closed, finance = actuals_through(document), document.data.get("finance")
    if closed is None or not isinstance(finance, dict):
        return
    dated: list[tuple[Place, object]] = []
    for name in ("capex", "contributions"):
        listed = finance.get(name)
        for position, entry in enumerate(listed if isinstance(listed, list) else []):
            place: Place = ("finance", name, position)
            if isinstance(entry, dict):
                dated.append(((*place, "day"), entry.get("day")))
            elif isinstance(entry, list) and entry:
                dated.append(((*place, 0), entry[0]))
    for place, text in dated:
        try:
            day = to_moment(str(text)).date()
        except RefusedError:
            continue  # the model says so
        if day <= closed:
            remedy = f"a day after {closed}; what was paid before is in the opening balance"
            document.fault(faults, place, problem="on or before actuals_through", got=day, remedy=remedy)
