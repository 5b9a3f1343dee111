"""The SimPy engine: the readable truth about the event order of the network.

One generator lives the life of one purchase order. One day process wakes at every whole day, after all order
events of that time
(SimPy orders events by time, then priority), and does what the company does in a day:

0. calendars are known; 1. receive orders and returns; 2. serve the backlog, oldest first; 3. serve today's
demand; 4. send stock between nodes, review stock; 5. place orders, suppliers make the day's units; 6. record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import simpy

from models.arrays import IntArray
from models.errors import NotSupportedError, UsageError
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.movements import RETURN_COLUMNS, TRANSFER_COLUMNS, Movements, empty_movements
from models.network.parts import LARGEST, OFFSET_SHIFT, PART_BITS, PARTS
from models.network.process_orders import DAY_PRIORITY, Customs, Order, Wake
from models.network.process_review import Buyer, of_trial
from models.network.process_serve import Shelves
from models.network.spec import Network
from models.network.state import (
    OLDEST,
    TOO_MANY,
    UNKNOWN,
    State,
    check_call,
    grown,
    with_rings_room,
)
from models.streams import sequence_word, words4

LONG_AGO = -(10**9)
FEATURES = ("preemptive_closures",)
"""What only this engine can do. ``preemptive_closures``: a closure interrupts a service, which goes on when
the port opens again.
"""
Event = tuple[int, float, str, int, int]
"""Trial, day, event, order, orders waiting at its port: a row of the event log."""


def advance(
    network: Network,
    state: State,
    until: int,
    controls: Controls,
    draws: Draws,
    demand: IntArray,
    features: tuple[str, ...] = (),
    journal: list[Event] | None = None,
) -> tuple[State, Movements]:
    """State before day ``until`` and the movements of the days from ``state.day`` on, for a block of trials.

    ``demand`` (trial, day, demand_point, item) units. The state given is used up. One call and many calls
    give the same bytes. ``journal`` takes the events of every order, in order of time.

    Raises
    ------
    NotSupportedError
        where ``features`` name one that is not of FEATURES
    UsageError
        where shapes, days or trials do not fit each other, or units are beyond what is counted
    """
    if unknown := set(features) - set(FEATURES):
        raise NotSupportedError(f"features: unknown | got {sorted(unknown)} | use some of {FEATURES}")
    check_call(network, state, until, controls, draws, demand)
    state = with_rings_room(state, draws)
    movements = empty_movements(network, len(state.trials), state.day, until, state.lines)
    call = Call(network, state, until, controls, draws, demand, features, journal)
    runs = [Trial(t, call, movements) for t in range(len(state.trials))]
    for run in runs:
        run.run()
    state = replace(
        state,
        day=until,
        lines=grown(state.lines, max((sum(len(o.items) for o in run.orders) for run in runs), default=0)),
        orders=grown(state.orders, max((len(run.orders) for run in runs), default=0)),
    )
    for run in runs:
        run.write(state)
    returns, returns_count = _table([run.returned for run in runs], len(RETURN_COLUMNS))
    transfers, transfers_count = _table([run.transferred for run in runs], len(TRANSFER_COLUMNS))
    return state, replace(
        movements,
        returns=returns,
        returns_count=returns_count,
        transfers=transfers,
        transfers_count=transfers_count,
        lines=state.lines,
    )


def _table(rows: list[list[list[int]]], columns: int) -> tuple[Any, IntArray]:
    """Rows by trial as one array (T, rows, columns), and their counts."""
    counts = np.array([len(each) for each in rows], dtype=np.int64)
    table = np.zeros((len(rows), int(counts.max(initial=0)), columns), dtype=np.int32)
    for t, each in enumerate(rows):
        if each:
            table[t, : len(each)] = each
    return table, counts


class Call(NamedTuple):
    """What a call of ``advance`` was given, the same for every trial."""

    network: Network
    state: State
    until: int
    controls: Controls
    draws: Draws
    demand: IntArray
    """Units (trial, day, demand point, item)."""
    features: tuple[str, ...]
    journal: list[Event] | None


class Trial:
    """One trial of the block from ``state.day`` to ``until``."""

    def __init__(self, t: int, call: Call, movements: Movements) -> None:
        network, state, draws = call.network, call.state, call.draws
        self.journal = call.journal
        self.t, self.network, self.first, self.until = t, network, state.day, call.until
        self.controls, self.draws, self.demand, self.out = call.controls, draws, call.demand[t], movements
        self.trial = state.trials[t]
        self.environment = simpy.Environment(initial_time=float(state.day - 1))
        self.finished = state.day >= call.until
        self.on_hand = state.on_hand[t].copy()
        self.on_order = state.on_order[t].copy()
        self.short_rest = state.short_rest[t].astype(np.int64)
        self.return_rest = state.return_rest[t].astype(np.int64)
        self.ring = state.returns_due[t].copy()
        self.down_since = state.down_since[t].astype(np.int64)
        self.in_transfer = state.in_transfer[t].copy()
        self.transfer_ring = state.transfers_due[t].copy()
        self.returned: list[list[int]] = []
        self.transferred: list[list[int]] = []
        self.dock: list[Order] = []
        self.orders: list[Order] = []
        self.factory: list[deque[Order]] = [deque() for _ in network.suppliers]
        port_open = of_trial(draws.port_open, t)
        self.customs = [
            Customs(self.environment, int(c), port_open[p], "preemptive_closures" in call.features)
            for p, c in enumerate(network.servers)
        ]
        self.backlog = self._read_backlog(state)
        self._read_orders(state)
        self.environment.process(self._days())

    # reading and writing the state

    def _read_backlog(self, state: State) -> list[list[deque[list[int]]]]:
        """Per demand point and item: [day of demand, units] from the oldest on."""
        queues: list[list[deque[list[int]]]] = []
        for point in state.backlog_age[self.t]:
            row = []
            for bins in point:
                ages: deque[list[int]] = deque()
                if bins[OLDEST] > 0:
                    ages.append([LONG_AGO, int(bins[OLDEST])])
                for day in range(state.day - OLDEST, state.day):
                    if bins[day % OLDEST] > 0:
                        ages.append([day, int(bins[day % OLDEST])])
                row.append(ages)
            queues.append(row)
        return queues

    def _read_orders(self, state: State) -> None:
        table, lines, t = state.orders, state.lines, self.t
        opened = state.open_stage_days.shape[1]
        for row in range(int(table.count[t])):
            first = int(table.first_line[t, row])
            rows = slice(first, first + int(table.lines[t, row]))
            day, node, supplier = (int(a[t, first]) for a in (lines.day_ordered, lines.node, lines.supplier))
            order = Order(
                row,
                day,
                node,
                supplier,
                lines.item[t, rows].tolist(),
                lines.units[t, rows].tolist(),
                tuple(state.open_stage_days[t, row].tolist())
                if row < opened
                else self._stage_days(supplier, node, day),
                0.0 if row < opened else float(day),
                self.environment.event(),
                self.environment.event(),
                to_make=int(table.to_make[t, row]),
                made=int(table.made[t, row]),
                left=float(lines.left[t, first]),
                port=float(lines.port[t, first]),
                started=float(table.started[t, row]),
                cleared=float(lines.cleared[t, first]),
                available=float(lines.available[t, first]),
                received=int(lines.received[t, first]),
            )
            self.orders.append(order)
            if order.received < 0:
                self._resume(order)
        for customs in self.customs:
            customs.call_officer(max(self.environment.now, 0.0))

    def _resume(self, order: Order) -> None:
        """Put an order back where it stood and let its life go on."""
        if order.to_make > 0:
            self.factory[order.supplier].append(order)
        elif order.port < UNKNOWN and order.started == UNKNOWN:
            self._port(order).waiting.append(order)
        elif order.started < UNKNOWN and order.cleared == UNKNOWN:
            self._port(order).free -= 1
        self.environment.process(self._life(order))

    def write(self, state: State) -> None:
        """Write this trial into the state's arrays."""
        t = self.t
        state.on_hand[t], state.on_order[t] = self.on_hand, self.on_order
        state.short_rest[t], state.return_rest[t] = self.short_rest, self.return_rest
        state.returns_due[t], state.down_since[t] = self.ring, self.down_since
        state.in_transfer[t], state.transfers_due[t] = self.in_transfer, self.transfer_ring
        state.backlog[t], state.backlog_age[t] = 0, 0
        for c, row in enumerate(self.backlog):
            for i, ages in enumerate(row):
                for day, units in ages:
                    state.backlog[t, c, i] += units
                    state.backlog_age[t, c, i, OLDEST if day < self.until - OLDEST else day % OLDEST] += units
        row_number = 0
        for order in self.orders:
            rows = slice(row_number, row_number + len(order.items))
            for name, value in (
                ("day_ordered", order.day),
                ("node", order.node),
                ("supplier", order.supplier),
                ("item", order.items),
                ("units", order.units),
                ("left", order.left),
                ("port", order.port),
                ("cleared", order.cleared),
                ("available", order.available),
                ("received", order.received),
            ):
                getattr(state.lines, name)[t, rows] = value
            for name, value in (
                ("first_line", row_number),
                ("lines", len(order.items)),
                ("to_make", order.to_make),
                ("made", order.made),
                ("started", order.started),
            ):
                getattr(state.orders, name)[t, order.id] = value
            row_number += len(order.items)
        state.lines.count[t], state.orders.count[t] = row_number, len(self.orders)
        still_open = [order.id for order in self.orders if order.received < 0]
        state.orders.first_open[t] = min(still_open, default=len(self.orders))

    # the life of an order

    def _stage_days(self, supplier: int, node: int, day: int) -> tuple[float, float, float, float]:
        draws = self.draws
        stages = (draws.production, draws.transit, draws.service, draws.inland)
        production, transit, service, inland = (
            float(of_trial(s, self.t)[supplier, node, day]) for s in stages
        )
        return production, transit, service, inland

    def _port(self, order: Order) -> Customs:
        return self.customs[self.network.node_port[order.node]]

    def _until(self, time: float) -> simpy.Event:
        return self.environment.timeout(time - self.environment.now)

    def _life(self, order: Order) -> Generator[simpy.Event, Any, None]:
        """Production, way to the port, customs, inland, dock: from the first stage that is not done."""
        production, transit, service, inland = order.days
        if order.to_make > 0:
            yield order.finished
        if order.left == UNKNOWN:
            yield self._until(max(order.start + production, float(order.made)))
            order.left = self.environment.now
            self._note("left", order)
        if order.port == UNKNOWN:
            yield self._until(max(order.left, 0.0) + transit)
            order.port = self.environment.now
            self._port(order).arrive(order)
            self._note("port", order)
        if order.started == UNKNOWN:
            yield order.admitted
            self._note("customs", order)
        if order.cleared == UNKNOWN:
            yield self._until(self._port(order).working_end(order.started, service))
            order.cleared = self.environment.now
            self._note("cleared", order)
            self._port(order).release()
        yield self._until(max(order.cleared, 0.0) + inland)
        order.available = self.environment.now
        self.dock.append(order)
        self._note("available", order)

    def _note(self, event: str, order: Order) -> None:
        """Write an event into the log, if one is kept."""
        if self.journal is not None:
            waiting = len(self._port(order).waiting)
            self.journal.append((self.trial, self.environment.now, event, order.id, waiting))

    # the day

    def run(self) -> None:
        """Run to the end of the last day process; what that day sets off at once belongs to the next call."""
        while not self.finished:
            self.environment.step()

    def _days(self) -> Generator[simpy.Event, Any, None]:
        for day in range(self.first, self.until):
            yield Wake(self.environment, float(day), DAY_PRIORITY)
            self._day(day)
        self.finished = True

    def _day(self, day: int) -> None:
        network, at = self.network, day - self.first
        self.sold = np.zeros((len(network.demand_points), len(network.items)), dtype=np.int64)
        shelves = Shelves(network, self.on_hand)
        self._watch_suppliers(day)
        self._receive_orders(day)
        self._receive_returns(day)
        self._receive_transfers(day)
        self._serve_backlog(shelves, day, at)
        self._serve_demand(shelves, day, at)
        self.on_hand += shelves.aside
        self._send_returns(day)
        buyer = Buyer(network, self.controls, self.t, day, self.down_since)
        behind = self._behind()
        self._send_transfers(buyer, day, behind)
        self._place_orders(day, buyer.orders(self.on_hand, self.on_order, self.in_transfer, behind))
        self._make_units(day)
        self._record(at)

    def _watch_suppliers(self, day: int) -> None:
        up = of_trial(self.draws.supplier_up, self.t)[:, day]
        self.down_since = np.where(up, -1, np.where(self.down_since < 0, day, self.down_since))

    def _receive_orders(self, day: int) -> None:
        for order in self.dock:
            order.received = day
            self._note("received", order)
            self.on_hand[order.node, order.items] += order.units
            self.on_order[order.node, order.items] -= order.units
        self.dock.clear()

    def _receive_returns(self, day: int) -> None:
        slot = self.ring[day % len(self.ring)]
        for point, item in zip(*np.nonzero(slot), strict=True):
            units = int(slot[point, item])
            offset = self._returns_word(int(point), int(item), day) >> OFFSET_SHIFT
            # systematic sampling: within one unit of every share, unbiased also for a single unit
            ends = [(units * int(edge) + offset) >> PART_BITS for edge in self.network.grade_edges]
            grades = [after - before for before, after in pairwise(ends)]
            self.on_hand[self.network.return_node[point], item] += grades[0]
            self.returned.append([day, int(point), int(item), *grades])
        slot[:] = 0

    def _receive_transfers(self, day: int) -> None:
        slot = self.transfer_ring[day % len(self.transfer_ring)]
        self.on_hand += slot
        self.in_transfer -= slot
        slot[:] = 0

    def _serve_backlog(self, shelves: Shelves, day: int, at: int) -> None:
        want = np.array(
            [[sum(units for _, units in ages) for ages in row] for row in self.backlog], dtype=np.int64
        )
        before = want.copy()
        held = shelves.serve(want, self.out.shipped[self.t, at])
        served = before - want - held
        self.sold += served
        for point, item in zip(*np.nonzero(served), strict=True):
            ages, rest = self.backlog[point][item], int(served[point, item])
            while rest > 0:
                units = min(rest, ages[0][1])
                self.out.wait[self.t, point, min(day - ages[0][0], OLDEST)] += units
                ages[0][1] -= units
                rest -= units
                if ages[0][1] == 0:
                    ages.popleft()

    def _serve_demand(self, shelves: Shelves, day: int, at: int) -> None:
        demand = np.asarray(self.demand[at], dtype=np.int64)
        want = demand.copy()
        held = shelves.serve(want, self.out.shipped[self.t, at])
        served = demand - want - held
        self.sold += served
        self.out.wait[self.t, :, 0] += served.sum(axis=1)
        for point, item in zip(*np.nonzero(want + held), strict=True):
            short = int(want[point, item])
            split = int(self.short_rest[point, item]) + short * int(self.network.backlog_parts[point])
            waits = split // PARTS
            self.short_rest[point, item] = split % PARTS
            self.out.lost[self.t, at, point, item] = short - waits
            waits += int(held[point, item])
            if waits > 0:
                self.backlog[point][item].append([day, waits])

    def _send_returns(self, day: int) -> None:
        share = of_trial(self.draws.return_parts, self.t)
        refusal = of_trial(self.draws.refusal_parts, self.t)
        delays = self.draws.return_delay
        for point, item in zip(*np.nonzero(self.sold), strict=True):
            refused = int(refusal[point, day])
            parts = refused + (PARTS - refused) * int(share[point, item]) // PARTS
            if parts == 0:
                continue
            rest = int(self.return_rest[point, item])
            if rest < 0:
                key = self.draws.return_keys[point, item]
                rest = int(words4(key, self.trial, 0, 1)[0]) >> OFFSET_SHIFT
            back, self.return_rest[point, item] = divmod(rest + int(self.sold[point, item]) * parts, PARTS)
            if back > 0:
                low = self._returns_word(int(point), int(item), day) & 0xFFFFFFFF
                delay = int(delays[(low * len(delays)) >> 32])
                self.ring[(day + max(delay, 1)) % len(self.ring), point, item] += back

    def _returns_word(self, point: int, item: int, day: int) -> int:
        """The draw of a market, item and day: of what is sold on it and of what comes back on it."""
        start = words4(self.draws.return_keys[point, item], self.trial, 0, 1)[1]
        return int(sequence_word(np.uint64(start), day))

    def _behind(self) -> IntArray:
        """Backlog that counts against a node: that of the demand points that turn to it first, (N, I)."""
        behind = np.zeros_like(self.on_hand)
        for point, row in enumerate(self.backlog):
            behind[self.network.point_nodes[point, 0]] += [sum(units for _, units in ages) for ages in row]
        return behind

    def _send_transfers(self, buyer: Buyer, day: int, behind: IntArray) -> None:
        lead = of_trial(self.draws.transfer, self.t)[:, :, day]
        for donor, asker, item, units, arrives in buyer.transfers(
            self.on_hand, self.in_transfer.copy(), behind, lead
        ):
            self.in_transfer[asker, item] += units
            self.transfer_ring[arrives % len(self.transfer_ring), asker, item] += units
            self.transferred.append([day, donor, asker, item, units, arrives])

    def _place_orders(self, day: int, wanted: dict[tuple[int, int], dict[int, int]]) -> None:
        for (node, supplier), lines in sorted(wanted.items()):
            items = sorted(lines)
            units = [lines[item] for item in items]
            order = Order(
                len(self.orders),
                day,
                node,
                supplier,
                items,
                units,
                self._stage_days(supplier, node, day),
                float(day),
                self.environment.event(),
                self.environment.event(),
                to_make=sum(units),
            )
            self.orders.append(order)
            self.factory[supplier].append(order)
            self.on_order[node, items] += units
            self._note("ordered", order)
            self.environment.process(self._life(order))

    def _make_units(self, day: int) -> None:
        up, capacity = (
            of_trial(self.draws.supplier_up, self.t)[:, day],
            of_trial(self.draws.capacity, self.t)[:, day],
        )
        for supplier, queue in enumerate(self.factory):
            left = int(capacity[supplier]) if up[supplier] else 0
            while queue and left > 0:
                order = queue[0]
                made = min(left, order.to_make)
                order.to_make -= made
                left -= made
                if order.to_make == 0:
                    order.made = day
                    self._note("made", order)
                    order.finished.succeed()
                    queue.popleft()

    def _record(self, at: int) -> None:
        t, out = self.t, self.out
        backlog = np.array(
            [[sum(units for _, units in ages) for ages in row] for row in self.backlog], dtype=np.int64
        )
        demand = self.demand[at]
        if (
            max(self.on_hand.max(), self.on_order.max(), backlog.max(), demand.max()) >= 2 * LARGEST
            or demand.min() < 0
        ):
            raise UsageError(TOO_MANY)
        out.on_hand[t, at], out.on_order[t, at], out.backlog[t, at] = self.on_hand, self.on_order, backlog
        out.overflow[t, at] = np.maximum(0, self.on_hand.sum(axis=1) - self.network.storage)
