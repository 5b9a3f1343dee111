"""The fit: exact derivatives, recovery of known parameters, units, boundaries, refusals."""

import importlib.util
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import FitError, UsageError
from models.ltv import (
    BetaGeoNBD,
    Customers,
    ModifiedBetaGeoNBD,
    NormalPrior,
    ParetoNBD,
    WeakParetoPrior,
    WeakPrior,
)
from models.ltv.evidence import build_evidence
from models.ltv.likelihood import derivatives
from models.ltv.newton import maximise


def _load_generator():
    path = Path(__file__).with_name("generate.py")
    spec = importlib.util.spec_from_file_location("ltv_generate", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _load_generator()
MODELS = [BetaGeoNBD, ModifiedBetaGeoNBD]
TRUTH = (0.6, 45.0, 0.9, 3.2)


def _value(point, evidence, shift):
    return derivatives(point, evidence.start, evidence.recency, evidence.age, evidence.more_than, shift)


def _slow_loglik(parameters, x, recency, age, shift):
    """Log-likelihood of one customer straight from the integral over p of the published likelihood."""
    from scipy.special import betaln, gammaln

    r, alpha, a, b = parameters
    y = x + shift
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stays = betaln(a, b + y) - betaln(a, b) - (r + x) * np.log(alpha + age)
    leaves = -np.inf
    if y > 0:
        leaves = betaln(a + 1, b + y - 1) - betaln(a, b) - (r + x) * np.log(alpha + recency)
    return front + np.logaddexp(stays, leaves)


@pytest.mark.parametrize("shift", [0, 1])
def test_likelihood_is_the_published_one(shift):
    x = np.array([0, 0, 1, 2, 5, 40])
    recency = np.array([0.0, 0.0, 12.0, 30.0, 100.0, 399.5])
    age = np.array([0.0, 90.0, 60.0, 31.0, 360.0, 400.0])
    evidence = build_evidence(x, recency, age)
    for parameters in [(0.24, 30.9, 0.79, 2.4), (3.0, 200.0, 0.3, 0.69), (0.5, 5.0, 4.0, 0.2)]:
        expected = sum(_slow_loglik(parameters, *row, shift) for row in zip(x, recency, age, strict=True))
        assert _value(np.log(parameters), evidence, shift)[0] == pytest.approx(expected, rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    point=st.tuples(st.floats(-3, 2), st.floats(0, 6), st.floats(-4, 4), st.floats(-3, 5)),
    shift=st.sampled_from([0, 1]),
    seed=st.integers(0, 5),
)
def test_gradient_and_hessian_are_the_derivatives(point, shift, seed):
    evidence = generate.customers(np.random.default_rng(seed), 60, *TRUTH).evidence
    point = np.array(point)
    _, gradient, hessian = _value(point, evidence, shift)
    step = 1e-5
    for i in range(4):
        up, down = (_value(point + sign * step * np.eye(4)[i], evidence, shift) for sign in (1, -1))
        assert gradient[i] == pytest.approx((up[0] - down[0]) / (2 * step), rel=1e-5, abs=1e-4)
        assert hessian[i] == pytest.approx((up[1] - down[1]) / (2 * step), rel=1e-5, abs=1e-4)


def test_no_digits_are_lost_when_a_and_b_are_huge():
    evidence = generate.customers(np.random.default_rng(1), 200, *TRUTH).evidence
    share = 0.2
    points = [np.log([0.6, 45.0, share * kappa, (1 - share) * kappa]) for kappa in (1e8, 1e10, 1e12)]
    values = [_value(point, evidence, 0)[0] for point in points]
    # the limit is a fixed dropout probability; the distance to it falls as 1 / kappa
    assert values[0] == pytest.approx(values[2], rel=1e-8)
    assert values[1] == pytest.approx(values[2], rel=1e-10)


@pytest.mark.parametrize("model", MODELS)
def test_recovers_the_parameters_of_generated_customers(model):
    scores = []
    for seed in range(12):
        rng = np.random.default_rng(100 + seed)
        fitted = model.fit(generate.customers(rng, 3000, *TRUTH, shift=model.shift))
        assert fitted.converged
        scores.append((fitted.log_parameters - np.log(TRUTH)) / np.sqrt(np.diag(fitted.covariance)))
    z = np.array(scores)
    assert np.abs(z).max() < 4.0
    assert np.all(np.sqrt((z**2).mean(axis=0)) < 1.6)
    assert np.all(np.sqrt((z**2).mean(axis=0)) > 0.4)


@pytest.mark.parametrize("model", MODELS)
def test_a_time_unit_multiplies_alpha_and_shifts_the_likelihood(model):
    days = generate.customers(np.random.default_rng(4), 1500, *TRUTH, shift=model.shift)
    weeks = Customers(days.frequency, days.recency / 7, days.age / 7)
    in_days, in_weeks = model.fit(days), model.fit(weeks)
    assert in_days.alpha_in("week") == pytest.approx(in_weeks.params["alpha"], rel=1e-7)
    assert in_days.loglik_in("week") == pytest.approx(in_weeks.loglik, rel=1e-12)
    for name in ("r", "a", "b"):
        assert in_days.params[name] == pytest.approx(in_weeks.params[name], rel=1e-6)
        assert in_days.standard_errors[name] == pytest.approx(in_weeks.standard_errors[name], rel=1e-6)


def test_order_and_duplication_of_customers_only_scale_the_fit():
    once = generate.customers(np.random.default_rng(5), 800, *TRUTH)
    order = np.random.default_rng(0).permutation(800)
    shuffled = BetaGeoNBD.fit(once.select(order))
    assert np.array_equal(shuffled.log_parameters, BetaGeoNBD.fit(once).log_parameters)
    twice = BetaGeoNBD.fit(once.select(np.repeat(np.arange(800), 2)))
    assert twice.log_parameters == pytest.approx(shuffled.log_parameters, abs=1e-7)
    assert twice.covariance == pytest.approx(shuffled.covariance / 2, rel=1e-5)


@pytest.mark.parametrize("model", [*MODELS, ParetoNBD])
def test_many_customers_are_fitted_from_a_part_of_them_to_the_same_maximum(model):
    many = generate.customers(np.random.default_rng(12), 40_000, *TRUTH)
    assert many.evidence.thinned() is not None
    fitted = model.fit(many)
    value = partial(model.likelihood.derivatives, evidence=many.evidence)
    found = maximise(value, fitted.log_parameters + 0.3)
    assert fitted.converged
    assert fitted.loglik == pytest.approx(found.value, rel=1e-12)
    assert fitted.log_parameters == pytest.approx(found.point, abs=1e-6)
    exact = np.linalg.inv(-found.hessian)
    deviation = np.sqrt(np.diag(exact))
    assert np.abs((fitted.covariance - exact) / np.outer(deviation, deviation)).max() < 1e-4


@pytest.mark.parametrize("whole", [False, True])
def test_sorted_customers_are_all_there_and_in_one_order(whole):
    rng = np.random.default_rng(13)
    some = generate.customers(rng, 500, *TRUTH)
    if whole:
        some = Customers(some.frequency, np.floor(some.recency), np.floor(some.age))
    evidence, order = some.evidence, rng.permutation(500)
    shuffled = some.select(order).evidence
    assert np.array_equal(evidence.recency, shuffled.recency)
    assert np.array_equal(evidence.age, shuffled.age)
    rows = np.lexsort((some.recency, some.age, some.frequency))
    assert np.array_equal(evidence.age, some.age[rows])
    assert np.array_equal(evidence.recency, some.recency[rows])
    assert np.array_equal(
        np.repeat(np.arange(evidence.start.size - 1), np.diff(evidence.start)), some.frequency[rows]
    )


def test_customers_who_never_leave_give_a_boundary_and_a_usable_forecast():
    rng = np.random.default_rng(6)
    age = rng.uniform(100, 400, 1500)
    count = rng.poisson(rng.gamma(1.2, 1 / 60.0, 1500) * age)
    last = np.where(count > 0, age * rng.beta(np.maximum(count, 1), 1.0), 0.0)
    customers = Customers(count, last, age)
    fitted = BetaGeoNBD.fit(customers)
    assert fitted.boundary
    assert "leaving is not identified" in fitted.message
    assert np.isnan(fitted.covariance).all()
    assert np.linalg.eigvalsh(fitted.draw_covariance).min() > 0
    expected = fitted.expected_orders(customers, days=90).sum().item()
    assert expected == pytest.approx(90 * (count / age).mean() * 1500, rel=0.25)


def test_one_dropout_probability_for_all_is_a_boundary_too():
    rng = np.random.default_rng(7)
    fitted = BetaGeoNBD.fit(generate.customers(rng, 2000, 0.8, 30.0, 3000.0, 7000.0))
    assert fitted.boundary
    a, b = np.exp(fitted.mean[2:])
    assert a / (a + b) == pytest.approx(0.3, abs=0.05)


def test_no_repeat_order_is_refused_and_a_prior_from_other_cohorts_helps():
    silent = Customers(np.zeros(40), np.zeros(40), np.linspace(0, 300, 40))
    with pytest.raises(FitError, match="no repeat order among 40 customers"):
        BetaGeoNBD.fit(silent)
    prior = NormalPrior(np.log(TRUTH), 0.25 * np.eye(4))
    pooled = BetaGeoNBD.fit(silent, prior=prior)
    assert pooled.converged
    # nobody came back: the order rate of this cohort is judged lower than that of the others
    assert pooled.params["r"] / pooled.params["alpha"] < TRUTH[0] / TRUTH[1]


def test_one_customer_gets_the_weak_prior():
    fitted = BetaGeoNBD.fit(Customers([3], [50.0], [80.0]))
    assert fitted.boundary
    assert np.isfinite(fitted.expected_orders(Customers([3], [50.0], [80.0]), days=365).item())


def test_a_prior_pulls_a_thin_cohort_more_than_a_thick_one():
    prior = NormalPrior(np.log((1.5, 45.0, 0.9, 3.2)), 0.04 * np.eye(4))
    away = []
    for count in (60, 6000):
        customers = generate.customers(np.random.default_rng(8), count, *TRUTH)
        away.append(abs(BetaGeoNBD.fit(customers, prior=prior).log_parameters[0] - np.log(1.5)))
    assert away[0] < away[1]


def test_the_weak_prior_hardly_moves_identified_parameters():
    customers = generate.customers(np.random.default_rng(9), 8000, *TRUTH)
    plain, weak = BetaGeoNBD.fit(customers), BetaGeoNBD.fit(customers, prior=WeakPrior())
    moved = (weak.log_parameters - plain.log_parameters) / np.sqrt(np.diag(plain.covariance))
    assert np.abs(moved).max() < 0.25
    assert weak.loglik <= plain.loglik


@settings(max_examples=20, deadline=None)
@given(point=st.tuples(*[st.floats(-3, 3)] * 4))
def test_prior_derivatives(point):
    point = np.array(point)
    for prior in (WeakPrior(), WeakParetoPrior(), NormalPrior(np.zeros(4), np.diag([1.0, 2.0, 0.5, 0.1]))):
        _, gradient, hessian = prior.derivatives(point)
        for i in range(4):
            up, down = (prior.derivatives(point + sign * 1e-5 * np.eye(4)[i]) for sign in (1, -1))
            assert gradient[i] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-5, abs=1e-6)
            assert hessian[i] == pytest.approx((up[1] - down[1]) / 2e-5, rel=1e-5, abs=1e-6)


