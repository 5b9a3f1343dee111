"""Stage 4: one scenario, one block of trials, month by month: plan purchases, place demand, move goods,
close books.

Sequence of a month: reorder levels from what is known; orders of the month and their units; the network
moves to the month's end; the books of the month are closed; the ratios of the purchasing brain and the
money triggers see the closed month. A run without triggers takes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from engine.drivers import Paths
from engine.finance.books import MonthBooked
from engine.finance.close import close_month
from engine.responses import (
    MonthControl,
    NetworkControl,
    Response,
    close,
    month_control,
    network_control,
    no_alarms,
)
from engine.stages.draw import BlockDraws
from engine.stages.outcome import BaseMoves, ScenarioOutcome
from engine.stages.price import month_inputs, open_block_books
from engine.stages.rates import network_draws, rates_of
from engine.stages.scenario_orders import ScenarioOrders
from engine.stages.supply_record import SupplyRecord, aged_value
from engine.stages.tally import tally
from engine.stages.timings import Timings
from engine.stages.world import World
from models.arrays import BoolArray, CountArray, Int32Array, IntArray
from models.calendar import MONTHS_IN_QUARTER
from models.demand import (
    CohortOrders,
    several_categories,
    units_month,
)
from models.network import kernel, process
from models.network.controls import Controls
from models.network.movements import Movements
from models.network.purchasing import initial_purchasing, observe_month, reorder_levels
from models.network.spec import UNLIMITED
from models.network.state import State, initial_state

Advance = Callable[..., tuple[Any, Movements]]
ENGINES: Mapping[str, Advance] = {"compiled": kernel.advance, "simpy": process.advance}


def play(
    world: World,
    draws: BlockDraws,
    paths: Paths,
    responses: tuple[Response, ...],
    *,
    engine: str = "compiled",
    base: BaseMoves | None = None,
    keep: bool = False,
    clock: Timings | None = None,
    watched: BoolArray | None = None,
) -> ScenarioOutcome:
    """Play one scenario in a block of trials.

    ``base`` holds the movements of the base scenario in the same trials: they are re-priced instead of
    simulated again only if every array that the network reads is equal. ``keep`` returns the movements for
    that use. ``watched`` (set, segment, item) is demand to follow day by day.
    """
    watch = clock or Timings()
    with watch.part("simulate"):
        return _Player(world, draws, paths, responses, engine, watch, watched).run(base, keep)


class _Player:
    """State of one scenario in one block while its months are played."""

    def __init__(
        self,
        world: World,
        draws: BlockDraws,
        paths: Paths,
        responses: tuple[Response, ...],
        engine: str,
        clock: Timings,
        watched: BoolArray | None = None,
    ) -> None:
        self.world = world
        self.draws = draws
        self.paths = paths
        self.engine = ENGINES[engine]
        self.clock = clock
        self.trials = len(draws.trials)
        with clock.part("sample"):
            self.rates = rates_of(world, draws, paths)
            self.demand = ScenarioOrders(world, draws.demand, self.rates)
        self.network_draws = network_draws(world, draws, self.rates)
        self.alarms = no_alarms(responses, self.trials)
        self.control: NetworkControl = network_control(responses)
        self.purchasing = initial_purchasing(world.purchasing, self.trials)
        self.state = initial_state(
            world.network,
            draws.trials,
            world.opening_stock,
            open_orders=world.open_orders,
            open_stage_days=self.rates.supply.open_stage_days,
        )
        self.books = open_block_books(world, self.trials)
        months, segments = world.calendar.months, len(world.network.demand_points)
        markets, channels = len(world.view.markets), len(world.view.acquisition_channels)

        def counts(*shape: int) -> IntArray:
            return np.zeros((self.trials, months, *shape), dtype=np.int64)

        self.orders, self.won = counts(segments), counts(markets, channels)
        self.demanded, self.sold, self.lost, self.returned = (counts(segments) for _ in range(4))
        self.stock, self.short = counts(len(world.network.nodes)), counts(segments)
        self.wait = counts(segments, 61)
        nothing = np.zeros((0, segments, len(world.network.items)), dtype=np.bool_)
        self.supply = SupplyRecord(
            world.supply, world.network, self.trials, nothing if watched is None else watched
        )
        self.aged: CountArray = self.supply.aged
        self.aged_value = np.zeros(self.aged.shape[:-1])
        self.booked: list[MonthBooked] = []
        self.known: BaseMoves | None = None
        self.counted = 0
        self.units: Int32Array = np.zeros(0, dtype=np.int32)
        self.kept_units: list[Int32Array] = []

    def run(self, base: BaseMoves | None, keep: bool) -> ScenarioOutcome:
        """Every month in turn."""
        months = range(self.world.calendar.months)
        self.known = base
        if base is not None and not self.alarms and not self.control.failover_on and self._same_as(base):
            self.aged = base.played.supply.aged
            for month in months:
                lines = replace(base.movements[month].lines, count=base.line_counts[month])
                self._close(month, replace(base.movements[month], lines=lines))
            return replace(
                base.played,
                spend=self.demand.spend,
                new_customers=self.won,
                booked=tuple(self.booked),
                aged_value=self.aged_value,
                clipped=float(np.mean(self.demand.over)),
                customers=self._customers(),
                base=None,
            )
        movements, counts = [], []
        for month in months:
            moved = self._move(month)
            self._close(month, moved)
            if keep:
                movements.append(_slim(moved))
                counts.append(moved.lines.count.copy())
                self.kept_units.append(self.units)
        played = self._played()
        if not keep:
            return played
        lines = movements[-1].lines
        kept = tuple(replace(moved, lines=lines) for moved in movements)
        moves = BaseMoves(
            self.orders,
            tuple(self.kept_units),
            self.network_draws,
            kept,
            tuple(counts),
            played,
            self.demand.asked,
        )
        return replace(played, base=moves)

    def follow(self, months: int, journal: list[process.Event]) -> tuple[tuple[Movements, ...], State]:
        """Movements of the first months and the state after them; events of orders go into the journal."""
        self.engine = partial(process.advance, journal=journal)
        movements = []
        for month in range(months):
            movements.append(self._move(month))
            self._close(month, movements[-1])
        return tuple(movements), self.state

    def _same_as(self, base: BaseMoves) -> bool:
        """Whether the network would read exactly what it read for base; counts all orders on the way."""
        mine, other = self.network_draws, base.draws
        names = ("production", "transit", "service", "inland", "supplier_up", "capacity", "port_open")
        for name in (*names, "return_share", "refusal_share"):
            a, b = getattr(mine, name), getattr(other, name)
            if a is not b and not (a.shape == b.shape and np.array_equal(a, b)):
                return False
        everything = np.ones(self.trials)
        with self.clock.part("sample"):
            for month in range(self.world.calendar.months):
                self.orders[:, month], self.won[:, month] = self.demand.month(month, everything)
                self.counted = month + 1
                if not np.array_equal(self.orders[:, month], base.orders[:, month]):
                    return False
        return True

    def _move(self, month: int) -> Movements:
        world, clock = self.world, self.clock
        start, stop = (int(day) for day in world.calendar.month_start[month : month + 2])
        asked = month_control(self.alarms, month, world.calendar, self.trials)
        with clock.part("sample"):
            if month >= self.counted:
                self.orders[:, month], self.won[:, month] = self.demand.month(month, asked.spend)
            known = None if self.known is None else (self.known.orders[:, month], self.known.units[month])
            units = self.units = units_month(self.draws.demand, month, self.orders[:, month], known)
        with clock.part("simulate"):
            controls = self._controls(month, start, stop, asked)
            self.state, moved = self.engine(
                world.network, self.state, stop, controls, self.network_draws, units
            )
            self._record(month, units, moved)
            table = moved.lines
            self.purchasing = observe_month(
                world.purchasing,
                self.purchasing,
                month,
                (start, stop),
                self.demanded[:, month],
                (table.day_ordered, table.node, table.supplier, table.received, table.count),
            )
            self.supply.month(month, units, moved, self.purchasing.demand)
        return moved

    def _controls(self, month: int, start: int, stop: int, asked: MonthControl) -> Controls:
        """Decisions for the month: one period per state of the responses, and one without orders for the days
        between reviews.
        """
        reorder, up_to = reorder_levels(self.world.purchasing, self.purchasing, month)
        cuts = (*asked.change_days, stop - start)
        open_periods = len(cuts) - 1
        period_of_day = np.zeros(stop, dtype=np.int64)
        for period in range(open_periods):
            period_of_day[start + cuts[period] : start + cuts[period + 1]] = period
        period_of_day[np.arange(stop) % self.world.purchasing.review_days != 0] = open_periods
        shape = (self.trials, open_periods + 1, *reorder.shape[1:])
        levels = np.full(shape, -UNLIMITED, dtype=np.int64)
        levels[:, :open_periods] = reorder[:, None]
        share = self.world.purchasing.share
        return Controls(
            reorder_level=levels,
            order_up_to=np.repeat(up_to[:, None], open_periods + 1, axis=1),
            period_of_day=period_of_day,
            share=np.repeat(share[None, None], open_periods + 1, axis=1),
            purchase_cap=self._purchase_cap(shape, up_to - reorder, asked, cuts),
            failover_on=np.array([self.control.failover_on]),
            failover_delay=self.control.failover_delay,
        )

    def _purchase_cap(
        self, shape: tuple[int, ...], cycle_units: IntArray, asked: MonthControl, cuts: tuple[int, ...]
    ) -> IntArray:
        """Most units a review may order: the capped share of the demand expected until the next review."""
        cap = np.full(shape, UNLIMITED, dtype=np.int64)
        if np.any(np.isfinite(asked.purchase_share)):
            purchasing = self.world.purchasing
            expected = cycle_units * (purchasing.review_days / purchasing.cycle_days)
            for period, first in enumerate(cuts[:-1]):
                share = asked.purchase_share[:, first]
                capped = np.flatnonzero(np.isfinite(share))
                cap[capped, period] = np.ceil(share[capped, None, None] * expected[capped])
        return cap

    def _record(self, month: int, units: Int32Array, moved: Movements) -> None:
        tally(
            units,
            moved.shipped,
            moved.lost,
            moved.backlog,
            moved.on_hand,
            moved.returns,
            moved.returns_count,
            self.world.network.arc_point,
            (
                self.demanded[:, month],
                self.sold[:, month],
                self.lost[:, month],
                self.short[:, month],
                self.stock[:, month],
                self.returned[:, month],
                self.supply.shipped[:, month // MONTHS_IN_QUARTER],
            ),
        )
        self.wait[:, month] = moved.wait

    def _close(self, month: int, moved: Movements) -> None:
        with self.clock.part("price"):
            inputs = month_inputs(
                self.world,
                self.paths,
                month,
                moved,
                price_level=self.rates.price_level,
                fx=self.draws.fx,
                spend=self.demand.spend[:, month],
            )
            self.books, figures = close_month(self.world.finance, self.books, month, inputs)
            self.booked.append(figures.booked)
            quarter = month // MONTHS_IN_QUARTER
            if month % MONTHS_IN_QUARTER == MONTHS_IN_QUARTER - 1:
                self.aged_value[:, quarter] = aged_value(self.aged[:, quarter], self.books.stock.average)
        if self.alarms:
            self.alarms = close(
                self.alarms,
                {
                    "net_cash": figures.cash_end,
                    "headroom": figures.headroom,
                    "cm2": figures.cm2,
                    "ebitda": figures.ebitda,
                },
            )

    def _customers(self) -> CohortOrders:
        with self.clock.part("sample"):
            base = self.known
            if base is not None and all(map(np.array_equal, self.demand.asked, base.asked)):
                return base.played.customers
            return self.demand.customers(self.orders)

    def _played(self) -> ScenarioOutcome:
        return ScenarioOutcome(
            orders=self.orders,
            new_customers=self.won,
            demanded=self.demanded,
            sold=self.sold,
            lost=self.lost,
            returned=self.returned,
            stock=self.stock,
            short_item_days=self.short,
            wait=self.wait,
            spend=self.demand.spend,
            supply=self.supply.finish(self.state),
            aged_value=self.aged_value,
            clipped=float(np.mean(self.demand.over)),
            booked=tuple(self.booked),
            customers=self._customers(),
            several_categories=several_categories(self.draws.demand, self.world.item_category),
        )


def _slim(moved: Movements) -> Movements:
    """Movements without the daily arrays that only ``_record`` reads."""
    nothing = np.zeros((0, 0, 0, 0), dtype=np.int32)
    return replace(moved, lost=nothing, backlog=nothing, on_order=nothing)


def follow(
    world: World, draws: BlockDraws, paths: Paths, responses: tuple[Response, ...], months: int
) -> tuple[list[process.Event], tuple[Movements, ...], State]:
    """The first months of a scenario by the SimPy engine: the events of every order, the movements of each
    month, and the state after them.
    """
    journal: list[process.Event] = []
    return journal, *_Player(world, draws, paths, responses, "simpy", Timings()).follow(months, journal)
