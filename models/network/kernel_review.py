"""Review of the compiled engine: inventory positions, policies, transfers between nodes. All arrays are one
trial's.
"""

from __future__ import annotations

import math
from typing import Any

from models.network.kernel_orders import inner, largest_remainder, split_order
from models.network.policy import BATCHES


@inner
def count_behind(net: Any, work: Any, backlog: Any) -> None:
    """Backlog that counts against a node: that of the cells that turn to it first."""
    behind, waiting = work.behind, work.waiting
    behind[:] = 0
    for c in range(len(waiting)):
        if waiting[c] > 0:
            row = behind[net.primary[c]]
            for i in range(behind.shape[1]):
                row[i] += backlog[c, i]


@inner
def transfer(
    net: Any,
    work: Any,
    on_hand: Any,
    in_transfer: Any,
    ring: Any,
    ask_at: Any,
    ask_to: Any,
    keep: Any,
    lead: Any,
    rows: Any,
    row: int,
    day: int,
) -> int:
    """Nodes short of stock ask their sources, the first choice of all before the second; returns the rows
    used.
    """
    if len(net.give_donor) == 0:
        return row
    behind, stock, asked, given = work.behind, work.stock, work.asked, work.given
    nodes, items = on_hand.shape
    for n in range(nodes):
        for i in range(items):
            stock[n, i] = on_hand[n, i] + in_transfer[n, i] - behind[n, i]
    for e in range(len(net.feeds)):
        for i in range(items):
            stock[net.feeds[e, 1], i] += stock[net.feeds[e, 0], i]
    anything = False
    for n in range(nodes):
        for i in range(items):
            short = ask_to[n, i] - stock[n, i] if stock[n, i] <= ask_at[n, i] else 0
            asked[n, i] = max(0, short)
            anything |= short > 0
    if not anything:
        return row
    for group in range(len(net.give_donor)):
        donor = net.give_donor[group]
        askers = net.give_asker[net.give_start[group] : net.give_start[group + 1]]
        gives = False
        for i in range(items):
            gives |= _share_stock(
                asked,
                given,
                askers,
                work.weight,
                work.part,
                on_hand[donor, i] - behind[donor, i] - keep[donor, i],
                i,
            )
        if gives:
            row = _send(on_hand, in_transfer, ring, asked, given, askers, lead, rows, row, day, donor)
    return row


@inner
def _share_stock(asked: Any, given: Any, askers: Any, weight: Any, part: Any, spare: int, i: int) -> bool:
    """What one donor gives of one item: all that is asked, or its spare stock in proportion."""
    total = 0
    for j in range(len(askers)):
        weight[j] = asked[askers[j], i]
        total += weight[j]
        given[j, i] = 0
    if total == 0 or spare <= 0:
        return False
    if total <= spare:
        for j in range(len(askers)):
            given[j, i] = weight[j]
        return True
    largest_remainder(weight, len(askers), spare, part)
    for j in range(len(askers)):
        given[j, i] = part[j]
    return True


@inner
def _send(
    on_hand: Any,
    in_transfer: Any,
    ring: Any,
    asked: Any,
    given: Any,
    askers: Any,
    lead: Any,
    rows: Any,
    row: int,
    day: int,
    donor: int,
) -> int:
    for j in range(len(askers)):
        n = askers[j]
        arrives = max(day + 1, math.ceil(day + lead[donor, n, day]))
        for i in range(on_hand.shape[1]):
            units = given[j, i]
            if units > 0:
                on_hand[donor, i] -= units
                in_transfer[n, i] += units
                asked[n, i] -= units
                ring[arrives % len(ring), n, i] += units
                rows[row, 0], rows[row, 1], rows[row, 2] = day, donor, n
                rows[row, 3], rows[row, 4], rows[row, 5] = i, units, arrives
                row += 1
    return row


@inner
def take_transfers(net: Any, ring: Any, on_hand: Any, in_transfer: Any, day: int) -> None:
    """Put what other nodes sent into stock."""
    if len(net.give_donor) == 0:
        return
    slot = ring[day % len(ring)]
    for n in range(slot.shape[0]):
        for i in range(slot.shape[1]):
            units = slot[n, i]
            if units > 0:
                on_hand[n, i] += units
                in_transfer[n, i] -= units
                slot[n, i] = 0


@inner
def count_echelons(net: Any, work: Any, on_hand: Any, on_order: Any, in_transfer: Any) -> None:
    """Take what is in transfer, and the positions of the nodes that an echelon feeds, off what is behind."""
    if len(net.give_donor) == 0:
        return
    behind = work.behind
    nodes, items = on_hand.shape
    for n in range(nodes):
        for i in range(items):
            behind[n, i] -= in_transfer[n, i]
    for e in range(len(net.feeds)):
        fed, source = net.feeds[e, 0], net.feeds[e, 1]
        for i in range(items):
            behind[source, i] -= on_hand[fed, i] + on_order[fed, i] - behind[fed, i]


@inner
def review(
    net: Any,
    work: Any,
    on_hand: Any,
    on_order: Any,
    down_since: Any,
    low: Any,
    high: Any,
    kind: Any,
    batch: Any,
    every: Any,
    first_review: Any,
    cap: Any,
    shares: Any,
    failover: bool,
    delay: int,
    day: int,
) -> bool:
    """Orders by node and item on the position after demand; ``low`` is the position at or below which the
    policy orders.
    """
    behind, ordered = work.behind, work.ordered
    nodes, items = on_hand.shape
    any_order = False
    for n in range(nodes):
        for i in range(items):
            position = on_hand[n, i] + on_order[n, i] - behind[n, i]
            if position <= low[n, i] and (day - first_review[n, i]) % every[n, i] == 0:
                if kind[n, i] == BATCHES:
                    size = batch[n, i]
                    units = ((low[n, i] - position) // size + 1) * size
                    if units > cap[n, i]:
                        units = cap[n, i] // size * size
                else:
                    units = min(high[n, i] - position, cap[n, i])
                if units > 0:
                    any_order = True
                    split_order(
                        shares[n, i],
                        net.qualified[n],
                        net.backup,
                        down_since,
                        net.moq,
                        net.multiple,
                        ordered[n],
                        work.weight,
                        work.part,
                        failover,
                        delay,
                        day,
                        i,
                        units,
                        cap[n, i],
                    )
    return any_order
