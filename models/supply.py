"""Random supply of a block of trials: stage durations by order day, calendars, open orders, capacity.

Every number has an address (seed, "lead_time/transit/CN1|us_ohio", trial, day): an order more or less,
another lane, a longer horizon or another block shifts nothing. The persistent terms start from their
stationary law at day 0. Stage durations are in days, rounded to 1/1024.

A scenario's effect is read on the day a stage begins: production on the order day, transit when production
ends, customs service at port arrival, inland when service ends (waits for capacity and for customs are left
out of that clock). An open order's current stage began in the past and keeps its law. Capacity c a week makes
floor(c(d+1)/7) - floor(c d/7) units on day d; c is the whole number of units of that day's effective week, so
days without effect equal base and a week of constant c makes c.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property

import numpy as np
import pandas as pd

from models.arrays import BoolArray, FloatArray, IntArray
from models.calendar import DAYS_IN_YEAR
from models.errors import UsageError
from models.lead_time import (
    LISTED_CONGESTION,
    NEVER,
    SCORES,
    STAGES,
    Congestion,
    LeadTime,
    LeadTimeModel,
    service_starts,
    shipments,
)
from models.streams import keys_of
from models.supply_kernels import (
    Keys,
    Laws,
    OpenOrders,
    affect_open,
    affect_stages,
    draw_calendars,
    draw_open,
    draw_stages,
)

Effect = tuple[FloatArray, FloatArray]
"""Multiplier and offset: value = base * multiplier + offset."""


@dataclass(frozen=True)
class SupplySpec:
    """What the plan says about supply: sorted keys, weekly capacity, normal outages and closures."""

    suppliers: tuple[str, ...]
    nodes: tuple[str, ...]
    ports: tuple[str, ...]
    node_port: tuple[str, ...]
    """Port key of each node."""
    capacity_per_week: tuple[int, ...]
    outages_per_year: tuple[float, ...]
    outage_days: tuple[float, ...]
    closures_per_year: tuple[float, ...]
    closure_days: tuple[float, ...]

    def __post_init__(self) -> None:
        for name in ("suppliers", "nodes", "ports"):
            keys = list(getattr(self, name))
            if keys != sorted(set(keys)):
                raise UsageError(f"{name}: unique sorted keys are needed | got {keys}")
        unknown = sorted(set(self.node_port) - set(self.ports))
        if unknown or len(self.node_port) != len(self.nodes):
            raise UsageError(
                f"node_port: one known port per node | got {self.node_port} | ports are {self.ports}"
            )

    @cached_property
    def port_of_node(self) -> IntArray:
        """Port position of each node, shape (node,)."""
        return np.array([self.ports.index(port) for port in self.node_port], dtype=np.int64)


@dataclass(frozen=True)
class OpenShipments:
    """Orders under way on day 0, in the order of the caller; an order is one shipment.

    ``stage`` is the position in STAGES of the current stage, ``age`` the days spent in it before day 0
    (service without the queue for customs).
    """

    key: tuple[str, ...] = ()
    supplier: tuple[str, ...] = ()
    node: tuple[str, ...] = ()
    stage: tuple[int, ...] = ()
    age: tuple[float, ...] = ()


def open_shipments(
    purchase_orders: pd.DataFrame, *, as_of: dt.date, node_port: Mapping[str, str], servers: Mapping[str, int]
) -> OpenShipments:
    """Open orders of the log on the last closed day, sorted by (ordered_on, po, supplier, node).

    Key "po|supplier|node". Lines of a PO that are at different stages are different shipments; their key ends
    in "|n".
    """
    shipped = shipments(purchase_orders, as_of)
    begins = service_starts(shipped, shipped["node"].map(dict(node_port)).fillna(""), servers)
    columns = ["ordered_on", "shipped_on", "port_on", "cleared_on"]
    dates = shipped[columns].to_numpy(np.float64)
    dates[:, 2] = begins
    rows = np.flatnonzero((shipped["stage"] >= 0).to_numpy())
    keys: list[str] = []
    for po, supplier, node in shipped.loc[rows, ["po", "supplier", "node"]].itertuples(index=False):
        same = sum(
            key == f"{po}|{supplier}|{node}" or key.startswith(f"{po}|{supplier}|{node}|") for key in keys
        )
        keys.append(f"{po}|{supplier}|{node}" + (f"|{same}" if same else ""))
    stage = shipped["stage"].to_numpy(np.int64)[rows]
    waiting = (stage == 2) & (dates[rows, stage] >= 0.0)
    age = np.where(waiting, 0.0, 1.0 - dates[rows, stage])
    return OpenShipments(
        key=tuple(keys),
        supplier=tuple(shipped["supplier"].iloc[rows]),
        node=tuple(shipped["node"].iloc[rows]),
        stage=tuple(int(x) for x in stage),
        age=tuple(float(x) for x in age),
    )


@dataclass(frozen=True)
class SupplyModel:
    """Fitted lead times, the plan's supply figures and the open orders: all that ``draw_supply`` needs."""

    lead_time: LeadTimeModel
    spec: SupplySpec
    open: OpenShipments = OpenShipments()
    congestion: Mapping[str, Congestion] = field(default_factory=dict)
    """Normal and congested times by port; the listed ones where a port is not named."""

    @cached_property
    def lane_at(self) -> IntArray:
        """Supplier, node and port position of each lane, dims (lane, 3).

        Raises
        ------
        UsageError
            When a lane is not one of the spec.
        """
        spec = self.spec
        rows = []
        for lane in self.lead_time.lanes:
            if lane.supplier not in spec.suppliers or lane.node not in spec.nodes:
                raise UsageError(f"lane {lane.key}: supplier or node is not in the spec")
            node = spec.nodes.index(lane.node)
            if spec.node_port[node] != lane.port:
                raise UsageError(
                    f"lane {lane.key}: enters through {lane.port} | the node's port is {spec.node_port[node]}"
                )
            rows.append((spec.suppliers.index(lane.supplier), node, spec.port_of_node[node]))
        return np.array(rows, dtype=np.int64).reshape(-1, 3)

    @cached_property
    def congested_ratio(self) -> FloatArray:
        """Days of transit and customs in congested over normal times, shape (port,)."""
        return np.array([self.congestion.get(port, LISTED_CONGESTION).ratio for port in self.spec.ports])

    @cached_property
    def open_lane(self) -> IntArray:
        """Lane position of each open order, dims (order,).

        Raises
        ------
        UsageError
            When an order is on a lane that the plan does not have.
        """
        lanes = {(lane.supplier, lane.node): i for i, lane in enumerate(self.lead_time.lanes)}
        pairs = list(zip(self.open.supplier, self.open.node, strict=True))
        missing = [
            f"{key}: {pair}" for key, pair in zip(self.open.key, pairs, strict=True) if pair not in lanes
        ]
        if missing:
            raise UsageError(
                f"open orders on lanes that the plan does not have | got {missing[:5]} | list the lane"
            )
        return np.array([lanes[pair] for pair in pairs], dtype=np.int64)

    @cached_property
    def residual_tables(self) -> FloatArray:
        """Inverse CDF of the rest of each open order's current stage, days: one row of each (order,), a
        column for each of SCORES.
        """
        ages, stages = np.array(self.open.age), np.array(self.open.stage, dtype=np.int64)
        tables = self.lead_time.tables[self.open_lane, stages]
        by_law: dict[LeadTime, list[int]] = {}
        for i in np.flatnonzero(ages > 0.0):
            law = self.lead_time.lanes[int(self.open_lane[i])].stages[stages[i]]
            by_law.setdefault(law, []).append(int(i))
        for law, orders in by_law.items():
            tables[orders] = law.residual_values(ages[orders])
        return tables

    @cached_property
    def residual_zero(self) -> FloatArray:
        """Normal score up to which the rest of the current stage is zero days, dims (order,)."""
        return np.array(
            [
                -np.inf if age > 0.0 else self.lead_time.lanes[int(lane)].stages[stage].zero_score
                for lane, stage, age in zip(self.open_lane, self.open.stage, self.open.age, strict=True)
            ]
        )

    def select(self, spec: SupplySpec) -> SupplyModel:
        """The same frozen lead times for some of the suppliers and nodes and the open orders between them;
        what is drawn for them does not change. What stays whole stays the same object, with the tables that
        it has computed.
        """
        lead_time = self.lead_time
        lanes = tuple(x for x in lead_time.lanes if x.supplier in spec.suppliers and x.node in spec.nodes)
        known = {lane.key for lane in lanes}
        rows = [
            row
            for row, (supplier, node) in enumerate(zip(self.open.supplier, self.open.node, strict=True))
            if f"{supplier}|{node}" in known
        ]
        if len(lanes) < len(lead_time.lanes) or not lead_time.history.keys() <= known:
            history = {key: values for key, values in lead_time.history.items() if key in known}
            lead_time = replace(lead_time, lanes=lanes, history=history)
        elif (
            spec == self.spec and len(rows) == len(self.open.key) and set(self.congestion) <= set(spec.ports)
        ):
            return self
        return SupplyModel(
            lead_time=lead_time,
            spec=spec,
            open=OpenShipments(
                *(tuple(getattr(self.open, each.name)[row] for row in rows) for each in fields(OpenShipments))
            ),
            congestion={port: each for port, each in self.congestion.items() if port in spec.ports},
        )

    def draw(self, trials: range, seed: int, days: int, *, parameters: str = "draw") -> SupplyDraws:
        """See ``draw_supply``."""
        return draw_supply(self, trials, seed, days, parameters=parameters)


