"""Benchmarks of the customer models: fits against lifetimes, sampled futures against a plain loop."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from models.ltv import BetaGeoNBD, Customers
from tests.benchmarks.registry import Result, best_of, peak_mb
from tests.models.ltv.generate import customers as generated
from tests.verify.customers import cdnow

TRUTH = {"r": 0.6, "alpha": 90.0, "a": 0.8, "b": 2.4}
MANY = 100_000
SAMPLED_TRIALS = 32
LOOPED = 2_000
CLOCK = 30.4375 * np.arange(25)


def _fits(name: str, customers: Customers, times: int) -> list[Result]:
    """Fit and covariance from customer arrays, ours and that of lifetimes on the same ones."""
    BetaGeoNBD.fit(customers)  # compiles

    def ours() -> None:
        BetaGeoNBD.fit(replace(customers)).covariance  # noqa: B018  # a fresh copy has no cached cells

    own = best_of(times, ours)
    theirs = best_of(1 if times < 10 else 3, _lifetimes(customers))
    baseline = f"lifetimes_{name.removeprefix('bgnbd_')}"
    return [
        Result(name, own, baseline, theirs / own, peak_mb()),
        Result(baseline, theirs, baseline, 1.0, peak_mb()),
    ]


def _lifetimes(customers: Customers) -> Callable[[], None]:
    week = 7.0
    frequency = pd.Series(customers.frequency.astype(float))
    recency = pd.Series(np.where(customers.frequency > 0, customers.recency, 0.0) / week)
    age = pd.Series(customers.age / week)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter

    def fit() -> None:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            BetaGeoFitter(penalizer_coef=0.0).fit(frequency, recency, age)

    return fit


def fit_cdnow() -> list[Result]:
    """CDNOW, 2,357 customers."""
    return _fits("bgnbd_fit_cdnow", cdnow()[1], 20)


def fit_100k() -> list[Result]:
    """100,000 generated customers."""
    customers = generated(np.random.default_rng(1), MANY, **TRUTH)
    return _fits("bgnbd_fit_100k", customers, 5)


def sample() -> list[Result]:
    """Seconds per million customer-trials over two years, envelope 1, against a loop over customers."""
    customers = generated(np.random.default_rng(2), MANY, **TRUTH)
    fitted = BetaGeoNBD.fit(customers)

    def paths() -> None:
        fitted.sample_paths(customers, trials=SAMPLED_TRIALS, clock=CLOCK)

    paths()
    own = best_of(3, paths) / (MANY * SAMPLED_TRIALS / 1e6)
    plain = best_of(1, lambda: _looped(fitted, customers)) / (LOOPED / 1e6)
    return [
        Result("sample_paths", own, "numpy_loop", plain / own, peak_mb()),
        Result("numpy_loop", plain, "numpy_loop", 1.0, peak_mb()),
    ]


def _looped(fitted: BetaGeoNBD, customers: Customers) -> None:
    """Futures of some customers in one trial, order by order, as one would first write it."""
    generator = np.random.default_rng(3)
    r, alpha, a, b = (fitted.params[name] for name in ("r", "alpha", "a", "b"))
    orders = np.zeros(len(CLOCK) - 1, dtype=np.int64)
    for k in range(LOOPED):
        x, recency, age = int(customers.frequency[k]), float(customers.recency[k]), float(customers.age[k])
        if x > 0:
            odds = np.log(a / (b + x - 1)) + (r + x) * np.log((alpha + age) / (alpha + recency))
            if generator.random() >= 1.0 / (1.0 + np.exp(odds)):
                continue
        rate, leaves, now = generator.gamma(r + x) / (alpha + age), generator.beta(a, b + x), 0.0
        while rate > 0.0:
            now += generator.exponential() / rate
            if now >= CLOCK[-1]:
                break
            orders[np.searchsorted(CLOCK, now, side="right") - 1] += 1
            if generator.random() < leaves:
                break
