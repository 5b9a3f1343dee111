"""The catalogue of drivers: what can be shocked, in which unit and where, and what it moves.

A *level* driver is its own multiple of base (base is 1 by definition), so every change of it is a multiplier;
the others have a base value in the unit of ``unit`` and a change of them is a multiplier and an offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from models import names
from models.errors import did_you_mean

Kind = Literal["add", "scale", "set"]
Sign = Literal["-", "+", "0", "±"]

HEADLINE_METRICS = (
    "net_revenue",
    "cm2",
    "ebitda",
    "minimum_cash",
    "cash_conversion_cycle",
    "top_1_market_share",
)
"""Metrics of the sign matrix, in its column order."""

INFINITY = float("inf")


@dataclass(frozen=True)
class Driver:
    """One driver: a named input that can be shocked.

    ``units`` maps each kind of change to the units it may be written in; ``signs`` is the expected sign of
    the paired mean change of every headline metric under an adverse change with responses off (0: same bytes;
    ±: printed only).
    """

    name: str
    unit: str
    dims: tuple[str, ...]
    bounds: tuple[float, float]
    level: bool
    units: Mapping[Kind, tuple[str, ...]]
    meaning: str
    signs: Mapping[str, Sign]


_SHARE_UNITS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {"add": ("pp", "share"), "scale": ("x", "%"), "set": ("%", "pp", "share")}
)
_LEVEL_UNITS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {"add": ("%", "pp"), "scale": ("x", "%"), "set": ("x", "%")}
)


def _absolute_units(*own: str) -> Mapping[Kind, tuple[str, ...]]:
    return MappingProxyType({"add": ("%", *own), "scale": ("x", "%"), "set": own})


def _signs(text: str) -> Mapping[str, Sign]:
    signs: list[Sign] = []
    for sign in text.split():
        if sign not in ("-", "+", "0", "±"):
            raise ValueError(f"signs: one of - + 0 ± is needed | got {sign}")
        signs.append(sign)  # type: ignore[arg-type]
    return MappingProxyType(dict(zip(HEADLINE_METRICS, signs, strict=True)))


_DUTY_LIKE = "0 - - - ± 0"
_NETWORK = "- - - ± ± ±"
_MARGIN = "- - - - ± ±"

_ALL = (
    Driver(
        "duty_rate",
        names.SHARE,
        (names.ITEM, names.ORIGIN, names.TERRITORY),
        (0.0, 10.0),
        False,
        _SHARE_UNITS,
        "Ad valorem duty on goods of an origin entering a customs territory, by day of entry.",
        _signs(_DUTY_LIKE),
    ),
    Driver(
        "demand",
        names.RATIO,
        (names.MARKET,),
        (0.0, 10.0),
        True,
        _LEVEL_UNITS,
        "Rate at which customers of a market want to order, multiple of base.",
        _signs("- - - ± + ±"),
    ),
    Driver(
        "lead_time",
        names.DAYS,
        (names.SUPPLIER, names.NODE),
        (0.0, names.LONGEST_DAYS),
        False,
        _absolute_units("days"),
        "Transit time from a supplier to a node's port, days, by day of order.",
        _signs(_NETWORK),
    ),
    Driver(
        "supplier_capacity",
        "units/week",
        (names.SUPPLIER,),
        (0.0, INFINITY),
        False,
        _absolute_units("units/week"),
        "Units a supplier can make, per week.",
        _signs(_NETWORK),
    ),
    Driver(
        "port_closure",
        names.SHARE,
        (names.PORT,),
        (0.0, 1.0),
        False,
        _SHARE_UNITS,
        "Share of a port that is closed beyond its normal closures: 0 open, 1 closed.",
        _signs(_NETWORK),
    ),
    Driver(
        "clearance",
        names.DAYS,
        (names.PORT,),
        (0.0, names.LONGEST_DAYS),
        False,
        _absolute_units("days"),
        "Customs service time of an entry at a port, days; the queue comes on top.",
        _signs(_NETWORK),
    ),
    Driver(
        "congestion",
        names.SHARE,
        (names.PORT,),
        (0.0, 1.0),
        False,
        _SHARE_UNITS,
        "Share by which a port is in its congested regime: transit to it and customs there take longer by "
        "the ratio of congested to normal times in the purchase log, else by half.",
        _signs(_NETWORK),
    ),
    Driver(
        "freight",
        names.RATIO,
        (names.SUPPLIER, names.NODE),
        (0.0, 100.0),
        True,
        _LEVEL_UNITS,
        "Freight per kg from a supplier to a node, multiple of base.",
        _signs(_DUTY_LIKE),
    ),
    Driver(
        "fx",
        "company currency per foreign unit",
        (names.CURRENCY,),
        (1e-9, 1e9),
        False,
        _absolute_units("rate"),
        "Company currency per unit of a foreign currency: a rise makes the foreign currency dearer.",
        _signs(_DUTY_LIKE),
    ),
    Driver(
        "unit_cost",
        names.RATIO,
        (names.SUPPLIER,),
        (0.0, 100.0),
        True,
        _LEVEL_UNITS,
        "Purchase price of a supplier in its own currency, multiple of base, by day of order.",
        _signs(_DUTY_LIKE),
    ),
    Driver(
        "net_price",
        names.RATIO,
        (names.MARKET,),
        (0.0, 100.0),
        True,
        _LEVEL_UNITS,
        "Net price of a market, multiple of base, before the price rule answers landed cost.",
        _signs(_MARGIN),
    ),
    Driver(
        "price_elasticity",
        "elasticity",
        (names.MARKET,),
        (-50.0, 0.0),
        False,
        _absolute_units("elasticity"),
        "Own-price elasticity of units, percent per percent; acts only where a price moves.",
        _signs("- ± ± ± ± ±"),
    ),
    Driver(
        "refusal_share",
        names.SHARE,
        (names.MARKET,),
        (0.0, 1.0),
        False,
        _SHARE_UNITS,
        "Share of shipped units that the customer refuses at the door.",
        _signs("- - - ± ± ±"),
    ),
    Driver(
        "spend",
        names.RATIO,
        (names.MARKET, names.ACQUISITION_CHANNEL),
        (0.0, 100.0),
        True,
        _LEVEL_UNITS,
        "Acquisition spend of a market and channel, multiple of plan.",
        _signs("- - ± ± ± ±"),
    ),
    Driver(
        "cac",
        names.RATIO,
        (names.MARKET, names.ACQUISITION_CHANNEL),
        (0.01, 100.0),
        True,
        _LEVEL_UNITS,
        "Cost of winning one customer at planned spend, multiple of base.",
        _signs(_MARGIN),
    ),
)

DRIVERS: Mapping[str, Driver] = MappingProxyType({entry.name: entry for entry in _ALL})
"""Every driver by name."""

GRAPH: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "duty_rate": ("landed_cost",),
        "freight": ("landed_cost",),
        "fx": ("landed_cost", "finance"),
        "unit_cost": ("landed_cost",),
        "landed_cost": ("price", "finance"),
        "net_price": ("price",),
        "price": ("demand_rate", "finance"),
        "price_elasticity": ("demand_rate",),
        "demand": ("demand_rate",),
        "spend": ("new_customers", "finance"),
        "cac": ("new_customers",),
        "new_customers": ("demand_rate",),
        "demand_rate": ("network",),
        "lead_time": ("network",),
        "supplier_capacity": ("network",),
        "port_closure": ("network",),
        "clearance": ("network",),
        "congestion": ("network",),
        "refusal_share": ("network",),
        "network": ("finance",),
        "finance": (),
    }
)
"""The fixed acyclic graph: what each driver or intermediate figure moves directly."""


def driver(name: str) -> Driver:
    """The driver of that name; an unknown name is a ``KeyError`` that says what was probably meant."""
    try:
        return DRIVERS[name]
    except KeyError:
        raise KeyError(f"driver: unknown | got {name} | {did_you_mean(name, DRIVERS)}") from None


def downstream(name: str) -> frozenset[str]:
    """Everything a driver or intermediate figure moves, directly or not."""
    reached: set[str] = set()
    waiting = list(GRAPH[name])
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached.add(node)
            waiting.extend(GRAPH[node])
    return frozenset(reached)