@dataclass(frozen=True)
class SupplyDraws:
    """Supply of a block of trials; T trials (or 1 where all trials agree), order days or calendar days D.

    Stage durations in days; a lane that does not exist has NEVER. Capacity in units of the day.
    """

    first_trial: int
    production: FloatArray
    """(T, supplier, node, order day)"""
    transit: FloatArray
    service: FloatArray
    """Customs service without the queue."""
    inland: FloatArray
    supplier_up: BoolArray
    """(T, supplier, day)"""
    port_open: BoolArray
    """(T, port, day)"""
    capacity: IntArray
    """(1 or T, supplier, day)"""
    open_stage_days: FloatArray
    """(T, open order, stage): finished stages 0, the current one what is left of it."""


def draw_supply(
    model: SupplyModel, trials: range, seed: int, days: int, *, parameters: str = "draw"
) -> SupplyDraws:
    """Base supply of the trials for order days and calendar days [0, days), before any scenario.

    ``parameters="draw"`` multiplies each lane's stage by exp(e k - e²/2), k standard normal per trial and e
    the standard error of its log mean (mean 1: parameter uncertainty does not move the mean); ``"fitted"``
    leaves it out.
    """
    if trials.step != 1:
        raise UsageError(f"trials: a range with step 1 is needed | got step {trials.step}")
    if parameters not in ("draw", "fitted"):
        raise UsageError(f"parameters: 'draw' or 'fitted' | got {parameters!r}")
    spec, lead_time = model.spec, model.lead_time
    levels = (*STAGES, "shared")
    ports = np.stack(
        [keys_of(seed, [f"lead_time/{level}/port/{key}" for key in spec.ports]) for level in levels]
    )
    suppliers = np.stack(
        [keys_of(seed, [f"lead_time/{level}/supplier/{key}" for key in spec.suppliers]) for level in levels]
    )
    own = np.stack(
        [keys_of(seed, [f"lead_time/{stage}/{lane.key}" for lane in lead_time.lanes]) for stage in STAGES]
    )
    error = np.stack(
        [
            keys_of(
                seed,
                [
                    f"lead_time_error/{stage}/" + (lane.port if stage == "clearance" else lane.key)
                    for lane in lead_time.lanes
                ],
            )
            for stage in STAGES
        ]
    )
    errors = lead_time.log_mean_errors if parameters == "draw" else np.zeros_like(lead_time.log_mean_errors)
    shape = (len(STAGES), len(trials), len(spec.suppliers), len(spec.nodes), days)
    stages = np.full(shape, NEVER)
    keys = Keys(ports, suppliers, own, error)
    laws = Laws(
        SCORES, lead_time.tables, lead_time.zero_scores, errors, lead_time.shares, lead_time.stage_link
    )
    draw_stages(trials.start, model.lane_at, keys, laws, stages)
    open_days = np.zeros((len(trials), len(model.open.key), len(STAGES)))
    if model.open.key:
        member = np.stack(
            [keys_of(seed, [f"open_order/{stage}/{key}" for key in model.open.key]) for stage in STAGES]
        )
        current = np.array(model.open.stage, dtype=np.int64)
        orders = OpenOrders(model.open_lane, current, model.residual_tables, model.residual_zero)
        draw_open(trials.start, orders, model.lane_at, keys._replace(own=member), laws, open_days)
    return SupplyDraws(
        first_trial=trials.start,
        production=stages[0],
        transit=stages[1],
        service=stages[2],
        inland=stages[3],
        supplier_up=two_state_calendar(
            [f"outage/{key}" for key in spec.suppliers],
            *_means(spec.suppliers, spec.outages_per_year, spec.outage_days),
            trials,
            seed,
            days,
        ),
        port_open=two_state_calendar(
            [f"closure/{key}" for key in spec.ports],
            *_means(spec.ports, spec.closures_per_year, spec.closure_days),
            trials,
            seed,
            days,
        ),
        capacity=_daily_capacity(
            np.repeat(np.array(spec.capacity_per_week, dtype=np.int64)[None, :, None], days, axis=2)
        ),
        open_stage_days=open_days,
    )


