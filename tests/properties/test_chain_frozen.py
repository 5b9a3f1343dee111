"""With frozen calibration, a market that shares nothing with the others changes nothing of theirs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.chain import run
from engine.demo import write_demo
from engine.settings import RunSettings
from models.errors import UsageError
from models.names import ITEM, MARKET, NODE, PORT, SUPPLIER
from tests.properties.chain_support import (
    DIMS,
    Chain,
    Config,
    Cube,
    Tables,
    along,
    differing,
    edited,
    members,
    stored,
)

SCENARIOS = ["customs_shock", "fx_shock", "port_closure", "stagflation", "supplier_outage"]
CLOSED = dt.date(2026, 9, 30)


def _config(config: Config) -> None:
    """A market with its own node, supplier, port, territory and currency, that sorts between the others."""
    market = next(each for each in config["markets"] if each["key"] == "US")
    own = {
        "country": "FR",
        "territory": "FR",
        "currency": "CHF",
        "nodes": ["fr_lyon"],
        "return_node": "fr_lyon",
    }
    config["markets"].append({**market, "key": "FR", "label": "France", **own})
    config["territories"].append({"key": "FR", "valuation": "CIF", "import_vat": 0.2, "entry_fee": 90})
    config["ports"].append({"key": "marseille", "servers": 1, "closures_per_year": 2, "clearance_days": 3})
    config["nodes"].append({"key": "fr_lyon", "country": "FR", "territory": "FR", "port": "marseille"})
    config["suppliers"].append(
        {
            "key": "AA1",
            "country": "MA",
            "currency": "CHF",
            "capacity_per_week": 60,
            "outages_per_year": 1,
            "net_days": 20,
        }
    )
    stage = {"mean": 9, "sd": 3}
    config["lanes"].append(
        {
            "supplier": "AA1",
            "node": "fr_lyon",
            "freight_per_kg": 1,
            "production": stage,
            "transit": stage,
            "inland": stage,
        }
    )


OWN_ITEMS = ("LA-1", "LA-2", "ZZ-1", "ZZ-2", "ZZ-3", "ZZ-4")
"""Items that only the neighbour sells; they sort before and after all others."""


def _items(tables: Tables, supplier: str = "CN1") -> None:
    """The neighbour's items in the list of items; a plan without the neighbour could buy them elsewhere."""
    model = tables["items"].iloc[0].to_dict()
    own = [
        {**model, "item": key, "suppliers": supplier, "shares": "1.0", "unit_cost": "20.0"}
        for key in OWN_ITEMS
    ]
    tables["items"] = pd.concat([tables["items"], pd.DataFrame(own)], ignore_index=True)


def _tables(tables: Tables) -> None:
    generator = np.random.default_rng(3)
    _items(tables, "AA1")
    sold = list(OWN_ITEMS)

    def append(name: str, rows: list[dict[str, object]]) -> None:
        tables[name] = pd.concat([tables[name], pd.DataFrame(rows).astype(str)], ignore_index=True).fillna("")

    days = [
        dt.datetime(2025, 1, 1, tzinfo=dt.UTC).replace(tzinfo=None) + dt.timedelta(days=int(day))
        for day in np.sort(generator.integers(0, 630, 500))
    ]
    append(
        "orders_marketplace",
        [
            {
                "order_id": f"F-{number}",
                "customer_key": f"f{generator.integers(150)}@example.org" if number % 3 else "",
                "ordered_at": day.isoformat(),
                "market": "FR",
                "sales_channel": "shop" if number % 3 else "marketplace",
                "currency": "CHF",
                "item": sold[number % 6],
                "quantity": 1 + number % 7 // 6,
                "net_price": 80.0,
                "shipping": 0.0,
                "tax": 16.0,
                "refunded": 80.0 if number % 9 == 0 else 0.0,
            }
            for number, day in enumerate(days)
        ],
    )
    append(
        "spend",
        [
            {
                "day": day.isoformat()[:10],
                "market": "FR",
                "acquisition_channel": "meta",
                "amount": 55.0,
                "new_customers": 1,
            }
            for day in days[::4]
        ],
    )
    tables["spend"] = tables["spend"].drop_duplicates(["day", "market", "acquisition_channel"])
    append(
        "purchase_orders",
        [
            {
                "po": f"F{month}",
                "line": 1,
                "supplier": "AA1",
                "item": sold[month % 6],
                "node": "fr_lyon",
                **{stage: str(when) if when <= CLOSED else "" for stage, when in _dates(month).items()},
                "promised_on": _dates(month)["received_on"],
                "quantity": 24,
                "received": 24 if _dates(month)["received_on"] <= CLOSED else 0,
                "unit_cost": 20.0,
                "currency": "CHF",
                "deposit_paid": 0,
            }
            for month in range(22)
        ],
    )
    append(
        "tariffs",
        [
            {
                "hs": "*",
                "origin": "*",
                "territory": "FR",
                "rule": "base",
                "rate": 0.04,
                "valid_from": "2024-01-01",
                "valid_to": "",
                "source": "test",
            }
        ],
    )
    first = tables["fx"].drop_duplicates("day")
    append(
        "fx",
        [
            {"day": day, "currency": "CHF", "per_base": 0.9 + 0.01 * np.sin(number)}
            for number, day in enumerate(first["day"])
        ],
    )
    append(
        "inventory",
        [
            {"as_of": CLOSED, "item": item, "node": "fr_lyon", "on_hand": 20, "unit_landed_cost": 25.0}
            for item in sold
        ],
    )


