"""Stage 4: one scenario, one block of trials, month by month: plan purchases, place demand, move goods,
close books.

Sequence of a month: reorder levels from what is known; orders of the month and their units; the network
moves to the month's end; the books of the month are closed; the ratios of the purchasing brain and the
money triggers see the closed month. A run without triggers takes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from engine.drivers import Paths
from engine.finance.books import Books, MonthBooked
from engine.finance.close import close_month
from engine.responses import (
    Alarm,
    MonthControl,
    NetworkControl,
    Response,
    close,
    month_control,
    network_control,
    no_alarms,
)
from engine.stages.draw import BlockDraws
from engine.stages.inputs import PricingInputs, SimulationInputs
from engine.stages.month_controls import month_controls
from engine.stages.outcome import ScenarioOutcome
from engine.stages.price import month_inputs, open_block_books
from engine.stages.rates import Rates, network_draws, rates_of
from engine.stages.scenario_orders import ScenarioOrders
from engine.stages.sharing import BaseRun, Kept, Shared, Snapshot, carried, copied, money_figures
from engine.stages.supply_record import SupplyCounts, SupplyRecord, aged_value
from engine.stages.timings import Timings
from engine.stages.unit_counts import UnitCounts
from engine.stages.world import World
from models.arrays import BoolArray, CountArray, FloatArray, Int32Array
from models.calendar import MONTHS_IN_QUARTER
from models.demand import CohortOrders, several_categories, units_month
from models.network import kernel, process
from models.network.draws import Draws
from models.network.movements import Movements
from models.network.purchasing import PurchasingState, initial_purchasing, observe_month, reorder_levels
from models.network.state import State, initial_state

Advance = Callable[..., tuple[Any, Movements]]
ENGINES: Mapping[str, Advance] = {"compiled": kernel.advance, "simpy": process.advance}


@dataclass(frozen=True, eq=False)
class Context:
    """What one scenario reads in one block, the same in every month."""

    inputs: SimulationInputs
    pricing: PricingInputs
    draws: BlockDraws
    paths: Paths
    rates: Rates
    network_draws: Draws
    control: NetworkControl
    advance: Advance
    timings: Timings
    base: BaseRun | None


@dataclass(eq=False)
class MonthState:
    """What a scenario remembers between two months: every step uses its part up and leaves the next."""

    orders: ScenarioOrders
    network: State
    purchasing: PurchasingState
    books: Books
    alarms: tuple[Alarm, ...]


@dataclass(eq=False)
class Record:
    """What a scenario writes down of its months, and never reads to go on."""

    counts: UnitCounts
    supply: SupplyRecord
    aged_value: FloatArray
    """Landed value, company currency, of aged stock at the quarter's end, (trial, quarter, node)."""
    booked: list[MonthBooked] = field(default_factory=list)
    shared: SupplyCounts | None = None
    """Base's counts, where no month is moved anew."""

    def aged(self, quarter: int) -> CountArray:
        """Units older than the limit at a quarter's end, (trial, node, item)."""
        return (self.supply if self.shared is None else self.shared).aged[:, quarter]


def play(
    world: World,
    draws: BlockDraws,
    paths: Paths,
    responses: tuple[Response, ...],
    *,
    engine: str = "compiled",
    shared: Shared | None = None,
    timings: Timings | None = None,
    watched: BoolArray | None = None,
) -> ScenarioOutcome:
    """What a scenario does in a block of trials: units and days by (trial, month, segment), books by month.

    What base kept of the same trials is taken over up to the fork in ``shared`` instead of being played
    again. ``watched`` (set, segment, item) is demand to follow day by day.
    """
    watch = timings or Timings()
    with watch.part("simulate"):
        base = None if shared is None else shared.base
        context = _context(world, draws, paths, network_control(responses), ENGINES[engine], watch, base)
        state, record = _start(context, responses, watched)
        first = 0 if shared is None else _take_over(context, state, record, shared)
        for month in range(first, world.calendar.months):
            moved, _ = _move(context, state, record, month)
            _close(context, state, record, month, moved)
        return _outcome(context, state, record)


