"""candidates.yaml of the demo: sites where it could open a node, and what closing its own would save."""

from __future__ import annotations

from dataclasses import dataclass

from engine.demo.books import PICK_PER_ORDER, PICK_PER_UNIT, STORAGE_PER_UNIT_MONTH
from engine.demo.company import INSURANCE_SHARE, SUPPLIERS, Company

RENT = "rent and offices"
#: Part of the rent that each of its own nodes takes, USD a month.
OWN_RENT = {"gb_midlands": 2500.0, "nl_venlo": 3000.0, "us_ohio": 4000.0}


@dataclass(frozen=True)
class Site:
    """An invented site: where it is, what it costs, how goods come and go."""

    key: str
    label: str
    country: str
    territory: str
    port: str
    rent: float
    freight: float
    transit: dict[str, float]
    inland: float
    last_mile: dict[str, tuple[float, float]]
    """Market: USD an order, mean days."""


SITES = (
    Site(
        "ca_toronto",
        "Toronto",
        "CA",
        "CA",
        "los_angeles",
        2200.0,
        3.6,
        {"CN1": 23.0, "CN2": 22.0, "KR1": 19.0},
        8.0,
        {"CA": (9.5, 1.5)},
    ),
    Site(
        "us_nevada",
        "Reno",
        "US",
        "US",
        "los_angeles",
        5200.0,
        2.7,
        {"CN1": 21.0, "CN2": 20.0, "KR1": 17.0},
        3.0,
        {"CA": (22.0, 3.4), "US": (17.6, 2.4)},
    ),
)

_HEAD = """# Where the demo could keep stock, for tradewind placement. Every figure is invented; money is USD.

# What closing a node of plan.yaml would save: a part of one of its fixed costs.
nodes:
"""
_LANE = (
    "      - {{supplier: {supplier}, node: {node}, mode: sea, freight_per_kg: {freight},"
    " insurance_share: {insurance},\n"
    "         production: {{mean: {made}, sd: {made_sd}}}, transit: {{mean: {transit}, sd: 3.5}},"
    " inland: {{mean: {inland}, sd: 1.5}}}}\n"
)


def candidates_yaml(company: Company) -> str:
    """The text of the file."""
    own = "".join(
        f"  - {{key: {node}, fixed_cost_monthly: {round(rent * company.scale, 2)}, part_of: {RENT}}}\n"
        for node, rent in OWN_RENT.items()
    )
    return _HEAD + own + "\n# Sites that could be opened.\nsites:\n" + "".join(map(_site, _scaled(company)))


def _scaled(company: Company) -> list[tuple[Site, float]]:
    return [(site, round(site.rent * company.scale, 2)) for site in SITES]


def _site(priced: tuple[Site, float]) -> str:
    site, rent = priced
    lanes = "".join(
        _LANE.format(
            supplier=supplier.key,
            node=site.key,
            freight=site.freight,
            insurance=INSURANCE_SHARE,
            made=supplier.production[0] + supplier.production[1],
            made_sd=supplier.production[2],
            transit=site.transit[supplier.key],
            inland=site.inland,
        )
        for supplier in SUPPLIERS
    )
    ways = "".join(
        f"      - {{market: {market}, cost_per_order: {cost}, days: {days}}}\n"
        for market, (cost, days) in site.last_mile.items()
    )
    return (
        f"  - key: {site.key}\n    label: {site.label}\n    country: {site.country}\n"
        f"    territory: {site.territory}\n    port: {site.port}\n"
        f"    pick_cost_per_order: {PICK_PER_ORDER}\n    pick_cost_per_unit: {PICK_PER_UNIT}\n"
        f"    storage_cost_per_unit_month: {STORAGE_PER_UNIT_MONTH}\n"
        f"    fixed_cost_monthly: {rent}\n    lanes:\n{lanes}    last_mile:\n{ways}"
    )
