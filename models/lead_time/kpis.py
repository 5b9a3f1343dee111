"""Lead-time metrics of a purchase-order log: volatility, quantiles and lateness by lane and stage.

Means, deviations and quantiles come from the Kaplan-Meier estimate, so that open orders count with the age
they
have; without open orders they are those of the finished ones. Emergency orders are bought to be quick:
mixed with
the regular ones they would hide what a regular order takes, so they are rows of their own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from models.arrays import BoolArray, FloatArray
from models.lead_time.history import STAGES
from models.lead_time.kaplan_meier import kaplan_meier
from models.lead_time.lanes import ListedLane, lane_orders

TOTAL: Final = "total"
"""The stage name of order to receipt."""


def spread(days: FloatArray, observed: BoolArray) -> dict[str, float | int]:
    """Number of orders, open ones, mean, sd, p50, p90, p95 (days) and cv (ratio) of one sample (order,); NaN
    without a finished order, an infinite quantile where too many orders are still open to see it.
    """
    found: dict[str, float | int] = {"orders": int(observed.sum()), "open": int((~observed).sum())}
    if not observed.any():
        return found | dict.fromkeys(("mean", "sd", "cv", "p50", "p90", "p95"), float("nan"))
    curve = kaplan_meier(days, observed)
    mass = -np.diff(np.concatenate([[1.0], curve.survival]))
    # What outlives the last finished order is placed on the longest duration seen.
    at = np.append(curve.days, max(float(days.max()), float(curve.days[-1])))
    weight = np.append(mass, curve.survival[-1])
    mean = float(weight @ at)
    count = int(observed.sum())
    unbiased = count / (count - 1) if count > 1 else 1.0
    sd = float(np.sqrt(max(0.0, float(weight @ (at - mean) ** 2)) * unbiased))
    return found | {
        "mean": mean,
        "sd": sd,
        "cv": sd / mean if mean > 0.0 else 0.0,
        "p50": curve.quantile(0.5),
        "p90": curve.quantile(0.9),
        "p95": curve.quantile(0.95),
    }


def lead_time_kpis(
    purchase_orders: pd.DataFrame,
    lanes: Sequence[ListedLane],
    *,
    as_of: dt.date,
    servers: Mapping[str, int],
    emergency: Collection[str] = (),
) -> pd.DataFrame:
    """One row per lane, kind of order and stage: supplier, node, mode, kind, stage, the figures of
    ``spread``,
    and for order to receipt late_share (of orders whose promise is known to be kept or broken) and
    mean_days_late
    (of the late ones received).

    ``emergency`` holds the numbers of the purchase orders that were bought as such; all others are regular.
    """
    urgent = purchase_orders["po"].astype(str).isin({str(po) for po in emergency})
    mode = {(lane.supplier, lane.node): lane.mode for lane in lanes}
    rows: list[dict[str, Any]] = []
    for kind, log in (("regular", purchase_orders[~urgent]), ("emergency", purchase_orders[urgent])):
        shipped, stages = lane_orders(log, lanes, as_of=as_of, servers=servers)
        for (supplier, node), orders in shipped.groupby(["supplier", "node"], sort=True):
            lane = {"supplier": supplier, "node": node, "mode": mode[supplier, node], "kind": kind}
            own = stages[(stages["supplier"] == supplier) & (stages["node"] == node)]
            for stage in STAGES:
                part = own[own["stage"] == stage]
                rows.append(lane | {"stage": stage} | spread(*_sample(part["days"], part["observed"])))
            days, observed = total_days(orders)
            rows.append(lane | {"stage": TOTAL} | spread(days, observed) | lateness(orders))
    columns = ["supplier", "node", "mode", "kind", "stage", "orders", "open", "mean", "sd", "cv"]
    return pd.DataFrame(rows, columns=[*columns, "p50", "p90", "p95", "late_share", "mean_days_late"])


def total_days(shipped: pd.DataFrame) -> tuple[FloatArray, BoolArray]:
    """Days from order to receipt of shipments (order,), the age of open ones, and whether each is finished
    (order,).
    """
    finished = (shipped["stage"] == -1).to_numpy()
    days = np.where(
        finished, shipped["total"].to_numpy(np.float64), -shipped["ordered_on"].to_numpy(np.float64)
    )
    valid = np.isfinite(days) & (days >= 0.0)
    return days[valid], finished[valid]


def lateness(shipped: pd.DataFrame) -> dict[str, float]:
    """Share of orders later than promised and the mean days of delay of the late ones; NaN where unknown."""
    late = shipped["late"].dropna()
    delay = shipped.loc[(shipped["late"] == 1.0) & shipped["days_late"].notna(), "days_late"]
    return {
        "late_share": float(late.mean()) if len(late) else float("nan"),
        "mean_days_late": float(delay.mean()) if len(delay) else float("nan"),
    }


def _sample(days: pd.Series, observed: pd.Series) -> tuple[FloatArray, BoolArray]:
    return days.to_numpy(np.float64), observed.to_numpy(np.bool_)
