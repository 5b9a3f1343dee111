"""Stage 4: one scenario, one block of trials, month by month: plan purchases, place demand, move goods,
close books.

Sequence of a month: reorder levels from what is known; orders of the month and their units; the network
moves to the month's end; the books of the month are closed; the ratios of the purchasing brain and the
money triggers see the closed month. A run without triggers takes the same way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.drivers import DRIVERS, Paths, month_means, price_level
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
from engine.stages.price import month_inputs, open_block_books
from engine.stages.supply_frame import MONTHS_IN_QUARTER
from engine.stages.supply_record import SupplyCounts, SupplyRecord, aged_value
from engine.stages.tally import tally
from engine.stages.world import World
from models.demand import (
    CohortOrders,
    DemandBank,
    acquisition_levels,
    clipped_share,
    cohort_orders,
    count_month,
    demand_multiplier,
    several_categories,
    units_month,
)
from models.network import kernel, process
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.movements import Movements
from models.network.purchasing import initial_purchasing, observe_month, reorder_levels
from models.network.spec import UNLIMITED
from models.network.state import State, initial_state
from models.supply import SupplyDraws, apply_supply_effects

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

Advance = Callable[..., tuple[Any, Movements]]
ENGINES: Mapping[str, Advance] = {"compiled": kernel.advance, "simpy": process.advance}


class Clockwork:
    """Wall seconds spent in each part of a run, for the benchmark.

    A part inside another is counted once, to the inner one, so that with one worker the parts sum to the
    run. With more workers the seconds of all threads add up to more than the run took.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._inner = threading.local()

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time inside to a part."""
        outer, self._inner.seconds = getattr(self._inner, "seconds", 0.0), 0.0
        started = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - started
            with self._lock:
                self.seconds[name] = self.seconds.get(name, 0.0) + took - self._inner.seconds
            self._inner.seconds = outer + took


@dataclass(frozen=True, eq=False)
class Rates:
    """Bounded driver values of one scenario and block that the chain reads; R is 1 or the number of
    trials.
    """

    price_level: FloatArray
    """(R, market, day) net price over base price."""

    demand: FloatArray
    """(R, market, month)."""

    price_by_month: FloatArray
    """(R, market, month)."""

    elasticity: tuple[FloatArray, FloatArray]
    """Multiplier and offset, (R, market, month)."""
    spend: FloatArray
    """(R, market, acquisition channel, month) over plan."""

    cac: FloatArray
    """(R, market, acquisition channel, month) over plan."""

    supply: SupplyDraws
    refusal: FloatArray
    """(R, cell, day)."""


@dataclass(frozen=True, eq=False)
class Played:
    """What one scenario did in a block: units and days by month, and the books of every month."""

    orders: IntArray
    """(trial, month, cell)."""

    new_customers: IntArray
    """(trial, month, market, acquisition channel)."""

    demanded: IntArray
    """(trial, month, cell) units; likewise sold, lost, returned."""

    sold: IntArray
    lost: IntArray
    returned: IntArray
    stock: IntArray
    """(trial, month, node) units on hand at month end."""
    short_item_days: IntArray
    """(trial, month, cell) item-days with lost units or backlog at the day's end."""

    wait: IntArray
    """(trial, month, cell, 61) units shipped by whole days waited."""

    spend: FloatArray
    """(trial, month, market, acquisition channel) company currency."""

    supply: SupplyCounts
    """What the supply metrics count."""
    aged_value: FloatArray
    """(trial, quarter, node) landed value of aged stock at the quarter's end."""

    clipped: float
    """Share of demand multipliers above the envelope."""

    booked: tuple[MonthBooked, ...]
    customers: CohortOrders
    """Who placed the orders."""

    several_categories: FloatArray
    """(trial, month, cell) probability that an order holds at least two categories."""

    base: BaseMoves | None = field(default=None, repr=False)
    """Set when the scenario may serve others as base."""


