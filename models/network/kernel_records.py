"""Records of the compiled engine: its arrays in groups, so that a function takes a few of them, not sixty.

``Net``, ``Chance``, ``Choice``, ``Now``, ``Orders``, ``Lines`` and ``Out`` hold a block's arrays (first axis:
trial) or, cut by ``kernel_trial``, those of one trial; ``Work`` is memory that every trial of a thread uses.
"""

from __future__ import annotations

from typing import NamedTuple

from models.arrays import BoolArray, FloatArray, Int32Array, IntArray, WordArray


class Net(NamedTuple):
    """The network; groups are (priority class, preference, node) with the demand points that turn to that
    node, and (preference, donor) with the nodes that ask that donor.
    """

    group_start: IntArray
    group_point: IntArray
    group_arc: IntArray
    group_node: IntArray
    give_start: IntArray
    give_asker: IntArray
    give_donor: IntArray
    primary: IntArray
    return_node: IntArray
    pick_capacity: IntArray
    storage: IntArray
    backlog_parts: IntArray
    servers: IntArray
    node_port: IntArray
    qualified: BoolArray
    moq: IntArray
    multiple: IntArray
    backup: IntArray
    grade_edges: IntArray
    feeds: IntArray


class Chance(NamedTuple):
    """Draws; days by (supplier, node, day) and (node, node, day), the others as in ``Draws``."""

    production: FloatArray
    transit: FloatArray
    service: FloatArray
    inland: FloatArray
    supplier_up: BoolArray
    capacity: IntArray
    port_open: BoolArray
    return_parts: IntArray
    refusal_parts: IntArray
    return_keys: WordArray
    return_delay: IntArray
    transfer: FloatArray


class Choice(NamedTuple):
    """Controls by trial and period, or of one trial's day: (node, item), shares (node, item, supplier)."""

    trigger: IntArray
    """Position at or below which a node orders, whatever its policy."""
    policy: IntArray
    batch: IntArray
    review_every: IntArray
    first_review: IntArray
    transfer_at: IntArray
    transfer_to: IntArray
    keep: IntArray
    order_up_to: IntArray
    share_parts: IntArray
    purchase_cap: IntArray


class Now(NamedTuple):
    """State, changed in place."""

    on_hand: IntArray
    on_order: IntArray
    backlog: IntArray
    backlog_age: Int32Array
    short_rest: Int32Array
    return_rest: Int32Array
    returns_due: Int32Array
    down_since: Int32Array
    in_transfer: IntArray
    transfers_due: Int32Array
    open_stage_days: FloatArray


class Orders(NamedTuple):
    """Order table, changed in place; of one trial, ``count`` and ``first_open`` have one number."""

    first_line: Int32Array
    lines: Int32Array
    to_make: IntArray
    made: Int32Array
    started: FloatArray
    count: IntArray  # type: ignore[assignment]  # a tuple has a method of that name, nobody calls it
    first_open: IntArray


class Lines(NamedTuple):
    """Order-line table, changed in place; of one trial, ``count`` has one number."""

    day_ordered: Int32Array
    node: Int32Array
    supplier: Int32Array
    item: Int32Array
    units: IntArray
    left: FloatArray
    port: FloatArray
    cleared: FloatArray
    available: FloatArray
    received: Int32Array
    count: IntArray  # type: ignore[assignment]  # a tuple has a method of that name, nobody calls it


class Out(NamedTuple):
    """Movements of the window, written day by day; of one trial, the counts have one number."""

    shipped: Int32Array
    lost: Int32Array
    backlog: Int32Array
    on_hand: Int32Array
    on_order: Int32Array
    overflow: IntArray
    wait: IntArray
    returns: Int32Array
    returns_count: IntArray
    transfers: Int32Array
    transfers_count: IntArray


