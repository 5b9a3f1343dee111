"""Review of the compiled engine: who is short of stock and asks other nodes, inventory positions, policies,
orders. All arrays are one trial's.
"""

from __future__ import annotations

import math

from models.arrays import FloatArray, Int32Array, IntArray
from models.compiled import inner
from models.network.kernel_orders import place
from models.network.kernel_records import (
    Chance,
    Choice,
    Desk,
    Lines,
    Net,
    Now,
    Orders,
    Out,
    Serving,
    Stock,
    Work,
)
from models.network.kernel_split import largest_remainder, split_order
from models.network.policy import BATCHES


@inner
def count_behind(net: Net, serving: Serving, backlog: Int32Array, behind: IntArray) -> None:
    """Backlog that counts against a node, (N, I) units: that of the demand points that turn to it first."""
    behind[:] = 0
    for c in range(backlog.shape[0]):
        if serving.waiting[c] > 0:
            n = net.primary[c]
            for i in range(backlog.shape[1]):
                behind[n, i] += backlog[c, i]


@inner
def take_transfers(net: Net, stock: Stock, now: Now, day: int) -> None:
    """Put what other nodes sent into stock."""
    if len(net.give_donor) == 0:
        return
    slot = now.transfers_due[day % len(now.transfers_due)]
    for n in range(slot.shape[0]):
        for i in range(slot.shape[1]):
            units = slot[n, i]
            if units > 0:
                stock.on_hand[n, i] += units
                now.in_transfer[n, i] -= units
                slot[n, i] = 0


@inner
def transfer(net: Net, work: Work, today: Choice, now: Now, lead: FloatArray, out: Out, day: int) -> None:
    """Nodes short of units ask their sources, the first choice of all before the second; ``lead`` (N, N, D)
    days from a node to another, by day sent.
    """
    if not _ask(net, work.desk, work.stock, now.in_transfer, today):
        return
    for group in range(len(net.give_donor)):
        donor = net.give_donor[group]
        askers = net.give_asker[net.give_start[group] : net.give_start[group + 1]]
        for i in range(today.keep.shape[1]):
            spare = work.stock.on_hand[donor, i] - work.desk.behind[donor, i] - today.keep[donor, i]
            _share_stock(work, askers, spare, i)
        _send(work, now, lead, out, askers, donor, day)


@inner
def _ask(net: Net, desk: Desk, stock: Stock, in_transfer: IntArray, today: Choice) -> bool:
    """Units that each node asks for; returns whether any does."""
    nodes, items = in_transfer.shape
    for n in range(nodes):
        for i in range(items):
            desk.stock[n, i] = stock.on_hand[n, i] + in_transfer[n, i] - desk.behind[n, i]
    for e in range(len(net.feeds)):
        fed, source = net.feeds[e, 0], net.feeds[e, 1]
        for i in range(items):
            desk.stock[source, i] += desk.stock[fed, i]
    anything = False
    for n in range(nodes):
        for i in range(items):
            has = desk.stock[n, i]
            short = today.transfer_to[n, i] - has if has <= today.transfer_at[n, i] else 0
            desk.asked[n, i] = max(0, short)
            anything |= short > 0
    return anything


@inner
def _share_stock(work: Work, askers: IntArray, spare: int, i: int) -> None:
    """What one donor gives of one item: all that is asked, or its spare stock in proportion."""
    asked, given, split = work.desk.asked, work.desk.given, work.split
    total = 0
    for j in range(len(askers)):
        split.weight[j] = asked[askers[j], i]
        total += split.weight[j]
        given[j, i] = 0
    if total == 0 or spare <= 0:
        return
    if total > spare:
        largest_remainder(split, 0, len(askers), spare)
    for j in range(len(askers)):
        given[j, i] = split.part[j] if total > spare else split.weight[j]


