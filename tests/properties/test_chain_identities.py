"""What must add up in every trial, month and scenario."""

from __future__ import annotations

import numpy as np
import pytest

from engine.finance.accounts import BALANCE_NAMES
from engine.finance.lines import LINES, RUNGS
from tests.properties.chain_support import Chain, Cube

ASSETS = (
    "cash", "receivables", "inventory", "inventory_in_transit", "prepayments", "import_vat_recoverable",
    "fixed_assets", "other_assets",
)  # fmt: skip
SLUMP = {"driver": "demand", "change": {"scale": 0.7, "unit": "x"}, "start": "+1q", "shape": {"hold": "26w"}}


@pytest.fixture(scope="module")
def library(demo: Chain) -> Cube:
    return demo.play(demo.library.names, trials=range(8), quarters=4)


def test_equity_agrees_with_assets_less_liabilities_everywhere(demo: Chain, library: Cube) -> None:
    assert len(library.scenarios) == 8
    sign = {name: 1.0 if name in ASSETS else -1.0 for name in BALANCE_NAMES}
    assert set(ASSETS) < set(BALANCE_NAMES)
    net = sum(sign[name] * library.arrays[f"month/balance_{name}"] for name in BALANCE_NAMES)
    equity = library.arrays["month/equity"]
    assert np.all(np.isfinite(equity))
    assert np.max(np.abs(equity - net)) < 0.01


def test_equity_is_opening_plus_income_plus_contributions(demo: Chain, library: Cube) -> None:
    balance = demo.plan.opening_balance.set_index("account")["amount"]
    opening = float(balance["share_capital"] + balance["retained_earnings"])
    grown = library.arrays["month/net_income"] + library.arrays["month/contributions"]
    assert np.allclose(
        library.arrays["month/equity"], opening + np.cumsum(grown, axis=2), rtol=0.0, atol=0.01
    )


def test_every_rung_is_the_rung_above_and_its_own_lines(library: Cube) -> None:
    above = np.zeros(())
    for rung in RUNGS:
        own = [line.name for line in LINES if line.rung == rung]
        lines = [
            library.arrays[f"market/{name}"].sum(axis=3)
            if f"market/{name}" in library.arrays
            else library.arrays[f"month/{name}"]
            for name in own
        ]
        above = above + sum(lines)
        assert np.allclose(library.arrays[f"month/{rung}"], above, rtol=0.0, atol=1e-4), rung


@pytest.mark.parametrize("rung", ["net_revenue", "cm1", "cm2", "cm3"])
def test_markets_and_sales_channels_sum_to_the_company(library: Cube, rung: str) -> None:
    company = library.arrays[f"month/{rung}"]
    for group in ("market", "sales_channel"):
        assert np.allclose(library.arrays[f"{group}/{rung}"].sum(axis=3), company, rtol=0.0, atol=1e-4)


def test_cash_flows_explain_the_change_of_cash(demo: Chain, library: Cube) -> None:
    flows = [values for path, values in library.arrays.items() if path.startswith("month/cash_flow_")]
    assert len(flows) >= 3
    balance = demo.plan.opening_balance.set_index("account")["amount"]
    cash = library.arrays["month/balance_cash"] - library.arrays["month/balance_credit_line"]
    opening = np.full((*cash.shape[:2], 1), float(balance["cash"] - balance["credit_line"]))
    change = np.diff(np.concatenate([opening, cash], axis=2), axis=2)
    assert np.allclose(
        np.diff(np.concatenate([opening, _month_ends(demo, library)], axis=2), axis=2), change, atol=0.01
    )


def _month_ends(demo: Chain, library: Cube) -> np.ndarray:
    ends = demo.world(4).calendar.month_start[1:] - 1
    return np.asarray(library.arrays["day/net_cash"][:, :, ends])


# one demand, from orders to units


@pytest.mark.parametrize("company", ["demo", "stressed"])
def test_demand_is_shipped_lost_or_waiting(company: str, request: pytest.FixtureRequest) -> None:
    chain: Chain = request.getfixturevalue(company)
    cube = chain.play(["supplier_outage"], trials=range(8), quarters=4)
    demanded, sold, lost, back = (
        cube.arrays[f"market/units_{name}"] for name in ("demanded", "sold", "lost", "returned")
    )
    waiting = np.cumsum(demanded - sold - lost, axis=2)
    assert np.all(waiting >= 0)
    assert np.all(np.cumsum(back, axis=2) <= np.cumsum(sold, axis=2))
    assert np.all(demanded >= 0)
    assert demanded.sum() > 0
    orders = cube.arrays["market/orders"]
    assert np.all(demanded >= orders)
    assert np.all((demanded > 0) == (orders > 0))
    assert all(np.array_equal(each, np.rint(each)) for each in (demanded, sold, lost, back, orders))


def test_units_of_days_and_items_sum_to_the_month(demo: Chain) -> None:
    from engine.stages.draw import draw_block
    from models.demand import count_month, units_month

    world = demo.world(2)
    bank = draw_block(demo.calibration, range(6), 1, world.calendar).demand
    markets, channels = len(bank.market_keys), len(bank.channel_keys)
    for month in range(6):
        level = np.ones((6, markets, channels, month + 1))
        orders, _ = count_month(bank, month, np.ascontiguousarray(bank.base_multiplier[:, :, month]), level)
        units = units_month(bank, month, orders)
        cube = demo.play(trials=range(6))
        by_market = units.sum(axis=(1, 3)).reshape(6, markets, -1).sum(axis=2)
        assert np.array_equal(by_market, cube["base", "market/units_demanded"][:, month])
        assert np.array_equal(
            orders.reshape(6, markets, -1).sum(axis=2), cube["base", "market/orders"][:, month]
        )


def test_a_slump_of_26_weeks_touches_only_its_months(demo: Chain) -> None:
    cube = demo.play([demo.scenario("slump", SLUMP)], trials=range(32), quarters=5)
    base, slump = (cube[name, "market/orders"] for name in ("base", "slump"))
    calendar = demo.world(5).calendar
    first = int(calendar.month_start[3])
    inside = [
        month
        for month in range(calendar.months)
        if calendar.month_start[month] < first + 182 and calendar.month_start[month + 1] > first
    ]
    assert inside == [3, 4, 5, 6, 7, 8, 9]
    outside = [month for month in range(calendar.months) if month not in inside]
    assert base[:, outside].tobytes() == slump[:, outside].tobytes()
    assert np.all(slump[:, inside] <= base[:, inside])
    assert np.all(slump[:, inside].sum(axis=(1, 2)) < base[:, inside].sum(axis=(1, 2)))
    won = (cube[name, "acquisition/new_customers"][:, outside] for name in ("base", "slump"))
    assert len({each.tobytes() for each in won}) == 1
