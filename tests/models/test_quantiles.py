import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models import quantiles

open_unit = st.floats(1e-12, 1 - 1e-12)


def test_normal_quantile_equals_scipy_to_rounding():
    u = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 2001), 10.0 ** -np.arange(1, 300, 7.0)])
    ours = np.array([quantiles.normal_quantile(x) for x in u])
    assert np.allclose(ours, stats.norm.ppf(u), rtol=5e-15, atol=1e-16)


def test_normal_cdf_inverts_the_quantile():
    z = np.linspace(-8, 5, 131)
    assert np.allclose(
        [quantiles.normal_quantile(quantiles.normal_cdf(x)) for x in z], z, rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("mean", [0.0, 0.01, 0.5, 3.0, 40.0, 900.0, 20000.0])
def test_poisson_quantile_equals_scipy(mean):
    u = np.random.default_rng(1).random(300)
    expected = stats.poisson.ppf(u, mean) if mean > 0 else np.zeros(300)
    assert [quantiles.poisson_quantile(x, mean) for x in u] == expected.tolist()


@pytest.mark.parametrize(("n", "p"), [(0, 0.5), (5, 0.3), (1000, 0.01), (1000, 0.7), (4, 1.0), (4, 0.0)])
def test_binomial_quantile_equals_scipy(n, p):
    u = np.random.default_rng(2).random(300)
    assert [quantiles.binomial_quantile(x, n, p) for x in u] == stats.binom.ppf(u, n, p).tolist()


@settings(max_examples=100, deadline=None)
@given(open_unit, st.floats(0, 500), st.floats(0, 50))
def test_a_higher_rate_never_gives_fewer_events(u, mean, more):
    assert quantiles.poisson_quantile(u, mean + more) >= quantiles.poisson_quantile(u, mean)


@settings(max_examples=100, deadline=None)
@given(st.floats(-12, 12), st.floats(0, 4))
def test_a_table_is_monotone_also_in_its_tails(z, more):
    scores = np.linspace(-4, 4, 33)
    table = quantiles.Table(scores, np.exp(0.4 * scores))
    assert table(z + more) >= table(z) >= 0.0


def test_a_table_gives_back_its_points_and_refuses_disorder():
    scores = np.linspace(-3, 3, 7)
    table = quantiles.Table(scores, scores**3)
    assert [table(z) for z in scores] == pytest.approx(list(scores**3), abs=1e-12)
    with pytest.raises(ValueError, match="non-decreasing"):
        quantiles.Table(scores, -scores)
