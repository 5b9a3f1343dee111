"""``placement``: candidates read and checked, layouts priced, played beside today's, on the tiny plan."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from engine.placement import LayoutSearch, place, read_candidates
from engine.placement.candidates import last_mile_of
from engine.placement.result import as_array
from engine.placement.terms import placement_terms
from engine.placement.variant import todays_layout, with_layout, with_site_lanes, with_sites
from engine.plan.load import load_plan
from engine.settings import Execution, RunSettings
from engine.stages.calibrate import calibrate
from models.errors import InputError, UsageError
from models.network.placement import feasible, placement_of
from tests.tiny_plan import write_plan

TRIALS, QUARTERS = 8, 8
SETTINGS = RunSettings(trials=TRIALS, quarters=QUARTERS)
UNPLAYED = RunSettings(trials=0, quarters=QUARTERS)
CANDIDATES = """\
nodes:
  - key: oslo
    fixed_cost_monthly: 600
    part_of: rent
    last_mile: [{market: NA, cost_per_order: 30, days: 9}]
sites:
  - key: bergen
    country: NO
    territory: nordic
    port: oslofjord
    pick_cost_per_unit: 0.2
    storage_cost_per_unit_month: 0.1
    fixed_cost_monthly: 150
    lanes:
      - {supplier: CN1, node: bergen, freight_per_kg: 1.1, production: {mean: 20, sd: 4}, transit: {mean: 34,
         sd: 6}, inland: {mean: 1, sd: 0.5}}
      - {supplier: KR1, node: bergen, freight_per_kg: 1.2, production: {mean: 15, sd: 3}, transit: {mean: 37,
         sd: 6}, inland: {mean: 1, sd: 0.5}}
    last_mile: [{market: NO, cost_per_order: 5, days: 1.5}]
"""


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = write_plan(tmp_path_factory.mktemp("placement") / "tiny")
    (folder / "candidates.yaml").write_text(CANDIDATES)
    return load_plan(folder)


@pytest.fixture(scope="module")
def calibration(plan):
    return calibrate(plan)


@pytest.fixture(scope="module")
def result(plan, calibration):
    return place(plan, None, LayoutSearch(best=4, service=0.0), settings=SETTINGS, calibration=calibration)


@pytest.fixture(scope="module")
def terms(plan, calibration):
    listed = read_candidates(plan)
    fitted = with_site_lanes(calibration, plan, listed)
    ways = last_mile_of(plan, listed)
    return placement_terms(
        with_sites(plan, listed), fitted, listed, ways, months=3 * QUARTERS, service=0.0, most=None
    )


def test_layouts_are_the_cheapest_of_all_subsets(result, terms):
    sites = terms.sites
    markets, nodes = sites.unit_cost.shape
    best: dict[tuple[int, ...], float] = {}
    for choice in itertools.product(range(nodes), repeat=markets):
        shares = np.eye(nodes)[list(choice)]
        if feasible(sites, shares):
            found = placement_of(sites, shares)
            best[found.open] = min(best.get(found.open, np.inf), found.cost)
    cheapest = sorted(best.values())[: len(result.best)]
    assert [choice.placement.cost for choice in result.best] == pytest.approx(cheapest)
    assert len(result.best) == min(4, len(best))


def test_parts_sum_to_the_cost_and_the_unit_cost(result, terms):
    assert np.sum(list(terms.parts.values()), axis=0)[np.isfinite(terms.sites.unit_cost)] == pytest.approx(
        terms.sites.unit_cost[np.isfinite(terms.sites.unit_cost)]
    )
    for choice in result.choices:
        assert sum(choice.parts.values()) == pytest.approx(choice.placement.cost)


def test_todays_layout_is_played_as_a_run_plays_it(plan, calibration, result):
    """The chain's own run of the same trials has the same EBITDA and fill rate, to the bit."""
    from engine import chain

    run = chain.run(
        plan,
        SETTINGS,
        "base",
        calibration=calibration,
        folder=plan.path / "runs" / "placement",
    )
    horizon = run.cube["horizon"].to_dataset().sel(scenario="base")
    for name in ("ebitda", "cm2", "fill_rate"):
        assert np.array_equal(horizon[name].to_numpy(), getattr(result.today.figures, name)), name


def test_program_and_simulation_agree_on_what_a_year_costs(result):
    """Two years of eight trials against a steady year of expected demand: costs within a tenth, and the
    layouts in the same order with what they save within a fifth of today's cost of it.
    """
    for choice in result.choices:
        simulated = choice.means()["cost"]
        assert abs(simulated.value - choice.placement.cost) < 0.12 * choice.placement.cost, choice.layout.name
    today = result.today
    for choice in result.choices[1:]:
        by_program = choice.placement.cost - today.placement.cost
        simulated = choice.difference("cost", today)
        assert abs(simulated.value - by_program) < 0.06 * today.placement.cost + 4.0 * simulated.error


def test_a_closing_node_sells_off_and_orders_nothing_more(plan, calibration, result):
    from engine.placement.variant import Layout, planned_as
    from engine.stages.world import build_world
    from models.calendar import Calendar

    listed = read_candidates(plan)
    layout = Layout(("bergen", "windhoek"), {"NA": "windhoek", "NO": "bergen"})
    variant = with_layout(plan, listed, layout, last_mile_of(plan, listed))
    fitted = with_site_lanes(calibration, plan, listed).restricted_to(variant)
    world = build_world(variant, fitted, Calendar(variant.forecast_start, 3))
    brain = planned_as(world.simulation.purchasing, variant, layout)
    norway = next(market for market in variant.config.markets if market.key == "NO")
    assert norway.nodes == ("oslo", "bergen", "windhoek")
    assert norway.return_node == "bergen"
    oslo, bergen = variant.node_keys.index("oslo"), variant.node_keys.index("bergen")
    assert not brain.share[oslo].any()
    assert brain.share[bergen].sum() > 0.0
    assert set(brain.primary_node[[c for c, (m, _) in enumerate(variant.segments) if m == "NO"]]) == {bergen}
    costs = {cost.name: cost.monthly for cost in variant.config.finance.fixed_costs}
    assert costs == {"staff": 6000.0, "rent": 900.0, "node bergen": 150.0}


