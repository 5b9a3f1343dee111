"""Late entry and open orders against an optimiser of scipy's densities; nested likelihoods; speed."""

import time

import numpy as np
import pytest
from scipy import optimize, stats

from models.lead_time import families, fit_lane

SCIPY = {
    "gamma": lambda a, b: stats.gamma(np.exp(a), scale=np.exp(b - a)),
    "loglogistic": lambda a, b: stats.fisk(np.exp(a), scale=np.exp(b)),
    "lognormal": lambda a, b: stats.lognorm(np.exp(-a), scale=np.exp(b)),
    "weibull": lambda a, b: stats.weibull_min(np.exp(a), scale=np.exp(b)),
}


def sample(size, seed, *, late):
    generator = np.random.default_rng(seed)
    days = generator.gamma(5.0, 8.0, size)
    entered = generator.uniform(0.0, 30.0, size) * (generator.random(size) < 0.6) if late else np.zeros(size)
    age = entered + generator.uniform(5.0, 120.0, size)
    kept = days > entered
    days, entered, age = days[kept], entered[kept], age[kept]
    return np.minimum(days, age), days <= age, entered


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("family", families.FAMILIES)
@pytest.mark.parametrize("size", [40, 400])
def test_likelihood_is_that_of_a_polished_scipy_optimum_to_a_millionth(family, size, late):
    days, observed, entered = sample(size, size, late=late)

    def loss(x):
        law = SCIPY[family](*x)
        value = np.where(observed, law.logpdf(days), law.logsf(days)).sum() - law.logsf(entered).sum()
        return -value if np.isfinite(value) else 1e10

    best = min(
        (
            optimize.minimize(
                loss, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 4000}
            )
            for start in ([0.5, 3.5], [1.5, 3.8])
        ),
        key=lambda found: found.fun,
    )
    first, second, value = families.fit_family(family, days, observed, entered)
    assert value[0] == pytest.approx(-best.fun, abs=1e-6)
    theirs = SCIPY[family](*best.x)
    ours = families.cumulative(family, first[0], second[0], np.array([20.0, 40.0, 90.0]))
    assert ours == pytest.approx(theirs.cdf([20.0, 40.0, 90.0]), abs=1e-5)


@pytest.mark.parametrize("family", ["gamma", "lognormal", "weibull"])
def test_three_parameter_fits_of_scipy_end_below_the_nested_two_parameter_optimum_at_times(family):
    worse = 0
    for seed in range(8):
        days, observed, _ = sample(60, seed, late=False)
        ours = families.fit_family(family, days, observed)[2][0]
        distribution = {"gamma": stats.gamma, "lognormal": stats.lognorm, "weibull": stats.weibull_min}[
            family
        ]
        data = stats.CensoredData.right_censored(days, ~observed)
        law = distribution(*distribution.fit(data, floc=0))
        two = law.logpdf(days[observed]).sum() + law.logsf(days[~observed]).sum()
        # Two parameters are nested in three: ours may never end below scipy's two-parameter fit.
        assert ours >= two - 1e-6
        worse += ours > two + 1e-6
        floor = fit_lane(days, observed=observed, floor="profile", family_names=(family,), mixture=False)
        assert floor.log_likelihood >= ours - 1e-6
    assert worse <= 8


def test_ignoring_late_entry_biases_the_mean_high_and_telling_it_does_not():
    days, observed, entered = sample(20_000, 3, late=True)
    told = fit_lane(days, observed=observed, entered=entered, family_names=("gamma",))
    untold = fit_lane(days, observed=observed, family_names=("gamma",))
    assert told.mean == pytest.approx(40.0, abs=0.5)
    assert untold.mean > 41.0


def test_weights_count_orders():
    days, observed, _ = sample(50, 2, late=False)
    count = np.random.default_rng(1).integers(1, 5, days.size)
    for family in families.FAMILIES:
        one = families.fit_family(family, days, observed, weights=count.astype(float))
        many = families.fit_family(family, np.repeat(days, count), np.repeat(observed, count))
        assert [float(x[0]) for x in one] == pytest.approx([float(x[0]) for x in many], rel=1e-7)


def test_a_thousand_samples_of_150_orders_are_fitted_well_under_a_second_of_one_processor():
    days = np.random.default_rng(4).lognormal(3.6, 0.47, 150)
    samples = days[np.random.default_rng(5).integers(0, 150, (1_000, 150))]
    finished = np.ones(samples.shape, dtype=bool)
    families.fit_family("lognormal", samples[:8], finished[:8])
    begun = time.process_time()
    location, scale, _ = families.fit_family("lognormal", samples, finished)
    assert time.process_time() - begun < 0.5
    mean = np.exp(location + 0.5 * scale**2)
    assert mean.shape == (1_000,)
    assert mean.mean() == pytest.approx(days.mean(), rel=0.02)
    assert mean.std() == pytest.approx(days.std() / np.sqrt(150), rel=0.25)
