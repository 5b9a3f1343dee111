"""Benchmarks of the customer models: fits against lifetimes, sampled futures against a plain loop."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from models.ltv import BetaGeoNBD, Customers, GammaGamma
from models.ltv.fitting import loglik_at
from models.ltv.gamma_gamma import loglik_of_spend
from tests.benchmarks.registry import Result, best_of, peak_mb
from tests.models.ltv.generate import customers as generated
from tests.verify.customers import cdnow

TRUTH = {"r": 0.6, "alpha": 90.0, "a": 0.8, "b": 2.4}
MANY = 100_000
MILLION = 1_000_000
WEEK = 7.0
SAMPLED_TRIALS = 32
LOOPED = 2_000
CLOCK = 30.4375 * np.arange(25)


def _fits(name: str, customers: Customers, times: int) -> list[Result]:
    """Fit and covariance from customer arrays, ours and that of lifetimes on the same ones.

    A log-likelihood below that of lifetimes stops the benchmark.
    """
    fitted = BetaGeoNBD.fit(customers)  # compiles

    def ours() -> None:
        BetaGeoNBD.fit(replace(customers)).covariance  # noqa: B018  # a fresh copy has nothing cached

    own = best_of(times, ours)
    fit = _lifetimes(customers)
    theirs = best_of(1 if times < 10 else 3, fit)
    params = fit().params_
    point = np.log([params["r"], params["alpha"] * WEEK, params["a"], params["b"]])
    gain = fitted.loglik - loglik_at(point, customers.evidence, BetaGeoNBD.likelihood)
    if gain < -1e-6:
        raise RuntimeError(f"{name}: the log-likelihood is {-gain} below that of lifetimes")
    return _pair(name, own, f"lifetimes_{name.removeprefix('bgnbd_')}", theirs)


def _pair(name: str, own: float, baseline: str, theirs: float) -> list[Result]:
    return [
        Result(name, own, baseline, theirs / own, peak_mb()),
        Result(baseline, theirs, baseline, 1.0, peak_mb()),
    ]


def _lifetimes(customers: Customers) -> Callable[[], Any]:
    frequency = pd.Series(customers.frequency.astype(float))
    recency = pd.Series(np.where(customers.frequency > 0, customers.recency, 0.0) / WEEK)
    age = pd.Series(customers.age / WEEK)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter

    def fit() -> Any:
        with (
            warnings.catch_warnings(),
            np.errstate(all="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            return BetaGeoFitter(penalizer_coef=0.0).fit(frequency, recency, age)

    return fit


def fit_cdnow() -> list[Result]:
    """CDNOW, 2,357 customers."""
    return _fits("bgnbd_fit_cdnow", cdnow()[1], 20)


def fit_100k() -> list[Result]:
    """100,000 generated customers."""
    customers = generated(np.random.default_rng(1), MANY, **TRUTH)
    return _fits("bgnbd_fit_100k", customers, 5)


def fit_1m() -> list[Result]:
    """1,000,000 generated customers."""
    return _fits("bgnbd_fit_1m", _million(), 3)


def _million() -> Customers:
    return generated(np.random.default_rng(1), MILLION, **TRUTH)


def spend_1m() -> list[Result]:
    """Gamma-Gamma on 1,000,000 customers, about 650,000 of whom paid for a repeat order."""
    rng = np.random.default_rng(4)
    paid = rng.geometric(0.35, MILLION) - 1
    rate = rng.gamma(4.0, 1.0 / 15.0, MILLION)
    mean = np.where(paid > 0, rng.gamma(6.0 * np.maximum(paid, 1), 1.0 / rate) / np.maximum(paid, 1), 0.0)
    customers = Customers(paid, np.where(paid > 0, 200.0, 0.0), np.full(MILLION, 300.0), spend=mean)
    fitted = GammaGamma.fit(customers)
    own = best_of(3, lambda: GammaGamma.fit(replace(customers)))
    keep = paid > 0
    orders, spend = pd.Series(paid[keep].astype(float)), pd.Series(mean[keep])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import GammaGammaFitter

        fitter = GammaGammaFitter(penalizer_coef=0.0)
        theirs = best_of(1, lambda: fitter.fit(orders, spend))
    found = np.log([float(fitter.params_[name]) for name in ("p", "q", "v")])
    if fitted.loglik < loglik_of_spend(found, customers) - 1e-5:
        raise RuntimeError("gamma_gamma_fit_1m: the log-likelihood is below that of lifetimes")
    return _pair("gamma_gamma_fit_1m", own, "lifetimes_gamma_gamma", theirs)


def sample_1m() -> list[Result]:
    """Seconds of one core per million customer-trials over two years, envelopes 1 and 2, beside a plain loop.

    Processor time: other load on the machine is not counted.
    """
    whole = _million()
    customers = Customers(whole.frequency, np.floor(whole.recency), np.floor(whole.age))
    fitted = BetaGeoNBD.fit(customers)
    fitted.sample_paths(customers.select(np.arange(2_000)), trials=2, clock=CLOCK)
    customers.index  # noqa: B018  # as a long run has it: cached
    plain = _core_seconds(lambda: _looped(fitted, customers)) / (LOOPED / 1e6)
    rows = []
    for name, envelope in (("sample_paths_1m", 1.0), ("sample_paths_1m_envelope_2", 2.0)):

        def paths(envelope: float = envelope) -> None:
            fitted.sample_paths(customers, trials=SAMPLED_TRIALS, clock=CLOCK, envelope=envelope)

        own = _core_seconds(paths) / (MILLION * SAMPLED_TRIALS / 1e6)
        rows.append(Result(name, own, "numpy_loop", plain / own, peak_mb()))
    return [*rows, Result("numpy_loop", plain, "numpy_loop", 1.0, peak_mb())]


def _core_seconds(call: Callable[[], Any]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


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
