"""The SimPy engine: the readable truth about the event order of the network.

One generator lives the life of one purchase order. One day process wakes at every whole day, after all order
events of that time
(SimPy orders events by time, then priority), and does what the company does in a day:

0. calendars are known; 1. receive orders and returns; 2. serve the backlog, oldest first; 3. serve today's
demand; 4. review stock;
5. place orders, suppliers make the day's units; 6. record.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import simpy

from models.errors import UsageError
from models.network.controls import Controls
from models.network.draws import Draws
from models.network.movements import RETURN_COLUMNS, Movements, empty_movements
from models.network.spec import PART_BITS, PARTS, UNLIMITED, IntArray, Network
from models.network.state import LARGEST, OLDEST, UNKNOWN, State, check_call, grown, with_returns_room
from models.streams import uniform4

CUSTOMS_PRIORITY = 2
"""After every order event of the same time (SimPy's normal priority is 1), so that arrivals of one moment
queue by id.
"""
DAY_PRIORITY = 3
"""After customs."""
LONG_AGO = -(10**9)


def advance(
    network: Network, state: State, until: int, controls: Controls, draws: Draws, demand: IntArray
) -> tuple[State, Movements]:
    """State before day ``until`` and the movements of the days from ``state.day`` on, for a block of trials.

    ``demand`` (T, days, C, I) units. The state given is used up. One call and many calls give the same bytes.
    """
    check_call(network, state, until, controls, draws, demand)
    state = with_returns_room(state, draws)
    movements = empty_movements(network, len(state.trials), state.day, until, state.lines)
    runs = [
        Trial(t, network, state, until, controls, draws, demand[t], movements)
        for t in range(len(state.trials))
    ]
    for run in runs:
        run.run()
    state = replace(
        state,
        day=until,
        lines=grown(state.lines, max((sum(len(o.items) for o in run.orders) for run in runs), default=0)),
        orders=grown(state.orders, max((len(run.orders) for run in runs), default=0)),
    )
    rows = max((len(run.returned) for run in runs), default=0)
    returns = np.zeros((len(runs), rows, len(RETURN_COLUMNS)), dtype=np.int32)
    for t, run in enumerate(runs):
        run.write(state)
        movements.returns_count[t] = len(run.returned)
        if run.returned:
            returns[t, : len(run.returned)] = run.returned
    return state, replace(movements, returns=returns, lines=state.lines)


@dataclass(eq=False)
class Order:
    """A purchase order: item lines of one supplier for one node, one shipment."""

    id: int
    day: int
    node: int
    supplier: int
    items: list[int]
    units: list[int]
    days: tuple[float, float, float, float]
    """Production, transit, customs service and inland days; of the present stage what is left, if open at the
    start.
    """
    start: float
    """Day from which its production time counts: the order day, or 0 if open at the start."""
    finished: simpy.Event
    """Succeeds when the last unit is made."""
    admitted: simpy.Event
    """Succeeds when a customs server takes it."""
    to_make: int = 0
    made: int = -1
    left: float = UNKNOWN
    port: float = UNKNOWN
    started: float = UNKNOWN
    cleared: float = UNKNOWN
    available: float = UNKNOWN
    received: int = -1


class Wake(simpy.Event):  # type: ignore[misc]  # simpy carries no types here
    """An event at a time, after all events of that time with a smaller priority number."""

    def __init__(self, environment: simpy.Environment, time: float, priority: int) -> None:
        super().__init__(environment)
        self._ok, self._value = True, None
        environment.schedule(self, priority=priority, delay=time - environment.now)


class Customs:
    """A port's customs: first come, first served by c servers; no service starts on a closed day."""

    def __init__(self, environment: simpy.Environment, servers: int, is_open: Any) -> None:
        self.environment = environment
        self.free = servers
        self.is_open = is_open
        self.waiting: list[Order] = []

    def arrive(self, order: Order) -> None:
        """Join the queue."""
        self.waiting.append(order)
        self.call_officer(self.environment.now)

    def release(self) -> None:
        """Give a server back."""
        self.free += 1
        self.call_officer(self.environment.now)

    def call_officer(self, time: float) -> None:
        """Have the queue looked at at ``time``, after every arrival of that time."""
        if self.waiting:
            Wake(self.environment, time, CUSTOMS_PRIORITY).callbacks.append(self._look)

    def _look(self, _: simpy.Event) -> None:
        self.waiting.sort(key=lambda order: (order.port, order.id))
        while self.waiting and self.free > 0:
            day = math.floor(self.environment.now)
            if day >= len(self.is_open):
                return
            if not self.is_open[day]:
                self.call_officer(day + 1.0)
                return
            order = self.waiting.pop(0)
            self.free -= 1
            order.started = self.environment.now
            order.admitted.succeed()


class Trial:
    """One trial of the block from ``state.day`` to ``until``."""

    def __init__(
        self,
        t: int,
        network: Network,
        state: State,
        until: int,
        controls: Controls,
        draws: Draws,
        demand: IntArray,
        movements: Movements,
    ) -> None:
        self.t, self.network, self.first, self.until = t, network, state.day, until
        self.controls, self.draws, self.demand, self.out = controls, draws, demand, movements
        self.trial = state.trials[t]
        self.environment = simpy.Environment(initial_time=float(state.day - 1))
        self.finished = state.day >= until
        self.on_hand = state.on_hand[t].copy()
        self.on_order = state.on_order[t].copy()
        self.short_rest = state.short_rest[t].astype(np.int64)
        self.return_rest = state.return_rest[t].astype(np.int64)
        self.ring = state.returns_due[t].copy()
        self.down_since = state.down_since[t].astype(np.int64)
        self.returned: list[list[int]] = []
        self.dock: list[Order] = []
        self.orders: list[Order] = []
        self.factory: list[deque[Order]] = [deque() for _ in network.suppliers]
        port_open = _of(draws.port_open, t)
        self.customs = [
            Customs(self.environment, int(c), port_open[p]) for p, c in enumerate(network.servers)
        ]
        self.backlog = self._read_backlog(state)
        self._read_orders(state)
        self.environment.process(self._days())

    # reading and writing the state

    def _read_backlog(self, state: State) -> list[list[deque[list[int]]]]:
        """Per cell and item: [day of demand, units] from the oldest on."""
        queues: list[list[deque[list[int]]]] = []
        for cell in state.backlog_age[self.t]:
            row = []
            for bins in cell:
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
        production, transit, service, inland = (float(_of(s, self.t)[supplier, node, day]) for s in stages)
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
        if order.port == UNKNOWN:
            yield self._until(max(order.left, 0.0) + transit)
            order.port = self.environment.now
            self._port(order).arrive(order)
        if order.started == UNKNOWN:
            yield order.admitted
        if order.cleared == UNKNOWN:
            yield self._until(order.started + service)
            order.cleared = self.environment.now
            self._port(order).release()
        yield self._until(max(order.cleared, 0.0) + inland)
        order.available = self.environment.now
        self.dock.append(order)

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
        self.sold = np.zeros((len(network.markets), len(network.items)), dtype=np.int64)
        self.pick = network.pick_capacity.copy()
        self.aside = np.zeros_like(self.on_hand)
        self._watch_suppliers(day)
        self._receive_orders(day)
        self._receive_returns(day)
        self._serve_backlog(day, at)
        self._serve_demand(day, at)
        self.on_hand += self.aside
        self._send_returns(day)
        self._place_orders(day, self._review(day))
        self._make_units(day)
        self._record(at)

    def _watch_suppliers(self, day: int) -> None:
        up = _of(self.draws.supplier_up, self.t)[:, day]
        self.down_since = np.where(up, -1, np.where(self.down_since < 0, day, self.down_since))

    def _receive_orders(self, day: int) -> None:
        for order in self.dock:
            order.received = day
            self.on_hand[order.node, order.items] += order.units
            self.on_order[order.node, order.items] -= order.units
        self.dock.clear()

    def _receive_returns(self, day: int) -> None:
        slot = self.ring[day % len(self.ring)]
        for cell, item in zip(*np.nonzero(slot), strict=True):
            units = int(slot[cell, item])
            draw = uniform4(self.draws.return_keys[cell, item], self.trial, day, 0)
            # systematic sampling: within one unit of every share, unbiased also for a single unit
            ends = [
                (units * int(edge) + int(draw[1] * PARTS)) >> PART_BITS for edge in self.network.grade_edges
            ]
            grades = [after - before for before, after in pairwise(ends)]
            self.on_hand[self.network.return_node[cell], item] += grades[0]
            self.returned.append([day, int(cell), int(item), *grades])
        slot[:] = 0

    def _serve_backlog(self, day: int, at: int) -> None:
        want = np.array(
            [[sum(units for _, units in ages) for ages in row] for row in self.backlog], dtype=np.int64
        )
        before = want.copy()
        held = self._serve(want, at)
        served = before - want - held
        self.sold += served
        for cell, item in zip(*np.nonzero(served), strict=True):
            ages, rest = self.backlog[cell][item], int(served[cell, item])
            while rest > 0:
                units = min(rest, ages[0][1])
                self.out.wait[self.t, cell, min(day - ages[0][0], OLDEST)] += units
                ages[0][1] -= units
                rest -= units
                if ages[0][1] == 0:
                    ages.popleft()

    def _serve_demand(self, day: int, at: int) -> None:
        demand = np.asarray(self.demand[at], dtype=np.int64)
        want = demand.copy()
        held = self._serve(want, at)
        served = demand - want - held
        self.sold += served
        self.out.wait[self.t, :, 0] += served.sum(axis=1)
        for cell, item in zip(*np.nonzero(want + held), strict=True):
            short = int(want[cell, item])
            split = int(self.short_rest[cell, item]) + short * int(self.network.backlog_parts[cell])
            waits = split // PARTS
            self.short_rest[cell, item] = split % PARTS
            self.out.lost[self.t, at, cell, item] = short - waits
            waits += int(held[cell, item])
            if waits > 0:
                self.backlog[cell][item].append([day, waits])

    def _serve(self, want: IntArray, at: int) -> IntArray:
        """Ship what stock and hands allow, taking it off ``want``; returns the units that only capacity held
        back.

        By priority, then by the cell's order of nodes, then by node. Stock for held units is set aside: it is
        promised.
        """
        network = self.network
        held = np.zeros_like(want)
        for urgency in sorted(set(network.priority.tolist())):
            for preference in range(network.market_nodes.shape[1]):
                for node in range(len(network.nodes)):
                    turning = (network.priority == urgency) & (network.market_nodes[:, preference] == node)
                    cells = np.flatnonzero(turning)
                    if want[cells].any():
                        allotted = self._allot(want[cells], self.on_hand[node])
                        picked = self._pick(node, allotted)
                        want[cells] -= allotted
                        held[cells] += allotted - picked
                        self.on_hand[node] -= allotted.sum(axis=0)
                        self.aside[node] += (allotted - picked).sum(axis=0)
                        arcs = network.arc_start[cells] + preference
                        self.out.shipped[self.t, at, arcs] += picked.astype(np.int32)
        return held

    @staticmethod
    def _allot(want: IntArray, stock: IntArray) -> IntArray:
        """Stock (item) over cells (cell, item): all they want, in proportion where that is more than there
        is.
        """
        allotted = want.copy()
        for item in np.flatnonzero(want.sum(axis=0) > stock):
            allotted[:, item] = shared_out(int(stock[item]), want[:, item].tolist())
        return allotted

    def _pick(self, node: int, allotted: IntArray) -> IntArray:
        """What the node's hands can pick of what is allotted (cell, item), in proportion where that is not
        all.
        """
        if allotted.sum() > self.pick[node]:
            picked = np.array(shared_out(int(self.pick[node]), allotted.ravel().tolist())).reshape(
                allotted.shape
            )
        else:
            picked = allotted
        if self.pick[node] < UNLIMITED:
            self.pick[node] -= picked.sum()
        return picked

    def _send_returns(self, day: int) -> None:
        share = _of(self.draws.return_parts, self.t)
        refusal = _of(self.draws.refusal_parts, self.t)
        delays = self.draws.return_delay
        for cell, item in zip(*np.nonzero(self.sold), strict=True):
            refused = int(refusal[cell, day])
            parts = refused + (PARTS - refused) * int(share[cell, item]) // PARTS
            if parts == 0:
                continue
            key = self.draws.return_keys[cell, item]
            rest = int(self.return_rest[cell, item])
            if rest < 0:
                rest = int(uniform4(key, self.trial, 0, 1)[0] * PARTS)
            back, self.return_rest[cell, item] = divmod(rest + int(self.sold[cell, item]) * parts, PARTS)
            if back > 0:
                delay = int(delays[int(uniform4(key, self.trial, day, 0)[0] * len(delays))])
                self.ring[(day + max(delay, 1)) % len(self.ring), cell, item] += back

    def _review(self, day: int) -> dict[tuple[int, int], dict[int, int]]:
        """Units to order by (node, supplier) and item: (s, S) on the inventory position after demand."""
        network, controls = self.network, self.controls
        period = controls.period_of_day[day]
        low, high = (_of(a, self.t)[period] for a in (controls.reorder_level, controls.order_up_to))
        cap = _of(controls.purchase_cap, self.t)[period]
        position = self.on_hand + self.on_order
        for cell, row in enumerate(self.backlog):
            position[network.market_nodes[cell, 0]] -= [sum(units for _, units in ages) for ages in row]
        orders: dict[tuple[int, int], dict[int, int]] = {}
        for node, item in zip(*np.nonzero(position <= low), strict=True):
            units = min(int(high[node, item] - position[node, item]), int(cap[node, item]))
            if units > 0:
                for supplier, amount in self._split(day, int(node), int(item), units, int(cap[node, item])):
                    orders.setdefault((int(node), supplier), {})[int(item)] = amount
        return orders

    def _split(self, day: int, node: int, item: int, units: int, cap: int) -> Iterable[tuple[int, int]]:
        """Supplier and units: by share, after failover, in multiples, at least the smallest order, never
        above the cap.
        """
        network = self.network
        shares = _of(self.controls.share_parts, self.t)[self.controls.period_of_day[day], node, item]
        weight = [0] * len(network.suppliers)
        for supplier, share in enumerate(shares.tolist()):
            if network.qualified[node, supplier, item]:
                weight[self._taker(day, node, item, supplier)] += share
        if sum(weight) == 0:
            return
        for supplier, amount in enumerate(shared_out(units, weight)):
            if amount == 0:
                continue
            multiple, smallest = int(network.multiple[supplier, item]), int(network.moq[supplier, item])
            amount = max(-(-amount // multiple) * multiple, smallest)
            if amount > cap:
                amount = cap // multiple * multiple
                if amount < smallest:
                    amount = 0
            cap -= amount
            if amount > 0:
                yield supplier, amount

    def _taker(self, day: int, node: int, item: int, supplier: int) -> int:
        """Who takes a supplier's share: its backup, once it is known to be down long enough and the backup is
        up and qualified.
        """
        since, backup = self.down_since[supplier], int(self.network.backup[supplier])
        down = since >= 0 and day - since >= self.controls.failover_delay
        if not (_of(self.controls.failover_on, self.t) and down and backup >= 0):
            return supplier
        usable = self.network.qualified[node, backup, item] and self.down_since[backup] < 0
        return backup if usable else supplier

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
            self.environment.process(self._life(order))

    def _make_units(self, day: int) -> None:
        up, capacity = _of(self.draws.supplier_up, self.t)[:, day], _of(self.draws.capacity, self.t)[:, day]
        for supplier, queue in enumerate(self.factory):
            left = int(capacity[supplier]) if up[supplier] else 0
            while queue and left > 0:
                order = queue[0]
                made = min(left, order.to_make)
                order.to_make -= made
                left -= made
                if order.to_make == 0:
                    order.made = day
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
            raise UsageError(
                f"units: negative or more than {LARGEST} of one item in one place | scale the units down"
            )
        out.on_hand[t, at], out.on_order[t, at], out.backlog[t, at] = self.on_hand, self.on_order, backlog
        out.overflow[t, at] = np.maximum(0, self.on_hand.sum(axis=1) - self.network.storage)


def _of(array: Any, t: int) -> Any:
    """A trial's entry of an array whose leading axis may be shared by all trials."""
    return array[min(t, len(array) - 1)]


def shared_out(amount: int, weights: list[int]) -> list[int]:
    """Whole parts of ``amount`` in proportion to the weights: rounded down, then one more for the largest
    remainders, then by place.
    """
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda k: (-(amount * weights[k] % total), k))
    for k in by_remainder[: amount - sum(parts)]:
        parts[k] += 1
    return parts