@inner
def _send(work: Work, now: Now, lead: FloatArray, out: Out, askers: IntArray, donor: int, day: int) -> None:
    """Send what a donor gives, at the earliest for the next morning, and note each as a row."""
    asked, given, stock, ring = work.desk.asked, work.desk.given, work.stock, now.transfers_due
    for j in range(len(askers)):
        n = askers[j]
        arrives = max(day + 1, math.ceil(day + lead[donor, n, day]))
        for i in range(given.shape[1]):
            units = given[j, i]
            if units > 0:
                stock.on_hand[donor, i] -= units
                now.in_transfer[n, i] += units
                asked[n, i] -= units
                ring[arrives % len(ring), n, i] += units
                row = out.transfers[out.transfers_count[0]]
                row[0], row[1], row[2], row[3], row[4], row[5] = day, donor, n, i, units, arrives
                out.transfers_count[0] += 1


@inner
def count_echelons(net: Net, behind: IntArray, stock: Stock, in_transfer: IntArray) -> None:
    """Take what is in transfer, and the positions of the nodes that an echelon feeds, off what is behind:
    (N, I) units.
    """
    nodes, items = behind.shape
    for n in range(nodes):
        for i in range(items):
            behind[n, i] -= in_transfer[n, i]
    for e in range(len(net.feeds)):
        fed, source = net.feeds[e, 0], net.feeds[e, 1]
        for i in range(items):
            behind[source, i] -= stock.on_hand[fed, i] + stock.on_order[fed, i] - behind[fed, i]


@inner
def watch(
    net: Net, desk: Desk, chance: Chance, down_since: Int32Array, failover_after: int, day: int
) -> None:
    """Since which day each supplier is down, (S,), and who takes its orders today: itself,
    or its backup once it has
    been down for long enough and the backup is up.
    """
    for s in range(len(down_since)):
        if chance.supplier_up[s, day]:
            down_since[s] = -1
        elif down_since[s] < 0:
            down_since[s] = day
    for s in range(len(down_since)):
        other, since = net.backup[s], down_since[s]
        moves = since >= 0 and day - since >= failover_after and other >= 0 and down_since[other] < 0
        desk.takes[s] = other if moves else s


@inner
def review(
    net: Net, work: Work, today: Choice, orders: Orders, lines: Lines, chance: Chance, day: int
) -> None:
    """Orders by node and item on the position after demand."""
    stock, behind, chosen = work.stock, work.desk.behind, work.desk.chosen
    for n in range(behind.shape[0]):
        count = 0
        for i in range(behind.shape[1]):
            position = stock.on_hand[n, i] + stock.on_order[n, i] - behind[n, i]
            if position <= today.trigger[n, i]:
                units = _quantity(today, n, i, position, day)
                if units > 0:
                    stock.wide[0] |= units  # beyond 32 bits, its products with shares would overflow
                    split_order(net, work.desk, work.split, today, n, i, units)
                    chosen[count] = i
                    count += 1
        if count > 0:
            _order(work, orders, lines, chance, n, count, day)


@inner
def _quantity(today: Choice, n: int, i: int, position: int, day: int) -> int:
    """Units that the policy of a node and item orders at a position that calls for an order."""
    every = today.review_every[n, i]
    if every > 1 and (day - today.first_review[n, i]) % every != 0:
        return 0
    cap = today.purchase_cap[n, i]
    if today.policy[n, i] == BATCHES:
        size = today.batch[n, i]
        units = ((today.trigger[n, i] - position) // size + 1) * size
        return units if units <= cap else cap // size * size
    return min(today.order_up_to[n, i] - position, cap)


@inner
def _order(work: Work, orders: Orders, lines: Lines, chance: Chance, n: int, count: int, day: int) -> None:
    """Turn a node's quantities of today into orders, one per supplier, in key order."""
    desk, stock = work.desk, work.stock
    for s in range(desk.ordered.shape[0]):
        first = lines.count[0]
        for k in range(count):
            i = desk.chosen[k]
            units = desk.ordered[s, i]
            if units > 0:
                row = lines.count[0]
                lines.item[row], lines.units[row] = i, units
                lines.count[0] = row + 1
                coming = stock.on_order[n, i] + units
                stock.wide[0] |= coming
                stock.on_order[n, i] = coming
        if lines.count[0] > first:
            place(work.events, orders, lines, chance, first, n, s, day)
