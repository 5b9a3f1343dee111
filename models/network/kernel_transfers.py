"""Transfers between nodes of the compiled engine: who is short of stock, who gives, what arrives. All arrays
are one trial's.
"""

from __future__ import annotations

import math
from typing import Any

from models.network.kernel_orders import inner
from models.network.kernel_split import called, largest_remainder


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
def transfer(
    net: Any, work: Any, choice: Any, period: int, now: Any, lead: Any, rows: Any, row: int, day: int
) -> int:
    """Nodes short of stock ask their sources, the first choice of all before the second; returns the rows
    used.
    """
    if len(net.give_donor) == 0:
        return row
    on_hand, in_transfer = now.on_hand, now.in_transfer
    ask_at, ask_to = choice.transfer_at[period], choice.transfer_to[period]
    if not _ask(work.stock, work.asked, work.behind, net.feeds, on_hand, in_transfer, ask_at, ask_to):
        return row
    for group in range(len(net.give_donor)):
        donor = net.give_donor[group]
        askers = net.give_asker[net.give_start[group] : net.give_start[group + 1]]
        keep, stock, behind = choice.keep[period, donor], on_hand[donor], work.behind[donor]
        gives = False
        for i in range(len(stock)):
            spare = stock[i] - behind[i] - keep[i]
            gives |= _share_stock(work.asked, work.given, askers, work.split, spare, i)
        if gives:
            row = _send(
                on_hand,
                in_transfer,
                now.transfers_due,
                work.asked,
                work.given,
                askers,
                lead,
                rows,
                row,
                day,
                donor,
            )
    return row


@inner
def _ask(
    stock: Any,
    asked: Any,
    behind: Any,
    feeds: Any,
    on_hand: Any,
    in_transfer: Any,
    ask_at: Any,
    ask_to: Any,
) -> bool:
    """Units that each node asks for; returns whether any does."""
    nodes, items = on_hand.shape
    for n in range(nodes):
        for i in range(items):
            stock[n, i] = on_hand[n, i] + in_transfer[n, i] - behind[n, i]
    for e in range(len(feeds)):
        for i in range(items):
            stock[feeds[e, 1], i] += stock[feeds[e, 0], i]
    anything = False
    for n in range(nodes):
        for i in range(items):
            short = ask_to[n, i] - stock[n, i] if stock[n, i] <= ask_at[n, i] else 0
            asked[n, i] = max(0, short)
            anything |= short > 0
    return anything


@called
def _share_stock(asked: Any, given: Any, askers: Any, split: Any, spare: int, i: int) -> bool:
    """What one donor gives of one item: all that is asked, or its spare stock in proportion."""
    weight, total = split.weight, 0
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
    largest_remainder(split, len(askers), spare)
    for j in range(len(askers)):
        given[j, i] = split.part[j]
    return True


@called
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
