"""What customers pay, beside what they order: the mean, the first order apart, one draw an order."""

import numpy as np
import pytest
import xarray as xr

from models.errors import FitError, UsageError
from models.ltv import BetaGeoNBD, Customers, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD

LIMIT = 4.5
ORDERS = {
    BetaGeoNBD: (0.5, 60.0, 0.8, 2.5),
    ModifiedBetaGeoNBD: (0.5, 60.0, 0.8, 2.5),
    ParetoNBD: (0.6, 45.0, 0.7, 120.0),
}
SPEND = GammaGamma.from_parameters(6.0, 8.0, 40.0, currency="EUR")


def _customers():
    x = np.array([0, 1, 3, 8] * 100)
    z = np.array([0.0, 20.0, 60.0, 35.0] * 100)
    recency = np.array([0.0, 40.0, 150.0, 300.0] * 100)
    return Customers(x, recency, np.full(400, 320.0), spend=z, currency="EUR")


@pytest.mark.parametrize("kind", list(ORDERS))
def test_sampled_spend_has_the_mean_of_orders_times_expected_spend(kind):
    model, customers = kind.from_parameters(*ORDERS[kind]), _customers()
    paths = model.sample_paths(customers, months=12, trials=400, stream=3, spend=SPEND, parameters="fitted")
    assert isinstance(paths, xr.Dataset)
    assert paths["orders"].dims == paths["spend"].dims == ("trial", "month")
    assert paths["spend"].attrs["units"] == "EUR"
    total = paths["spend"].sum("month").to_numpy()
    orders = model.expected_orders(customers, days=12 * 365.25 / 12)
    expected = float((orders * SPEND.expected_spend(customers)).sum())
    assert abs(total.mean() - expected) < LIMIT * total.std(ddof=1) / 20.0


def test_orders_are_the_same_with_and_without_spend():
    model, customers = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD]), _customers()
    alone = model.sample_paths(customers, months=6, trials=20, stream=3)
    beside = model.sample_paths(customers, months=6, trials=20, stream=3, spend=SPEND)
    assert np.array_equal(alone, beside["orders"])


def test_a_slump_takes_orders_with_their_price_and_leaves_the_others():
    model, customers = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD]), _customers()
    slump = np.ones(12)
    slump[3:6] = 0.5
    base, low = (
        model.sample_paths(
            customers, months=12, trials=30, stream=3, spend=SPEND, demand=demand, envelope=1.0
        )["spend"].to_numpy()
        for demand in (1.0, slump)
    )
    outside = np.r_[0:3, 6:12]
    assert np.array_equal(base[:, outside], low[:, outside])
    assert np.all(low[:, 3:6] <= base[:, 3:6])
    assert low.sum() < base.sum()


def test_blocks_of_trials_join_to_the_same_bytes():
    model, customers = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD]), _customers()
    whole = model.sample_paths(customers, months=4, trials=range(90), stream=3, spend=SPEND)
    part = model.sample_paths(customers, months=4, trials=range(70, 90), stream=3, spend=SPEND)
    assert part["spend"].to_numpy().tobytes() == whole["spend"][70:].to_numpy().tobytes()


def test_first_orders_follow_a_law_of_their_own():
    rng = np.random.default_rng(0)
    first = rng.gamma(6.0, 1.0 / rng.gamma(8.0, 1.0 / 80.0, 5000))
    customers = Customers(np.zeros(5000), np.zeros(5000), np.full(5000, 9.0), first_spend=first)
    fitted = GammaGamma.fit_first(customers)
    assert fitted.population_mean() == pytest.approx(first.mean(), rel=0.02)
    model = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD])
    paths = model.sample_new_customers(
        [50, 0, 30], months=6, trials=200, stream=1, spend=SPEND, first_spend=fitted, parameters="fitted"
    )
    mean = paths["first_spend"].mean("trial").to_numpy()
    assert mean[0] == pytest.approx(50 * fitted.population_mean(), rel=0.03)
    assert mean[2] == pytest.approx(30 * fitted.population_mean(), rel=0.03)
    assert mean[[1, 3, 4, 5]].tolist() == [0.0] * 4
    repeat = paths["spend"].sum("month").to_numpy()
    expected = float(paths["orders"].sum()) / 200 * SPEND.population_mean()
    assert repeat.mean() == pytest.approx(expected, abs=LIMIT * repeat.std() / np.sqrt(200))


def test_first_spend_of_a_ledger_without_values_is_refused():
    with pytest.raises(FitError, match="no first spend"):
        GammaGamma.fit_first(Customers([1], [1.0], [2.0]))


def test_another_currency_is_refused():
    model = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD])
    other = Customers([1], [1.0], [2.0], spend=[5.0], currency="USD")
    with pytest.raises(FitError, match="EUR"):
        model.sample_paths(other, months=2, trials=2, spend=SPEND)


def test_a_stream_is_a_seed_a_name_both_or_a_generator():
    model, customers = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD]), _customers()

    def paths(**more):
        return model.sample_paths(customers, months=3, trials=5, **more).to_numpy()

    assert np.array_equal(paths(stream=7), paths(seed=7))
    assert np.array_equal(paths(stream="uk"), paths(name="uk"))
    assert np.array_equal(paths(stream=(7, "uk")), paths(seed=7, name="uk"))
    one, other = (paths(stream=np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(one, other)
    assert not np.array_equal(paths(stream=7), paths(stream=8))
    with pytest.raises(UsageError, match="stream"):
        paths(stream=1.5)


def test_the_length_of_the_run_changes_no_month():
    model, customers = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD]), _customers()
    runs = [model.sample_paths(customers, months=months, trials=8, stream=2) for months in (6, 36, 60)]
    assert np.array_equal(runs[0], runs[1][:, :6])
    assert np.array_equal(runs[1], runs[2][:, :36])


def test_a_spend_without_a_mean_is_refused():
    model, heavy = BetaGeoNBD.from_parameters(*ORDERS[BetaGeoNBD]), GammaGamma.from_parameters(6.0, 0.9, 15.0)
    with pytest.raises(FitError, match="infinite"):
        model.sample_paths(_customers(), months=2, trials=2, spend=heavy)
    with pytest.raises(FitError, match="infinite"):
        model.sample_new_customers([5], months=2, trials=2, first_spend=heavy)
