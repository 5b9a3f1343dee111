"""From an order ledger to order days: one row per customer and day on which something was ordered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.arrays import DateArray, FloatArray
from models.errors import Fault, InputError, UsageError

_OFFSET = re.compile(r"(?<=\d)\s*(?:Z|UTC|[+-]\d{2}:?\d{2})$")
_DECIMAL = re.compile(r"^(\d+)\.0$")


@dataclass(frozen=True, eq=False)
class Ledger:
    """Order days sorted by (customer, day), with net value if there is one, and what was left out."""

    customer: npt.NDArray[Any]
    day: DateArray
    value: FloatArray | None
    observation_end: np.datetime64
    currency: str
    counts: dict[str, int]


def read_ledger(
    frame: pd.DataFrame, customer: str, date: str, value: str | None, observation_end: Any, currency: str
) -> Ledger:
    """Order days of ``frame``; the rules are those of ``Customers.from_orders``."""
    _refuse_columns(frame, customer, date, value)
    spelled = frame[customer].astype(str)
    keys = spelled.map({key: one_spelling(key) for key in spelled.unique()}).to_numpy(dtype=object)
    days = _dates(frame[date]).to_numpy().astype("datetime64[D]")
    values = np.zeros(len(frame)) if value is None else _numbers(frame[value])
    code = _one_currency(frame, currency)
    if len(frame) == 0:
        raise InputError([Fault("orders", 0, date, "there is no order", "0 rows", "give at least one")])
    end = days.max() if observation_end is None else _day(observation_end)
    anonymous, later = keys == "", days > end
    keep = ~anonymous & ~later
    counts = {
        "rows": len(frame),
        "anonymous": int(anonymous.sum()),
        "after_end": int((later & ~anonymous).sum()),
    }
    is_order = keep & (values >= 0)
    if not is_order.any():
        problem = "no order of a known customer up to the end of observation"
        raise InputError(
            [Fault("orders", 0, value or date, problem, f"{len(frame)} rows", "check dates, keys, refunds")]
        )
    orders = pd.DataFrame({"customer": keys[is_order], "day": days[is_order], "value": values[is_order]})
    table = orders.groupby(["customer", "day"], sort=True, as_index=False)["value"].sum()
    net, unmatched = _net_refunds(
        table, keys[keep & (values < 0)], days[keep & (values < 0)], values[keep & (values < 0)]
    )
    counts |= {
        "order_days": len(table),
        "merged_same_day": int(is_order.sum()) - len(table),
        "refunds": int((keep & (values < 0)).sum()),
        "refunds_without_order": unmatched,
        "unpaid_order_days": 0 if value is None else int((net <= 0).sum()),
    }
    return Ledger(
        table["customer"].to_numpy(dtype=object),
        table["day"].to_numpy().astype("datetime64[D]"),
        None if value is None else net,
        end,
        code,
        counts,
    )


def _net_refunds(
    table: pd.DataFrame,
    keys: npt.NDArray[Any],
    days: DateArray,
    values: FloatArray,
) -> tuple[FloatArray, int]:
    """Value of each order day after refunds, and the number of refunds with no order day before them."""
    net = table["value"].to_numpy(dtype=np.float64).copy()
    if keys.size == 0:
        return net, 0
    refunds = pd.DataFrame({"customer": keys, "day": days.astype("datetime64[ns]"), "value": values})
    orders = pd.DataFrame(
        {
            "customer": table["customer"],
            "day": table["day"].astype("datetime64[ns]"),
            "row": np.arange(len(table)),
        }
    )
    matched = pd.merge_asof(refunds.sort_values("day"), orders.sort_values("day"), on="day", by="customer")
    found = matched["row"].notna().to_numpy()
    np.add.at(net, matched["row"].to_numpy()[found].astype(np.int64), matched["value"].to_numpy()[found])
    return net, int((~found).sum())


def _refuse_columns(frame: pd.DataFrame, customer: str, date: str, value: str | None) -> None:
    """Raise with every column that is missing or holds something unusable, each at its first such row."""
    if not isinstance(frame, pd.DataFrame):
        raise UsageError(f"orders: a pandas DataFrame is needed | got {type(frame).__name__}")
    have = ", ".join(map(str, frame.columns))
    faults = []
    checks: list[tuple[str, str, str, Callable[[pd.Series], Any]]] = [
        (customer, "missing value", "fill or leave out these rows", lambda column: column.isna()),
        (date, "not a date", "write dates as YYYY-MM-DD", lambda column: _dates(column).isna()),
    ]
    if value is not None:
        remedy = "give the net value as a number; a refund is negative"
        checks.append((value, "not a number", remedy, lambda column: ~np.isfinite(_numbers(column))))
    for name, problem, remedy, is_bad in checks:
        found = int((frame.columns == name).sum())
        if found != 1:
            problem = "missing column" if found == 0 else f"{found} columns of this name"
            faults.append(Fault("orders", 1, name, problem, have, "name a column of the ledger"))
            continue
        rows = np.flatnonzero(is_bad(frame[name]))
        if rows.size:
            got = f"{frame[name].iloc[rows[0]]} in {rows.size} rows"
            faults.append(Fault("orders", int(rows[0]) + 2, name, problem, got, remedy))
    if faults:
        raise InputError(faults)


def _dates(column: pd.Series) -> pd.Series:
    """Dates of a column as they are written, NaT where there is none; a number is never read as a date."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(pd.NaT, index=column.index, dtype="datetime64[ns]")
    dates = column
    if not pd.api.types.is_datetime64_any_dtype(column):
        local = [_without_offset(value) for value in column]
        dates = pd.to_datetime(pd.Series(local, index=column.index), format="ISO8601", errors="coerce")
    return dates.dt.tz_localize(None) if dates.dt.tz is not None else dates


def _without_offset(value: Any) -> Any:
    """A moment as its own clock shows it: each row has its local day, whatever the offsets of other rows."""
    if isinstance(value, str):
        return _OFFSET.sub("", value.strip())
    zone = getattr(value, "tzinfo", None)
    return value if zone is None else value.replace(tzinfo=None)


def one_spelling(key: str) -> str:
    """A customer's key without what exports add: blanks around, ``.0`` of a number, case of an e-mail."""
    key = _DECIMAL.sub(r"\1", key.strip())
    return key.casefold() if "@" in key else key


def _day(value: Any) -> np.datetime64:
    """The day of an end of observation; the local day of one with a time zone."""
    try:
        day = pd.Timestamp(value).tz_localize(None)
    except (TypeError, ValueError):
        day = pd.NaT
    if pd.isna(day):
        remedy = "write the last observed day as YYYY-MM-DD"
        raise InputError([Fault("orders", 0, "observation_end", "not a date", str(value), remedy)])
    return np.datetime64(day, "D")


def _numbers(column: pd.Series) -> FloatArray:
    """Numbers of a column, NaN where there is none."""
    return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)


def _one_currency(frame: pd.DataFrame, currency: str) -> str:
    if currency not in frame.columns:
        return currency
    codes = frame[currency]
    blank = np.flatnonzero(codes.isna() | (codes.astype(str).str.strip() == ""))
    if blank.size:
        got = f"nothing in {blank.size} rows"
        raise InputError(
            [Fault("orders", int(blank[0]) + 2, currency, "missing currency", got, "fill in every row")]
        )
    found = sorted(codes.astype(str).unique())
    if len(found) > 1:
        remedy = "convert the values or split the ledger by currency"
        raise InputError([Fault("orders", 0, currency, "mixed currencies", ", ".join(found), remedy)])
    return found[0] if found else ""
