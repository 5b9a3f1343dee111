"""From a ledger to customers: what counts as an order, what is refused, and what is said about it."""

import numpy as np
import pandas as pd
import pytest

from models.errors import InputError, UsageError
from models.ltv import BetaGeoNBD, Customers, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD
from models.streams import index_of


def _ledger(*rows):
    frame = pd.DataFrame(rows, columns=["who", "when", "value"])
    return frame.assign(when=[pd.Timestamp(when) for when in frame["when"]])


def _read(frame, **more):
    settings = {"customer": "who", "date": "when", "value": "value", "observation_end": "2024-03-31"} | more
    return Customers.from_orders(frame, **settings)


def test_frequency_recency_and_age_in_days():
    customers = _read(
        _ledger(("b", "2024-03-01", 5.0), ("a", "2024-01-01", 9.0), ("a", "2024-01-31 23:59", 7.0))
    )
    assert customers.key == ("a", "b")
    assert customers.frequency.tolist() == [1, 0]
    assert customers.recency.tolist() == [30.0, 0.0]
    assert customers.age.tolist() == [90.0, 30.0]
    assert customers.spend.tolist() == [7.0, 0.0]
    assert customers.first_spend.tolist() == [9.0, 5.0]
    assert customers.index.tolist() == [index_of("a"), index_of("b")]


def test_orders_of_one_day_are_one_order():
    rows = [("a", "2024-01-01", 9.0), ("a", "2024-01-05 09:00", 3.0), ("a", "2024-01-05 18:00", 4.0)]
    customers = _read(_ledger(*rows))
    assert customers.frequency.tolist() == [1]
    assert customers.spend.tolist() == [7.0]
    assert customers.counts["merged_same_day"] == 1