def test_age_zero_customers_change_nothing():
    some = generate.customers(np.random.default_rng(10), 500, *TRUTH)
    more = Customers(*(np.r_[column, np.zeros(25)] for column in (some.frequency, some.recency, some.age)))
    assert BetaGeoNBD.fit(more).loglik == pytest.approx(BetaGeoNBD.fit(some).loglik, abs=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_json_round_trip_is_exact(model):
    fitted = model.fit(generate.customers(np.random.default_rng(11), 400, *TRUTH))
    back = model.from_json(fitted.to_json())
    assert back.to_json() == fitted.to_json()
    assert back.params == fitted.params
    assert np.array_equal(back.draw_covariance, fitted.draw_covariance)
    other = MODELS[1 - MODELS.index(model)]
    with pytest.raises(FitError, match="is needed"):
        other.from_json(fitted.to_json())


@pytest.mark.parametrize("text", ["", "nothing", "[]", "3", '{"model": "BetaGeoNBD"}'])
def test_json_that_is_no_model_is_refused(text):
    with pytest.raises(FitError, match="needed"):
        BetaGeoNBD.from_json(text)


@pytest.mark.parametrize(
    ("values", "named"),
    [((1.0, 2.0, 3.0), {}), ((1.0, 2.0, 3.0, -4.0), {}), ((1.0, 2.0), {"a": 1.0, "s": 2.0}), ((), {})],
)
def test_parameters_that_make_no_model_are_refused(values, named):
    with pytest.raises(UsageError, match="parameters"):
        BetaGeoNBD.from_parameters(*values, **named)
