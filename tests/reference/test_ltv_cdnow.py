"""CDNOW figures: Fader, Hardie & Lee (2005), Batislam et al. (2007), Fader & Hardie (2013), and exact values
beside them.
"""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.ltv import BetaGeoNBD, Customers, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD

WEEK = 7.0


def _packaged(name):
    # located without importing it: lifetimes warns on import under pandas 3
    return Path(importlib.util.find_spec("lifetimes").origin).parent / "datasets" / name


@pytest.fixture(scope="module")
def ledger():
    columns = ["master", "customer", "date", "quantity", "value"]
    types = {"master": str, "customer": str, "date": str}
    frame = pd.read_csv(_packaged("CDNOW_sample.txt"), sep=r"\s+", header=None, names=columns, dtype=types)
    return frame.assign(date=pd.to_datetime(frame["date"]))


@pytest.fixture(scope="module")
def customers(ledger):
    return Customers.from_orders(
        ledger, customer="customer", date="date", value="value", observation_end="1997-09-30"
    )


@pytest.fixture(scope="module")
def bg(customers):
    return BetaGeoNBD.fit(customers)


@pytest.fixture(scope="module")
def mbg(customers):
    return ModifiedBetaGeoNBD.fit(customers)


@pytest.fixture(scope="module")
def pareto(customers):
    return ParetoNBD.fit(customers)


def test_cdnow_sample_has_2357_customers_2457_repeat_orders_946_repeaters(customers):
    assert len(customers) == 2357
    assert customers.frequency.sum() == 2457
    assert np.count_nonzero(customers.frequency) == 946
    assert customers.observation_end == np.datetime64("1997-09-30")


def test_cdnow_spend_and_frequency_correlate_by_pearson_1139_spearman_2063(customers):
    assert customers.spend_correlation == pytest.approx((0.1139, 0.2063), abs=5e-5)


FIT = [
    (BetaGeoNBD, "r", 0.242595, 5e-6),
    (BetaGeoNBD, "alpha", 4.413602, 5e-6),
    (BetaGeoNBD, "a", 0.792922, 5e-6),
    (BetaGeoNBD, "b", 2.425907, 5e-6),
    (ModifiedBetaGeoNBD, "r", 0.524843, 1e-5),
    (ModifiedBetaGeoNBD, "alpha", 6.183082, 1e-5),
    (ModifiedBetaGeoNBD, "a", 0.891360, 1e-5),
    (ModifiedBetaGeoNBD, "b", 1.614003, 1e-5),
]


@pytest.mark.parametrize(("model", "name", "expected", "tolerance"), FIT)
def test_parameters_in_weeks(model, name, expected, tolerance, bg, mbg):
    fitted = bg if model is BetaGeoNBD else mbg
    actual = fitted.alpha_in("weeks") if name == "alpha" else fitted.params[name]
    assert actual == pytest.approx(expected, abs=tolerance)
    assert fitted.converged
    assert not fitted.boundary


PARETO = [("r", 0.5533, 5e-5), ("alpha", 10.578, 5e-4), ("s", 0.6062, 5e-5), ("beta", 11.668, 0.02)]


@pytest.mark.parametrize(("name", "expected", "tolerance"), PARETO)
def test_pareto_parameters_in_weeks(name, expected, tolerance, pareto):
    assert pareto.params_in("weeks")[name] == pytest.approx(expected, abs=tolerance)
    assert pareto.converged
    assert not pareto.boundary


def test_pareto_log_likelihood_in_weeks(pareto):
    assert pareto.loglik_in("week") == pytest.approx(-9594.976, abs=5e-4)


def test_pareto_holdout_of_39_weeks(customers, pareto):
    assert float(pareto.expected_orders(customers, days=39 * WEEK).sum()) == pytest.approx(1665.51, abs=0.1)


def test_log_likelihoods_in_weeks(bg, mbg):
    assert bg.loglik_in("week") == pytest.approx(-9582.429, abs=5e-4)
    assert mbg.loglik_in("week") == pytest.approx(-9582.1357, abs=5e-5)
    assert bg.loglik == pytest.approx(bg.loglik_in("week") - 2457 * np.log(7), abs=1e-9)


def test_alpha_in_days_is_30_895(bg):
    assert bg.params["alpha"] == pytest.approx(30.895, abs=5e-4)


