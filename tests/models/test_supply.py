"""Supply draws: marginals kept under dependence, addresses, calendars, open orders, scenario effects."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from models.errors import UsageError
from models.lead_time import LISTED, NEVER, STAGES, Congestion, Dependence, Lane, LeadTime, LeadTimeModel
from models.supply import (
    OpenShipments,
    SupplyDraws,
    SupplyModel,
    SupplySpec,
    apply_supply_effects,
    draw_supply,
    open_shipments,
    two_state_calendar,
)

STAGE = ((20.0, 6.0), (30.0, 8.0), (2.0, 1.2), (3.0, 1.0))
PORT = {"uk": "FXT", "us": "LA", "west": "LA"}
ARRAYS = (
    "production",
    "transit",
    "service",
    "inland",
    "supplier_up",
    "port_open",
    "capacity",
    "open_stage_days",
)


def make(
    suppliers=("CN1", "KR1"),
    nodes=("uk", "us"),
    *,
    missing=(),
    dependence=None,
    link=0.5,
    error=0.0,
    open_orders=None,
    law=None,
):
    lanes = tuple(
        Lane(
            s,
            n,
            PORT[n],
            "sea",
            law or tuple(LeadTime.listed(m, sd, log_mean_error=error) for m, sd in STAGE),
        )
        for s in suppliers
        for n in nodes
        if (s, n) not in missing
    )
    ports = tuple(sorted({PORT[n] for n in nodes}))
    spec = SupplySpec(
        suppliers, nodes, ports, tuple(PORT[n] for n in nodes),
        tuple(900 + 100 * i for i in range(len(suppliers))),
        (0.5,) * len(suppliers), (14.0,) * len(suppliers), (2.0,) * len(ports), (3.0,) * len(ports),
    )  # fmt: skip
    return SupplyModel(
        LeadTimeModel(lanes, dict(dependence or LISTED), link), spec, open_orders or OpenShipments()
    )


def one_dependence(port, supplier, factor=0.9, own=0.5):
    return {stage: Dependence(port, supplier, factor, own) for stage in STAGES}


def same(one, other):
    return all(getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in ARRAYS)


# --- law


@pytest.mark.parametrize("day", [0, 1, 57, 364])
def test_every_stage_keeps_its_law_on_every_day_under_the_factors(day):
    mixture = fit = LeadTime.listed(30.0, 12.0)
    draws = make(
        dependence=one_dependence(0.3, 0.4), law=(fit, mixture, LeadTime.listed(2.0, 1.5), mixture)
    ).draw(range(1_500), 3, day + 1)
    for name in ("production", "transit", "inland"):
        score = stats.kstest(getattr(draws, name)[:, 0, 1, day], lambda x: mixture.cdf(x))
        assert score.pvalue > 1e-4


def test_two_orders_through_one_port_are_a_gaussian_copula_of_half():
    draws = make(nodes=("us", "west"), dependence=one_dependence(0.5, 0.0)).draw(range(60_000), 11, 1)
    one, other = draws.transit[:, 0, 0, 0], draws.transit[:, 1, 1, 0]
    assert stats.spearmanr(one, other).statistic == pytest.approx(0.482584, abs=0.015)
    assert stats.kendalltau(one[:6_000], other[:6_000]).statistic == pytest.approx(1.0 / 3.0, abs=0.03)
    low = (one <= np.quantile(one, 0.05)) & (other <= np.quantile(other, 0.05))
    assert low.mean() == pytest.approx(0.012189, abs=4.0 * np.sqrt(0.0122 / 60_000))


def test_neighbouring_days_are_alike_and_far_ones_are_not():
    draws = make(dependence=one_dependence(0.3, 0.3, factor=0.95, own=0.8), link=1.0).draw(
        range(8_000), 2, 61
    )
    law = LeadTime.listed(30.0, 8.0)
    z = special.ndtri(law.cdf(draws.transit[:, 0, 0]))
    for gap in (1, 10, 60):
        expected = 0.6 * 0.95**gap + 0.4 * 0.8**gap
        assert np.corrcoef(z[:, 0], z[:, gap])[0, 1] == pytest.approx(expected, abs=0.045)


@pytest.mark.parametrize("link", [0.0, 0.6, 1.0])
def test_stages_of_one_order_share_their_factors_as_the_link_says(link):
    draws = make(dependence=one_dependence(0.3, 0.4), link=link).draw(range(20_000), 2, 1)
    one = special.ndtri(LeadTime.listed(20.0, 6.0).cdf(draws.production[:, 0, 0, 0]))
    other = special.ndtri(LeadTime.listed(30.0, 8.0).cdf(draws.transit[:, 0, 0, 0]))
    assert np.corrcoef(one, other)[0, 1] == pytest.approx(0.7 * link, abs=0.03)


def test_a_point_mass_is_drawn_as_often_as_it_says():
    law = LeadTime(LeadTime.listed(10.0, 4.0).components, zero_share=0.3)
    draws = make(law=(law,) * 4).draw(range(20_000), 1, 1)
    assert (draws.inland[:, 0, 0, 0] == 0.0).mean() == pytest.approx(0.3, abs=0.015)
    assert draws.inland[:, 0, 0, 0].mean() == pytest.approx(law.mean, rel=0.02)


def test_parameter_uncertainty_widens_the_law_and_keeps_its_mean():
    wide = make(error=0.3)
    drawn, fitted = wide.draw(range(20_000), 1, 1), wide.draw(range(20_000), 1, 1, parameters="fitted")
    assert drawn.transit[:, 0, 0].mean() == pytest.approx(30.0, rel=0.02)
    assert fitted.transit[:, 0, 0].std() == pytest.approx(8.0, rel=0.03)
    squared = (30.0**2 + 8.0**2) * np.exp(0.3**2) - 30.0**2
    assert drawn.transit[:, 0, 0].std() == pytest.approx(np.sqrt(squared), rel=0.04)


def test_order_to_availability_has_the_mean_and_sd_that_the_model_announces():
    model = make(dependence=one_dependence(0.3, 0.4), link=0.8)
    draws = model.draw(range(20_000), 8, 1)
    total = (draws.production + draws.transit + draws.service + draws.inland)[..., 0]
    mean, sd = model.lead_time.total_days()
    assert total.mean(axis=0) == pytest.approx(mean, rel=0.01)
    assert total.std(axis=0) == pytest.approx(sd, rel=0.03)
    apart = np.sqrt(sum(s**2 for _, s in STAGE))
    assert np.all(sd > 1.15 * apart)


# --- addresses


def test_a_longer_horizon_begins_with_the_shorter_one():
    model = make(open_orders=OpenShipments(("a",), ("CN1",), ("us",), (1,), (5.0,)), error=0.1)
    short, long = model.draw(range(6), 5, 365), model.draw(range(6), 5, 731)
    for name in ARRAYS[:-1]:
        assert np.array_equal(getattr(short, name), getattr(long, name)[..., :365])
    assert np.array_equal(short.open_stage_days, long.open_stage_days)


def test_any_split_of_the_trials_gives_the_same_numbers():
    model = make(open_orders=OpenShipments(("a",), ("CN1",), ("us",), (0,), (5.0,)), error=0.1)
    whole, parts = (
        model.draw(range(10, 22), 5, 100),
        [model.draw(range(10, 13), 5, 100), model.draw(range(13, 22), 5, 100)],
    )
    for name in ARRAYS:
        if name != "capacity":
            assert np.array_equal(
                getattr(whole, name), np.concatenate([getattr(part, name) for part in parts])
            )


def test_another_supplier_node_port_or_open_order_changes_no_other_draw():
    small = make(
        ("CN1",), ("us",), open_orders=OpenShipments(("a",), ("CN1",), ("us",), (1,), (5.0,)), error=0.1
    )
    large = make(
        ("AA1", "CN1", "KR1"), ("uk", "us", "west"), error=0.1,
        open_orders=OpenShipments(
            ("0", "a", "b"), ("KR1", "CN1", "AA1"), ("uk", "us", "us"), (0, 1, 2), (1.0, 5.0, 1.0)
        ),
    )  # fmt: skip
    one, other = small.draw(range(5), 5, 200), large.draw(range(5), 5, 200)
    for name in ("production", "transit", "service", "inland"):
        assert np.array_equal(getattr(one, name)[:, 0, 0], getattr(other, name)[:, 1, 1])
    assert np.array_equal(one.supplier_up[:, 0], other.supplier_up[:, 1])
    assert np.array_equal(one.port_open[:, 0], other.port_open[:, 1])
    assert np.array_equal(one.open_stage_days[:, 0], other.open_stage_days[:, 1])


def test_stage_days_are_multiples_of_a_1024th_and_missing_lanes_never_deliver():
    draws = make(missing={("KR1", "uk")}).draw(range(4), 1, 50)
    for name in ("production", "transit", "service", "inland"):
        days = getattr(draws, name)
        assert np.all(days * 1024.0 == np.floor(days * 1024.0))
        assert np.all(days >= 0.0)
        assert np.all(days[:, 1, 0] == NEVER)
        assert np.all(days[:, 0] < 1_000.0)


# --- calendars


def test_two_state_supplier_has_the_markov_availability_and_transition():
    up = two_state_calendar(["a"], np.array([10.0]), np.array([2.0]), range(60_000), 4, 31)[:, 0]
    error = 4.0 * np.sqrt(0.8333 * 0.1667 / 60_000)
    for day in (0, 3, 30):
        assert up[:, day].mean() == pytest.approx(0.833333, abs=error)
    began_up = up[up[:, 0]]
    assert (~began_up[:, 3]).mean() == pytest.approx(
        0.139117, abs=4.0 * np.sqrt(0.139 * 0.861 / len(began_up))
    )


def test_share_of_days_lost_is_events_a_year_times_their_length():
    draws = make().draw(range(1_500), 9, 400)
    assert 1.0 - draws.supplier_up.mean() == pytest.approx(0.5 * 14.0 / 365.25, rel=0.12)
    assert 1.0 - draws.port_open.mean() == pytest.approx(2.0 * 3.0 / 365.25, rel=0.12)


def test_outages_that_fill_the_whole_year_are_refused():
    model = make()
    spec = SupplySpec(
        **(
            {name: getattr(model.spec, name) for name in model.spec.__dataclass_fields__}
            | {"outage_days": (800.0, 1.0)}
        )
    )
    with pytest.raises(UsageError, match="CN1"):
        SupplyModel(model.lead_time, spec).draw(range(1), 1, 10)


def test_seven_days_of_capacity_make_the_weekly_units():
    capacity = make().draw(range(1), 1, 70).capacity
    assert capacity.dtype == np.int64
    for supplier, weekly in enumerate((900, 1000)):
        windows = np.convolve(capacity[0, supplier], np.ones(7, dtype=np.int64), mode="valid")
        assert set(windows.tolist()) == {weekly}


# --- open orders


def test_an_open_order_has_the_residual_life_of_its_stage_and_fresh_later_ones():
    law = LeadTime.listed(40.0, 20.0)
    ages = (10.0, 30.0, 50.0, 70.0)
    model = make(
        law=(law, law, LeadTime.listed(2.0, 1.0), law),
        open_orders=OpenShipments(tuple("abcd"), ("CN1",) * 4, ("us",) * 4, (1,) * 4, ages),
    )
    days = model.draw(range(40_000), 1, 1).open_stage_days
    expected = (30.109, 19.647, 17.973, 18.283)
    for order, mean in enumerate(expected):
        column = days[:, order, 1]
        assert column.mean() == pytest.approx(mean, abs=4.5 * column.std() / 200.0)
    assert not days[:, :, 0].any()
    assert days[:, 0, 3].mean() == pytest.approx(40.0, abs=0.5)


def test_open_orders_come_from_the_log_with_stage_and_age():
    as_of = dt.date(2025, 12, 31)

    def date(day):
        return pd.NaT if day is None else pd.Timestamp(as_of) + pd.Timedelta(days=day)

    rows = [
        ("b", -50, -20, None, None, None),
        ("a", -70, -60, -3, None, None),
        ("c", -5, None, None, None, None),
        ("d", -90, -80, -50, -48, -40),
    ]
    log = pd.DataFrame(
        [(po, "CN1", "us", *map(date, days)) for po, *days in rows],
        columns=[
            "po",
            "supplier",
            "node",
            "ordered_on",
            "shipped_on",
            "port_on",
            "cleared_on",
            "received_on",
        ],
    )
    found = open_shipments(log, as_of=as_of, node_port=PORT, servers={"LA": 2})
    assert found.key == ("a|CN1|us", "b|CN1|us", "c|CN1|us")
    assert found.stage == (2, 1, 0)
    assert found.age == (4.0, 21.0, 6.0)


def test_an_open_order_on_a_lane_the_plan_does_not_have_is_refused_by_name():
    model = make(
        missing={("KR1", "uk")}, open_orders=OpenShipments(("po7",), ("KR1",), ("uk",), (0,), (1.0,))
    )
    with pytest.raises(UsageError, match="po7"):
        model.draw(range(1), 1, 10)


# --- scenario effects


def effects(model, days, trials=1, **changes):
    spec = model.spec
    s, n, p = len(spec.suppliers), len(spec.nodes), len(spec.ports)

    def identity(*shape):
        return np.ones((trials, *shape, days)), np.zeros((trials, *shape, days))

    plain = {
        "lead_time": identity(s, n),
        "clearance": identity(p),
        "closure": np.zeros((trials, p, days)),
        "capacity": identity(s),
    }
    return plain | changes


@pytest.fixture(scope="module")
def model():
    return make(open_orders=OpenShipments(("a", "b"), ("CN1", "KR1"), ("us", "uk"), (1, 0), (5.0, 3.0)))


@pytest.fixture(scope="module")
def base(model):
    return model.draw(range(8), 1, 300)


@pytest.mark.parametrize("trials", [1, 8])
def test_identity_effects_give_the_same_bytes(model, base, trials):
    assert same(apply_supply_effects(base, model, **effects(model, 300, trials)), base)


def test_an_effect_that_is_identity_but_for_one_far_lane_leaves_the_others_bytes(model, base):
    times, plus = effects(model, 300)["lead_time"]
    times[:, 1, 1] = 2.0
    after = apply_supply_effects(base, model, **effects(model, 300, lead_time=(times, plus)))
    for name in ("production", "transit", "service", "inland"):
        assert np.array_equal(getattr(after, name)[:, 0], getattr(base, name)[:, 0])
        assert np.array_equal(getattr(after, name)[:, 1, 0], getattr(base, name)[:, 1, 0])
    assert np.array_equal(after.transit[:, 1, 1], 2.0 * base.transit[:, 1, 1])


def test_lead_time_multiplies_three_stages_and_the_offset_adds_to_transit(model, base):
    times, plus = effects(model, 300)["lead_time"]
    after = apply_supply_effects(base, model, **effects(model, 300, lead_time=(times * 1.5, plus + 4.0)))
    assert np.array_equal(after.production, np.rint(base.production * 1.5 * 1024.0) / 1024.0)
    assert np.array_equal(after.transit, np.rint((base.transit * 1.5 + 4.0) * 1024.0) / 1024.0)
    assert np.array_equal(after.inland, np.rint(base.inland * 1.5 * 1024.0) / 1024.0)
    assert np.array_equal(after.service, base.service)
    # The stage an open order is in began before day 0.
    assert np.array_equal(after.open_stage_days[:, 0, 1], base.open_stage_days[:, 0, 1])
    assert np.array_equal(
        after.open_stage_days[:, 1, 1], np.rint((base.open_stage_days[:, 1, 1] * 1.5 + 4.0) * 1024.0) / 1024.0
    )


def test_lead_time_offsets_never_make_a_stage_negative(model, base):
    times, plus = effects(model, 300)["lead_time"]
    after = apply_supply_effects(base, model, **effects(model, 300, lead_time=(times, plus - 500.0)))
    assert not after.transit.any()


def test_slower_customs_hits_what_arrives_while_it_lasts(model, base):
    times, plus = effects(model, 300)["clearance"]
    times[:, 1, 100:150] = 3.0
    after = apply_supply_effects(base, model, **effects(model, 300, clearance=(times, plus)))
    day = np.arange(300)
    arrival = np.floor(day + base.production[:, 0, 1] + base.transit[:, 0, 1])
    hit = (arrival >= 100) & (arrival < 150)
    assert 0 < hit.sum() < hit.size
    assert np.array_equal(
        after.service[:, 0, 1], np.where(hit, 3.0 * base.service[:, 0, 1], base.service[:, 0, 1])
    )
    assert np.array_equal(after.service[:, :, 0], base.service[:, :, 0])


def congested(model, base, share, ratio):
    port = model.spec.ports[1]
    switched = replace(model, congestion={port: Congestion(540.0, 60.0, ratio)})
    path = np.zeros((1, 2, 300))
    path[:, 1, 100:150] = share
    return apply_supply_effects(base, switched, **effects(model, 300), congestion=path)


def test_a_congested_port_slows_transit_to_it_and_its_customs_and_nothing_else(model, base):
    after = congested(model, base, 1.0, 1.6)
    day = np.arange(300)
    sails = np.floor(day + base.production[:, 0, 1])
    at_sea = (sails >= 100) & (sails < 150)
    assert 0 < at_sea.sum() < at_sea.size
    slow = np.rint(base.transit[:, 0, 1] * 1.6 * 1024.0) / 1024.0
    assert np.array_equal(after.transit[:, 0, 1], np.where(at_sea, slow, base.transit[:, 0, 1]))
    arrives = np.minimum(299.0, np.floor(day + base.production[:, 0, 1] + after.transit[:, 0, 1]))
    at_port = (arrives >= 100) & (arrives < 150)
    slow = np.rint(base.service[:, 0, 1] * 1.6 * 1024.0) / 1024.0
    assert np.array_equal(after.service[:, 0, 1], np.where(at_port, slow, base.service[:, 0, 1]))
    assert np.array_equal(after.production, base.production)
    assert np.array_equal(after.inland, base.inland)
    for name in ("transit", "service"):
        assert np.array_equal(getattr(after, name)[:, :, 0], getattr(base, name)[:, :, 0])


def test_half_congested_is_half_as_much_slower_and_without_a_fit_the_listed_ratio_holds(model, base):
    half, whole = congested(model, base, 0.5, 1.6), congested(model, base, 1.0, 1.3)
    assert same(half, whole)
    assert model.congested_ratio.tolist() == [1.5, 1.5]
    assert same(congested(model, base, 0.0, 1.6), base)


def test_an_effect_by_trial_touches_only_its_trial(model, base):
    times, plus = effects(model, 300, 8)["lead_time"]
    times[3] = 2.0
    after = apply_supply_effects(base, model, **effects(model, 300, 8, lead_time=(times, plus)))
    changed = (after.transit != base.transit).any(axis=(1, 2, 3))
    assert changed.tolist() == [i == 3 for i in range(8)]


def test_a_longer_horizon_changes_nothing_that_can_happen_in_the_shorter_one(model):
    def after(days):
        times, plus = effects(model, days)["clearance"]
        times[..., 50:] = 2.0
        return apply_supply_effects(
            model.draw(range(4), 1, days), model, **effects(model, days, clearance=(times, plus))
        )

    short, long = after(200), after(400)
    arrival = np.arange(200) + short.production + short.transit
    inside = arrival < 200
    assert np.array_equal(short.service[inside], long.service[..., :200][inside])


def test_a_port_closes_from_half_a_day_on_and_never_opens_by_a_scenario(model, base):
    closure = np.zeros((1, 2, 300))
    closure[:, 0, 10:20], closure[:, 0, 20:30] = 0.5, 0.49
    after = apply_supply_effects(base, model, **effects(model, 300, closure=closure))
    assert not after.port_open[:, 0, 10:20].any()
    assert np.array_equal(after.port_open[:, 0, 20:], base.port_open[:, 0, 20:])
    assert np.array_equal(after.port_open[:, 1], base.port_open[:, 1])


def test_capacity_follows_its_effect_and_returns_to_base_after_it(model, base):
    times, plus = effects(model, 300)["capacity"]
    times[:, 0, 70:140] = 0.7
    plus[:, 1, 70:140] = 50.0
    after = apply_supply_effects(base, model, **effects(model, 300, capacity=(times, plus)))
    assert after.capacity[0, 0, 70:140].sum() == 10 * 630
    assert after.capacity[0, 1, 70:140].sum() == 10 * 1_050
    outside = np.r_[0:70, 140:300]
    assert np.array_equal(after.capacity[..., outside], base.capacity[..., outside])
    assert np.array_equal(after.supplier_up, base.supplier_up)
    less = apply_supply_effects(base, model, **effects(model, 300, capacity=(times * 0.0, plus)))
    assert not less.capacity[0, 0].any()


def test_a_supplier_whose_capacity_is_taken_is_down_as_in_an_outage(model, base):
    times, plus = effects(model, 300)["capacity"]
    times[:, 0, 70:140] = 0.0
    after = apply_supply_effects(base, model, **effects(model, 300, capacity=(times, plus)))
    assert not after.supplier_up[:, 0, 70:140].any()
    assert np.array_equal(
        np.delete(after.supplier_up, np.s_[70:140], 2), np.delete(base.supplier_up, np.s_[70:140], 2)
    )
    assert np.array_equal(after.supplier_up[:, 1:], base.supplier_up[:, 1:])


def test_the_result_is_the_same_carrier(model, base):
    assert isinstance(apply_supply_effects(base, model, **effects(model, 300)), SupplyDraws)
    with pytest.raises(UsageError, match="step 1"):
        draw_supply(model, range(0, 8, 2), 1, 10)
    with pytest.raises(UsageError, match="parameters"):
        draw_supply(model, range(2), 1, 10, parameters="none")
