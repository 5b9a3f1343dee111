"""Ad valorem duty by day: effective-dated, longest tariff prefix first, rules of different name add up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.plan.plan import Plan
from models.arrays import FloatArray
from models.calendar import Calendar


def rates_by_day(
    tariffs: pd.DataFrame,
    *,
    hs: Sequence[str],
    origins: Sequence[str],
    territories: Sequence[str],
    start: dt.date,
    days: int,
) -> FloatArray:
    """Duty rate as a share of customs value, (item, origin, territory, day): ``hs`` is the tariff number of
    each item, ``origins`` the country of each maker; days count from ``start``.

    Of the rows of one ``rule`` that are valid on a day, the one with the longest prefix counts; of equal
    prefixes the one that names the origin goes before ``*``. The rates of different rules add up. No row: no
    duty.
    """
    tariffs = _of_use(tariffs, hs, origins, territories)
    distinct_hs, hs_of = np.unique(np.asarray(hs, dtype=object), return_inverse=True)
    distinct_origins, origin_of = np.unique(np.asarray(origins, dtype=object), return_inverse=True)
    territory_at = {territory: position for position, territory in enumerate(territories)}
    shape = (len(distinct_hs), len(distinct_origins), len(territories), days)
    total = np.zeros(shape)
    first = np.datetime64(start, "D")
    opens = (tariffs["valid_from"].to_numpy().astype("datetime64[D]") - first).astype(np.int64)
    closing = tariffs["valid_to"].to_numpy().astype("datetime64[D]")
    closes = np.where(np.isnat(closing), days, (closing - first).astype(np.int64) + 1)
    prefixes = ["" if prefix == "*" else str(prefix) for prefix in tariffs["hs"]]
    rows = pd.DataFrame(
        {
            "rule": tariffs["rule"].to_numpy(dtype=object),
            "length": [len(prefix) for prefix in prefixes],
            "named": [str(origin) != "*" for origin in tariffs["origin"]],
            "at": np.arange(len(tariffs)),
        }
    ).sort_values(["rule", "length", "named", "at"])
    rates = tariffs["rate"].to_numpy()
    for _, rule in rows.groupby("rule", sort=True):
        current = np.zeros(shape)
        for at in rule["at"]:
            begin, end = max(int(opens[at]), 0), min(int(closes[at]), days)
            territory = territory_at.get(str(tariffs["territory"].iat[at]))
            origin = str(tariffs["origin"].iat[at])
            goods = [position for position, code in enumerate(distinct_hs) if code.startswith(prefixes[at])]
            makers = [position for position, code in enumerate(distinct_origins) if origin in ("*", code)]
            if territory is None or begin >= end or not goods or not makers:
                continue
            current[np.ix_(goods, makers, [territory], range(begin, end))] = rates[at]
        total += current
    return total[hs_of][:, origin_of]


def _of_use(
    tariffs: pd.DataFrame, hs: Sequence[str], origins: Sequence[str], territories: Sequence[str]
) -> pd.DataFrame:
    """The rows that an item from one of the origins can meet: most of a whole tariff is of other goods."""
    prefixes = {str(code)[:length] for code in hs for length in range(1, len(str(code)) + 1)} | {"*"}
    kept = (
        tariffs["hs"].isin(prefixes)
        & tariffs["origin"].isin({*map(str, origins), "*"})
        & tariffs["territory"].isin({*map(str, territories)})
    )
    return tariffs[kept.to_numpy()]


def tariff_rates(plan: Plan, calendar: Calendar) -> FloatArray:
    """Duty rate by (item, supplier, territory, day): from each supplier's country into each territory."""
    return rates_by_day(
        plan.tariffs,
        hs=[str(code) for code in plan.items["hs"]],
        origins=[plan.origin_of_supplier[supplier] for supplier in plan.supplier_keys],
        territories=plan.territory_keys,
        start=calendar.start,
        days=calendar.days,
    )
