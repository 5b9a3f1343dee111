"""Customers as the models read them: repeat orders, recency and age, in days or operational days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import DateArray, FloatArray, IntArray, WordArray
from models.calendar import DAYS_IN_MONTH, DAYS_IN_QUARTER, DAYS_IN_YEAR
from models.errors import Fault, InputError, UsageError
from models.ltv.correlation import correlation_of
from models.ltv.evidence import Evidence, build_evidence
from models.ltv.ingest import Ledger, read_ledger
from models.ltv.summary import CustomerSummary, summarised
from models.streams import index_of

Clock: TypeAlias = Callable[[DateArray], FloatArray] | pd.Series

DAYS_PER = {
    "day": 1.0,
    "week": 7.0,
    "month": DAYS_IN_MONTH,
    "quarter": DAYS_IN_QUARTER,
    "year": DAYS_IN_YEAR,
}


def days_per(unit: str) -> float:
    """Days in one ``unit``: day, week, month, quarter or year, singular or plural."""
    name = unit.lower().removesuffix("s")
    if name not in DAYS_PER:
        raise InputError([_fault("unit", "unknown time unit", unit, "use one of " + ", ".join(DAYS_PER))])
    return DAYS_PER[name]


@dataclass(frozen=True, eq=False)
class Customers:
    """Repeat-order summary of a set of customers, dims (customer,), times in days (of the clock, if any).

    ``frequency`` counts repeat order-days x, ``recency`` is the time t_x from the first to the last order and
    ``age`` the time T from the first order to the end of the observation. ``spend`` is the mean net value of
    the ``paid`` repeat orders, 0 where there is none; without ``paid`` every repeat order of a customer with
    spend is paid. A customer of age 0 carries no information and is kept: its likelihood is 1.
    """

    frequency: IntArray
    recency: FloatArray
    age: FloatArray
    key: tuple[str, ...] | None = None
    spend: FloatArray | None = None
    paid: IntArray | None = None
    first_spend: FloatArray | None = None
    observation_end: np.datetime64 | None = None
    currency: str = ""
    operational: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        columns = {name: _floats(name, getattr(self, name)) for name in ("frequency", "recency", "age")}
        _refuse(columns)
        put = object.__setattr__
        put(self, "frequency", columns["frequency"].astype(np.int64))
        put(self, "recency", columns["recency"])
        put(self, "age", columns["age"])
        if self.spend is not None:
            spend = _floats("spend", self.spend)
            default = np.where(spend != 0.0, self.frequency, 0)
            paid = np.asarray(default if self.paid is None else self.paid, dtype=np.int64)
            _refuse_spend(spend, paid, self.frequency.size)
            put(self, "spend", spend)
            put(self, "paid", paid)
        if self.key is not None and len(self.key) != self.frequency.size:
            raise InputError(
                [_fault("key", "one key per customer is needed", str(len(self.key)), "pass all keys")]
            )

    def __len__(self) -> int:
        return int(self.frequency.size)

    @classmethod
    def from_summary(
        cls, frequency: Any, recency: Any, age: Any, *, unit: str = "day", spend: Any = None, **more: Any
    ) -> Customers:
        """Customers from columns in any time ``unit``; they are held in days."""
        scale = days_per(unit)
        days = [_floats(name, column) * scale for name, column in (("recency", recency), ("age", age))]
        return cls(np.asarray(frequency), days[0], days[1], spend=spend, **more)

    @classmethod
    def from_orders(
        cls,
        frame: pd.DataFrame,
        *,
        customer: str,
        date: str,
        value: str | None = None,
        observation_end: Any = None,
        clock: Clock | None = None,
        currency: str = "",
    ) -> Customers:
        """Customers of an order ledger, sorted by key, observed to the end of the day ``observation_end``.

        Orders of one day, each row's own local day, are one order; keys that differ in blanks, in the ``.0``
        of a number or in the case of an e-mail are one customer. A row of negative value is a refund: it is
        no order and lowers the value of the last order day before it. An order day of net value 0 or less
        stays in the timing and leaves the spend. Rows after the end of observation and rows without customer
        ("") are left out and counted. ``currency`` names a column of ``frame`` or is a code; more than one
        currency is refused.
        ``clock`` gives the operational day of a date (a function of datetime64[D] or a Series by date);
        without it the clock is the calendar.
        """
        ledger = read_ledger(frame, customer, date, value, observation_end, currency)
        return cls._from_ledger(ledger, clock)

    @classmethod
    def _from_ledger(cls, ledger: Ledger, clock: Clock | None) -> Customers:
        starts = np.flatnonzero(np.r_[True, ledger.customer[1:] != ledger.customer[:-1]])
        ends = np.r_[starts[1:], ledger.customer.size]
        first, last = ledger.day[starts], ledger.day[ends - 1]
        end = ledger.observation_end
        tick = _reader(clock)
        begin = tick(first)
        repeat = np.ones(ledger.customer.size, dtype=bool)
        repeat[starts] = False
        spend = paid = first_spend = None
        if ledger.value is not None:
            pays = repeat & (ledger.value > 0)
            paid = np.add.reduceat(pays.astype(np.int64), starts)
            total = np.add.reduceat(np.where(pays, ledger.value, 0.0), starts)
            spend = np.divide(total, paid, out=np.zeros_like(total), where=paid > 0)
            first_spend = np.maximum(ledger.value[starts], 0.0)
        age = tick(np.array([end]))[0] - begin
        counts = dict(ledger.counts, customers=starts.size, age_zero=int(np.count_nonzero(age == 0)))
        return cls(
            frequency=ends - starts - 1,
            recency=tick(last) - begin,
            age=age,
            key=tuple(ledger.customer[starts].tolist()),
            spend=spend,
            paid=paid,
            first_spend=first_spend,
            observation_end=end,
            currency=ledger.currency,
            operational=clock is not None,
            counts=counts,
        )

    @cached_property
    def index(self) -> WordArray:
        """Stream index (word) of each customer, (customer,): the hash of its key, or its position where there
        are no keys.
        """
        if self.key is None:
            return np.arange(len(self), dtype=np.uint64)
        return np.array([index_of(key) for key in self.key], dtype=np.uint64)

    @cached_property
    def summary(self) -> CustomerSummary:
        """Distinct (x, t_x, T) with counts."""
        self._refuse_nobody()
        return summarised(self.frequency, self.recency, self.age)

    @cached_property
    def evidence(self) -> Evidence:
        """The customers sorted by (x, T, t_x), as the likelihoods read them."""
        self._refuse_nobody()
        return build_evidence(self.frequency, self.recency, self.age)

    def _refuse_nobody(self) -> None:
        if len(self) == 0:
            raise InputError([_fault("customers", "there is no customer", "0", "give at least one")])

    @property
    def spend_correlation(self) -> tuple[float, float]:
        """Correlation of spend with paid repeat orders, (Pearson, Spearman): the Gamma-Gamma assumes none."""
        if self.spend is None or self.paid is None:
            raise InputError([_fault("spend", "there is no spend", "nothing", "pass value= to from_orders")])
        keep = self.paid > 0
        return correlation_of(self.paid[keep], self.spend[keep])

    def select(self, keep: npt.NDArray[Any]) -> Customers:
        """The customers picked by ``keep``, a mask (whether each stays) or positions, (customer,)."""
        picked = np.arange(len(self))[keep]

        def pick(column: Any) -> Any:
            return None if column is None else column[picked]

        return replace(
            self,
            frequency=self.frequency[picked],
            recency=self.recency[picked],
            age=self.age[picked],
            key=None if self.key is None else tuple(self.key[i] for i in picked),
            spend=pick(self.spend),
            paid=pick(self.paid),
            first_spend=pick(self.first_spend),
            counts={},
        )


def _reader(clock: Clock | None) -> Callable[[DateArray], FloatArray]:
    if clock is None:
        return lambda days: days.astype("datetime64[D]").astype(np.int64).astype(np.float64)
    if isinstance(clock, pd.Series):
        table = clock

        def look_up(days: DateArray) -> FloatArray:
            found = table.reindex(pd.DatetimeIndex(days)).to_numpy(dtype=np.float64)
            if np.isnan(found).any():
                missing = days[np.isnan(found)][0]
                raise InputError(
                    [_fault("clock", "the clock has no such day", str(missing), "cover the whole ledger")]
                )
            return found

        return look_up
    return lambda days: np.asarray(clock(days), dtype=np.float64)


def _fault(column: str, problem: str, got: str, remedy: str, row: int = 0) -> Fault:
    return Fault("customers", row, column, problem, got, remedy)


def _floats(column: str, values: Any) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError([_fault(column, "not a column of numbers", str(error), "give numbers")]) from error


def _refuse(columns: dict[str, FloatArray]) -> None:
    """Raise with every kind of impossible value, each at its first row."""
    x, recency, age = columns["frequency"], columns["recency"], columns["age"]
    if x.ndim != 1 or not x.shape == recency.shape == age.shape:
        shapes = f"{x.shape}, {recency.shape}, {age.shape}"
        raise InputError(
            [_fault("frequency", "the columns differ in length", shapes, "pass equally long columns")]
        )
    faults = []
    rules = [
        ("frequency", ~np.isfinite(x), x, "not a number", "count repeat orders"),
        ("recency", ~np.isfinite(recency), recency, "not a number", "give days from first to last order"),
        ("age", ~np.isfinite(age), age, "not a number", "give days from first order to the end"),
        ("frequency", x < 0, x, "negative count", "count repeat orders; a one-time buyer has 0"),
        ("frequency", np.isfinite(x) & (x != np.floor(x)), x, "not a whole number", "count repeat orders"),
        ("age", age < 0, age, "first order after the end of observation", "leave this customer out"),
        ("recency", recency < 0, recency, "negative time", "measure from the first order"),
        (
            "recency",
            recency > age,
            recency,
            "last order after the end of observation",
            "check the end and the units",
        ),
        (
            "recency",
            (x == 0) & (recency > 0),
            recency,
            "recency without a repeat order",
            "use 0 for one-time buyers",
        ),
    ]
    for column, wrong, values, problem, remedy in rules:
        rows = np.flatnonzero(wrong)
        if rows.size:
            more = f" and {rows.size - 1} more" if rows.size > 1 else ""
            faults.append(_fault(column, problem, f"{values[rows[0]]:g}{more}", remedy, int(rows[0]) + 2))
    if faults:
        raise InputError(faults)


def _refuse_spend(spend: FloatArray, paid: IntArray, customers: int) -> None:
    if spend.shape != (customers,) or paid.shape != (customers,):
        raise InputError(
            [_fault("spend", "one spend per customer is needed", str(spend.shape), "pass equal columns")]
        )
    wrong = np.flatnonzero((paid > 0) & ~(spend > 0) | ~np.isfinite(spend))
    if wrong.size:
        got = f"{spend[wrong[0]]:g}"
        remedy = "give the mean value of the paid repeat orders, above 0"
        raise InputError(
            [_fault("spend", "spend of a paying customer is not positive", got, remedy, int(wrong[0]) + 2)]
        )


def needed(customers: object) -> Customers:
    """The customers a fit was given; anything else is refused with what would do."""
    if not isinstance(customers, Customers):
        raise UsageError(
            f"customers: Customers are needed | got {type(customers).__name__} | make them with "
            "Customers.from_orders or Customers.from_summary"
        )
    return customers
