"""Lead times of all lanes from the purchase-order log: fitted where orders suffice, else pooled or listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import pandas as pd
from scipy import special

from models.errors import FitError, UsageError
from models.lead_time.dependence import LISTED, Dependence, fit_dependence, fit_stage_link
from models.lead_time.distribution import LeadTime
from models.lead_time.fit import fit_lane
from models.lead_time.history import RECEIPT_WAIT, STAGES, shipments, stage_days
from models.lead_time.model import Lane, LeadTimeModel
from models.lead_time.pooling import ThinLane, pool
from models.lead_time.samples import Sample, fit_samples

THIN = 12
"""Finished orders below which a lane's stage is pooled instead of fitted alone."""
_LISTED_ERROR = 0.15
"""Standard error of the log of a listed mean: nobody measured it here."""


@dataclass(frozen=True)
class ListedLane:
    """A lane with the (mean, sd) in days that its plan lists per stage; clearance without queueing."""

    supplier: str
    node: str
    port: str
    mode: str
    production: tuple[float, float]
    transit: tuple[float, float]
    clearance: tuple[float, float]
    inland: tuple[float, float]

    def listed(self, stage: str) -> tuple[float, float]:
        """Listed mean and sd of one stage, days."""
        mean, sd = {
            "production": self.production,
            "transit": self.transit,
            "clearance": self.clearance,
            "inland": self.inland,
        }[stage]
        return float(mean), float(sd)


@overload
def fit_lanes(
    purchase_orders: pd.DataFrame,
    lanes: Sequence[ListedLane],
    *,
    as_of: dt.date,
    servers: Mapping[str, int],
    thin: int = THIN,
    floor: float | str = "profile",
) -> LeadTimeModel: ...


@overload
def fit_lanes(
    purchase_orders: Mapping[str, Sample], *, thin: int = THIN, floor: float | str = 0.0
) -> dict[str, LeadTime]: ...


def fit_lanes(
    purchase_orders: pd.DataFrame | Mapping[str, Sample],
    lanes: Sequence[ListedLane] = (),
    *,
    as_of: dt.date | None = None,
    servers: Mapping[str, int] | None = None,
    thin: int = THIN,
    floor: float | str | None = None,
) -> LeadTimeModel | dict[str, LeadTime]:
    """Lead times of all lanes: of a plan's purchase-order log, or of plain durations by lane.

    With a table: see ``fit_log``. With a mapping from lane to days, or to (days, observed), see
    ``fit_samples``: one law per lane, thin lanes pooled with the others.
    """
    if isinstance(purchase_orders, Mapping):
        if lanes or as_of is not None or servers is not None:
            raise UsageError(
                "fit_lanes: lanes, as_of and servers belong to a purchase-order log | got durations by lane "
                "| "
                "leave them out"
            )
        return fit_samples(purchase_orders, thin=thin, floor=0.0 if floor is None else floor)
    if as_of is None or servers is None:
        raise UsageError(
            "fit_lanes: as_of and servers are needed with a purchase-order log | got none | "
            "give the last closed day and the customs servers by port"
        )
    return fit_log(
        purchase_orders,
        lanes,
        as_of=as_of,
        servers=servers,
        thin=thin,
        floor="profile" if floor is None else floor,
    )


def fit_log(
    purchase_orders: pd.DataFrame,
    lanes: Sequence[ListedLane],
    *,
    as_of: dt.date,
    servers: Mapping[str, int],
    thin: int = THIN,
    floor: float | str = "profile",
) -> LeadTimeModel:
    """Lead times per lane and stage from a purchase-order log.

    Parameters
    ----------
    purchase_orders : columns po, supplier, node, ordered_on, shipped_on, port_on, cleared_on, received_on;
        later dates of open orders missing. Only what was known on ``as_of`` is used.
    lanes : every lane of the plan with its listed figures; orders on other lanes are not used.
    servers : customs servers by port, to take the queue out of the clearance times.
    thin : finished orders below which a stage is pooled with the same stage and mode of other lanes; no
        orders at all keep the listed figures.
    floor : passed to ``fit_lane``.

    Notes
    -----
    Customs service is one law per port. A lane that logs only order and receipt gets its listed stages scaled
    so that their sum, the assumed clearance included, has the mean and sd of its orders.
    """
    lanes = sorted(lanes, key=lambda lane: (lane.supplier, lane.node))
    shipped, table = lane_orders(purchase_orders, lanes, as_of=as_of, servers=servers)
    laws: dict[tuple[str, str, str], LeadTime] = {}
    for stage in STAGES:
        laws |= _fit_stage(table.loc[table["stage"] == stage], stage, lanes, thin, floor)
    totals = _finished(shipped)
    _from_totals(laws, lanes, totals)
    fitted = tuple(
        Lane(
            lane.supplier,
            lane.node,
            lane.port,
            lane.mode,
            tuple(laws[lane.supplier, lane.node, stage] for stage in STAGES),
        )
        for lane in lanes
    )
    scores = pd.concat([_scores(table, stage, laws) for stage in STAGES], ignore_index=True)
    dependence = _dependence(scores)
    history = {
        f"{supplier}|{node}": {
            "orders": float(days.size),
            "mean": float(days.mean()),
            "p90": float(np.quantile(days, 0.9)),
        }
        for (supplier, node), days in totals.items()
    }
    for (supplier, node), late in shipped.groupby(["supplier", "node"], sort=True)["late"]:
        if late.notna().any() and f"{supplier}|{node}" in history:
            history[f"{supplier}|{node}"]["late_share"] = float(late.mean())
    return LeadTimeModel(
        lanes=fitted, dependence=dependence, stage_link=_stage_link(scores, dependence), history=history
    )


