import numpy as np
import pytest
from numba import njit
from scipy import stats

from models import samplers, streams

KEY = streams.key_of(3, "samplers")


@njit
def gamma_draws(shape, key, count):
    out = np.empty(count)
    for i in range(count):
        out[i], _ = samplers.gamma(shape, key, 0, i, 0)
    return out


@njit
def beta_draws(a, b, key, count):
    out = np.empty(count)
    for i in range(count):
        out[i], _ = samplers.beta(a, b, key, 0, i, 0)
    return out


@pytest.mark.parametrize("shape", [0.05, 0.3, 1.0, 2.5, 50.0])
def test_gamma_draws_follow_the_gamma_law(shape):
    assert stats.kstest(gamma_draws(shape, KEY, 20000), "gamma", (shape,)).pvalue > 1e-4


@pytest.mark.parametrize(("a", "b"), [(0.05, 0.3), (0.8, 2.4), (3.0, 9.0)])
def test_beta_draws_follow_the_beta_law(a, b):
    assert stats.kstest(beta_draws(a, b, KEY, 20000), "beta", (a, b)).pvalue > 1e-4


def test_tiny_shapes_never_give_nan():
    assert np.all(np.isfinite(beta_draws(1e-8, 1e-8, KEY, 1000)))


def test_a_draw_returns_the_first_unused_part():
    _, following = samplers.gamma(2.5, KEY, 0, 0, 4)
    assert following > 4
    count, following = samplers.poisson(3.0, KEY, 0, 0, 4)
    assert (count >= 0, following) == (True, 5)
