"""Quadrature: against closed forms, adaptive integration, the order-count distribution and limits."""

import numpy as np
import pytest
from scipy.special import betaln, gammaln, hyp2f1

from models.errors import UsageError
from models.ltv import BetaGeoNBD, Customers, ModifiedBetaGeoNBD, quadrature

MODEL = BetaGeoNBD.from_parameters(0.2426, 30.895, 0.7929, 2.4259)


@pytest.mark.parametrize(
    ("a", "b"), [(0.79, 2.43), (0.003, 6.7), (5.0, 0.2), (0.5, 0.5), (0.3, 1e8), (40.0, 1040.0)]
)
def test_nodes_integrate_the_moments_of_beta_exactly(a, b):
    points, weights = quadrature.beta_nodes(a, b)
    for power in (1, 2, 5, 20):
        exact = (
            np.exp(betaln(a + power, b) - betaln(a, b))
            if b < 1e6
            else np.exp(gammaln(a + power) - gammaln(a) - power * np.log(a + b))
        )
        assert (weights * points**power).sum() == pytest.approx(exact, rel=1e-10 if b < 1e6 else 1e-5)
    assert np.all((points > 0) & (points <= 1))


@pytest.mark.parametrize(
    ("x", "recency", "age", "days"),
    [(0, 0.0, 200.0, 273.0), (1, 20.0, 100.0, 30.0), (2, 213.0, 272.0, 273.0), (9, 300.0, 350.0, 100.0)],
)
def test_expected_orders_equal_fader_hardie_lee_equation_10(x, recency, age, days):
    r, alpha, a, b = MODEL.params.values()
    z = days / (alpha + age + days)
    ratio = ((alpha + age) / (alpha + age + days)) ** (r + x)
    top = (a + b + x - 1) / (a - 1) * (1 - ratio * hyp2f1(r + x, b + x, a + b + x - 1, z))
    odds = 0.0 if x == 0 else a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x)
    actual = MODEL.expected_orders(Customers([x], [recency], [age]), days=days).item()
    assert actual == pytest.approx(top / (1 + odds), rel=1e-10)


@pytest.mark.parametrize(("a", "b"), [(0.79, 2.43), (0.05, 0.3), (3.0, 9.0)])
@pytest.mark.parametrize("ratio", [0.01, 1.0, 9.9, 36.0, 500.0, 1e5])
@pytest.mark.parametrize("shape", [0.24, 3.2, 80.0])
def test_gauss_rule_equals_adaptive_integration(a, b, ratio, shape):
    exact = quadrature._adaptive(a, b, shape, ratio)
    assert float(quadrature.orders_given_alive(a, b, shape, ratio)) == pytest.approx(exact, rel=1e-7)


def test_few_nodes_hold_eleven_digits_whatever_the_parameters():
    rng = np.random.default_rng(0)
    for _ in range(60):
        a, b, shape = np.exp(rng.uniform((-6, -1.5, -2), (3, 5, 5)))
        ratio = np.array([1.0, 3.0, 10.0]) * rng.uniform(0.9, 1.0, 3) / max(1.0, shape / b)
        many = quadrature._integrate(*quadrature.beta_nodes(a, b, 200), shape, ratio)
        assert quadrature.orders_given_alive(a, b, shape, ratio) == pytest.approx(many, rel=1e-11)


@pytest.mark.parametrize("model", [BetaGeoNBD, ModifiedBetaGeoNBD])
@pytest.mark.parametrize("days", [1.0, 90.0, 2000.0])
def test_probabilities_sum_to_one_and_have_the_expected_mean(model, days):
    fitted = model.from_parameters(0.9, 60.0, 0.9, 3.0)
    n = np.arange(20_000)
    chance = fitted.probability_of_orders(n, days=days)
    assert np.all((chance >= 0) & (chance <= 1))
    assert chance.sum() == pytest.approx(1.0, abs=1e-10)
    assert (n * chance).sum() == pytest.approx(float(fitted.expected_orders_new(days)), rel=1e-8)


def test_bg_believes_in_every_one_time_buyer_and_mbg_does_not():
    once = Customers([0, 0], [0.0, 0.0], [30.0, 700.0])
    assert MODEL.p_alive(once).to_numpy().tolist() == [1.0, 1.0]
    modified = ModifiedBetaGeoNBD.from_parameters(0.52, 43.3, 0.89, 1.61).p_alive(once).to_numpy()
    assert 0 < modified[1] < modified[0] < 1


def test_p_alive_falls_with_silence_and_never_leaves_the_unit_interval():
    age = np.linspace(100.0, 5000.0, 50)
    alive = MODEL.p_alive(Customers(np.full(50, 250), np.full(50, 90.0), age)).to_numpy()
    assert np.all(np.diff(alive) <= 0)
    assert alive.min() >= 0
    assert alive.max() < 1


def test_expected_orders_grow_with_the_horizon_and_are_zero_at_once():
    one = Customers([3], [40.0], [60.0])
    values = [MODEL.expected_orders(one, days=days).item() for days in (0, 1, 10, 100, 1000, 1e5)]
    assert values[0] == 0.0
    assert np.all(np.diff(values) > 0)


def test_months_add_up_to_the_total():
    customers = Customers([0, 1, 1, 7], [0.0, 20.0, 20.0, 300.0], [0.0, 50.0, 50.0, 333.0])
    clock = np.array([0.0, 31.0, 59.5, 90.0, 120.0])
    by_month = MODEL.expected_orders_by_month(customers, clock)
    assert by_month.shape == (4,)
    assert by_month.sum() == pytest.approx(MODEL.expected_orders(customers, days=120).sum().item(), rel=1e-12)
    nobody = Customers([], [], [])
    assert MODEL.expected_orders_by_month(nobody, clock).tolist() == [0.0] * 4


def test_results_carry_units():
    one = Customers([1], [10.0], [20.0])
    assert MODEL.expected_orders(one, days=30).attrs["units"] == "orders"
    assert MODEL.p_alive(one).dims == ("customer",)


@pytest.mark.parametrize("days", [-1.0, np.inf, np.nan])
def test_a_horizon_without_end_is_refused(days):
    with pytest.raises(UsageError, match="days"):
        MODEL.expected_orders(Customers([1], [10.0], [20.0]), days=days)


@pytest.mark.parametrize("n", [-1, 1.5])
def test_impossible_counts_are_refused(n):
    with pytest.raises(UsageError, match="whole numbers"):
        MODEL.probability_of_orders(n, days=10.0)