def _means(
    keys: tuple[str, ...], per_year: tuple[float, ...], length: tuple[float, ...]
) -> tuple[FloatArray, FloatArray]:
    """Mean up and down times in days from events a year and mean length; infinite up time without events."""
    rate = np.array(per_year, dtype=np.float64)
    down = np.array(length, dtype=np.float64)
    with np.errstate(divide="ignore"):
        up = np.where(rate > 0.0, DAYS_IN_YEAR / np.where(rate > 0.0, rate, 1.0) - down, np.inf)
    bad = [key for key, value in zip(keys, up, strict=True) if value <= 0.0]
    if bad:
        raise UsageError(
            f"outages or closures of {bad}: events a year times mean days must stay below {DAYS_IN_YEAR} days"
        )
    return up, down


def two_state_calendar(
    names: list[str], mean_up: FloatArray, mean_down: FloatArray, trials: range, seed: int, days: int
) -> BoolArray:
    """Whether each entity is up at the start of each day, dims (trial, supplier, day) or (trial, port, day).

    Alternating renewal with exponential up and down times (days), stationary at day 0: availability mean_up /
    (mean_up + mean_down) on every day. The k-th change of an entity has its own address, so calendars neither
    depend on each other nor on the horizon.
    """
    out = np.ones((len(trials), len(names), days), dtype=np.bool_)
    up, down = np.asarray(mean_up, dtype=np.float64), np.asarray(mean_down, dtype=np.float64)
    draw_calendars(trials.start, keys_of(seed, names), up, down, out)
    return out


