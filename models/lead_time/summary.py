"""What was fitted, from how much and how well, as rows for the check report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd

from models.errors import FitError
from models.lead_time.distribution import LeadTime
from models.lead_time.fit import fit_lane
from models.lead_time.goodness import goodness_of_fit
from models.lead_time.history import STAGES
from models.lead_time.kpis import lateness, total_days
from models.lead_time.lanes import THIN, ListedLane, fit_log, lane_orders
from models.lead_time.model import LeadTimeModel
from models.lead_time.ports import congestion_of

_REPLICATES: Final = 99
_LEAST_WEIGHT: Final = 0.005


def lead_time_summary(
    purchase_orders: pd.DataFrame, lanes: Sequence[ListedLane], *, as_of: dt.date, servers: Mapping[str, int]
) -> dict[str, Any]:
    """Plain data: ``stages`` (one row per lane and stage, customs once per port), ``lanes``, ``modes`` and
    ``suppliers`` (order to receipt), ``dependence`` by stage.
    """
    model = fit_log(purchase_orders, lanes, as_of=as_of, servers=servers)
    shipped, table = lane_orders(purchase_orders, lanes, as_of=as_of, servers=servers)
    mode = {(lane.supplier, lane.node): lane.mode for lane in model.lanes}
    shipped = shipped.assign(
        mode=[mode[pair] for pair in zip(shipped["supplier"], shipped["node"], strict=True)],
        lane=shipped["supplier"] + "|" + shipped["node"],
    )
    return {
        "stages": _stage_rows(model, table),
        "lanes": _total_rows(shipped, "lane", {lane.key for lane in model.lanes}),
        "modes": _total_rows(shipped, "mode", set(mode.values())),
        "suppliers": _total_rows(shipped, "supplier", set(model.suppliers)),
        "dependence": {stage: model.dependence[stage].to_dict() for stage in STAGES},
        "stage_link": model.stage_link,
        "congestion": {port: each.to_dict() for port, each in congestion_of(table, model.ports).items()},
    }


def _stage_rows(model: LeadTimeModel, table: pd.DataFrame) -> list[dict[str, Any]]:
    rows, ports = [], set()
    for lane in model.lanes:
        for stage, law in zip(STAGES, lane.stages, strict=True):
            at_port = stage == "clearance"
            if at_port and lane.port in ports:
                continue
            ports |= {lane.port} if at_port else set()
            part = table[table["stage"] == stage]
            mine = (
                part["port"] == lane.port
                if at_port
                else (part["supplier"] == lane.supplier) & (part["node"] == lane.node)
            )
            name = lane.port if at_port else lane.key
            orders = part[mine]
            rows.append(
                {"lane": name, "mode": "" if at_port else lane.mode, "stage": stage}
                | describe(
                    law,
                    orders["days"].to_numpy(np.float64),
                    orders["observed"].to_numpy(np.bool_),
                    name=f"{stage}/{name}",
                )
            )
    return rows


def _total_rows(shipped: pd.DataFrame, column: str, keys: set[str]) -> list[dict[str, Any]]:
    """Order to receipt by lane, mode or supplier, all open orders counted."""
    rows = []
    for key in sorted(keys):
        orders = shipped[shipped[column] == key]
        days, observed = total_days(orders)
        law = _attempt(partial(fit_lane, days, observed=observed))
        row: dict[str, Any] = {column: key}
        if isinstance(law, LeadTime) and int(observed.sum()) >= THIN:
            row |= describe(law, days, observed, name=f"total/{column}/{key}")
        else:
            row |= {"source": "too few orders", "orders": int(observed.sum()), "open": int((~observed).sum())}
        late = lateness(orders)
        rows.append(row | {name: None if np.isnan(value) else value for name, value in late.items()})
    return rows


def describe(law: LeadTime, days: np.ndarray, observed: np.ndarray, *, name: str) -> dict[str, Any]:
    """One law as plain data: source, counts, figures, family weights, own weight against the pool, goodness.

    ``own_weight`` is the share that the lane's own orders have in its log mean: 1 fitted alone, 0 listed.
    """
    middle, late = law.quantile([0.5, 0.9])
    weights = {key: value for key, value in law.families.items() if value >= _LEAST_WEIGHT}
    fit: dict[str, float | None] = {"distance": None, "p_value": None}
    if law.source == "fitted":
        judged = _attempt(
            lambda: goodness_of_fit(
                law, days, observed=observed, replicates=_REPLICATES, name=f"check/{name}"
            )
        )
        if judged is not None:
            fit = {"distance": judged.distance, "p_value": judged.p_value}
    return {
        "source": law.source,
        "orders": law.observed_orders,
        "open": law.open_orders,
        "mean": law.mean,
        "sd": law.sd,
        "cv": law.cv,
        "p50": float(middle),
        "p90": float(late),
        "zero_share": law.zero_share,
        "floor": law.floor,
        "families": dict(sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))),
        "own_weight": law.own_weight,
        **fit,
        "refused": list(law.refused),
    }


def _attempt(action: Callable[[], Any]) -> Any:
    """What the action gives; None where its orders cannot be fitted."""
    try:
        return action()
    except FitError:
        return None
