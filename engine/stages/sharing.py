"""How much of base a scenario takes over instead of playing it again: the months before its fork.

Movements are base's up to the month of the first calendar day on which something that orders or the network
read differs, books up to that of the first day on which anything does. Drivers are compared by calendar day,
never what was drawn by order day: a stage of an order reads its drivers on the day that a clock without waits
lets it begin, and it never begins before. So draws by order day may differ long before a movement can.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.drivers import DRIVERS, GRAPH, Paths, price_level
from engine.finance.books import Books
from engine.finance.close import MonthFigures
from engine.responses import Alarm, Response, close, network_control, no_alarms
from engine.stages.draw import BlockDraws
from engine.stages.inputs import RateInputs
from engine.stages.outcome import ScenarioOutcome
from engine.stages.scenario_orders import ScenarioOrders
from engine.stages.supply_record import SupplyRecord
from models.arrays import BoolArray, FloatArray, Int32Array, IntArray
from models.calendar import Calendar
from models.network.movements import Movements
from models.network.purchasing import PurchasingState
from models.network.state import LineTable, State

AT_A_PRICE = frozenset(name for name in DRIVERS if {"landed_cost", "price"} & {*GRAPH[name]})
"""Drivers that move goods only by way of the price that a market answers."""
MOVING = frozenset(DRIVERS) - AT_A_PRICE
"""Drivers that orders or the network read."""


@dataclass(frozen=True)
class Fork:
    """The first months of a scenario that may not be base's, from 0 to the number of months: that of its
    books and, not before it, that of its movements. In between base's movements are priced anew.
    """

    books: int
    moves: int

    def __post_init__(self) -> None:
        if not 0 <= self.books <= self.moves:
            raise ValueError(f"fork: books at or before movements | got {self.books} and {self.moves}")


@dataclass(frozen=True)
class Kept:
    """What base keeps for the scenarios of its block, by month: nothing that none of them will ask for."""

    snapshots: frozenset[int] = frozenset()
    """At the start of these months."""
    movements: frozenset[int] = frozenset()
    units: frozenset[int] = frozenset()

    @classmethod
    def for_forks(cls, forks: Iterable[Fork], months: int) -> Kept:
        """What scenarios that fork there need."""
        snapshots: set[int] = set()
        movements: set[int] = set()
        units: set[int] = set()
        for fork in forks:
            snapshots |= {fork.books, fork.moves} - {0, months}
            movements |= set(range(fork.books, fork.moves))
            units |= set(range(fork.moves, months))
        return cls(frozenset(snapshots), frozenset(movements), frozenset(units))


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Base at the start of a month, in its own memory."""

    state: State
    purchasing: PurchasingState
    supply: SupplyRecord
    books: Books


@dataclass(frozen=True, eq=False)
class BaseRun:
    """What base did in a block and kept for the other scenarios of the same trials."""

    outcome: ScenarioOutcome
    orders: ScenarioOrders
    units: Mapping[int, Int32Array]
    """Units demanded by month, dims (trial, day, segment, item)."""
    movements: Mapping[int, Movements]
    line_counts: Mapping[int, IntArray]
    """Order lines used at the end of a month, dims (trial,)."""
    lines: LineTable
    """Order lines at the end of the run."""
    snapshots: Mapping[int, Snapshot]
    credit_limit: float
    """Of the company, in its currency."""

    def known(self, month: int) -> tuple[IntArray, Int32Array] | None:
        """Orders (trial, segment) of a month and the units (trial, day, segment, item) drawn for them."""
        if month not in self.units:
            return None
        return self.outcome.counts.orders[:, month], self.units[month]

    def moved(self, month: int, fork: Fork) -> Movements:
        """Movements of a month that a scenario prices anew, with the order lines known when it forks."""
        at = self.snapshots.get(fork.moves)
        lines = replace(self.lines if at is None else at.state.lines, count=self.line_counts[month])
        return replace(self.movements[month], lines=lines)


@dataclass(frozen=True, eq=False)
class Shared:
    """What a scenario may take over: base in the same trials, up to a fork."""

    base: BaseRun
    fork: Fork


def copied(tree: Any) -> Any:
    """Named tuples of arrays, however deep, in their own memory."""
    if isinstance(tree, np.ndarray):
        return tree.copy()
    return tree._replace(**{name: copied(part) for name, part in tree._asdict().items()})


