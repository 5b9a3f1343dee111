"""Every metric of the registry against a hand-worked company, and a completeness test that none is missing.

One trial, two quarters of 90 days, two markets, two channels, three suppliers in two origins, two items.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from engine.finance.lines import COMPANY_LINES, LINE_NAMES, RUNGS, SEGMENT_LINES
from engine.finance.metrics import HEADLINE, METRIC_OF, METRICS, STATEMENT_METRICS
from engine.finance.postings import POSTINGS
from engine.stages.measure import _over_horizon, cube_variables
from tests.reference.test_supply_metrics import CASES as SUPPLY_CASES
from tests.reference.test_unit_economics import CASES as UNIT_CASES

CASES = {
    "net_revenue": 6 * 1000.0,
    "cm1": 6 * 600.0,
    "gross_margin": 0.6,
    "cm2": 6 * 400.0,
    "cm3": 6 * 200.0,
    "ebitda": 6 * 100.0,
    "net_income": 6 * 50.0,
    "minimum_cash": -700.0,
    "unfunded_peak": 200.0,  # 700 short, credit line of 500
    "cash_conversion_cycle": 55.0,  # quarters of 50 and 60 days
    "cash_flow_coverage": 1.1,  # the lower of 1.5 and 1.1
    "top_1_market_share": 0.65,
    "top_3_market_share": 1.0,
    "market_hhi": 0.65**2 + 0.35**2,
    "channel_hhi": 0.8**2 + 0.2**2,
    "item_hhi": 0.75**2 + 0.25**2,
    "supplier_hhi": 0.5**2 + 0.3**2 + 0.2**2,
    "origin_hhi": 0.7**2 + 0.3**2,  # CN1 and CN2 together 70%
    "fill_rate": 0.9,
}


@pytest.fixture(scope="module")
def measured():
    ones = np.ones((1, 6, 1))
    steps = dict(zip(RUNGS, (1000.0, 600.0, 400.0, 200.0, 100.0, 50.0), strict=True))
    cash = np.zeros((1, 180))
    cash[0, 77] = -700.0
    values = {f"month/{rung}": np.full((1, 6), amount) for rung, amount in steps.items()} | {
        "market/net_revenue": ones * np.array([650.0, 350.0]),
        "sales_channel/net_revenue": ones * np.array([800.0, 200.0]),
        "market/units_demanded": ones * np.array([60.0, 40.0]),
        "market/units_lost": ones * np.array([10.0, 0.0]),
        "day/net_cash": cash,
        "quarter/cash_conversion_cycle": np.array([[50.0, 60.0]]),
        "quarter/cash_flow_coverage": np.array([[1.5, 1.1]]),
    }
    world = SimpleNamespace(
        view=SimpleNamespace(
            suppliers=("CN1", "CN2", "KR1"),
            origins=("CN", "KR"),
            origin_of_supplier={"CN1": "CN", "CN2": "CN", "KR1": "KR"},
        ),
        finance=SimpleNamespace(terms=SimpleNamespace(company=SimpleNamespace(credit_limit=500.0))),
    )
    played = SimpleNamespace(booked=[SimpleNamespace(item_sales=np.array([[75.0, 25.0]]))] * 6)
    purchases = ones * np.array([50.0, 20.0, 30.0])
    return _over_horizon(world, played, values, purchases)


@pytest.mark.parametrize("name", sorted(CASES))
def test_metric_equals_its_hand_worked_case(measured, name):
    assert measured[f"horizon/{name}"] == pytest.approx(np.array([CASES[name]]))


def test_the_largest_item_share_of_the_hand_worked_case(measured):
    assert measured["horizon/top_1_item_share"] == pytest.approx(np.array([0.75]))


def test_every_metric_has_a_reference_case_and_says_what_it_is():
    assert set(CASES) == {metric.name for metric in STATEMENT_METRICS}
    assert {*CASES, *UNIT_CASES, *SUPPLY_CASES} == {metric.name for metric in METRICS}
    assert set(HEADLINE) <= set(CASES)
    for metric in METRICS:
        assert metric.label
        assert metric.formula
        assert metric.variant
        assert metric.good in {"high", "low", "none"}
        assert METRIC_OF[metric.name] is metric


def test_every_line_is_moved_by_a_posting_and_stands_in_the_cube_once():
    moved = {leg.account for posting in POSTINGS for leg in posting.legs}
    assert set(LINE_NAMES) <= moved
    paths = [variable.path for variable in cube_variables()]
    assert len(paths) == len(set(paths))
    assert {f"market/{name}" for name in SEGMENT_LINES} <= set(paths)
    assert {f"month/{name}" for name in COMPANY_LINES} <= set(paths)
    assert all(variable.unit and variable.meaning for variable in cube_variables())