@dataclass(frozen=True, eq=False)
class BaseMoves:
    """Movements of base and everything the network read to make them, kept for scenarios that change none
    of it.
    """

    orders: IntArray
    units: tuple[npt.NDArray[np.int32], ...]
    """Units demanded by month, dims (trial, day, cell, item)."""
    draws: Draws
    movements: tuple[Movements, ...]
    line_counts: tuple[IntArray, ...]
    played: Played
    asked: tuple[FloatArray, FloatArray]
    """Multipliers and acquisition levels of the orders."""


def rates_of(world: World, draws: BlockDraws, paths: Paths) -> Rates:
    """Driver values of a scenario for a block; identity effects give base's arrays themselves."""
    calendar = world.calendar
    markets, channels = len(world.view.markets), len(world.view.acquisition_channels)
    flat = np.ones((1, markets, 1))
    level = price_level(world.mix, world.price_rules, paths)
    cells = len(world.network.markets) // markets
    refusal = paths.value("refusal_share", world.refusal_share[None, :, None])
    refusal = np.broadcast_to(refusal, (len(refusal), markets, calendar.days))
    stretched = np.ones((1, markets, channels, 1))
    supply = apply_supply_effects(
        draws.supply,
        world.calibration.supply,
        lead_time=paths.effect("lead_time"),
        clearance=paths.effect("clearance"),
        closure=_days(paths.value("port_closure", np.zeros((1, len(world.view.ports), 1))), calendar.days),
        capacity=paths.effect("supplier_capacity"),
        congestion=_days(paths.value("congestion", np.zeros((1, len(world.view.ports), 1))), calendar.days),
    )
    scale, shift = (month_means(part, calendar) for part in paths.effect("price_elasticity"))
    return Rates(
        price_level=level,
        demand=month_means(_days(paths.value("demand", flat), calendar.days), calendar),
        price_by_month=month_means(level, calendar),
        elasticity=bounded_elasticity(draws.demand.elasticity, scale, shift),
        spend=month_means(_days(paths.value("spend", stretched), calendar.days), calendar),
        cac=month_means(_days(paths.value("cac", stretched), calendar.days), calendar),
        supply=supply,
        refusal=np.ascontiguousarray(np.repeat(refusal, cells, axis=1)),
    )


