"""Backtests on small ledgers: no look ahead, outcomes counted right, and short ledgers say so."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from engine.backtest import backtest, backtest_plan
from engine.backtest.charts import paths_chart
from engine.backtest.contenders import COMPANY, CONTENDERS, OURS, REFERENCES
from engine.backtest.ledger import LEAST_HISTORY, NET_SALES, ORDERS, Ledger, choose_origins
from engine.backtest.page import backtest_html
from engine.backtest.result import LABELS, why_worse
from engine.backtest.scores import LEVELS, MONTH, WINDOW, Cases, Score, score
from engine.plan.load import load_plan
from engine.settings import RunSettings
from models.demand import DemandSettings, MarketSettings, Prior, SalesChannelSettings
from models.errors import UsageError
from tests.tiny_plan import write_plan

MONTHS, TRIALS = 3, 40
CLOSED = dt.date(2024, 6, 30)


def settings(**changes: object) -> DemandSettings:
    values: dict[str, object] = {
        "actuals_through": CLOSED,
        "markets": (
            MarketSettings("NA", "USD", Prior(-1.5, 0.4)),
            MarketSettings("NO", "NOK", Prior(-1.5, 0.4)),
            MarketSettings("ZZ", "USD", Prior(-1.5, 0.4)),
        ),
        "sales_channels": (
            SalesChannelSettings("shop"),
            SalesChannelSettings("bazaar", customer_known=False),
        ),
        "acquisition_channels": (),
        "items": ("a", "b"),
    }
    return DemandSettings(**(values | changes))  # type: ignore[arg-type]


def ledger_of(seed: int, months: int = 18) -> pd.DataFrame:
    """Order lines of two markets and two channels; nobody orders in ZZ."""
    rng = np.random.default_rng(seed)
    start = np.datetime64("2024-07", "M") - months
    rows = []
    for month in range(months):
        first = (start + month).astype("datetime64[D]")
        length = int(((start + month + 1).astype("datetime64[D]") - first).astype(np.int64))
        for market, currency, size in (("NA", "USD", 60), ("NO", "NOK", 30)):
            for channel in ("shop", "bazaar"):
                for _ in range(rng.poisson(size)):
                    customer = f"{market}{rng.integers(120)}" if channel == "shop" else ""
                    rows.append(
                        {
                            "order_id": f"o{len(rows)}",
                            "customer_key": customer,
                            "ordered_at": pd.Timestamp(first + rng.integers(length)),
                            "market": market,
                            "sales_channel": channel,
                            "currency": currency,
                            "item": "ab"[rng.integers(2)],
                            "quantity": int(rng.geometric(0.7)),
                            "net_price": 10.0,
                        }
                    )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    return ledger_of(1)


@pytest.fixture(scope="module")
def found(orders):
    ledger = Ledger.of(orders, None, settings(), rates={"NOK": 0.1}, currency="USD")
    return backtest(ledger, RunSettings(trials=TRIALS), origins=3, months=MONTHS)


def test_what_happened_is_counted_as_the_models_count(orders, found):
    shop = orders[orders["sales_channel"] == "shop"].drop_duplicates(["market", "customer_key", "ordered_at"])
    once = pd.concat([shop, orders[orders["sales_channel"] == "bazaar"]])
    for path in found.paths:
        inside = once if path.market is COMPANY else once[once["market"] == path.market]
        lines = orders if path.market is COMPANY else orders[orders["market"] == path.market]
        for j in range(MONTHS):
            month = np.datetime64(path.origin, "M") + j
            if path.measure == ORDERS:
                expected = (inside["ordered_at"].to_numpy().astype("datetime64[M]") == month).sum()
            else:
                kept = lines[lines["ordered_at"].to_numpy().astype("datetime64[M]") == month]
                expected = (kept["quantity"] * 10.0 * kept["currency"].map({"USD": 1.0, "NOK": 0.1})).sum()
            assert path.actual[j] == pytest.approx(expected)


def test_nothing_after_an_origin_is_seen(orders):
    ledger = Ledger.of(orders, None, settings())
    origin = ledger.history.months - MONTHS
    later = orders["ordered_at"] >= pd.Timestamp(ledger.month(origin))
    changed = Ledger.of(pd.concat([orders[~later], orders[later].assign(quantity=50)]), None, settings())
    for contender in CONTENDERS:
        before = contender.make(ledger, origin, MONTHS, 8, 1).paths
        after = contender.make(changed, origin, MONTHS, 8, 1).paths
        assert before.keys() == after.keys()
        for key, paths in before.items():
            assert paths.tobytes() == after[key].tobytes(), (contender.name, key)


def test_the_company_of_a_demand_model_is_the_sum_of_its_markets(orders):
    ledger = Ledger.of(orders, None, settings())
    for contender in CONTENDERS[:3]:
        paths = contender.make(ledger, ledger.history.months - MONTHS, MONTHS, 8, 1).paths
        for measure in (ORDERS, NET_SALES):
            parts = sum(paths[measure, market] for market in ledger.markets)
            np.testing.assert_allclose(paths[measure, COMPANY], parts, rtol=1e-12)
        assert np.all(paths[ORDERS, COMPANY] == np.round(paths[ORDERS, COMPANY]))


def test_the_same_backtest_gives_the_same_numbers(orders, found):
    shuffled = orders.sample(frac=1.0, random_state=2)
    ledger = Ledger.of(shuffled, None, settings(), rates={"NOK": 0.1}, currency="USD")
    again = backtest(ledger, RunSettings(trials=TRIALS), origins=3, months=MONTHS)
    assert json.dumps(again.to_dict(), sort_keys=True) == json.dumps(found.to_dict(), sort_keys=True)


def test_every_case_is_scored_and_all_is_plain_data(found):
    assert found.markets == ("NA", "NO")
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["origins"] == ["2023-10-01", "2024-01-01", "2024-04-01"]
    assert "n^2" in plain["crps"]
    for each in plain["scores"]:
        assert each["cases"] == (len(plain["origins"]) if each["grain"] == WINDOW else 3 * MONTHS) or (
            each["model"] == "seasonal_naive"
        )
        assert set(each["coverage"]) == {"50", "80", "90"}
        widths = [each["coverage"][level]["mean_width"] for level in ("50", "80", "90")]
        assert widths == sorted(widths)
        for level in each["coverage"].values():
            assert 0.0 <= level["low"] <= level["share"] <= level["high"] <= 1.0
        assert sum(each["pit"]["histogram"]) == each["cases"]
    ours = found.score()
    assert set(ours.skill) <= set(REFERENCES)
    assert {row["forecast"] for row in found.table()} == set(LABELS)
    assert len(found.market_table()) == 2


def test_skill_is_measured_on_the_cases_that_both_have(found):
    ours, naive = found.score(grain=MONTH), found.score("seasonal_naive", grain=MONTH)
    common = [ours.place.index(place) for place in naive.place]
    expected = 1.0 - ours.by_case[common].sum() / naive.by_case.sum()
    assert ours.skill["seasonal_naive"] == (pytest.approx(expected), len(common))


def test_a_short_ledger_says_what_it_cannot_tell(found):
    text = " ".join(found.notes)
    assert "season is not identified" in text
    assert "seasonal_naive: no forecast from 2 of 3 origins" in text
    assert found.absent["seasonal_naive"][0] == 2
    assert found.best() != "seasonal_naive"


def test_verdicts_say_where_ours_is_not_the_best(found):
    for measure in found.measures:
        for grain in (WINDOW, MONTH):
            line = next(v for v in found.verdicts() if v.startswith(f"{measure}, {found.grain(grain)}"))
            assert ("NOT the best" in line) == (found.best(measure=measure, grain=grain) != OURS)


def test_origins_are_the_latest_and_at_most_a_window_apart(orders):
    ledger = Ledger.of(orders, None, settings())
    assert choose_origins(ledger, 1, 3).positions == (15,)
    many = choose_origins(ledger, 50, 3)
    assert many.positions == tuple(range(LEAST_HISTORY, 16))
    assert many.overlap
    apart = choose_origins(ledger, 3, 3)
    assert (apart.positions, apart.overlap) == ((9, 12, 15), False)
    with pytest.raises(UsageError, match="at most 12 would do"):
        choose_origins(ledger, 2, 13)
    with pytest.raises(UsageError, match="at least 1"):
        choose_origins(ledger, 0, 3)


@pytest.mark.parametrize("months", [1, 4, 6])
def test_ledgers_too_short_for_any_origin_are_refused(months):
    with pytest.raises(UsageError, match="a longer ledger would do"):
        backtest(Ledger.of(ledger_of(2, months), None, settings()), RunSettings(trials=8), months=1)


def test_an_empty_ledger_and_one_trial_are_refused(orders):
    with pytest.raises(UsageError, match="no usable order"):
        backtest(Ledger.of(orders.iloc[:0], None, settings()), RunSettings(trials=8))
    with pytest.raises(UsageError, match="at least 2"):
        backtest(Ledger.of(orders, None, settings()), RunSettings(trials=1))


def test_a_ledger_without_prices_is_judged_by_orders_alone(orders):
    found = backtest(
        Ledger.of(orders.assign(net_price=0.0), None, settings()), RunSettings(trials=8), origins=1, months=2
    )
    assert found.measures == (ORDERS,)
    assert found.score(measure=NET_SALES) is None


def test_a_market_that_ends_and_one_that_begins_late_are_scored(orders):
    month = orders["ordered_at"].dt.to_period("M")
    ends = (orders["market"] == "NO") & (month > pd.Period("2023-10", "M"))
    found = backtest(Ledger.of(orders[~ends], None, settings()), RunSettings(trials=16), origins=1, months=3)
    # the anonymous half of 60 orders a month is seen to have ended; of known customers some may be alive
    assert np.all(found.score(market="NO", grain=MONTH).by_case < 20.0)
    begins = (orders["market"] == "NO") & (month < pd.Period("2024-05", "M"))
    found = backtest(
        Ledger.of(orders[~begins], None, settings()), RunSettings(trials=16), origins=1, months=3
    )
    assert found.score(market="NO").crps > 0.0


def test_charts_and_page_show_hostile_keys_as_text(orders):
    hostile = "<script>alert(1)</script>"
    markets = tuple(replace(m, key=hostile) if m.key == "NA" else m for m in settings().markets)
    frame = orders.assign(market=orders["market"].replace({"NA": hostile}))
    found = backtest(
        Ledger.of(frame, None, settings(markets=markets)), RunSettings(trials=8), origins=2, months=2
    )
    page = backtest_html(found, "A <b>company</b>")
    assert "<script>" not in page
    assert "<b>company" not in page
    assert "not the best" in page.lower() or "least CRPS of all" in page
    assert "<script>" not in paths_chart(found, market=hostile).svg()
    assert "<table>" in found._repr_html_()


def test_a_plan_is_backtested_on_its_own_ledger(tmp_path):
    plan = load_plan(write_plan(tmp_path / "tiny"))
    found = backtest_plan(plan, RunSettings(trials=8), origins=2, months=3)
    assert found.currency == "USD"
    assert [level.level for level in found.score().coverage] == list(LEVELS)
    assert found.origin_days[-1] == dt.date(2026, 4, 1)


def _scored(contender: str, forecast: float, spread: float) -> Score:
    draws = forecast + spread * np.linspace(-1.0, 1.0, 21)[None]
    cases = {contender: Cases(draws, np.array([100.0]), ((0, 0),))}
    return score("orders", None, WINDOW, cases, ())[0]


@pytest.mark.parametrize(
    ("ours", "theirs", "cause"),
    [
        (
            (120.0, 10.0),
            (101.0, 10.0),
            "it is the level: the mean of ours was +20.0% off what came, theirs +1.0%",
        ),
        ((101.0, 50.0), (101.0, 10.0), "it is the width: the 80% range of ours was 80 wide and held 100.0%"),
        ((101.0, 10.0), (102.0, 20.0), "it is neither mean nor width but which months were missed"),
    ],
)
def test_a_worse_score_is_said_to_come_from_level_width_or_neither(ours, theirs, cause):
    said = why_worse(_scored("tradewind", *ours), _scored("ets", *theirs))
    assert said.startswith(cause)
    assert said.endswith("(one origin: one such year)")
