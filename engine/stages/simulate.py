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
from engine.stages.outcome import ScenarioOutcome
from engine.stages.price import month_inputs, open_block_books
from engine.stages.rates import network_draws, rates_of
from engine.stages.scenario_orders import ScenarioOrders
from engine.stages.sharing import (
    NOTHING_SHARED,
    BaseRun,
    Fork,
    Kept,
    Snapshot,
    carried,
    copied,
    money_figures,
)
from engine.stages.supply_record import SupplyCounts, SupplyRecord, aged_value
from engine.stages.tally import tally
from engine.stages.timings import Timings
from engine.stages.world import World
from models.arrays import BoolArray, Int32Array, IntArray
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
    base: BaseRun | None = None,
    fork: Fork = NOTHING_SHARED,
    clock: Timings | None = None,
    watched: BoolArray | None = None,
) -> ScenarioOutcome:
    """Play one scenario in a block of trials.

    What ``base`` kept of the same trials is taken over up to ``fork`` instead of being played again.
    ``watched`` (set, segment, item) is demand to follow day by day.
    """
    watch = clock or Timings()
    with watch.part("simulate"):
        return _Player(world, draws, paths, responses, engine, watch, watched).run(base, fork)


def play_base(
    world: World,
    draws: BlockDraws,
    paths: Paths,
    *,
    kept: Kept,
    engine: str = "compiled",
    clock: Timings | None = None,
    watched: BoolArray | None = None,
) -> BaseRun:
    """Play base without responses and keep of it what the other scenarios of its block will take over."""
    watch = clock or Timings()
    with watch.part("simulate"):
        return _Player(world, draws, paths, (), engine, watch, watched).run_as_base(kept)


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
        self.aged_value = np.zeros(self.supply.aged.shape[:-1])
        self.counts: SupplyCounts | None = None
        self.booked: list[MonthBooked] = []
        self.known: BaseRun | None = None
        self.units: Int32Array = np.zeros(0, dtype=np.int32)

    def run(self, base: BaseRun | None, fork: Fork) -> ScenarioOutcome:
        """Base's months up to the fork, then every month in turn."""
        if base is not None:
            fork = self._take_over(base, fork)
            for month in range(fork.books, fork.moves):
                self._close(month, base.moved(month, fork))
        for month in range(fork.moves, self.world.calendar.months):
            self._close(month, self._move(month))
        return self._played()

    def run_as_base(self, kept: Kept) -> BaseRun:
        """Every month in turn, and what the other scenarios need of it."""
        months = range(self.world.calendar.months)
        snapshots, units, movements, counts = {}, {}, {}, {}
        for month in months:
            if month in kept.snapshots:
                snapshots[month] = Snapshot(
                    self.state.copy(),
                    self.purchasing,
                    self.supply.copy(self.supply.watched),
                    copied(self.books),
                )
            moved = self._move(month)
            self._close(month, moved)
            if month in kept.units:
                units[month] = self.units
            if month in kept.movements:
                movements[month] = _slim(moved)
                counts[month] = moved.lines.count.copy()
        credit_limit = self.world.finance.terms.company.credit_limit
        return BaseRun(
            self._played(), self.demand, units, movements, counts, self.state.lines, snapshots, credit_limit
        )

    def _take_over(self, base: BaseRun, fork: Fork) -> Fork:
        """Take base's months up to the fork over, as they are or copied where they will be used up; gives the
        fork that its alarms leave.
        """
        self.known, calendar = base, self.world.calendar
        fork, self.alarms = carried(base, fork, self.alarms, calendar)
        outcome, months = base.outcome, fork.moves
        for own, theirs in (
            (self.orders, outcome.orders),
            (self.won, outcome.new_customers),
            (self.demanded, outcome.demanded),
            (self.sold, outcome.sold),
            (self.lost, outcome.lost),
            (self.returned, outcome.returned),
            (self.stock, outcome.stock),
            (self.short, outcome.short_item_days),
            (self.wait, outcome.wait),
        ):
            own[:, :months] = theirs[:, :months]
        self.demand.take(base.orders, months)
        self.booked = list(outcome.booked[: fork.books])
        quarters = fork.books // MONTHS_IN_QUARTER
        self.aged_value[:, :quarters] = outcome.aged_value[:, :quarters]
        if 0 < months < calendar.months:
            start = base.snapshots[months]
            self.state = replace(start.state.copy(), open_stage_days=self.state.open_stage_days)
            self.purchasing = start.purchasing
            self.supply = start.supply.copy(self.supply.watched)
        if 0 < fork.books < calendar.months:
            self.books = copied(base.snapshots[fork.books].books)
        self.counts = outcome.supply if months == calendar.months else None
        return fork

    def follow(self, months: int, journal: list[process.Event]) -> tuple[tuple[Movements, ...], State]:
        """Movements of the first months and the state after them; events of orders go into the journal."""
        self.engine = partial(process.advance, journal=journal)
        movements = []
        for month in range(months):
            movements.append(self._move(month))
            self._close(month, movements[-1])
        return tuple(movements), self.state

    def _move(self, month: int) -> Movements:
        world, clock = self.world, self.clock
        start, stop = (int(day) for day in world.calendar.month_start[month : month + 2])
        asked = month_control(self.alarms, month, world.calendar, self.trials)
        with clock.part("sample"):
            self.orders[:, month], self.won[:, month] = self.demand.month(month, asked.spend)
            known = None if self.known is None else self.known.known(month)
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
                aged = (self.supply if self.counts is None else self.counts).aged[:, quarter]
                self.aged_value[:, quarter] = aged_value(aged, self.books.stock.average)
        if self.alarms:
            self.alarms = close(self.alarms, money_figures(figures))

    def _customers(self) -> CohortOrders:
        with self.clock.part("sample"):
            base = self.known
            if base is not None and all(map(np.array_equal, self.demand.asked, base.orders.asked)):
                return base.outcome.customers
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
            supply=self.supply.finish(self.state) if self.counts is None else self.counts,
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