class Block(NamedTuple):
    """All arrays of a block of trials."""

    net: Net
    chance: Chance
    choice: Choice
    now: Now
    orders: Orders
    lines: Lines
    out: Out
    demand: Int32Array
    """(trial, day, demand point, item) units."""
    period_of_day: IntArray
    failover_after: IntArray
    """(trial or 1,) days a supplier is down before its backup takes over."""


class Window(NamedTuple):
    """What is the same for all trials of a call."""

    first: int
    """First day."""
    until: int
    """Day before which the call ends."""
    first_trial: int
    """Absolute number of the block's first trial."""


class Split(NamedTuple):
    """Room for a split of whole units in proportion, (C (I + 1),) or more."""

    weight: IntArray
    """Weights of the parts."""
    part: IntArray
    """Units of the parts."""
    remainder: IntArray
    rank: IntArray


class Events(NamedTuple):
    """Orders under way: their rows, and the lists they hang in."""

    who: IntArray
    """(order, 8) whole numbers of an order."""
    when: FloatArray
    """(order, 8) days of an order."""
    link: IntArray
    """(order,) the next order in the same list."""
    arriving: IntArray
    """(days + 1,) first order that reaches its port by the opening of that day."""
    receiving: IntArray
    """(days + 1,) first order that is received on that day."""
    factory: IntArray
    """(S, 2) first and last order waiting to be made."""
    queues: IntArray
    """(P, 2) first and last order waiting at customs."""
    free: FloatArray
    """(P, servers) day from which each customs server is free."""


class Stock(NamedTuple):
    """Units of the moment, in 32 bits, which hold twice as many to a machine word."""

    on_hand: Int32Array
    """(N, I) in stock."""
    on_order: Int32Array
    """(N, I) ordered and not received."""
    backlog: Int32Array
    """(C, I) units that wait."""
    wide: IntArray
    """(1,) all bits of sums that must fit 32 bits."""


class Serving(NamedTuple):
    """Who wants what today."""

    want: Int32Array
    """(C, I) units still to serve."""
    held: Int32Array
    """(C, I) units with stock that hands hold back today."""
    sold: Int32Array
    """(C, I) units shipped today, of which those of today's demand are counted at the end."""
    left: IntArray
    """(C,) units of a demand point still to serve."""
    demanded: IntArray
    """(C,) units of a demand point demanded today."""
    waiting: IntArray
    """(C,) backlog of a demand point."""
    since: IntArray
    """(C, I) a day before which no unit that waits was demanded."""
    aside: Int32Array
    """(N, I) stock promised to units that capacity holds back today."""
    pick_left: IntArray
    """(N,) units that hands can still pick today."""
    total: Int32Array
    """(I,) units that the demand points of a group want."""


class Returning(NamedTuple):
    """Returned shares and their remainders."""

    parts: Int32Array
    """(C, I) share of the units sold that come back, parts of 2**20."""
    refused: IntArray
    """(C,) share refused at the door that ``parts`` were made with; -1: none yet."""
    rest: Int32Array
    """(C, I) running remainder of the returned share; below zero, as -1 - remainder, before the first
    sale."""
    sequence: WordArray
    """(C, I) where the sequence of the days' draws of returns begins."""


class Desk(NamedTuple):
    """What a review and a request for stock look at and decide."""

    behind: IntArray
    """(N, I) backlog that counts against a node's position."""
    stock: IntArray
    """(N, I) stock that a request for a transfer looks at."""
    asked: IntArray
    """(N, I) units a node still asks for."""
    given: IntArray
    """(N, I) units of one donor by place among the askers."""
    ordered: IntArray
    """(S, I) units of a node ordered today."""
    chosen: IntArray
    """(I,) items of a node ordered today."""
    takes: IntArray
    """(S,) supplier that gets a supplier's share today: itself, or its backup by failover."""


class Work(NamedTuple):
    """Working memory of one trial at a time."""

    events: Events
    stock: Stock
    serving: Serving
    returning: Returning
    desk: Desk
    split: Split
