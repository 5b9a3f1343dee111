"""What theory fixes: survival falls, quantile inverts the cdf, units of time do not matter, age helps."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.lead_time import Component, LeadTime, Tail, fit_lane, kaplan_meier

FEW = settings(max_examples=25, deadline=None, derandomize=True)
NAMES = ("gamma", "loglogistic", "lognormal", "weibull")


@st.composite
def laws(draw):
    share = draw(st.floats(0.05, 0.95))
    parts = []
    for weight in (share, 1.0 - share):
        family = draw(st.sampled_from(NAMES))
        spread = draw(st.floats(0.1, 0.45))
        location = draw(st.floats(1.0, 4.0))
        native = (1.0 / spread**2, spread**2 * np.exp(location)) if family == "gamma" else (location, spread)
        parts.append(Component(family, *native, weight, 0.0))
    floor = draw(st.floats(0.0, 10.0))
    zero = draw(st.sampled_from([0.0, 0.2]))
    law = LeadTime(tuple(parts), floor=floor, zero_share=zero)
    if draw(st.booleans()):
        at = float(law.quantile(0.95))
        return LeadTime(
            tuple(parts),
            floor=floor,
            zero_share=zero,
            tail=Tail(at, draw(st.floats(1.0, 30.0)), draw(st.floats(-0.4, 0.4))),
        )
    return law


@FEW
@given(laws())
def test_survival_falls_from_one_to_nothing(law):
    grid = np.concatenate([[-1.0, 0.0], np.geomspace(1e-3, 1e6, 400)])
    survival = law.survival(grid)
    assert survival[0] == 1.0
    assert np.all(np.diff(survival) <= 1e-12)
    assert survival[-1] < 1e-3
    assert survival + law.cdf(grid) == pytest.approx(np.ones(grid.size), abs=1e-9)


@FEW
@given(laws(), st.lists(st.floats(0.21, 0.9999), min_size=1, max_size=8))
def test_cdf_inverts_the_quantile(law, shares):
    assert law.cdf(law.quantile(shares)) == pytest.approx(shares, abs=1e-8)


@FEW
@given(laws(), st.floats(0.0, 200.0))
def test_an_open_order_is_expected_no_earlier_than_before(law, age):
    ages = np.array([age, age + 1.0, age + 10.0])
    if law.survival(ages[-1]) < 1e-6:
        return
    arrival = [x + law.mean_residual(float(x)) for x in ages]
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(arrival))


@FEW
@given(st.integers(0, 10_000), st.floats(0.05, 20.0))
def test_days_or_weeks_give_the_same_law(seed, scale):
    generator = np.random.default_rng(seed)
    days = generator.gamma(4.0, 9.0, 40)
    age = generator.uniform(0.0, 120.0, 40)
    observed = days <= age
    observed[:3] = True
    days = np.where(observed, days, age)
    one = fit_lane(days, observed=observed, mixture=False)
    other = fit_lane(days * scale, observed=observed, mixture=False)
    assert other.mean == pytest.approx(scale * one.mean, rel=1e-5)
    assert other.families == pytest.approx(one.families, abs=1e-5)


@FEW
@given(st.integers(0, 10_000), st.floats(1.0, 3.0))
def test_calling_orders_open_never_shortens_the_lead_time(seed, older):
    generator = np.random.default_rng(seed)
    days = generator.lognormal(3.0, 0.5, 30)
    observed = np.ones(30, dtype=bool)
    full = fit_lane(days, family_names=("lognormal",), mixture=False)
    observed[generator.integers(0, 30, 6)] = False
    cut = fit_lane(days, observed=observed, family_names=("lognormal",), mixture=False)
    later = fit_lane(
        np.where(observed, days, older * days), observed=observed, family_names=("lognormal",), mixture=False
    )
    median = [float(law.quantile(0.5)) for law in (full, cut, later)]
    assert median[0] < median[1] <= median[2] + 1e-9
    grid = np.linspace(1.0, 100.0, 30)
    assert np.all(kaplan_meier(days, observed).at(grid) >= kaplan_meier(days).at(grid) - 1e-12)
