"""Exchange rates: fitted volatility, martingale, addresses, ECB check figures."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.calendar import DAYS_IN_YEAR
from models.errors import FitError, UsageError
from models.fx import LISTED_VOLATILITY, FxModel, fit_fx

FOLDER = Path(os.environ.get("TRADEWIND_DATA", Path(__file__).parents[3] / "shared" / "data"))
FILE = FOLDER / "ecb_eurofxref_hist_daily.parquet"


def table(days=2_000, seed=1, business=False):
    """Three currencies with yearly volatilities 10%, 6%, 20% and loadings .9, .6, 0 on one factor."""
    generator = np.random.default_rng(seed)
    dates = (
        pd.bdate_range("2018-01-01", periods=days) if business else pd.date_range("2018-01-01", periods=days)
    )
    common = generator.standard_normal(days)
    parts = []
    for name, yearly, loading, start in (
        ("CNY", 0.10, 0.9, 7.0),
        ("GBP", 0.06, 0.6, 0.8),
        ("KRW", 0.20, 0.0, 1_400.0),
    ):
        score = loading * common + np.sqrt(1.0 - loading**2) * generator.standard_normal(days)
        step = yearly / np.sqrt(DAYS_IN_YEAR if not business else DAYS_IN_YEAR * 5.0 / 7.0)
        parts.append(
            pd.DataFrame(
                {"day": dates, "currency": name, "per_base": start * np.exp(np.cumsum(step * score))}
            )
        )
    return pd.concat(parts, ignore_index=True)


MODEL = FxModel(("CNY", "GBP", "KRW"), (0.14, 1.2, 0.0007), (0.006, 0.004, 0.01), (0.9, 0.6, 0.0))


@pytest.mark.parametrize("business", [False, True])
def test_yearly_volatility_is_found_whether_weekends_are_quoted_or_not(business):
    model = fit_fx(table(business=business))
    assert model.annual_volatility == pytest.approx([0.10, 0.06, 0.20], rel=0.06)
    assert model.currencies == ("CNY", "GBP", "KRW")


def test_loadings_reproduce_the_correlations():
    model = fit_fx(table(6_000))
    assert model.correlation[0, 1] == pytest.approx(0.54, abs=0.04)
    assert abs(model.correlation[0, 2]) < 0.06


def test_two_currencies_get_their_correlation_exactly():
    rates = table(3_000)
    rates = rates[rates["currency"] != "KRW"]
    wide = np.log(rates.pivot(index="day", columns="currency", values="per_base")).diff()
    assert fit_fx(rates).correlation[0, 1] == pytest.approx(wide.corr().iloc[0, 1], abs=1e-9)


def test_the_last_rate_is_company_currency_per_foreign_unit():
    rates = table(50)
    last = rates[rates["currency"] == "GBP"]["per_base"].iloc[-1]
    assert fit_fx(rates).last_rate[1] == pytest.approx(1.0 / last)


def test_row_order_means_nothing_and_wanting_one_more_changes_no_other():
    rates = table(300)
    assert fit_fx(rates.sample(frac=1.0, random_state=2)) == fit_fx(rates)
    some, every = fit_fx(rates, ["GBP", "CNY"]), fit_fx(rates)
    assert some.currencies == ("CNY", "GBP")
    assert some.loading == every.loading[:2]
    assert some.daily_volatility == every.daily_volatility[:2]


def test_a_short_table_does_not_claim_calm():
    flat = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=3), "currency": "USD", "per_base": 1.1})
    model = fit_fx(flat)
    assert model.annual_volatility[0] == pytest.approx(LISTED_VOLATILITY, rel=0.1)
    one = fit_fx(flat.iloc[:1])
    assert one.annual_volatility[0] == pytest.approx(LISTED_VOLATILITY)
    assert one.last_rate[0] == pytest.approx(1.0 / 1.1)


def test_the_mean_of_every_future_rate_is_the_last_rate():
    rates = MODEL.draw(range(10_000), 3, 366)
    for day in (0, 100, 365):
        relative = rates[:, :, day] / np.array(MODEL.last_rate)
        error = relative.std(axis=0) / np.sqrt(10_000)
        assert np.all(np.abs(relative.mean(axis=0) - 1.0) < 4.0 * error)


def test_log_rates_spread_with_the_root_of_time_and_move_together_as_fitted():
    logs = np.log(MODEL.draw(range(20_000), 3, 100))
    assert logs[:, :, 99].std(axis=0) == pytest.approx(10.0 * np.array(MODEL.daily_volatility), rel=0.02)
    assert logs[:, :, 0].std(axis=0) == pytest.approx(MODEL.daily_volatility, rel=0.02)
    assert np.corrcoef(logs[:, :, 50].T) == pytest.approx(MODEL.correlation, abs=0.03)


def test_prefix_split_and_another_currency_change_nothing():
    whole = MODEL.draw(range(7), 5, 731)
    assert np.array_equal(MODEL.draw(range(7), 5, 365), whole[:, :, :365])
    assert np.array_equal(MODEL.draw(range(3, 7), 5, 731), whole[3:])
    less = FxModel(("CNY", "KRW"), (0.14, 0.0007), (0.006, 0.01), (0.9, 0.0))
    assert np.array_equal(less.draw(range(7), 5, 731), whole[:, [0, 2]])


def test_no_foreign_currency_gives_an_empty_axis():
    assert FxModel((), (), (), ()).draw(range(3), 1, 10).shape == (3, 0, 10)


def test_json_gives_back_an_equal_model():
    assert FxModel.from_json(MODEL.to_json()) == MODEL


def test_unusable_tables_are_refused_with_a_reason():
    rates = table(30)
    with pytest.raises(FitError, match="no rate of \\['JPY'\\]"):
        fit_fx(rates, ["JPY"])
    with pytest.raises(FitError, match="above zero"):
        fit_fx(rates.assign(per_base=0.0))
    with pytest.raises(FitError, match="two of CNY on 2018-01-01"):
        fit_fx(pd.concat([rates, rates.iloc[:1]]))
    with pytest.raises(UsageError, match="step 1"):
        MODEL.draw(range(0, 4, 2), 1, 3)


@pytest.fixture(scope="module")
def ecb():
    if not FILE.exists():
        pytest.skip(f"ECB rates are not at {FILE.parent.name}/{FILE.name}; set TRADEWIND_DATA")
    wide = pd.read_parquet(FILE)
    wide["day"] = pd.to_datetime(wide["Date"])
    long = wide.drop(columns="Date").melt("day", var_name="currency", value_name="per_base")
    return long.dropna().assign(per_base=lambda frame: frame["per_base"].astype(float))


def test_ecb_volatility_since_2015_is_the_published_one(ecb):
    wanted = ["CNY", "GBP", "JPY", "USD"]
    rates = ecb[(ecb["day"] >= "2015-01-01") & ecb["currency"].isin(wanted)]
    model = fit_fx(rates)
    assert model.annual_volatility == pytest.approx([0.0710, 0.0721, 0.0895, 0.0777], rel=0.015)
    per_base = dict(zip(model.currencies, 1.0 / np.array(model.last_rate), strict=True))
    assert per_base["USD"] == pytest.approx(1.1172)
    assert per_base["GBP"] == pytest.approx(0.8338)
    assert per_base["CNY"] == pytest.approx(7.4326)
    measured = (
        np.log(rates.pivot(index="day", columns="currency", values="per_base")).diff().corr().to_numpy()
    )
    assert model.correlation == pytest.approx(measured, abs=0.06)


def test_the_whole_ecb_table_with_discontinued_currencies_can_be_fitted(ecb):
    model = fit_fx(ecb)
    assert len(model.currencies) == 41
    assert np.all(np.isfinite(model.annual_volatility))
    assert np.all(np.abs(model.loading) < 1.0)