def _dates(month: int) -> dict[str, dt.date]:
    day = dt.date(2025, 1, 5) + dt.timedelta(days=29 * month + month % 3)
    steps = np.cumsum([0, 8 + month % 4, 9 + month % 3, 2 + month % 2, 5])
    stages = ("ordered_on", "shipped_on", "port_on", "cleared_on", "received_on")
    return {stage: day + dt.timedelta(days=int(step)) for stage, step in zip(stages, steps, strict=True)}


@pytest.fixture(scope="module")
def company(places: Path) -> Path:
    """The demo company, large enough for every segment to have an item mix of its own."""
    write_demo(places / "company", customers_scale=0.2)
    (places / "company" / "data" / "opening_balance.csv").unlink()  # scales all books
    return places / "company"


@pytest.fixture(scope="module")
def larger(company: Path, places: Path) -> Chain:
    return Chain.of(edited(company, places / "with-neighbour", _config, _tables))


@pytest.fixture(scope="module")
def smaller(company: Path, larger: Chain, places: Path) -> Chain:
    folder = edited(company, places / "without-neighbour", tables=_items)
    plan = Chain.of(folder).plan
    return Chain(plan, larger.calibration.restricted_to(plan))


@pytest.fixture(scope="module")
def cubes(smaller: Chain, larger: Chain) -> tuple[Cube, Cube]:
    one, other = (each.play(SCENARIOS, trials=range(6), quarters=4) for each in (smaller, larger))
    return one, other


def test_the_neighbour_is_alive_and_has_everything_of_its_own(
    larger: Chain, cubes: tuple[Cube, Cube]
) -> None:
    assert larger.plan.market_keys == ("CA", "DE", "FR", "GB", "US")
    cube = cubes[1]
    for path, dim, key in (
        ("market/orders", MARKET, "FR"),
        ("market/units_sold", MARKET, "FR"),
        ("market/marketing", MARKET, "FR"),
        ("supplier/purchases", SUPPLIER, "AA1"),
        ("node/units_on_hand", NODE, "fr_lyon"),
    ):
        values = along({path: cube.arrays[path]}, dim, members(larger.world(4).view.members(dim), [key]))[
            path
        ]
        assert np.all(np.abs(values).sum(axis=tuple(range(2, values.ndim))) > 0), path


OF_THE_COMPANY = {"customers/cm3_per_capital", "customers/zone"}
"""Figures of a market against the company's own: its share of the peak of capital, its margin beside the
company's."""


OWN = (MARKET, SUPPLIER, NODE, PORT)


@pytest.mark.parametrize("dim", OWN)
def test_a_market_with_its_own_supply_and_spend_leaves_every_other_one_byte_equal(
    smaller: Chain, larger: Chain, cubes: tuple[Cube, Cube], dim: str
) -> None:
    one, other = cubes
    mine, theirs = smaller.world(4).view, larger.world(4).view
    assert len(theirs.members(dim)) == len(mine.members(dim)) + 1
    kept = along(other.arrays, dim, members(theirs.members(dim), mine.members(dim)))
    assert kept
    for second in set(OWN) - {dim}:
        kept |= along(kept, second, members(theirs.members(second), mine.members(second)))
    changed = differing(along(one.arrays, dim, lambda values, _: values), kept)
    assert set(changed) <= OF_THE_COMPANY


def test_what_belongs_to_the_company_is_not_frozen(cubes: tuple[Cube, Cube]) -> None:
    one, other = cubes
    assert "month/net_revenue" in differing(one.arrays, {path: other.arrays[path] for path in DIMS})
    assert not any(ITEM in dims for dims in DIMS.values())


def test_a_run_takes_a_larger_frozen_calibration(
    smaller: Chain, larger: Chain, cubes: tuple[Cube, Cube], places: Path
) -> None:
    made = run(
        smaller.plan,
        RunSettings(trials=6, quarters=4),
        SCENARIOS,
        calibration=larger.calibration,
        folder=places / "frozen",
    )
    assert differing(stored(made.path), cubes[0].arrays) == []


def test_a_calibration_restricted_to_its_own_plan_draws_the_same(demo: Chain) -> None:
    same = Chain(demo.plan, demo.calibration.restricted_to(demo.plan))
    one, other = (each.play(["customs_shock"], trials=range(3), quarters=1) for each in (demo, same))
    assert differing(one.arrays, other.arrays) == []


def test_a_calibration_of_another_company_is_refused(demo: Chain, stressed: Chain) -> None:
    with pytest.raises(UsageError, match="items of another plan"):
        demo.calibration.restricted_to(stressed.plan)
