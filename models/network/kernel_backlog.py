"""Demand and backlog of the compiled engine: what is asked for today, what waits, how long.

All arrays are one trial's.
"""

from __future__ import annotations

from typing import Any

from models.network.kernel_bits import WORD, lowest, positive_bits, without_lowest
from models.network.kernel_orders import inner
from models.network.kernel_rows import all_bits, both, copied, sum_copied, taken_off
from models.network.parts import PART_BITS, PARTS
from models.network.state import OLDEST

_MASK = PARTS - 1


@inner
def begin_backlog(work: Any, backlog_age: Any, day: int) -> None:
    """Backlog by demand point, and the day of the oldest unit that waits, from the state before ``day``."""
    backlog, waiting, since = work.backlog, work.waiting, work.since
    for c in range(len(waiting)):
        waiting[c] = 0
        for i in range(backlog.shape[1]):
            waiting[c] += backlog[c, i]
            since[c, i] = day - OLDEST
            if backlog[c, i] > 0 and backlog_age[c, i, OLDEST] == 0:
                while backlog_age[c, i, since[c, i] % OLDEST] == 0:
                    since[c, i] += 1


@inner
def ask_backlog(work: Any, backlog_age: Any, day: int) -> bool:
    """Ask for all that waits, demand of 60 days ago joining the oldest; returns whether anything does."""
    left, waiting, since = work.left, work.waiting, work.since
    behind = False
    for c in range(len(waiting)):
        left[c] = waiting[c]
        if waiting[c] == 0:
            continue
        behind = True
        row = work.want[c]
        copied(work.backlog[c], row)
        for start in range(0, len(row), WORD):
            bits = positive_bits(row, start)
            while bits != 0:
                i = start + lowest(bits)
                bits = without_lowest(bits)
                if since[c, i] <= day - OLDEST:
                    backlog_age[c, i, OLDEST] += backlog_age[c, i, day % OLDEST]
                    backlog_age[c, i, day % OLDEST] = 0
    return behind


@inner
def book_backlog(work: Any, backlog_age: Any, wait: Any, held_back: bool, day: int) -> None:
    """Take served backlog off, oldest first, and count how long it has waited."""
    waiting, since, served = work.waiting, work.since, work.some[: work.want.shape[1]]
    for c in range(len(waiting)):
        if work.left[c] == waiting[c]:
            continue
        row, want, held = work.backlog[c], work.want[c], work.held[c]
        taken_off(row, want, held, served)
        if held_back:
            held[:] = 0
        for start in range(0, len(served), WORD):
            bits = positive_bits(served, start)
            while bits != 0:
                i = start + lowest(bits)
                bits = without_lowest(bits)
                units = served[i]
                work.sold[c, i] += units
                row[i] -= units
                waiting[c] -= units
                age = min(day - since[c, i], OLDEST)
                while True:
                    slot = OLDEST if age == OLDEST else (day - age) % OLDEST
                    taken = min(units, backlog_age[c, i, slot])
                    backlog_age[c, i, slot] -= taken
                    wait[c, age] += taken
                    units -= taken
                    if units == 0:
                        break
                    age -= 1
                since[c, i] = day - age


@inner
def ask_demand(demand: Any, work: Any) -> int:
    """Ask for today's demand; returns all its bits, so that a negative or huge number shows."""
    for c in range(len(work.left)):
        total = sum_copied(demand[c], work.want[c])
        work.left[c] = total
        work.demanded[c] = total
    return all_bits(demand.reshape(demand.size))


@inner
def book_demand(
    net: Any, work: Any, lost: Any, wait: Any, held_back: bool, backlog_age: Any, short_rest: Any, day: int
) -> None:
    """Split what was not shipped: held units wait, short units wait or are lost by the market's share."""
    for c in range(len(work.left)):
        wait[c, 0] += work.demanded[c] - work.left[c]
        if work.left[c] == 0 and not held_back:
            continue
        want, held, open_units = work.want[c], work.held[c], work.some[: work.want.shape[1]]
        both(want, held, open_units)
        for start in range(0, len(open_units), WORD):
            bits = positive_bits(open_units, start)
            while bits != 0:
                i = start + lowest(bits)
                bits = without_lowest(bits)
                short, kept = want[i], held[i]
                split = short_rest[c, i] + short * net.backlog_parts[c]
                waits = split >> PART_BITS
                short_rest[c, i] = split & _MASK
                lost[c, i] = short - waits
                waits += kept
                if waits > 0:
                    if work.backlog[c, i] == 0:
                        work.since[c, i] = day
                    work.backlog[c, i] += waits
                    backlog_age[c, i, day % OLDEST] += waits
                    work.waiting[c] += waits
                work.sold[c, i] -= kept
                wait[c, 0] -= kept
                held[i] = 0