def _daily_capacity(weekly: IntArray) -> IntArray:
    """Units of each day from the weekly capacity in force on it, dims (R, supplier, day)."""
    # Whole weeks cancel, so the day of the week is enough and nothing overflows below 2**60 units.
    weekday = np.arange(weekly.shape[-1], dtype=np.int64) % 7
    return np.asarray((weekly * (weekday + 1)) // 7 - (weekly * weekday) // 7)


def apply_supply_effects(
    base: SupplyDraws,
    model: SupplyModel,
    *,
    lead_time: Effect,
    clearance: Effect,
    closure: FloatArray,
    capacity: Effect,
    congestion: FloatArray | None = None,
) -> SupplyDraws:
    """Supply under a scenario; effects that are identity give back base's arrays themselves.

    Parameters
    ----------
    lead_time : (R, supplier, node, day) multiplier of production, transit and inland; the offset (days) adds
        to transit.
    clearance : (R, port, day) multiplier and offset (days) of the customs service.
    closure : (R, port, day) share of the day that the port is closed; from one half on the day is closed.
    capacity : (R, supplier, day) multiplier and offset (units a week) of the weekly capacity. A supplier
        that can make nothing in a week is down: failover sees it as it sees an outage.
    congestion : (R, port, day) share by which the port is in its congested regime: transit to it and customs
        service at it are multiplied by 1 + share (ratio - 1), ratio that of congested to normal times.

    R is 1 or the number of trials. Durations are clipped at zero and rounded to 1/1024 again.
    """
    changed = base
    congested = np.zeros((1, len(model.spec.ports), 1)) if congestion is None else congestion
    if not (_is_identity(lead_time) and _is_identity(clearance) and not np.any(congested)):
        stages = (base.production, base.transit, base.service, base.inland)
        out = tuple(np.empty_like(stage) for stage in stages)
        open_days = base.open_stage_days.copy()
        days = base.production.shape[-1]
        crowd = 1.0 + congested * (model.congested_ratio[:, None] - 1.0)
        crowd = np.broadcast_to(crowd, (*crowd.shape[:-1], days))
        effects = tuple(np.ascontiguousarray(x, dtype=np.float64) for x in (*lead_time, *clearance, crowd))
        affect_stages(stages, model.spec.port_of_node, effects, NEVER, out)
        if model.open.key:
            current = np.array(model.open.stage, dtype=np.int64)
            begun = np.array([age > 0.0 for age in model.open.age])
            affect_open(model.open_lane, current, begun, model.lane_at, effects, open_days)
        changed = replace(
            changed,
            production=out[0],
            transit=out[1],
            service=out[2],
            inland=out[3],
            open_stage_days=open_days,
        )
    if np.any(closure >= 0.5):
        changed = replace(changed, port_open=base.port_open & (np.asarray(closure) < 0.5))
    if not _is_identity(capacity):
        weekly = (
            np.array(model.spec.capacity_per_week, dtype=np.float64)[None, :, None] * capacity[0]
            + capacity[1]
        )
        # A product such as 700 * 0.7 may fall a hair below the whole number that is meant.
        units = np.floor(np.maximum(weekly, 0.0) + 1e-6).astype(np.int64)
        changed = replace(
            changed, capacity=_daily_capacity(units), supplier_up=base.supplier_up & (units > 0)
        )
    return changed


def _is_identity(effect: Effect) -> bool:
    return bool(np.all(np.asarray(effect[0]) == 1.0) and np.all(np.asarray(effect[1]) == 0.0))