def test_row_order_means_nothing():
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 90, 300), unit="D")
    frame = pd.DataFrame(
        {"who": rng.integers(0, 40, 300).astype(str), "when": days, "value": rng.integers(-3, 9, 300)}
    )
    one, other = _read(frame), _read(frame.sample(frac=1.0, random_state=1))
    assert one.key == other.key
    for name in ("frequency", "recency", "age", "spend", "paid", "first_spend"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert one.counts == other.counts


def test_zero_value_orders_count_in_time_and_not_in_spend():
    rows = [("a", "2024-01-01", 9.0), ("a", "2024-01-11", 0.0), ("a", "2024-01-21", 8.0)]
    customers = _read(_ledger(*rows))
    assert customers.frequency.tolist() == [2]
    assert customers.paid.tolist() == [1]
    assert customers.spend.tolist() == [8.0]
    assert customers.counts["unpaid_order_days"] == 1


def test_a_refund_is_no_order_and_lowers_the_order_before_it():
    rows = [
        ("a", "2024-01-01", 9.0),
        ("a", "2024-01-11", 20.0),
        ("a", "2024-02-01", -5.0),
        ("a", "2024-02-11", 3.0),
    ]
    customers = _read(_ledger(*rows))
    assert customers.frequency.tolist() == [2]
    assert customers.recency.tolist() == [41.0]
    assert customers.spend.tolist() == [(15.0 + 3.0) / 2]
    assert customers.counts["refunds"] == 1


def test_a_fully_refunded_order_stays_in_time():
    rows = [("a", "2024-01-01", 9.0), ("a", "2024-01-11", 20.0), ("a", "2024-01-11", -20.0)]
    customers = _read(_ledger(*rows))
    assert (customers.frequency[0], customers.paid[0], customers.spend[0]) == (1, 0, 0.0)


def test_a_refund_without_an_order_before_it_is_counted():
    customers = _read(
        _ledger(("a", "2024-01-01", -9.0), ("a", "2024-01-11", 20.0), ("b", "2024-01-01", -1.0))
    )
    assert customers.key == ("a",)
    assert customers.counts["refunds_without_order"] == 2
    assert customers.first_spend.tolist() == [20.0]


def test_every_row_is_accounted_for():
    rows = [
        ("a", "2024-01-01", 9.0), ("", "2024-01-02", 4.0), ("a", "2024-05-01", 4.0), ("", "2024-06-01", 4.0),
        ("a", "2024-01-01", 1.0), ("b", "2024-03-31", 4.0), ("b", "2024-03-31", -4.0),
        ("c", "2024-04-01", 1.0),
    ]  # fmt: skip
    counts = _read(_ledger(*rows)).counts
    used = counts["order_days"] + counts["merged_same_day"] + counts["refunds"]
    assert counts["rows"] == used + counts["anonymous"] + counts["after_end"] == 8
    assert (counts["anonymous"], counts["after_end"]) == (2, 2)
    assert (counts["customers"], counts["age_zero"]) == (2, 1)


def test_a_clock_turns_days_into_operational_days():
    ledger = _ledger(("a", "2024-01-01", 9.0), ("a", "2024-01-11", 9.0), ("b", "2024-01-21", 9.0))
    days = pd.date_range("2024-01-01", "2024-03-31")
    table = pd.Series(np.where(days.month == 1, 2.0, 0.5).cumsum(), index=days)
    by_table = _read(ledger, clock=table)
    by_function = _read(ledger, clock=lambda when: table.reindex(when).to_numpy())
    assert by_table.operational
    assert by_table.recency.tolist() == by_function.recency.tolist() == [20.0, 0.0]
    assert by_table.age.tolist() == by_function.age.tolist() == [60.0 + 30.0, 20.0 + 30.0]
    with pytest.raises(InputError, match="the clock has no such day"):
        _read(ledger, clock=table[:50])


def test_mixed_currencies_are_refused():
    ledger = _ledger(("a", "2024-01-01", 9.0), ("b", "2024-01-01", 9.0)).assign(money=["EUR", "USD"])
    with pytest.raises(InputError, match=r"mixed currencies.*EUR, USD"):
        _read(ledger, currency="money")
    assert _read(ledger.assign(money="EUR"), currency="money").currency == "EUR"
    assert _read(ledger, currency="GBP").currency == "GBP"


def test_all_refunds_are_refused():
    with pytest.raises(InputError, match="no order of a known customer"):
        _read(_ledger(("a", "2024-01-01", -9.0)))


def test_a_ledger_reports_all_its_faults_at_once():
    ledger = _ledger(("a", "2024-01-01", 9.0), ("b", None, np.nan)).rename(columns={"who": "buyer"})
    with pytest.raises(InputError) as caught:
        _read(ledger)
    assert [(fault.column, fault.problem) for fault in caught.value.faults] == [
        ("who", "missing column"), ("value", "not a number"), ("when", "not a date"),
    ]  # fmt: skip
    assert caught.value.faults[1].row == 3


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_values_that_are_not_finite_are_refused(value):
    with pytest.raises(InputError, match="not a number"):
        _read(_ledger(("a", "2024-01-01", value)))


def test_dates_may_be_iso_text_and_nothing_else():
    ledger = _ledger(("a", "2024-01-01", 9.0), ("a", "2024-01-11", 9.0))
    text = ledger.assign(when=["2024-01-01", "2024-01-11T23:00:00"])
    assert _read(text).recency.tolist() == _read(ledger).recency.tolist() == [10.0]
    for bad in (["2024-01-01", "11/01/2024"], ["2024-01-01", "2024-13-01"], [20240101, 20240111]):
        with pytest.raises(InputError, match="not a date"):
            _read(ledger.assign(when=bad))


BAD = [
    ([1], [9.0], [8.0], "recency", "last order after the end"),
    ([0], [0.0], [-1.0], "age", "first order after the end"),
    ([-1], [0.0], [5.0], "frequency", "negative count"),
    ([1.5], [1.0], [5.0], "frequency", "not a whole number"),
    ([1], [np.nan], [5.0], "recency", "not a number"),
    ([1], [1.0], [np.nan], "age", "not a number"),
    ([np.nan], [1.0], [2.0], "frequency", "not a number"),
    ([np.inf], [1.0], [2.0], "frequency", "not a number"),
    ([1], [-1.0], [2.0], "recency", "negative time"),
    ([0], [1.0], [2.0], "recency", "recency without a repeat order"),
    ([1, 1], [1.0], [2.0], "frequency", "differ in length"),
]


@pytest.mark.parametrize(("frequency", "recency", "age", "column", "problem"), BAD)
def test_impossible_summaries_are_refused(frequency, recency, age, column, problem):
    with pytest.raises(InputError) as caught:
        Customers(frequency, recency, age)
    assert (column, True) in [(fault.column, problem in fault.problem) for fault in caught.value.faults]


def test_a_summary_reports_all_its_faults_with_their_rows():
    with pytest.raises(InputError) as caught:
        Customers([1, -1, 2], [1.0, 0.0, 9.0], [2.0, 3.0, 4.0])
    assert sorted((fault.row, fault.column) for fault in caught.value.faults) == [
        (3, "frequency"),
        (4, "recency"),
    ]


@pytest.mark.parametrize("spend", [[-1.0], [np.nan]])
def test_negative_or_missing_spend_is_refused(spend):
    with pytest.raises(InputError, match="not positive"):
        Customers([1], [1.0], [2.0], spend=spend)


def test_units_are_turned_into_days_or_refused():
    weeks = Customers.from_summary([1], [2.0], [3.0], unit="weeks")
    assert (weeks.recency[0], weeks.age[0]) == (14.0, 21.0)
    with pytest.raises(InputError, match="unknown time unit"):
        Customers.from_summary([1], [2.0], [3.0], unit="fortnight")


def test_nobody_cannot_be_fitted():
    with pytest.raises(InputError, match="there is no customer"):
        BetaGeoNBD.fit(Customers([], [], []))


def test_results_are_frozen():
    customers = Customers([1], [1.0], [2.0])
    with pytest.raises(AttributeError):
        customers.age = np.zeros(1)


def test_one_customer_and_one_without_repeats_are_read():
    one = _read(_ledger(("a", "2024-01-01", 9.0)))
    assert (len(one), one.frequency.tolist(), one.age.tolist()) == (1, [0], [90.0])


def test_an_empty_ledger_is_refused():
    with pytest.raises(InputError, match="there is no order"):
        _read(_ledger())


@pytest.mark.parametrize("end", ["garbage", "2024-13-01", np.nan])
def test_an_end_of_observation_that_is_no_date_is_refused(end):
    with pytest.raises(InputError, match="observation_end"):
        _read(_ledger(("a", "2024-01-01", 9.0)), observation_end=end)


def test_dates_with_a_time_zone_are_the_local_days_they_are_written_as():
    days = pd.to_datetime(["2024-01-01 23:30", "2024-01-11 00:10"]).tz_localize("Asia/Tokyo")
    frame = pd.DataFrame({"who": ["a", "a"], "when": days, "value": [1.0, 2.0]})
    customers = _read(frame, observation_end=pd.Timestamp("2024-03-31 23:00", tz="Asia/Tokyo"))
    assert (customers.recency[0], customers.age[0]) == (10.0, 90.0)
    text = frame.assign(when=["2024-01-01T23:30:00+09:00", "2024-01-11T00:10:00+09:00"])
    assert _read(text).recency.tolist() == [10.0]


@pytest.mark.parametrize("blank", [None, np.nan, "", " "])
def test_a_missing_currency_is_refused(blank):
    ledger = _ledger(("a", "2024-01-01", 9.0), ("b", "2024-01-01", 9.0)).assign(money=["EUR", blank])
    with pytest.raises(InputError, match="missing currency"):
        _read(ledger, currency="money")


def test_two_columns_of_one_name_are_refused():
    ledger = _ledger(("a", "2024-01-01", 9.0))
    with pytest.raises(InputError, match="2 columns of this name"):
        _read(pd.concat([ledger, ledger[["value"]]], axis=1))


def test_text_for_numbers_is_refused():
    with pytest.raises(InputError, match="not a column of numbers"):
        Customers(["a"], [1.0], [2.0])


def test_results_are_labelled_with_the_customers():
    customers = _read(_ledger(("b", "2024-03-01", 5.0), ("a", "2024-01-01", 9.0), ("a", "2024-01-31", 7.0)))
    alive = BetaGeoNBD.from_parameters(0.5, 60.0, 0.8, 2.5).p_alive(customers)
    assert alive.sel(customer="b").item() == 1.0
    assert 0.0 < alive.sel(customer="a").item() < 1.0


def test_the_clock_of_the_model_and_of_the_customers_must_be_the_same():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, 300)
    recency = np.where(x > 0, rng.uniform(1.0, 200.0, 300), 0.0)
    fitted = BetaGeoNBD.fit(Customers(x, recency, np.full(300, 250.0)))
    with pytest.raises(UsageError, match="operational days"):
        fitted.expected_orders(Customers([1], [1.0], [2.0], operational=True), days=30)