@pytest.mark.parametrize(
    ("name", "expected"), [("r", 0.012557), ("alpha", 0.378224), ("a", 0.185734), ("b", 0.705414)]
)
def test_bg_standard_errors_in_weeks(name, expected, bg):
    scale = WEEK if name == "alpha" else 1.0
    assert bg.standard_errors[name] / scale == pytest.approx(expected, abs=2e-6)


def test_bg_correlations_of_log_parameters(bg):
    deviation = np.sqrt(np.diag(bg.covariance))
    correlation = bg.covariance / np.outer(deviation, deviation)
    assert correlation[0, 1] == pytest.approx(0.78, abs=5e-3)
    assert correlation[2, 3] == pytest.approx(0.94, abs=5e-3)


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [(1 / 7, 0.0078), (1, 0.0532), (3, 0.1506), (31 + 6 / 7, 1.0405), (32, 1.0437), (78, 1.8580)],
)
def test_bg_expected_repeat_orders_of_a_new_customer(weeks, expected, bg):
    assert float(bg.expected_orders_new(weeks * WEEK)) == pytest.approx(expected, abs=5e-5)


def test_bg_conditional_expectation_of_x_2_tx_30_43_T_38_86_over_39_weeks_is_1_2259(bg):
    one = Customers.from_summary([2], [30.43], [38.86], unit="weeks")
    assert bg.expected_orders(one, days=39 * WEEK).item() == pytest.approx(1.2259, abs=5e-5)


def test_bg_probability_of_no_repeat_order_in_39_weeks(bg):
    assert float(bg.probability_of_orders(0, days=39 * WEEK)) == pytest.approx(0.574307, abs=5e-7)
    rounded = BetaGeoNBD.from_parameters(0.243, 4.414, 0.793, 2.426, unit="week")
    assert float(rounded.probability_of_orders(0, days=39 * WEEK)) == pytest.approx(0.573786, abs=5e-7)


@pytest.mark.parametrize(("model", "expected"), [(BetaGeoNBD, 1653.41), (ModifiedBetaGeoNBD, 1576.73)])
def test_holdout_of_39_weeks(model, expected, customers, bg, mbg):
    fitted = bg if model is BetaGeoNBD else mbg
    assert float(fitted.expected_orders(customers, days=39 * WEEK).sum()) == pytest.approx(expected, abs=0.1)


def test_actual_holdout_orders_are_1882(ledger, customers):
    both = Customers.from_orders(ledger, customer="customer", date="date", observation_end="1998-06-30")
    assert both.frequency.sum() - customers.frequency.sum() == 1882


def test_bg_holdout_by_calibration_frequency(customers, bg):
    expected = bg.expected_orders(customers, days=39 * WEEK).to_numpy()
    group = np.minimum(customers.frequency, 7)
    means = [expected[group == x].mean() for x in range(8)]
    assert means == pytest.approx([0.225, 0.523, 1.044, 1.520, 2.164, 2.654, 3.504, 6.157], abs=5e-4)


@pytest.mark.parametrize(("more_weeks", "expected"), [(0, 2493.96), (39, 4160.61)])
def test_bg_tracking_total(more_weeks, expected, customers, bg):
    elapsed = customers.age + more_weeks * WEEK
    assert bg.expected_orders_new(elapsed).sum() == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize(("more_weeks", "expected"), [(0, 2501.53), (39, 4165.66)])
def test_bg_tracking_total_under_the_btyd_convention(more_weeks, expected, customers, bg):
    elapsed = customers.age + 1.0 + more_weeks * WEEK
    assert bg.expected_orders_new(elapsed).sum() == pytest.approx(expected, abs=5e-3)


def test_bg_parameter_deviation_of_the_39_week_total_is_74_35_by_the_delta_method(customers, bg):
    slope = np.empty(4)
    for i in range(4):
        ends = []
        for sign in (1, -1):
            moved = np.exp(bg.mean + sign * 1e-5 * np.eye(4)[i])
            ends.append(BetaGeoNBD.from_parameters(*moved).expected_orders(customers, days=273).sum().item())
        slope[i] = (ends[0] - ends[1]) / 2e-5
    assert np.sqrt(slope @ bg.covariance @ slope) == pytest.approx(74.35, abs=0.01)


