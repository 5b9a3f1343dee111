"""Our censored maximum likelihood against scipy's, and closed forms against quadrature."""

import numpy as np
import pytest
from scipy import integrate, stats

from models.lead_time import families

SCIPY = {
    "gamma": stats.gamma,
    "loglogistic": stats.fisk,
    "lognormal": stats.lognorm,
    "weibull": stats.weibull_min,
}


def sample(size, seed, cv=0.5):
    """Lead times of mean 40 placed uniformly over the last 120 days, open ones cut at the snapshot."""
    generator = np.random.default_rng(seed)
    first, second = families.from_moments("lognormal", 40.0, 40.0 * cv)
    days = generator.lognormal(first, second, size)
    age = generator.uniform(0.0, 120.0, size)
    return np.where(days <= age, days, age), days <= age


def frozen(family, first, second):
    if family == "gamma":
        return stats.gamma(first, scale=second)
    if family == "lognormal":
        return stats.lognorm(second, scale=np.exp(first))
    return SCIPY[family](1.0 / second, scale=np.exp(first))


@pytest.mark.parametrize("family", families.FAMILIES)
@pytest.mark.parametrize("size", [25, 400])
def test_censored_fit_agrees_with_scipy_censored_data(family, size):
    days, observed = sample(size, seed=size)
    first, second, value = (float(x[0]) for x in families.fit_family(family, days, observed))
    theirs = SCIPY[family].fit(stats.CensoredData.right_censored(days, ~observed), floc=0)
    law = SCIPY[family](*theirs)
    oracle = law.logpdf(days[observed]).sum() + law.logsf(days[~observed]).sum()
    assert value >= oracle - 1e-9
    assert value == pytest.approx(oracle, abs=1e-5)
    ours = frozen(family, first, second)
    assert ours.mean() == pytest.approx(law.mean(), rel=1e-4)
    assert ours.std() == pytest.approx(law.std(), rel=1e-3)


@pytest.mark.parametrize("family", families.FAMILIES)
def test_a_batch_of_samples_is_fitted_as_each_alone(family):
    parts = [sample(60, seed) for seed in range(12)]
    days, observed = np.stack([p[0] for p in parts]), np.stack([p[1] for p in parts])
    first, second, _ = families.fit_family(family, days, observed)
    for i in range(12):
        one, two, _ = families.fit_family(family, days[i], observed[i])
        assert (first[i], second[i]) == pytest.approx((one[0], two[0]), rel=1e-6)


@pytest.mark.parametrize("family", families.FAMILIES)
def test_rescaling_time_rescales_the_law(family):
    days, observed = sample(80, seed=3)
    one = families.fit_family(family, days, observed)
    seven = families.fit_family(family, days * 7.0, observed)
    assert families.raw_moment(family, seven[0][0], seven[1][0], 1) == pytest.approx(
        7.0 * families.raw_moment(family, one[0][0], one[1][0], 1), rel=1e-6
    )
    assert seven[2][0] == pytest.approx(one[2][0] - observed.sum() * np.log(7.0), abs=1e-6)


@pytest.mark.parametrize("family", families.FAMILIES)
def test_densities_tails_and_partial_means_are_those_of_scipy(family):
    first, second = (4.0, 9.0) if family == "gamma" else (3.5, 0.3)
    law = frozen(family, first, second)
    days = np.array([0.5, 5.0, 33.0, 80.0, 150.0])
    assert families.log_density(family, first, second, days) == pytest.approx(law.logpdf(days), rel=1e-9)
    assert families.log_survival(family, first, second, days) == pytest.approx(
        law.logsf(days), rel=1e-7, abs=1e-14
    )
    assert families.cumulative(family, first, second, days) == pytest.approx(law.cdf(days), rel=1e-9)
    assert families.raw_moment(family, first, second, 2) == pytest.approx(law.moment(2), rel=1e-9)
    tail, _ = integrate.quad(lambda x: x * law.pdf(x), 30.0, np.inf, limit=400)
    assert families.partial_mean(family, first, second, 30.0) == pytest.approx(tail, rel=1e-6)


def test_the_gamma_tail_stays_finite_and_falls_beyond_the_underflow():
    far = families.log_survival("gamma", 4.0, 9.0, np.array([6_000.0, 7_000.0, 20_000.0]))
    assert np.all(np.isfinite(far))
    assert np.all(np.diff(far) < 0.0)
    assert far[0] == pytest.approx(-6_000.0 / 9.0 + 3.0 * np.log(6_000.0 / 9.0) - np.log(6.0), abs=0.02)


@pytest.mark.parametrize("seed", range(48))
def test_small_and_badly_censored_samples_reach_an_optimum_above_the_nested_exponential(seed):
    generator = np.random.default_rng(seed)
    size = int(generator.integers(3, 30))
    days = generator.lognormal(generator.normal(3.0, 1.5), generator.choice([0.02, 0.3, 1.0, 2.5]), size)
    observed = generator.random(size) < generator.choice([0.3, 0.7, 1.0])
    observed[:2] = True
    days = np.where(observed, days, days * generator.choice([0.1, 1.0, 5.0]))
    rate = observed.sum() / days.sum()
    exponential = observed.sum() * np.log(rate) - rate * days.sum()
    for family in families.FAMILIES:
        first, second, value = families.fit_family(family, days, observed)
        if family in ("gamma", "weibull"):
            assert value[0] >= exponential - 1e-7
        for up, down in ((1e-3, 0.0), (-1e-3, 0.0), (0.0, 1e-3), (0.0, -1e-3)):
            moved = first * np.exp(up) if family == "gamma" else first + up * second
            assert (
                families.log_likelihood(family, moved, second * np.exp(down), days, observed)[0]
                <= value[0] + 1e-8
            )