@pytest.mark.parametrize(
    "fit", [BetaGeoNBD.fit, ModifiedBetaGeoNBD.fit, ParetoNBD.fit, GammaGamma.fit, GammaGamma.fit_first]
)
def test_a_frame_where_customers_are_needed_is_refused_with_what_would_do(fit):
    with pytest.raises(UsageError, match=r"got DataFrame \| make them with Customers.from_orders"):
        fit(_ledger(("a", "2024-01-01", 9.0)))


def test_a_ledger_that_is_no_frame_is_refused():
    with pytest.raises(UsageError, match=r"a pandas DataFrame is needed \| got list"):
        _read([1, 2])


def test_fault_D12_each_row_has_its_own_local_day() -> None:
    alone = pd.DataFrame(
        {"customer": ["a", "a"], "date": ["2026-07-05 00:30 +02:00", "2026-07-05 23:30 +02:00"]}
    )
    other = pd.DataFrame({"customer": ["b"], "date": ["2026-01-05 10:00 +01:00"]})
    one = Customers.from_orders(alone, customer="customer", date="date", observation_end="2026-12-31")
    both = Customers.from_orders(
        pd.concat([alone, other]), customer="customer", date="date", observation_end="2026-12-31"
    )
    assert one.frequency.tolist() == [0]
    assert both.frequency.tolist() == [0, 0]
    assert both.age[0] == one.age[0]


@pytest.mark.parametrize("date", ["2026-07-05T23:30:00Z", "2026-07-05 23:30:00 UTC", "2026-07-05 23:30-0700"])
def test_fault_D12_an_offset_never_moves_the_day(date: str) -> None:
    frame = pd.DataFrame({"customer": ["a", "b"], "date": [date, "2026-07-05"]})
    found = Customers.from_orders(frame, customer="customer", date="date", observation_end="2026-07-06")
    assert found.age.tolist() == [1.0, 1.0]


def test_fault_D13_spellings_of_one_customer_are_one() -> None:
    keys = ["17850", "17850 ", "17850.0", "A@x.org", " a@x.org"]
    frame = pd.DataFrame({"customer": keys, "date": [f"2026-01-0{day}" for day in range(1, 6)]})
    found = Customers.from_orders(frame, customer="customer", date="date", observation_end="2026-02-01")
    assert len(found) == 2
    assert sorted(found.frequency.tolist()) == [1, 2]
