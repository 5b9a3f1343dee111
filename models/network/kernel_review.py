"""Review of the compiled engine: inventory positions, policies, orders. All arrays are one trial's."""

from __future__ import annotations

from typing import Any

from models.network.kernel_bits import WORD, lowest, positive_bits, without_lowest
from models.network.kernel_orders import inner
from models.network.kernel_rows import added, low
from models.network.kernel_split import split_order
from models.network.kernel_tables import place
from models.network.policy import BATCHES


@inner
def count_behind(net: Any, work: Any) -> None:
    """Backlog that counts against a node: that of the demand points that turn to it first."""
    behind, waiting = work.behind, work.waiting
    behind[:] = 0
    for c in range(len(waiting)):
        if waiting[c] > 0:
            added(work.backlog[c], behind[net.primary[c]])


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
    choice: Any,
    period: int,
    now: Any,
    lines: Any,
    tables: Any,
    stages: Any,
    failover: bool,
    delay: int,
    order: int,
    row: int,
    day: int,
) -> tuple[int, int]:
    """Orders by node and item on the position after demand; returns the orders and the lines placed so far.

    A first loop without branches finds the few items of a node at or below the position at which the policy
    orders.
    """
    chosen, low_enough = work.chosen, work.some[: work.want.shape[1]]
    for n in range(len(work.behind)):
        stock, coming, behind = now.on_hand[n], now.on_order[n], work.behind[n]
        low(stock, coming, behind, choice.trigger[period, n], low_enough)
        count = 0
        for start in range(0, len(low_enough), WORD):
            bits = positive_bits(low_enough, start)
            while bits != 0:
                i = start + lowest(bits)
                bits = without_lowest(bits)
                units = _quantity(choice, period, n, i, stock[i] + coming[i] - behind[i], day)
                if units > 0:
                    split_order(
                        net,
                        work,
                        choice.share_parts[period, n, i],
                        net.qualified[n],
                        now.down_since,
                        failover,
                        delay,
                        day,
                        i,
                        units,
                        choice.purchase_cap[period, n, i],
                        count,
                    )
                    chosen[count] = i
                    count += 1
        if count > 0:
            order, row = place(work, lines, tables, stages, coming, n, count, order, row, day)
    return order, row


@inner
def _quantity(choice: Any, period: int, n: int, i: int, position: int, day: int) -> int:
    """Units that the policy of a node and item orders at a position that calls for an order."""
    every = choice.review_every[period, n, i]
    if every > 1 and (day - choice.first_review[period, n, i]) % every != 0:
        return 0
    cap = choice.purchase_cap[period, n, i]
    if choice.policy[period, n, i] == BATCHES:
        size = choice.batch[period, n, i]
        units = ((choice.trigger[period, n, i] - position) // size + 1) * size
        return units if units <= cap else cap // size * size
    return min(choice.order_up_to[period, n, i] - position, cap)
