"""Unit economics of the chain: each figure again from the cube's own parts, and what theory fixes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.chain import run
from engine.finance.unit_economics import discount_factors
from engine.report.page import report_html
from engine.report.reading import Source
from engine.settings import RunSettings
from tests.properties.chain_support import Chain, Config, Cube, Tables, edited

TRIALS = range(8)
SCENARIOS = ("tariff_15pp", "stagflation", "demand_slump")


@pytest.fixture(scope="module")
def cube(demo: Chain) -> Cube:
    return demo.play(SCENARIOS, trials=TRIALS, quarters=8)


def of(cube: Cube, scenario: str = "base") -> dict[str, Any]:
    """Parts of one scenario, (trial, …)."""
    return cube.of(scenario)


@pytest.mark.parametrize("scenario", ["base", *SCENARIOS])
def test_every_figure_follows_from_the_parts_of_the_cube(demo: Chain, cube: Cube, scenario: str) -> None:
    each = of(cube, scenario)
    won, spend = (each[f"acquisition/{name}"].sum(axis=1) for name in ("new_customers", "spend"))
    revenue, cm2 = (each[f"customers/{name}"].sum(axis=1) for name in ("net_revenue", "cm2"))
    curve = each["customers/cm2_by_age"]
    factor = discount_factors(24, demo.plan.config.finance.discount_rate)
    ltv = np.einsum("taxy,a->txy", curve, factor)
    company = {
        "cac": spend.sum(axis=(1, 2)) / won.sum(axis=(1, 2)),
        "ltv": (ltv * won).sum(axis=(1, 2)) / won.sum(axis=(1, 2)),
        "ltv_cac": (ltv * won).sum(axis=(1, 2)) / spend.sum(axis=(1, 2)),
        "roas": revenue.sum(axis=(1, 2)) / spend.sum(axis=(1, 2)),
        "romi": cm2.sum(axis=(1, 2)) / spend.sum(axis=(1, 2)) - 1.0,
        "dm_roi": revenue.sum(axis=(1, 2)) / spend.sum(axis=(1, 2)) - 1.0,
        "cm3_per_spend": each["horizon/cm3"] / spend.sum(axis=(1, 2)),
        "blended_cac": spend.sum(axis=(1, 2))
        / (won.sum(axis=(1, 2)) + each["customers/organic_customers"].sum(axis=(1, 2))),
    }
    for name, expected in company.items():
        assert each[f"horizon/{name}"] == pytest.approx(expected, rel=1e-9), name
    segments = {"cac": spend / won, "ltv": ltv, "ltv_cac": ltv * won / spend, "cm2_share": cm2 / revenue}
    for name, expected in segments.items():
        assert each[f"customers/{name}"] == pytest.approx(expected, rel=1e-9), name
    reached = np.cumsum(curve * factor[:, None, None], axis=1) >= (spend / won)[:, None]
    payback = np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, 25)
    assert np.array_equal(each["customers/cac_payback"], payback)


def test_the_peak_of_working_capital_is_that_of_the_balance_sheet(cube: Cube) -> None:
    each = of(cube)
    owned = ("receivables", "inventory", "inventory_in_transit", "prepayments", "import_vat_recoverable")
    owed = ("payables", "accrued_marketing", "sales_tax_payable", "income_tax_payable")
    tied_up = sum(each[f"month/balance_{name}"] for name in owned)
    tied_up = tied_up - sum(each[f"month/balance_{name}"] for name in owed)
    expected = each["horizon/cm3"] / tied_up.max(axis=1)
    assert each["horizon/cm3_per_capital"] == pytest.approx(expected)
    shop = of(cube)["customers/cm3_per_spend"]
    assert np.isnan(shop[:, :, 0]).all()  # marketplaces win nobody by spend
    assert np.isfinite(shop[:, :, 1]).all()


def test_orders_of_the_customers_won_are_part_of_all_orders(cube: Cube) -> None:
    for scenario in cube.scenarios:
        each = of(cube, scenario)
        mine = each["customers/orders"].sum(axis=-1)
        every = each["market/orders"].reshape(len(mine), 8, 3, -1).sum(axis=2)
        assert np.all(mine <= every)
        first = each["acquisition/new_customers"].sum(axis=(1, 2, 3))
        assert np.all(mine.sum(axis=(1, 2)) > 0.8 * first)
        share = each["customers/repeat_revenue_share"]
        assert np.all((share >= 0.0) & (share <= 1.0))


def test_a_duty_takes_value_and_leaves_the_cost_of_a_customer(cube: Cube) -> None:
    base, duty = of(cube), of(cube, "tariff_15pp")
    assert np.array_equal(base["customers/cac"], duty["customers/cac"])
    assert np.all(duty["horizon/ltv"] < base["horizon/ltv"])
    assert np.all(duty["horizon/ltv_cac"] < base["horizon/ltv_cac"])
    assert np.all(duty["horizon/cac_payback"] >= base["horizon/cac_payback"])


def test_dearer_customers_cost_more_and_a_slump_leaves_fewer_who_come_back(cube: Cube) -> None:
    base = of(cube)
    assert np.all(of(cube, "stagflation")["horizon/cac"] > base["horizon/cac"])
    assert np.all(of(cube, "demand_slump")["horizon/repeat_rate"] <= base["horizon/repeat_rate"])
    for days in (90, 180, 365):
        rate = base[f"customers/repeat_rate_{days}"]
        assert np.all((rate >= 0.0) & (rate <= 1.0))
    assert np.all(base["customers/repeat_rate_90"] < base["customers/repeat_rate_365"])


def test_cohorts_are_compared_over_a_year_that_lies_in_the_run(cube: Cube) -> None:
    value = of(cube)["customers/cohort_ltv"]
    won = of(cube)["acquisition/new_customers"]
    won = won.reshape(len(won), 8, 3, *won.shape[2:]).sum(axis=2)
    assert np.array_equal(np.isfinite(value[:, :4]), won[:, :4] > 0)
    assert np.isnan(value[:, 4:]).all()
    spend = of(cube)["acquisition/spend"].reshape(len(won), 8, 3, *won.shape[2:]).sum(axis=2)
    cost = of(cube)["customers/cohort_cac"]
    assert cost[won > 0] == pytest.approx(spend[won > 0] / won[won > 0])
    # a year of a customer is worth less than two
    year = np.nansum(value[:, :4] * won[:, :4], axis=(1, 2, 3)) / won[:, :4].sum(axis=(1, 2, 3))
    assert np.all(year < of(cube)["horizon/ltv"])


def test_visitors_and_leads_of_the_plan_become_three_conversions(demo_folder: Path, places: Path) -> None:
    def seen(tables: Tables) -> None:
        spend = tables["spend"]
        spend["visitors"] = [str(int(float(amount) * 2)) for amount in spend["amount"]]
        spend["leads"] = [str(int(float(amount) * 2) // 10) for amount in spend["amount"]]

    chain = Chain.of(edited(demo_folder, places / "visited", tables=seen))
    each = chain.play((), trials=range(4), quarters=2).of("base")
    spend = each["acquisition/spend"].sum(axis=(1, 2, 3))
    won = each["acquisition/new_customers"].sum(axis=(1, 2, 3))
    assert each["horizon/order_conversion"] == pytest.approx(won / (2.0 * spend), rel=0.15)
    assert each["horizon/lead_rate"] == pytest.approx(np.full(4, 0.1), rel=0.15)
    assert each["horizon/order_conversion"] == pytest.approx(
        each["horizon/lead_rate"] * each["horizon/lead_to_order"], rel=1e-12
    )


def test_conversions_are_not_made_up(cube: Cube) -> None:
    for name in ("lead_rate", "lead_to_order", "order_conversion"):
        assert np.isnan(of(cube)[f"horizon/{name}"]).all()


def test_a_plan_without_acquisition_channels_has_a_run_a_page_and_a_workbook(
    tiny_folder: Path, places: Path
) -> None:
    def none(config: Config) -> None:
        config["acquisition_channels"] = []

    def nothing(tables: Tables) -> None:
        tables["spend"] = tables["spend"].iloc[:0]

    plan = Chain.of(edited(tiny_folder, places / "unpaid", none, nothing)).plan
    settings = RunSettings(trials=4, quarters=2)
    made = run(plan, settings, ["tariff_15pp"], folder=places / "unpaid-run")
    assert made.summary().channels is None
    assert made.to_dict()["channels"] is None
    assert "the plan has no acquisition channel" in report_html(
        Source(made.cube, made.manifest, made.summary())
    )
    assert made.workbook.exists()