def lane_orders(
    purchase_orders: pd.DataFrame, lanes: Sequence[ListedLane], *, as_of: dt.date, servers: Mapping[str, int]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Shipments on the plan's lanes and their durations by stage; see ``shipments`` and ``stage_days``."""
    shipped = shipments(purchase_orders, as_of)
    known = {(lane.supplier, lane.node) for lane in lanes}
    shipped = shipped.loc[[pair in known for pair in zip(shipped["supplier"], shipped["node"], strict=True)]]
    shipped = shipped.reset_index(drop=True)
    node_port = {lane.node: lane.port for lane in lanes}
    return shipped, stage_days(shipped, node_port=node_port, servers=servers)


def _fit_stage(
    table: pd.DataFrame, stage: str, lanes: Sequence[ListedLane], thin: int, floor: float | str
) -> dict[tuple[str, str, str], LeadTime]:
    """Laws of one stage by (supplier, node, stage): customs per port, others per lane, pooled by mode."""
    at_port = stage == "clearance"
    units = sorted(
        {("", lane.port) for lane in lanes} if at_port else {(lane.supplier, lane.node) for lane in lanes}
    )
    listed = {("", lane.port) if at_port else (lane.supplier, lane.node): lane for lane in reversed(lanes)}
    data: dict[tuple[str, str], ThinLane] = {}
    groups = table.groupby(["port"] if at_port else ["supplier", "node"], sort=True)
    rows = {("", key[0]) if at_port else (key[0], key[1]): group for key, group in groups}
    for unit in units:
        group = rows.get(unit, table.iloc[:0])
        mean, sd = listed[unit].listed(stage)
        data[unit] = ThinLane(
            group["days"].to_numpy(np.float64), group["observed"].to_numpy(np.bool_), mean, sd
        )
    found: dict[tuple[str, str], LeadTime] = {}
    for mode in sorted({"" if at_port else listed[unit].mode for unit in units}):
        members = [unit for unit in units if at_port or listed[unit].mode == mode]
        found |= _fit_group([data[unit] for unit in members], members, thin, floor)
    return {
        (lane.supplier, lane.node, stage): found["", lane.port]
        if at_port
        else found[lane.supplier, lane.node]
        for lane in lanes
    }


def _fit_group(
    data: Sequence[ThinLane], members: Sequence[tuple[str, str]], thin: int, floor: float | str
) -> dict[tuple[str, str], LeadTime]:
    """Own fit, pooled or listed law of each member of one group."""
    found: dict[tuple[str, str], LeadTime] = {}
    wanted = []
    for i, (unit, lane) in enumerate(zip(members, data, strict=True)):
        finished = int(lane.observed.sum())
        if finished == 0:
            found[unit] = LeadTime.listed(lane.mean or 0.0, lane.sd or 0.0, log_mean_error=_LISTED_ERROR)
        elif finished >= thin:
            try:
                found[unit] = fit_lane(lane.days, observed=lane.observed, floor=floor)
            except FitError:
                # All orders alike, or nearly all at zero days: no spread of its own to fit.
                wanted.append(i)
        else:
            wanted.append(i)
    pooled = pool(data, wanted)
    return found | {members[i]: law for i, law in pooled.items()}


def _finished(shipped: pd.DataFrame) -> dict[tuple[str, str], np.ndarray]:
    done = shipped.loc[(shipped["stage"] == -1) & (shipped["total"] >= 0.0)]
    return {
        (str(key[0]), str(key[1])): group["total"].to_numpy(np.float64)
        for key, group in done.groupby(["supplier", "node"], sort=True)
    }


def _from_totals(
    laws: dict[tuple[str, str, str], LeadTime],
    lanes: Sequence[ListedLane],
    totals: Mapping[tuple[str, str], np.ndarray],
) -> None:
    """Scale the listed stages of lanes whose log knows only order and receipt; changes ``laws`` in place."""
    for lane in lanes:
        days = totals.get((lane.supplier, lane.node))
        own = [stage for stage in STAGES if stage != "clearance"]
        keys = [(lane.supplier, lane.node, stage) for stage in own]
        if days is None or days.size < 2 or any(laws[key].source != "listed" for key in keys):
            continue
        clearance = laws[lane.supplier, lane.node, "clearance"]
        mean = float(days.mean()) - RECEIPT_WAIT - clearance.mean
        variance = float(days.var(ddof=1)) - clearance.sd**2
        listed_mean = sum(laws[key].mean for key in keys)
        listed_variance = sum(laws[key].sd ** 2 for key in keys)
        if mean <= 0.0 or listed_mean <= 0.0:
            continue
        spread = np.sqrt(max(variance, 0.01 * mean**2) / listed_variance) if listed_variance > 0.0 else 1.0
        error = float(days.std(ddof=1) / days.mean() / np.sqrt(days.size))
        for key in keys:
            if laws[key].mean > 0.0:
                laws[key] = LeadTime.listed(
                    laws[key].mean * mean / listed_mean,
                    laws[key].sd * float(spread),
                    source="total",
                    log_mean_error=error,
                )


def _scores(table: pd.DataFrame, stage: str, laws: Mapping[tuple[str, str, str], LeadTime]) -> pd.DataFrame:
    """Normal scores Phi^-1(F(L)) of the finished orders of one stage, on lanes with a law of their own."""
    rows = table.loc[(table["stage"] == stage) & table["observed"]]
    scores = np.full(len(rows), np.nan)
    for (supplier, node), at in pd.Series(np.arange(len(rows))).groupby(
        [rows["supplier"].to_numpy(), rows["node"].to_numpy()]
    ):
        law = laws[str(supplier), str(node), stage]
        if law.source != "fitted":
            continue
        days = rows["days"].to_numpy(np.float64)[at.to_numpy()]
        # Orders at the point mass get its mid-score.
        middle = 0.5 * (law.cdf(days) + law.cdf(np.where(days > 0.0, days, -1.0)))
        scores[at.to_numpy()] = special.ndtri(np.clip(middle, 1e-6, 1.0 - 1e-6))
    found = rows[["shipment", "supplier", "port", "stage", "ordered"]].assign(score=scores)
    return found.loc[np.isfinite(scores)]


def _dependence(scores: pd.DataFrame) -> dict[str, Dependence]:
    """Dependence by stage; a second pass fixes the factors' persistence at the mean that all stages share."""
    found = {stage: LISTED[stage] for stage in STAGES}
    common: float | None = None
    for _ in range(2):
        for stage in STAGES:
            rows = scores.loc[scores["stage"] == stage]
            found[stage] = fit_dependence(
                stage,
                rows["score"],
                rows["ordered"].to_numpy(np.float64).astype(np.int64),
                rows["supplier"].to_numpy(),
                rows["port"].to_numpy(),
                factor_persistence=common,
            )
        weight = np.array([found[stage].pairs for stage in STAGES], dtype=np.float64)
        if not weight.any():
            break
        common = float((weight * [found[stage].factor_persistence for stage in STAGES]).sum() / weight.sum())
    return found


def _stage_link(scores: pd.DataFrame, dependence: Mapping[str, Dependence]) -> float:
    """Stage link from the scores of one shipment at two stages."""
    wide = scores.pivot(index="shipment", columns="stage", values="score")
    products, implied = [np.zeros(0)], [np.zeros(0)]
    for i, one in enumerate(STAGES):
        for other in STAGES[i + 1 :]:
            if one not in wide or other not in wide:
                continue
            a, b = dependence[one], dependence[other]
            product = (wide[one] * wide[other]).dropna().to_numpy()
            full = np.sqrt(a.port_share * b.port_share) + np.sqrt(a.supplier_share * b.supplier_share)
            # scores of three deviations each: one freak shipment must not make a link
            products.append(np.clip(product, -9.0, 9.0))
            implied.append(np.full(product.size, full))
    return fit_stage_link(np.concatenate(products), np.concatenate(implied))
