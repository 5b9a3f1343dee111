"""Two components, the Pareto tail, zero spikes: recovered, refused, consistent."""

import json

import numpy as np
import pytest
from scipy import integrate, stats

from models.errors import FitError
from models.lead_time import Component, LeadTime, Tail, fit_lane
from models.lead_time.mixture import fit_two_lognormals
from models.lead_time.tail import fit_tail


def inspected(size, seed=3, share=0.2):
    generator = np.random.default_rng(seed)
    slow = generator.random(size) < share
    days = np.where(
        slow, generator.lognormal(np.log(9.0), 0.3, size), generator.lognormal(np.log(1.8), 0.35, size)
    )
    return days, generator.uniform(0.0, 60.0, size)


@pytest.mark.parametrize("cut", [False, True])
def test_inspected_and_passed_orders_are_told_apart_open_orders_included(cut):
    days, age = inspected(2_000)
    observed = days <= age if cut else np.ones(days.size, dtype=bool)
    two = fit_two_lognormals(np.minimum(days, age) if cut else days, observed)
    assert two.slow_share == pytest.approx(0.2, abs=0.03)
    assert np.exp(two.quick[0]) == pytest.approx(1.8, rel=0.04)
    assert np.exp(two.slow[0]) == pytest.approx(9.0, rel=0.05)


def test_two_components_enter_by_aic_only_where_they_are_clearly_better():
    law = fit_lane(inspected(400)[0])
    assert law.families["lognormal mixture"] > 0.99
    assert {c.part for c in law.components} == {"", "quick", "slow"}
    assert law.mean == pytest.approx(inspected(400)[0].mean(), rel=0.03)
    generator = np.random.default_rng(8)
    for _ in range(12):
        plain = fit_lane(generator.lognormal(3.4, 0.4, 200))
        assert "lognormal mixture" not in plain.families
        rounded = fit_lane(np.maximum(np.round(generator.gamma(4.0, 0.8, 200)), 1.0))
        assert "lognormal mixture" not in rounded.families


def test_the_mixture_is_left_out_with_a_reason_under_late_entry():
    days, _ = inspected(300)
    law = fit_lane(days[days > 1.0], entered=np.ones((days > 1.0).sum()))
    assert any("late entry" in reason for reason in law.refused)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.25])
def test_a_pareto_tail_is_recovered_and_equals_scipy_in_likelihood(shape):
    excess = stats.genpareto(shape, scale=12.0).rvs(3_000, random_state=np.random.default_rng(2))
    tail = fit_tail(50.0, 50.0 + excess, np.ones(excess.size, dtype=bool))
    assert tail.shape == pytest.approx(shape, abs=0.05)
    assert tail.scale == pytest.approx(12.0, rel=0.07)
    theirs = stats.genpareto.fit(excess, floc=0)
    assert tail.log_density(excess).sum() >= stats.genpareto(*theirs).logpdf(excess).sum() - 1e-4


def test_open_orders_beyond_the_threshold_lengthen_the_tail():
    excess = stats.genpareto(0.1, scale=12.0).rvs(6_000, random_state=np.random.default_rng(5))
    age = np.random.default_rng(6).uniform(0.0, 40.0, excess.size)
    tail = fit_tail(0.0, np.minimum(excess, age), excess <= age)
    assert tail.scale == pytest.approx(12.0, rel=0.06)
    assert tail.mean_excess(0.0) == pytest.approx(12.0 / 0.9, rel=0.06)


def test_tails_without_mean_or_variance_and_thin_tails_are_refused():
    with pytest.raises(FitError, match="no mean"):
        Tail(10.0, 5.0, 1.2)
    with pytest.raises(FitError, match="no variance"):
        Tail(10.0, 5.0, 0.6)
    law = fit_lane(np.random.default_rng(1).lognormal(3.0, 0.5, 300), tail=True)
    assert law.tail is None
    assert any("50 are needed" in reason for reason in law.refused)


def test_a_law_with_a_tail_is_one_law():
    generator = np.random.default_rng(7)
    days = np.where(
        generator.random(4_000) < 0.9,
        generator.gamma(16.0, 2.0, 4_000),
        45.0 + generator.exponential(30.0, 4_000),
    )
    law = fit_lane(days, tail=True, mixture=False)
    assert law.tail is not None
    assert law.mean == pytest.approx(days.mean(), rel=0.05)
    grid = np.linspace(0.0, 4_000.0, 400_001)
    assert integrate.trapezoid(law.survival(grid), grid) == pytest.approx(law.mean, rel=1e-4)
    assert integrate.trapezoid(2.0 * grid * law.survival(grid), grid) == pytest.approx(
        law.sd**2 + law.mean**2, rel=1e-3
    )
    at = law.tail.threshold
    for age in (5.0, at - 1.0, at + 20.0):
        rest = integrate.trapezoid(law.survival(grid[grid >= age]), grid[grid >= age]) / law.survival(age)
        assert law.mean_residual(age) == pytest.approx(float(rest), rel=2e-3, abs=0.05)
    share = np.array([0.01, 0.5, 0.94, 0.96, 0.999])
    assert law.cdf(law.quantile(share)) == pytest.approx(share, abs=1e-9)
    slope = (law.cdf(grid[1_001:9_000:500] + 1e-4) - law.cdf(grid[1_001:9_000:500] - 1e-4)) / 2e-4
    assert np.exp(law.log_density(grid[1_001:9_000:500])) == pytest.approx(slope, rel=1e-4, abs=1e-9)
    assert LeadTime.from_dict(json.loads(json.dumps(law.to_dict()))) == law


def test_a_tail_with_an_end_has_tables_that_stop_there():
    law = LeadTime((Component("gamma", 9.0, 4.0, 1.0, 0.0),), tail=Tail(55.0, 10.0, -0.5))
    table = law.table()
    assert table.values[-1] <= 75.0 + 1e-6
    assert table.values[-1] > 70.0
    assert law.residual_table(60.0).values[-1] <= 15.0 + 1e-6


def test_older_files_without_tail_or_parts_are_still_read():
    values = LeadTime.listed(40.0, 20.0).to_dict()
    for name in ("tail", "predictive", "own_weight"):
        del values[name]
    values["components"] = [row[:5] for row in values["components"]]
    assert LeadTime.from_dict(values).mean == pytest.approx(40.0)