def test_bg_sampled_39_week_total_has_process_deviation_69_55_and_band_1494_1824(customers, bg):
    trials = 4000
    clock = np.array([0.0, 273.0])
    fitted = bg.sample_paths(customers, trials=trials, seed=3, clock=clock, parameters="fitted")[
        :, 0
    ].to_numpy()
    assert fitted.mean() == pytest.approx(1653.41, abs=4 * 69.55 / np.sqrt(trials))
    assert fitted.std(ddof=1) == pytest.approx(69.55, abs=4 * 69.55 / np.sqrt(2 * trials))
    drawn = bg.sample_paths(customers, trials=trials, seed=3, clock=clock)[:, 0].to_numpy()
    assert drawn.std(ddof=1) == pytest.approx(101.8, abs=4 * 101.8 / np.sqrt(2 * trials))
    # the listed band is +-5; the error of a sampled 5% point (2.11 sd / sqrt n) comes on top
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx(
        [1494, 1824], abs=5 + 3 * 2.11 * 101 / np.sqrt(trials)
    )


def test_season_of_one_leaves_the_published_figures(ledger, customers, bg):
    days = pd.date_range("1997-01-01", "1998-06-30")
    clock = pd.Series(np.cumsum(np.ones(len(days))), index=days)
    same = Customers.from_orders(
        ledger, customer="customer", date="date", observation_end="1997-09-30", clock=clock
    )
    assert BetaGeoNBD.fit(same).params == bg.params


def test_gamma_gamma_parameters_and_population_mean(customers):
    fitted = GammaGamma.fit(customers)
    assert fitted.params["p"] == pytest.approx(6.249577, abs=2e-5)
    assert fitted.params["q"] == pytest.approx(3.744223, abs=5e-6)
    assert fitted.params["v"] == pytest.approx(15.443504, abs=5e-5)
    assert fitted.population_mean() == pytest.approx(35.1704, abs=5e-5)
    assert fitted.loglik == pytest.approx(-4055.9177, abs=5e-5)


@pytest.fixture(scope="module")
def summary():
    frame = pd.read_csv(_packaged("cdnow_customers_summary_with_transactions.csv"))
    return Customers.from_summary(frame["x"], frame["t_x"], frame["T"], unit="week", spend=frame["zbar"])


def test_gamma_gamma_on_the_rounded_summary_file(summary):
    # some repeaters of the file paid nothing: they have no paid order
    fitted = GammaGamma.fit(summary)
    assert fitted.params["p"] == pytest.approx(6.2488, abs=5e-5)
    assert fitted.params["q"] == pytest.approx(3.7446, abs=5e-5)
    assert fitted.params["v"] == pytest.approx(15.4478, abs=1e-4)
    assert fitted.loglik == pytest.approx(-4055.9232, abs=5e-5)


def test_gamma_gamma_conditional_means_of_the_first_ten(summary):
    fitted = GammaGamma.fit(summary)
    expected = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert fitted.expected_spend(summary)[:10].to_numpy() == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("kind", [BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD])
def test_another_time_unit_scales_the_times_and_shifts_the_likelihood(kind, customers, bg, mbg, pareto):
    in_days = {BetaGeoNBD: bg, ModifiedBetaGeoNBD: mbg, ParetoNBD: pareto}[kind]
    scaled = kind.fit(Customers(customers.frequency, customers.recency / 30.0, customers.age / 30.0))
    for name, value in in_days.params.items():
        expected = value / 30.0 if name in kind.times else value
        assert scaled.params[name] == pytest.approx(expected, rel=2e-6)
    assert scaled.loglik == pytest.approx(in_days.loglik + 2457 * np.log(30.0), abs=1e-6)


def test_the_challengers_spend_model_fits_no_better(customers):
    from models.ltv.challenger import challenge_spend

    theirs = challenge_spend(GammaGamma.fit(customers), customers)
    assert theirs.message == "fitted"
    assert -1e-6 <= theirs.loglik_gain < 0.05


def test_the_challenger_fits_no_better_and_expects_the_same(customers, bg, mbg):
    from models.ltv.challenger import challenge

    for model in (bg, mbg):
        theirs = challenge(model, customers, days=273.0)
        assert theirs.message == "fitted"
        assert -1e-6 <= theirs.loglik_gain < 0.05
        assert theirs.expected_orders_difference == pytest.approx(0.0, abs=1.0)