def bounded_elasticity(
    drawn: FloatArray, scale: FloatArray, shift: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Multiplier and offset (R, market, month) that keep elasticities drawn (trial, market) within the
    driver's bounds; those given, bit for bit, where they do so already.
    """
    shocked = drawn[:, :, None] * scale + shift
    bounded = np.clip(shocked, *DRIVERS["price_elasticity"].bounds)
    outside = (shocked != bounded) & ((scale != 1.0) | (shift != 0.0))
    if not np.any(outside):
        return scale, shift
    return np.where(outside, 0.0, scale), np.where(outside, bounded, shift)


def within_plan(paths: Paths) -> bool:
    """Whether a scenario never asks for more new customers than plan: spend at most plan, cost at least."""
    one = np.ones((1, 1, 1, 1))
    return bool(np.all(paths.value("spend", one) <= 1.0) and np.all(paths.value("cac", one) >= 1.0))


def _days(values: FloatArray, days: int) -> FloatArray:
    return np.broadcast_to(values, (*values.shape[:-1], days))


def network_draws(world: World, draws: BlockDraws, rates: Rates) -> Draws:
    """Everything the network reads that chance or the scenario decided."""
    supply = rates.supply
    return Draws(
        first_trial=draws.trials.start,
        production=supply.production,
        transit=supply.transit,
        service=supply.service,
        inland=supply.inland,
        supplier_up=supply.supplier_up,
        capacity=supply.capacity,
        port_open=supply.port_open,
        return_share=draws.return_share,
        refusal_share=rates.refusal,
        return_keys=draws.return_keys,
        return_delay=world.return_delay,
    )


class _Demand:
    """Orders of a scenario month by month; spend decided by a response thins only the cohorts to come."""

    def __init__(self, world: World, bank: DemandBank, rates: Rates) -> None:
        self.world = world
        self.bank = bank
        self.rates = rates
        trials = len(bank.trials)
        shape = (trials, len(bank.market_keys), len(bank.channel_keys))
        self.level = np.ones((*shape, world.calendar.months))
        self.spend = np.zeros((trials, world.calendar.months, *shape[1:]))
        self.multiplier = np.ones((*shape[:2], world.calendar.months))
        self.over: list[float] = []

    def month(self, month: int, spend_share: FloatArray) -> tuple[IntArray, IntArray]:
        """Orders (trial, cell) and customers won (trial, market, acquisition channel) of a month."""
        rates, bank = self.rates, self.bank
        ratio = rates.spend[..., month] * spend_share[:, None, None]
        self.level[..., month] = acquisition_levels(
            np.ascontiguousarray(ratio), np.ascontiguousarray(rates.cac[..., month]), bank.response
        )
        self.spend[:, month] = self.world.calibration.demand.base_spend[None, :, :, month] * ratio
        multiplier = demand_multiplier(
            bank,
            month,
            rates.price_by_month[..., month],
            rates.demand[..., month],
            rates.elasticity[0][..., month],
            rates.elasticity[1][..., month],
        )
        self.multiplier[..., month] = multiplier
        self.over.append(clipped_share(bank, multiplier))
        return count_month(bank, month, multiplier, self.level[..., : month + 1])

    @property
    def asked(self) -> tuple[FloatArray, FloatArray]:
        """Multipliers (trial, market, month) and levels (trial, market, acquisition channel, month)."""
        return self.multiplier, self.level

    def customers(self, orders: IntArray) -> CohortOrders:
        """Who placed the orders (trial, month, cell) of all months."""
        return cohort_orders(self.bank, self.multiplier, self.level, orders)


def play(
    world: World,
    draws: BlockDraws,
    paths: Paths,
    responses: tuple[Response, ...],
    *,
    engine: str = "compiled",
    base: BaseMoves | None = None,
    keep: bool = False,
    clock: Clockwork | None = None,
    watched: npt.NDArray[np.bool_] | None = None,
) -> Played:
    """Play one scenario in a block of trials.

    ``base`` holds the movements of the base scenario in the same trials: they are re-priced instead of
    simulated again only if every array that the network reads is equal. ``keep`` returns the movements for
    that use. ``watched`` (set, cell, item) is demand to follow day by day.
    """
    watch = clock or Clockwork()
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
        clock: Clockwork,
        watched: npt.NDArray[np.bool_] | None,
    ) -> None:
        self.world = world
        self.draws = draws
        self.paths = paths
        self.engine = ENGINES[engine]
        self.clock = clock
        self.trials = len(draws.trials)
        with clock.part("sample"):
            self.rates = rates_of(world, draws, paths)
            self.demand = _Demand(world, draws.demand, self.rates)
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
        months, cells = world.calendar.months, len(world.network.markets)
        markets, channels = len(world.view.markets), len(world.view.acquisition_channels)

        def counts(*shape: int) -> IntArray:
            return np.zeros((self.trials, months, *shape), dtype=np.int64)

        self.orders, self.won = counts(cells), counts(markets, channels)
        self.demanded, self.sold, self.lost, self.returned = (counts(cells) for _ in range(4))
        self.stock, self.short = counts(len(world.network.nodes)), counts(cells)
        self.wait = counts(cells, 61)
        nothing = np.zeros((0, cells, len(world.network.items)), dtype=np.bool_)
        self.supply = SupplyRecord(
            world.supply, world.network, self.trials, nothing if watched is None else watched
        )
        self.aged: npt.NDArray[np.integer[Any]] = self.supply.aged
        self.aged_value = np.zeros(self.aged.shape[:-1])
        self.booked: list[MonthBooked] = []
        self.known: BaseMoves | None = None
        self.counted = 0
        self.units: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self.kept_units: list[npt.NDArray[np.int32]] = []

    def run(self, base: BaseMoves | None, keep: bool) -> Played:
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

    def _record(self, month: int, units: npt.NDArray[np.int32], moved: Movements) -> None:
        tally(
            units,
            moved.shipped,
            moved.lost,
            moved.backlog,
            moved.on_hand,
            moved.returns,
            moved.returns_count,
            self.world.network.arc_market,
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

    def _played(self) -> Played:
        return Played(
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
    return journal, *_Player(world, draws, paths, responses, "simpy", Clockwork()).follow(months, journal)