def forks_of(
    inputs: RateInputs, draws: BlockDraws, base: Paths, others: Mapping[str, tuple[Paths, Sequence[Response]]]
) -> dict[str, Fork]:
    """Fork of each scenario of a block, by name, from its paths and responses; base has no responses."""
    return {name: _fork(inputs, draws, base, *other) for name, other in others.items()}


def _fork(
    inputs: RateInputs, draws: BlockDraws, base: Paths, paths: Paths, responses: Sequence[Response]
) -> Fork:
    calendar = inputs.calendar
    moves = min(
        _first_day(base, paths, MOVING),
        _first_priced_day(inputs, base, paths),
        _first_failover_day(draws.supply.supplier_up, base, responses),
    )
    books = _month_of(calendar, min(moves, _first_day(base, paths, DRIVERS)))
    acts = (_acts_in(calendar, books, alarm) for alarm in no_alarms(responses, 0))
    last = min((_month_of(calendar, moves), *acts))
    return Fork(min(books, last), last)


def _first_day(base: Paths, paths: Paths, drivers: Collection[str]) -> int:
    """First day on which a driver's effect differs in any trial and cell; the number of days if none does."""
    first = paths.calendar.days
    for name in drivers:
        if paths.is_identity(name) and base.is_identity(name):
            continue
        for own, other in zip(paths.compact(name), base.compact(name), strict=True):
            first = min(first, _first_difference(own, other))
    return first


def _first_difference(own: FloatArray, other: FloatArray) -> int:
    """First position along the last axis (day) at which two arrays differ anywhere; its length if nowhere."""
    apart = own != other
    differs = apart.any(axis=tuple(range(apart.ndim - 1)))
    return int(differs.argmax()) if differs.any() else len(differs)


def _first_priced_day(inputs: RateInputs, base: Paths, paths: Paths) -> int:
    """First day on which a market's price differs, with the lag of its price rule."""
    if _first_day(base, paths, AT_A_PRICE) == paths.calendar.days:
        return paths.calendar.days
    own, other = (price_level(inputs.mix, inputs.price_rules, each) for each in (paths, base))
    return _first_difference(own, other)


def _first_failover_day(supplier_up: BoolArray, base: Paths, responses: Sequence[Response]) -> int:
    """First day on which failover could act on base's outages: any supplier (trial, supplier, day) is down
    for the delay in any trial; the number of days if it is off or never could.
    """
    control, days = network_control(responses), supplier_up.shape[-1]
    if not control.failover_on:
        return days
    if not base.is_identity("supplier_capacity"):
        return 0  # a supplier that can make nothing is down, too
    down = np.zeros(supplier_up.shape[:-1], dtype=np.int64)
    for day in range(days):
        down = np.where(supplier_up[..., day], 0, down + 1)
        if np.any(down > control.failover_delay):
            return day
    return days


def _month_of(calendar: Calendar, day: int) -> int:
    """Month of a day, the number of months for a day beyond the run."""
    return int(calendar.month_of_day[day]) if day < calendar.days else calendar.months


def _acts_in(calendar: Calendar, closed: int, alarm: Alarm) -> int:
    """First month in which what an alarm decides at a month's close can act."""
    if closed >= calendar.months:
        return calendar.months
    return _month_of(calendar, int(calendar.month_start[closed + 1]) + alarm.response.delay)


def money_figures(figures: MonthFigures) -> dict[str, FloatArray]:
    """Figures of a closed month that money responses may watch, company currency, each (trial,)."""
    return {
        "net_cash": figures.cash_end,
        "headroom": figures.headroom,
        "cm2": figures.cm2,
        "ebitda": figures.ebitda,
    }


def carried(
    base: BaseRun, fork: Fork, alarms: tuple[Alarm, ...], calendar: Calendar
) -> tuple[Fork, tuple[Alarm, ...]]:
    """The fork, earlier if base's own figures raise an alarm before it, and the alarms there."""
    if not alarms:
        return fork, alarms
    memory, month = [alarms], 0
    while month < fork.books:
        figures = MonthFigures(base.outcome.booked[month], base.credit_limit)
        memory.append(close(memory[-1], money_figures(figures)))
        raised = [_acts_in(calendar, month, each) for each in memory[-1] if each.breached[:, -1].any()]
        if raised and min(raised) < fork.moves:
            # base may have kept nothing for that month: go on from the last one before it for which it did
            at = max(known for known in (0, *base.snapshots) if known <= min(raised))
            fork = Fork(min(fork.books, at), at)
        month += 1
    return fork, memory[fork.books]
