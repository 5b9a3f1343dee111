"""Pareto/NBD: the published likelihood, derivatives, recovery, units, expectations, the sampled law."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1

from models.errors import FitError
from models.ltv import Customers, NormalPrior, ParetoNBD, WeakParetoPrior
from models.ltv.evidence import build_evidence
from models.ltv.pareto_likelihood import pareto_derivatives

_SPEC = importlib.util.spec_from_file_location("ltv_generate", Path(__file__).with_name("generate.py"))
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)

TRUTH = (0.6, 45.0, 0.7, 120.0)
CLOCK = np.concatenate([[0.0], np.cumsum(np.tile([20.0, 31.0, 45.0, 28.0], 9))])
LIMIT = 4.5


def _value(point, evidence):
    return pareto_derivatives(
        np.asarray(point), evidence.start, evidence.recency, evidence.age, evidence.more_than
    )


def _published_loglik(parameters, x, recency, age):
    """Fader and Hardie (2005), "A note on deriving the Pareto/NBD model", equations 20 to 22."""
    r, alpha, s, beta = parameters
    n = r + s + x
    large, small = max(alpha, beta), min(alpha, beta)
    second = s + 1 if alpha >= beta else r + x

    def term(t):
        return hyp2f1(n, second, n + 1, (large - small) / (large + t)) / (large + t) ** n

    bracket = 1 / ((alpha + age) ** (r + x) * (beta + age) ** s) + s / n * (term(recency) - term(age))
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(bracket)


@pytest.mark.parametrize(
    "parameters", [(0.55, 10.6, 0.61, 11.7), (0.55, 74.0, 0.61, 30.0), (2.0, 8.0, 1.5, 60.0)]
)
def test_likelihood_is_the_published_hypergeometric_one(parameters):
    x = np.array([0, 0, 1, 2, 5, 9])
    recency = np.array([0.0, 0.0, 12.0, 20.0, 21.0, 38.5])
    age = np.array([0.0, 39.0, 30.0, 31.0, 36.0, 39.0])
    expected = sum(_published_loglik(parameters, *row) for row in zip(x, recency, age, strict=True))
    actual = _value(np.log(parameters), build_evidence(x, recency, age))[0]
    assert actual == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("x", [0, 3, 500, 20_000])
@pytest.mark.parametrize("gap", [0.0, 1e-9, 0.5, 300.0])
def test_likelihood_stays_finite_where_the_hypergeometric_form_does_not(x, gap):
    recency = 0.0 if x == 0 else 400.0
    value, gradient, hessian = _value(
        np.log(TRUTH), build_evidence(np.array([x]), np.array([recency]), np.array([recency + gap]))
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert np.isfinite(hessian).all()
    one = Customers([x], [recency], [recency + gap])
    alive = ParetoNBD.from_parameters(*TRUTH).p_alive(one).item()
    assert 0.0 <= alive <= 1.0
    assert gap > 0.0 or alive == 1.0


@settings(max_examples=25, deadline=None)
@given(
    point=st.tuples(st.floats(-3, 2), st.floats(0, 6), st.floats(-3, 2), st.floats(0, 8)),
    seed=st.integers(0, 3),
)
def test_gradient_and_hessian_are_the_derivatives(point, seed):
    evidence = generate.pareto_customers(np.random.default_rng(seed), 40, *TRUTH).evidence
    point = np.array(point)
    _, gradient, hessian = _value(point, evidence)
    for i in range(4):
        up, down = (_value(point + sign * 1e-5 * np.eye(4)[i], evidence) for sign in (1, -1))
        assert gradient[i] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-5, abs=1e-4)
        assert hessian[i] == pytest.approx((up[1] - down[1]) / 2e-5, rel=1e-5, abs=1e-4)


def test_recovers_the_parameters_of_generated_customers():
    scores = []
    for seed in range(10):
        customers = generate.pareto_customers(np.random.default_rng(200 + seed), 4000, *TRUTH)
        fitted = ParetoNBD.fit(customers)
        assert fitted.converged
        assert not fitted.boundary
        scores.append((fitted.log_parameters - np.log(TRUTH)) / np.sqrt(np.diag(fitted.covariance)))
    z = np.array(scores)
    assert np.abs(z).max() < 4.0
    assert np.all(np.sqrt((z**2).mean(axis=0)) < 1.7)
    assert np.all(np.sqrt((z**2).mean(axis=0)) > 0.4)


def test_a_time_unit_multiplies_alpha_and_beta_and_shifts_the_likelihood():
    days = generate.pareto_customers(np.random.default_rng(4), 2000, *TRUTH)
    weeks = Customers(days.frequency, days.recency / 7, days.age / 7)
    in_days, in_weeks = ParetoNBD.fit(days), ParetoNBD.fit(weeks)
    scaled = in_days.params_in("weeks")
    for name in ("r", "alpha", "s", "beta"):
        assert scaled[name] == pytest.approx(in_weeks.params[name], rel=1e-6)
    assert in_days.loglik_in("week") == pytest.approx(in_weeks.loglik, rel=1e-12)


def test_customers_who_never_leave_give_a_boundary_and_a_usable_forecast():
    rng = np.random.default_rng(6)
    age = rng.uniform(100, 400, 1500)
    count = rng.poisson(rng.gamma(1.2, 1 / 60.0, 1500) * age)
    last = np.where(count > 0, age * rng.beta(np.maximum(count, 1), 1.0), 0.0)
    customers = Customers(count, last, age)
    fitted = ParetoNBD.fit(customers)
    assert fitted.boundary
    assert "no standard errors" in fitted.message
    expected = fitted.expected_orders(customers, days=90).sum().item()
    assert expected == pytest.approx(90 * (count / age).mean() * 1500, rel=0.25)


def test_no_repeat_order_is_refused_and_a_prior_helps():
    silent = Customers(np.zeros(40), np.zeros(40), np.linspace(0, 300, 40))
    with pytest.raises(FitError, match="no repeat order among 40 customers"):
        ParetoNBD.fit(silent)
    pooled = ParetoNBD.fit(silent, prior=NormalPrior(np.log(TRUTH), 0.25 * np.eye(4)))
    assert pooled.params["r"] / pooled.params["alpha"] < TRUTH[0] / TRUTH[1]


def test_the_weak_prior_hardly_moves_identified_parameters():
    customers = generate.pareto_customers(np.random.default_rng(9), 6000, *TRUTH)
    plain, weak = ParetoNBD.fit(customers), ParetoNBD.fit(customers, prior=WeakParetoPrior())
    moved = (weak.log_parameters - plain.log_parameters) / np.sqrt(np.diag(plain.covariance))
    assert np.abs(moved).max() < 0.3


@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0.0, 200.0), (2, 213.0, 272.0), (9, 300.0, 350.0)])
@pytest.mark.parametrize("s", [0.7, 1.0, 2.5])
def test_p_alive_and_expected_orders_are_the_integrals(x, recency, age, s):
    r, alpha, _, beta = TRUTH
    model = ParetoNBD.from_parameters(r, alpha, s, beta)
    one = Customers([x], [recency], [age])
    there = (1 + age / alpha) ** -(r + x) * (1 + age / beta) ** -s
    left = quad(
        lambda y: s / beta * (1 + y / alpha) ** -(r + x) * (1 + y / beta) ** -(s + 1), recency, age, epsabs=0
    )[0]
    alive = there / (there + left)
    assert model.p_alive(one).item() == pytest.approx(alive, rel=1e-9)
    stay = quad(lambda t: ((beta + age) / (beta + age + t)) ** s, 0.0, 300.0)[0]
    expected = alive * (r + x) / (alpha + age) * stay
    assert model.expected_orders(one, days=300.0).item() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("days", [0.0, 1.0, 90.0, 2000.0])
def test_probabilities_sum_to_one_and_have_the_expected_mean(days):
    model = ParetoNBD.from_parameters(0.9, 60.0, 0.8, 90.0)
    n = np.arange(4000)
    chance = model.probability_of_orders(n, days=days)
    assert np.all((chance >= 0) & (chance <= 1))
    assert chance.sum() == pytest.approx(1.0, abs=1e-10)
    assert (n * chance).sum() == pytest.approx(float(model.expected_orders_new(days)), rel=1e-8)
    some = Customers([0, 3, 3], [0.0, 50.0, 70.0], [60.0, 90.0, 90.0])
    given_history = model.probability_of_orders(n, days=days, customers=some)
    assert given_history.dims == ("customer", "n")
    assert given_history.sum("n").to_numpy() == pytest.approx(1.0, abs=1e-10)
    mean = (given_history * given_history["n"]).sum("n").to_numpy()
    assert mean == pytest.approx(model.expected_orders(some, days=days).to_numpy(), rel=1e-8)


@pytest.mark.parametrize("envelope", [1.0, 2.5])
@pytest.mark.parametrize(
    ("x", "recency", "age"), [(0, 0, 0), (0, 0, 900), (1, 5, 40), (12, 300, 500), (400, 690, 700)]
)
def test_sampled_mean_is_the_closed_form(envelope, x, recency, age):
    model = ParetoNBD.from_parameters(*TRUTH)
    copies, trials = 500, 40 if x < 100 else 8
    customers = Customers(np.full(copies, x), np.full(copies, float(recency)), np.full(copies, float(age)))
    paths = model.sample_paths(
        customers, trials=trials, seed=20, clock=CLOCK, envelope=envelope, parameters="fitted"
    ).to_numpy()
    expected = model.expected_orders_by_month(customers, CLOCK)
    for months in (slice(0, 2), slice(2, 12), slice(12, 36), slice(0, 36)):
        sample = paths[:, months].sum(axis=1)
        error = max(sample.std(ddof=1), np.sqrt(expected[months].sum())) / np.sqrt(trials)
        assert abs(sample.mean() - expected[months].sum()) < LIMIT * error


@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0.0, 100.0), (4, 150.0, 200.0)])
@pytest.mark.parametrize("churned", [False, True])
def test_law_equals_simulation_under_demand_and_churn(x, recency, age, churned):
    model, draws = ParetoNBD.from_parameters(*TRUTH), 20_000
    demand = np.where(np.arange(36) % 5 < 2, 0.4, 1.6)
    churn = (
        np.where(np.arange(36) < 6, 1.0, np.where(np.arange(36) < 20, 3.5, 0.0)) if churned else np.ones(36)
    )
    # one customer in many trials: the paths are those of single customers
    one = Customers([x], [recency], [age])
    ours = model.sample_paths(
        one, trials=draws, seed=20, clock=CLOCK, demand=demand, churn=churn, envelope=2.0, parameters="fitted"
    ).to_numpy()
    truth = generate.pareto_futures(
        np.random.default_rng(x + 1),
        draws,
        TRUTH,
        (x, age),
        generate.Months(CLOCK, demand, churn, 2.0),
        p_alive=model.p_alive(one).item(),
    )
    for months in (slice(0, 4), slice(4, 20), slice(20, 36), slice(0, 36)):
        a, b = ours[:, months].sum(axis=1).astype(float), truth[:, months].sum(axis=1).astype(float)
        for transform in (lambda v: v, np.square, lambda v: (v == 0).astype(float)):
            first, other = transform(a), transform(b)
            error = np.sqrt(first.var() / first.size + other.var() / other.size) + 1e-12
            assert abs(first.mean() - other.mean()) < LIMIT * error


def test_a_slump_leaves_all_other_months_as_they_are():
    model = ParetoNBD.from_parameters(*TRUTH)
    customers = generate.pareto_customers(np.random.default_rng(3), 400, *TRUTH)
    slump = np.ones(36)
    slump[8:14] = 0.5
    base, low = (
        model.sample_paths(customers, trials=64, seed=1, clock=CLOCK, demand=demand, envelope=1.5).to_numpy()
        for demand in (1.0, slump)
    )
    outside = np.r_[0:8, 14:36]
    assert np.array_equal(base[:, outside], low[:, outside])
    assert np.all(low <= base)
    assert low.sum() < base.sum()


def test_new_customers_order_again_as_expected():
    model, trials = ParetoNBD.from_parameters(*TRUTH), 400
    paths = model.sample_new_customers([60], trials=trials, seed=6, clock=CLOCK, parameters="fitted")
    start = (np.arange(400) + 0.5) / 400 * CLOCK[1]
    elapsed = np.maximum(CLOCK[:, None] - start[None, :], 0.0)
    expected = 60 * np.diff(model.expected_orders_new(elapsed).mean(axis=1))
    error = np.sqrt(paths.var("trial").to_numpy() / trials)
    assert np.all(np.abs(paths.mean("trial").to_numpy() - expected) < LIMIT * np.maximum(error, 0.005))


def test_more_churn_brings_new_customers_fewer_orders_and_changes_nothing_before():
    model = ParetoNBD.from_parameters(*TRUTH)
    churn = np.ones(36)
    churn[10:16] = 4.0
    base, more = (
        model.sample_new_customers(np.full(20, 10), trials=40, seed=6, clock=CLOCK, churn=path)
        for path in (1.0, churn)
    )
    assert np.array_equal(base[:, :10], more[:, :10])
    assert (more <= base).all()
    assert more.sum() < base.sum()


def test_json_round_trip_is_exact():
    fitted = ParetoNBD.fit(generate.pareto_customers(np.random.default_rng(11), 800, *TRUTH))
    assert ParetoNBD.from_json(fitted.to_json()).to_json() == fitted.to_json()