def play_base(
    world: World,
    draws: BlockDraws,
    paths: Paths,
    *,
    kept: Kept,
    engine: str = "compiled",
    timings: Timings | None = None,
    watched: BoolArray | None = None,
) -> BaseRun:
    """Base without responses in a block of trials, units by (trial, month, segment) and books by month, with
    what the other scenarios of the block will take over; ``watched`` (set, segment, item) is demand to follow
    day by day.
    """
    watch = timings or Timings()
    with watch.part("simulate"):
        context = _context(world, draws, paths, NetworkControl(), ENGINES[engine], watch, None)
        state, record = _start(context, (), watched)
        snapshots, units, movements, counts = {}, {}, {}, {}
        for month in range(world.calendar.months):
            if month in kept.snapshots:
                snapshots[month] = _snapshot(state, record)
            moved, demanded = _move(context, state, record, month)
            _close(context, state, record, month, moved)
            if month in kept.units:
                units[month] = demanded
            if month in kept.movements:
                movements[month] = _slim(moved)
                counts[month] = moved.lines.count.copy()
        return BaseRun(
            outcome=_outcome(context, state, record),
            orders=state.orders,
            units=units,
            movements=movements,
            line_counts=counts,
            lines=state.network.lines,
            snapshots=snapshots,
            credit_limit=context.pricing.finance.terms.company.credit_limit,
        )


def follow(
    world: World, draws: BlockDraws, paths: Paths, responses: tuple[Response, ...], months: int
) -> tuple[list[process.Event], tuple[Movements, ...], State]:
    """The first months of a scenario by the SimPy engine: the events of every order, the movements of each
    month, and the state after them.
    """
    journal: list[process.Event] = []
    advance = partial(process.advance, journal=journal)
    context = _context(world, draws, paths, network_control(responses), advance, Timings(), None)
    state, record = _start(context, responses, None)
    movements = []
    for month in range(months):
        movements.append(_move(context, state, record, month)[0])
        _close(context, state, record, month, movements[-1])
    return journal, tuple(movements), state.network


def _context(
    world: World,
    draws: BlockDraws,
    paths: Paths,
    control: NetworkControl,
    advance: Advance,
    timings: Timings,
    base: BaseRun | None,
) -> Context:
    inputs = world.simulation
    with timings.part("sample"):
        rates = rates_of(inputs.rates, draws, paths)
    return Context(
        inputs=inputs,
        pricing=world.pricing,
        draws=draws,
        paths=paths,
        rates=rates,
        network_draws=network_draws(inputs.return_delay, draws, rates),
        control=control,
        advance=advance,
        timings=timings,
        base=base,
    )


def _start(
    context: Context, responses: tuple[Response, ...], watched: BoolArray | None
) -> tuple[MonthState, Record]:
    """State before the first month, and a record without an entry."""
    inputs, trials = context.inputs, context.draws.trials
    network, count = inputs.network, len(trials)
    with context.timings.part("sample"):
        orders = ScenarioOrders(inputs.rates.base_spend, context.draws.demand, context.rates)
    state = MonthState(
        orders=orders,
        network=initial_state(
            network,
            trials,
            inputs.opening_stock,
            open_orders=inputs.open_orders,
            open_stage_days=context.rates.supply.open_stage_days,
        ),
        purchasing=initial_purchasing(inputs.purchasing, count),
        books=open_block_books(context.pricing, count),
        alarms=no_alarms(responses, count),
    )
    nothing = np.zeros((0, len(network.demand_points), len(network.items)), dtype=np.bool_)
    supply = SupplyRecord(inputs.supply, network, count, nothing if watched is None else watched)
    return state, Record(UnitCounts.empty(inputs, count), supply, np.zeros(supply.aged.shape[:-1]))


def _snapshot(state: MonthState, record: Record) -> Snapshot:
    """The state in its own memory: going on uses it up."""
    return Snapshot(
        state.network.copy(),
        state.purchasing,
        record.supply.copy(record.supply.watched),
        copied(state.books),
    )


def _take_over(context: Context, state: MonthState, record: Record, shared: Shared) -> int:
    """Take base's months up to the fork over, as they are or copied where they will be used up, and price
    anew those whose books differ; gives the first month to be moved.
    """
    base, months = shared.base, context.inputs.calendar.months
    fork, state.alarms = carried(base, shared.fork, state.alarms, context.inputs.calendar)
    record.counts.take(base.outcome.counts, fork.moves)
    state.orders.take(base.orders, fork.moves)
    record.booked = list(base.outcome.booked[: fork.books])
    quarters = fork.books // MONTHS_IN_QUARTER
    record.aged_value[:, :quarters] = base.outcome.aged_value[:, :quarters]
    if 0 < fork.moves < months:
        start = base.snapshots[fork.moves]
        # stages that open orders have still to begin are the scenario's own
        own = state.network.open_stage_days
        state.network = replace(start.state.copy(), open_stage_days=own)
        state.purchasing = start.purchasing
        record.supply = start.supply.copy(record.supply.watched)
    if 0 < fork.books < months:
        state.books = copied(base.snapshots[fork.books].books)
    record.shared = base.outcome.supply if fork.moves == months else None
    for month in range(fork.books, fork.moves):
        _close(context, state, record, month, base.moved(month, fork))
    return fork.moves


