"""Accounts of the books whose money another file tells too: taken once, from the other file."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.plan.setup.gather import Gathered

LEAST_MONTHS = 3
"""Months of both from which two series are compared."""
NEAR = 0.05
"""Difference of the sums, as a share, below which two series may be the same money."""
ALIKE = 0.9
"""Correlation over months from which they are."""


def told_elsewhere(gathered: Gathered, books: pd.DataFrame) -> dict[str, str]:
    """Expense accounts whose amounts are, month by month, the fees or the spend of another file: account to
    file. A name says little (``Bank Fees`` may be the payment provider's or the bank's), the amounts do.
    """
    others = _others(gathered)
    if books.empty or not others:
        return {}
    expenses = books[[str(section).startswith("expense") for section in books["section"]]]
    found = {}
    for account, own in expenses.groupby("account"):
        series = own.groupby(own["month"].dt.to_period("M"))["amount"].sum()
        name = next((name for name, other in others.items() if _same(series, other)), None)
        if name is not None:
            found[str(account)] = name
    return found


def _others(gathered: Gathered) -> dict[str, pd.Series]:
    """Monthly sums of payment fees and of ad spend, by the files that tell them."""
    series = {}
    for kind, column in (("payouts", "fee"), ("ad_spend", "spend")):
        for group in gathered.of(kind):
            frame = group.frame(kind)
            if column not in frame or "day" not in frame:
                continue
            amounts = pd.Series([abs(float(value or 0)) for value in frame[column]])
            months = pd.PeriodIndex(pd.to_datetime(frame["day"]), freq="M")
            series[", ".join(group.combined.files)] = amounts.groupby(months).sum()
    return series


def _same(own: pd.Series, other: pd.Series) -> bool:
    both = own.index.intersection(other.index)
    if len(both) < LEAST_MONTHS:
        return False
    one, two = own[both].to_numpy(np.float64), other[both].to_numpy(np.float64)
    if abs(one.sum() - two.sum()) > NEAR * two.sum():
        return False
    flat = one.std() <= NEAR * abs(one.mean()) and two.std() <= NEAR * abs(two.mean())
    return bool(flat or (one.std() > 0.0 < two.std() and np.corrcoef(one, two)[0, 1] >= ALIKE))