def test_fitted_lanes_stay_as_they_are(plan, calibration):
    grown = with_site_lanes(calibration, plan, read_candidates(plan)).supply.lead_time
    fitted = {lane.key: lane for lane in calibration.supply.lead_time.lanes}
    assert {key: lane for lane in grown.lanes if (key := lane.key) in fitted} == fitted
    new = [lane for lane in grown.lanes if lane.node == "bergen"]
    at_port = next(lane for lane in fitted.values() if lane.port == "oslofjord")
    assert {lane.stages[2].mean for lane in new} == {at_port.stages[2].mean}


def test_without_candidates_only_the_plans_own_nodes_are_weighed(plan, calibration):
    found = place(
        plan,
        read_candidates(plan).model_copy(update={"sites": (), "nodes": ()}),
        LayoutSearch(service=0.0),
        settings=UNPLAYED,
        calibration=calibration,
    )
    assert found.candidates == ()
    assert {node for choice in found.best for node in choice.layout.nodes} <= set(plan.node_keys)
    assert any("no sites are listed" in note for note in found.notes)
    assert found.today.figures is None


def test_a_service_nobody_reaches_is_said(plan, calibration):
    found = place(plan, None, LayoutSearch(service=1.0), settings=UNPLAYED, calibration=calibration)
    assert found.best == ()
    assert "no layout delivers 100.0%" in found.headline()


def test_policy_says_how_much_may_be_late(plan, calibration):
    from engine.plan.policy import Policy, Threshold

    strict = replace(plan, policy=Policy(thresholds={"beyond_sla": Threshold(max=0.25)}))
    assert place(strict, settings=UNPLAYED, calibration=calibration).service == 0.75
    reached = place(plan, settings=UNPLAYED, calibration=calibration)
    assert reached.service == pytest.approx(reached.today.on_time)


def test_more_nodes_than_allowed_are_not_opened(plan, calibration):
    found = place(plan, None, LayoutSearch(most=1, service=0.0), settings=UNPLAYED, calibration=calibration)
    assert {len(choice.layout.nodes) for choice in found.best} <= {1}


def test_json_is_plain_and_complete(result):
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["today"]["nodes"] == list(result.today.layout.nodes)
    assert all(
        "difference_from_today" in each for each in plain["best"] if each["nodes"] != plain["today"]["nodes"]
    )
    assert plain["trials"] == TRIALS
    assert "<table>" in result._repr_html_()
    for choice in result.choices:
        assert as_array(choice.placement).sum(axis=1) == pytest.approx(1.0)


def test_every_fault_of_the_candidates_at_once(plan, tmp_path):
    text = CANDIDATES.replace("key: oslo", "key: osloo").replace("part_of: rent", "part_of: rentt")
    text = text.replace("port: oslofjord", "port: oslofjort").replace(
        "{supplier: CN1, node: bergen", "{supplier: CN7, node: oslo"
    )
    text = text.replace("transit: {mean: 37,", "transit: {mean: -37,").replace("market: NO", "market: XX")
    text = text.replace("    fixed_cost_monthly: 150\n", "    fixed_cost_monthly: 150\n    rent: 3\n")
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_candidates(plan, path)
    said = [fault.problem for fault in raised.value.faults]
    for part in (
        "no node of the plan",
        "no fixed cost",
        "unknown port",
        "unknown supplier",
        "another node",
        "unknown market",
        "unknown field",
        "transit.mean",
    ):
        assert any(part in problem for problem in said), (part, said)
    assert {fault.file for fault in raised.value.faults} == {"c.yaml"}
    assert all(fault.row and fault.remedy for fault in raised.value.faults)


def test_a_file_that_is_not_there_is_a_fault(plan, tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_candidates(plan, tmp_path / "none.yaml")


def test_more_rent_than_the_plan_has_is_a_fault(plan, tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text("nodes: [{key: oslo, fixed_cost_monthly: 1600, part_of: rent}]\n")
    with pytest.raises(InputError, match="at most 1500"):
        read_candidates(plan, path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"search": LayoutSearch(best=0)},
        {"search": LayoutSearch(most=0)},
        {"search": LayoutSearch(service=1.5)},
        {"settings": RunSettings(trials=-1)},
        {"settings": RunSettings(quarters=0)},
        {"execution": Execution(engine="fast")},
    ],
)
def test_settings_that_cannot_be_meant(plan, wrong):
    with pytest.raises(UsageError):
        place(plan, **wrong)


def test_every_setting_that_cannot_be_meant_is_told_at_once(plan):
    with pytest.raises(UsageError, match=r"best: .*; quarters: .*; workers: "):
        place(
            plan,
            search=LayoutSearch(best=0),
            settings=RunSettings(quarters=0),
            execution=Execution(workers=-1),
        )


def test_today_is_what_markets_name_first(plan):
    assert todays_layout(plan).serves == {"NA": "windhoek", "NO": "oslo"}