def _move(context: Context, state: MonthState, record: Record, month: int) -> tuple[Movements, Int32Array]:
    """Move a month through the network: what moved, and the units demanded (trial, day, segment, item)."""
    calendar, trials = context.inputs.calendar, len(context.draws.trials)
    window = int(calendar.month_start[month]), int(calendar.month_start[month + 1])
    asked = month_control(state.alarms, month, calendar, trials)
    units = _demand(context, state, record, month, asked)
    with context.timings.part("simulate"):
        moved = _advance(context, state, month, window, units, asked)
        _count(context, record, month, units, moved)
        _observe(context, state, record, month, window, moved)
        record.supply.month(month, units, moved, state.purchasing.demand)
    return moved, units


def _demand(
    context: Context, state: MonthState, record: Record, month: int, asked: MonthControl
) -> Int32Array:
    """Units demanded in a month, (trial, day, segment, item); orders and customers won are written down."""
    with context.timings.part("sample"):
        counts = record.counts
        counts.orders[:, month], counts.new_customers[:, month] = state.orders.month(month, asked.spend)
        known = None if context.base is None else context.base.known(month)
        return units_month(context.draws.demand, month, counts.orders[:, month], known)


def _advance(
    context: Context,
    state: MonthState,
    month: int,
    window: tuple[int, int],
    units: Int32Array,
    asked: MonthControl,
) -> Movements:
    model = context.inputs.purchasing
    levels = reorder_levels(model, state.purchasing, month)
    controls = month_controls(model, levels, window, asked, context.control)
    state.network, moved = context.advance(
        context.inputs.network, state.network, window[1], controls, context.network_draws, units
    )
    return moved


def _count(context: Context, record: Record, month: int, units: Int32Array, moved: Movements) -> None:
    by_arc = record.supply.shipped[:, month // MONTHS_IN_QUARTER]
    record.counts.count(month, context.inputs.network, units, moved, by_arc)


def _observe(
    context: Context,
    state: MonthState,
    record: Record,
    month: int,
    window: tuple[int, int],
    moved: Movements,
) -> None:
    """Let the purchasing brain see the month."""
    table = moved.lines
    state.purchasing = observe_month(
        context.inputs.purchasing,
        state.purchasing,
        month,
        window,
        record.counts.demanded[:, month],
        (table.day_ordered, table.node, table.supplier, table.received, table.count),
    )


def _close(context: Context, state: MonthState, record: Record, month: int, moved: Movements) -> None:
    """Close the books of a month, and let the alarms see its figures."""
    with context.timings.part("price"):
        inputs = month_inputs(
            context.pricing,
            context.paths,
            month,
            moved,
            price_level=context.rates.price_level,
            fx=context.draws.fx,
            spend=state.orders.spend[:, month],
        )
        state.books, figures = close_month(context.pricing.finance, state.books, month, inputs)
        record.booked.append(figures.booked)
        quarter = month // MONTHS_IN_QUARTER
        if month % MONTHS_IN_QUARTER == MONTHS_IN_QUARTER - 1:
            record.aged_value[:, quarter] = aged_value(record.aged(quarter), state.books.stock.average)
    if state.alarms:
        state.alarms = close(state.alarms, money_figures(figures))


def _customers(context: Context, state: MonthState, record: Record) -> CohortOrders:
    with context.timings.part("sample"):
        base = context.base
        if base is not None and all(map(np.array_equal, state.orders.asked, base.orders.asked)):
            return base.outcome.customers
        return state.orders.customers(record.counts.orders)


def _outcome(context: Context, state: MonthState, record: Record) -> ScenarioOutcome:
    """What was written down, checked where the network hands over to the stages after it."""
    if record.shared is None:
        record.counts.check(state.network.backlog)
    return ScenarioOutcome(
        counts=record.counts,
        spend=state.orders.spend,
        supply=record.supply.finish(state.network) if record.shared is None else record.shared,
        aged_value=record.aged_value,
        clipped=float(np.mean(state.orders.over)),
        booked=tuple(record.booked),
        customers=_customers(context, state, record),
        several_categories=several_categories(context.draws.demand, context.inputs.item_category),
    )


def _slim(moved: Movements) -> Movements:
    """Movements without the daily arrays that only the counts read."""
    nothing = np.zeros((0, 0, 0, 0), dtype=np.int32)
    return replace(moved, lost=nothing, backlog=nothing, on_order=nothing)
