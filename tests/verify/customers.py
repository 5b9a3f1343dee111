"""Customer cases of CASES.md, with the constants of the reference tests: expected, got, tolerance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from models.ltv import (
    BetaGeoNBD,
    Customers,
    GammaGamma,
    ModifiedBetaGeoNBD,
    NormalPrior,
    OrderModel,
    ParetoNBD,
)
from models.ltv.challenger import challenge
from tests.models.ltv import generate
from tests.reference import test_ltv_cdnow as cases
from tests.verify.registry import Row

ERRORS = (("r", 0.012557), ("alpha", 0.378224), ("a", 0.185734), ("b", 0.705414))
NEW_CUSTOMER = ((1 / 7, 0.0078), (1, 0.0532), (3, 0.1506), (31 + 6 / 7, 1.0405), (32, 1.0437), (78, 1.8580))
BY_FREQUENCY = (0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157)
TRACKING = ((0.0, 0, 2493.96), (0.0, 39, 4160.61), (1.0, 0, 2501.53), (1.0, 39, 4165.66))
FIRST_TEN = (24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17)
SAMPLED = 4_000


def within(check: str, expected: float, got: float, tolerance: float, digits: int = 6) -> Row:
    """A row that holds when got is expected within the tolerance."""
    return Row(
        check,
        f"{expected:.{digits}f}",
        f"{got:.{digits}f}",
        f"+-{tolerance:.3g}",
        bool(abs(got - expected) <= tolerance),
    )


def cdnow() -> tuple[pd.DataFrame, Customers]:
    """Ledger and customers of the CDNOW sample, calibrated to 1997-09-30."""
    columns = ["master", "customer", "date", "quantity", "value"]
    types = {"master": str, "customer": str, "date": str}
    frame = pd.read_csv(
        cases._packaged("CDNOW_sample.txt"), sep=r"\s+", header=None, names=columns, dtype=types
    )
    frame["date"] = pd.to_datetime(frame["date"])
    customers = Customers.from_orders(
        frame, customer="customer", date="date", value="value", observation_end="1997-09-30"
    )
    return frame, customers


def cdnow_rows() -> Iterator[Row]:
    """BG/NBD, MBG/NBD and Gamma-Gamma on CDNOW against the published and the exact figures."""
    frame, customers = cdnow()
    bg, mbg = BetaGeoNBD.fit(customers), ModifiedBetaGeoNBD.fit(customers)
    yield within("CDNOW customers", 2357, len(customers), 0, 0)
    yield within("CDNOW repeat orders", 2457, float(customers.frequency.sum()), 0, 0)
    yield within("CDNOW repeaters", 946, float(np.count_nonzero(customers.frequency)), 0, 0)
    for model, name, expected, tolerance in cases.FIT:
        fitted = bg if model is BetaGeoNBD else mbg
        got = fitted.alpha_in("weeks") if name == "alpha" else fitted.params[name]
        yield within(f"{_short(model)} {name} (weeks)", expected, got, tolerance)
    yield within("BG/NBD log-likelihood (weeks)", -9582.429, bg.loglik_in("week"), 5e-4, 4)
    yield within("MBG/NBD log-likelihood (weeks)", -9582.1357, mbg.loglik_in("week"), 5e-5, 4)
    yield within("BG/NBD alpha (days)", 30.895, bg.params["alpha"], 5e-4, 3)
    for name, expected in ERRORS:
        scale = cases.WEEK if name == "alpha" else 1.0
        yield within(f"BG/NBD standard error of {name}", expected, bg.standard_errors[name] / scale, 2e-6)
    yield from _expectations(frame, customers, bg, mbg)
    yield from _sampled(customers, bg)
    pareto = ParetoNBD.fit(customers)
    for name, expected, tolerance in cases.PARETO:
        yield within(f"Pareto/NBD {name} (weeks)", expected, pareto.params_in("week")[name], tolerance, 4)
    yield within("Pareto/NBD log-likelihood (weeks)", -9594.976, pareto.loglik_in("week"), 5e-4, 4)
    got = float(pareto.expected_orders(customers, days=39 * cases.WEEK).sum())
    yield within("Pareto/NBD expected orders of the 39-week holdout", 1665.51, got, 0.1, 2)
    for model in (bg, mbg, pareto):
        theirs = challenge(model, customers, days=273.0)
        gain = theirs.loglik_gain
        yield Row(
            f"{model.title} log-likelihood over lifetimes",
            ">= 0",
            f"{gain:.6f}",
            "-1e-6 to .05",
            -1e-6 <= gain < 0.05,
        )


def _short(model: type) -> str:
    return "BG/NBD" if model is BetaGeoNBD else "MBG/NBD"


def _expectations(
    frame: pd.DataFrame, customers: Customers, bg: BetaGeoNBD, mbg: ModifiedBetaGeoNBD
) -> Iterator[Row]:
    for weeks, expected in NEW_CUSTOMER:
        got = float(bg.expected_orders_new(weeks * cases.WEEK))
        yield within(f"BG/NBD E[X({weeks:.4g} weeks)] of a new customer", expected, got, 5e-5, 4)
    one = Customers.from_summary([2], [30.43], [38.86], unit="weeks")
    conditional = bg.expected_orders(one, days=39 * cases.WEEK).item()
    yield within("BG/NBD x=2, t_x=30.43, T=38.86: 39 weeks", 1.2259, conditional, 5e-5, 4)
    none = float(bg.probability_of_orders(0, days=39 * cases.WEEK))
    yield within("BG/NBD P(X(39 weeks) = 0)", 0.574307, none, 5e-7)
    for name, model, expected in (("BG/NBD", bg, 1653.41), ("MBG/NBD", mbg, 1576.73)):
        got = float(model.expected_orders(customers, days=39 * cases.WEEK).sum())
        yield within(f"{name} expected orders of the 39-week holdout", expected, got, 0.1, 2)
    both = Customers.from_orders(frame, customer="customer", date="date", observation_end="1998-06-30")
    actual = float(both.frequency.sum() - customers.frequency.sum())
    yield within("actual orders of the 39-week holdout", 1882, actual, 0, 0)
    by_customer = bg.expected_orders(customers, days=39 * cases.WEEK).to_numpy()
    group = np.minimum(customers.frequency, 7)
    for x, expected in enumerate(BY_FREQUENCY):
        got = float(by_customer[group == x].mean())
        yield within(
            f"BG/NBD holdout orders per customer, x = {x}{'+' if x == 7 else ''}", expected, got, 5e-4, 4
        )
    for shift, more, expected in TRACKING:
        got = float(bg.expected_orders_new(customers.age + shift + more * cases.WEEK).sum())
        convention = "BTYD convention" if shift else "T"
        yield within(f"BG/NBD sum of E[X(T + {more} weeks)], {convention}", expected, got, 5e-3, 2)


def _sampled(customers: Customers, bg: BetaGeoNBD) -> Iterator[Row]:
    clock = np.array([0.0, 273.0])
    root = np.sqrt(SAMPLED)
    totals = {
        parameters: bg.sample_paths(
            customers, trials=SAMPLED, seed=3, clock=clock, parameters=parameters
        ).to_numpy()[:, 0]
        for parameters in ("fitted", "draw")
    }
    fixed, drawn = totals["fitted"], totals["draw"]
    yield within("BG/NBD sampled 39-week total: mean", 1653.41, float(fixed.mean()), 4 * 69.55 / root, 2)
    yield within("… process deviation", 69.55, float(fixed.std(ddof=1)), 4 * 69.55 / root / 2**0.5, 2)
    yield within("… process and parameters", 101.8, float(drawn.std(ddof=1)), 4 * 101.8 / root / 2**0.5, 2)
    for share, expected in ((0.05, 1494), (0.95, 1824)):
        got = float(np.quantile(drawn, share))
        yield within(f"… quantile {share:.0%}", expected, got, 5 + 3 * 2.11 * 101 / root, 0)


def spend_rows() -> Iterator[Row]:
    """Gamma-Gamma on CDNOW: unrounded and the rounded summary file."""
    _, customers = cdnow()
    fitted = GammaGamma.fit(customers)
    for name, expected, tolerance in (("p", 6.249577, 2e-5), ("q", 3.744223, 5e-6), ("v", 15.443504, 5e-5)):
        yield within(f"Gamma-Gamma {name}", expected, fitted.params[name], tolerance)
    yield within("Gamma-Gamma population mean", 35.1704, fitted.population_mean(), 5e-5, 4)
    yield within("Gamma-Gamma log-likelihood", -4055.9177, fitted.loglik, 5e-5, 4)
    frame = pd.read_csv(cases._packaged("cdnow_customers_summary_with_transactions.csv"))
    summary = Customers.from_summary(frame["x"], frame["t_x"], frame["T"], unit="week", spend=frame["zbar"])
    rounded = GammaGamma.fit(summary)
    yield within("Gamma-Gamma log-likelihood, rounded file", -4055.9232, rounded.loglik, 5e-5, 4)
    for number, expected in enumerate(FIRST_TEN):
        got = float(rounded.expected_spend(summary)[number])
        yield within(f"Gamma-Gamma conditional mean of customer {number + 1}", expected, got, 0.1, 2)


CALIBRATED = 300
BINS = 10


def calibration_rows() -> Iterator[Row]:
    """Simulation-based calibration of the 12-month total: ranks of the truth among the trials are uniform.

    Parameters are drawn from a prior, customers simulated event by event, the model fitted under that prior.
    """
    truths = {
        BetaGeoNBD: np.log([0.6, 45.0, 0.9, 3.2]),
        ModifiedBetaGeoNBD: np.log([0.6, 45.0, 0.9, 3.2]),
    }
    for kind, centre in truths.items():
        ranks = np.array(
            [_rank(kind, NormalPrior(centre, 0.09 * np.eye(4)), seed) for seed in range(CALIBRATED)]
        )
        counts = np.histogram(ranks, bins=BINS, range=(0.0, 1.0))[0]
        expected = CALIBRATED / BINS
        statistic = float(((counts - expected) ** 2 / expected).sum())
        # 99.9% point of chi-squared with 9 degrees of freedom
        check = f"{_short(kind)} 12-month total: ranks of {CALIBRATED} truths, chi-squared"
        yield Row(check, "< 27.88", f"{statistic:.2f}", f"{BINS} bins", statistic < 27.88)
        inside = float(((ranks > 0.1) & (ranks < 0.9)).mean())
        yield within(f"{_short(kind)} 12-month total inside its 80% interval", 0.8, inside, 0.075, 3)


def _rank(kind: type[OrderModel], prior: NormalPrior, seed: int) -> float:
    rng = np.random.default_rng(seed)
    truth = np.exp(rng.multivariate_normal(prior.mean, prior.covariance))
    customers, after = generate.customers_and_orders(rng, 400, *truth, ahead=365.25, shift=kind.law)
    year = np.array([0.0, 365.25])
    paths = kind.fit(customers, prior=prior).sample_paths(customers, trials=199, seed=seed, clock=year)
    # half of the ties below, by lot
    return float((paths[:, 0].to_numpy() + 0.5 * rng.random(199) < after + 0.25).mean())


def recovery_rows() -> Iterator[Row]:
    """Known parameters from generated customers: standardised errors on the log scale, 60 companies a
    model.
    """
    generated = {
        BetaGeoNBD: ((0.6, 45.0, 0.9, 3.2), lambda rng, t: generate.customers(rng, 3000, *t)),
        ModifiedBetaGeoNBD: (
            (0.6, 45.0, 0.9, 3.2),
            lambda rng, t: generate.customers(rng, 3000, *t, shift=1),
        ),
        ParetoNBD: ((0.6, 45.0, 0.7, 120.0), lambda rng, t: generate.pareto_customers(rng, 4000, *t)),
    }
    for kind, (truth, draw) in generated.items():
        fits = [kind.fit(draw(np.random.default_rng(500 + seed), truth)) for seed in range(60)]
        z = np.array([(f.log_parameters - np.log(truth)) / np.sqrt(np.diag(f.covariance)) for f in fits])
        for name, rms in zip(kind.names, np.sqrt((z**2).mean(axis=0)), strict=True):
            yield Row(f"{kind.title} rms z of ln {name}", "1", f"{rms:.2f}", ".6 to 1.5", 0.6 <= rms <= 1.5)
        share = float((np.abs(z) > 3.0).mean())
        yield Row(f"{kind.title} share of |z| > 3", "<= .02", f"{share:.3f}", "", share <= 0.02)
