"""What is in an order: its weekday, number of lines, item and units of each line, per segment, with Dirichlet
uncertainty.

Shares are drawn per trial from a Dirichlet law around the last twelve months. The evidence of the item mix is
divided by its overdispersion between months (Pearson), because a mix drifts more than coin tosses would.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.arrays import BoolArray, FloatArray, Int32Array, IntArray, WordArray
from models.compiled import compiled
from models.demand.history import History
from models.demand.settings import EXPECTED_MONTHS, DemandSettings
from models.samplers import gamma
from models.streams import keys_of

WINDOW = 12
"""Months of the latest history that say what is in an order."""
THIN_LINES = 200.0
"""Lines below which a segment's item mix borrows from the company's."""
PRIOR_LINES = 10.0
"""Lines that the company's mix counts for in a segment with fewer than ``THIN_LINES`` lines."""
MOST_LINES = 4096
"""Lines of the longest order that is told apart: a day's web sales booked as one invoice have hundreds."""
MOST_SIZES = 64
"""Sizes of a line that are told apart; where there are more, the rare ones are merged into 16 groups."""


@dataclass(frozen=True)
class Basket:
    """Dirichlet evidence (pseudo-counts) per segment.

    ``weekday`` (market, 7) shares, Monday first; ``lines`` (segment, L) for 1..L lines; ``size`` (K,) units
    per line and ``sizes`` (segment, K); ``mix`` (segment, item); ``active`` (epoch, item) whether an item is
    sold and ``epoch`` (month,) which row holds in a month.
    """

    weekday: FloatArray
    lines: FloatArray
    size: IntArray
    sizes: FloatArray
    mix: FloatArray
    active: BoolArray
    epoch: IntArray

    def units_per_order(self) -> FloatArray:
        """Expected units per order, shape (segment,)."""
        count = np.arange(1.0, self.lines.shape[1] + 1.0)
        lines = (self.lines * count).sum(axis=1) / self.lines.sum(axis=1)
        return np.asarray(lines * (self.sizes * self.size).sum(axis=1) / self.sizes.sum(axis=1))

    def shares(self) -> FloatArray:
        """Expected item shares of units, dims (epoch, segment, item)."""
        out = np.empty((len(self.active), *self.mix.shape))
        for e, active in enumerate(self.active):
            for c in range(len(self.mix)):
                weight = np.where(active, self.mix[c], 0.0)
                if not weight.sum() > 0.0:
                    weight = active.astype(np.float64) if active.any() else np.ones(len(active))
                out[e, c] = weight / weight.sum()
        return out


def fit_basket(history: History, settings: DemandSettings) -> Basket:
    """Basket evidence from the last twelve months of order lines; a thin segment leans on the company."""
    segments, items = len(settings.segments), settings.items
    since = max(history.months - WINDOW, 0)
    orders = history.orders[history.orders["month"] >= since]
    lines = history.lines[history.lines["month"] >= since]
    code = pd.Index(list(items)).get_indexer(pd.Index(lines["item"]))
    lines = lines.assign(code=code)[code >= 0]
    per_order = lines.groupby("order", sort=True)["segment"].agg(["first", "size"])
    count = np.minimum(per_order["size"].to_numpy(np.int64), MOST_LINES)
    line_table = _counts(
        per_order["first"].to_numpy(np.int64), count - 1, segments, int(count.max()) if len(count) else 1
    )
    size, level = _sizes(lines["quantity"].to_numpy(np.int64))
    segment = lines["segment"].to_numpy(np.int64)
    size_table = _counts(segment, level, segments, len(size))
    active, epoch = _epochs(settings)
    return Basket(
        weekday=_weekdays(orders, settings),
        lines=_fill(line_table),
        size=size,
        sizes=_fill(size_table),
        mix=_mix(lines, segments, settings, since, history.months),
        active=active,
        epoch=epoch,
    )


def _counts(row: IntArray, column: IntArray, rows: int, columns: int) -> FloatArray:
    table = np.zeros((rows, columns))
    np.add.at(table, (row, column), 1.0)
    return table


def _fill(table: FloatArray) -> FloatArray:
    """Evidence with the company's total for empty segments (its first column where nothing was ever sold)."""
    total = table.sum(axis=0)
    if total.sum() == 0.0:
        total = np.eye(1, table.shape[1])[0]
    thin = table.sum(axis=1, keepdims=True) == 0.0
    return np.asarray(np.where(thin, total, table))


def _sizes(quantity: IntArray) -> tuple[IntArray, IntArray]:
    """Distinct units per line, and the position of each line in it; rare sizes are merged into groups of
    equal count.
    """
    if len(quantity) == 0:
        return np.ones(1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    value, level, count = np.unique(quantity, return_inverse=True, return_counts=True)
    if len(value) <= MOST_SIZES:
        return value.astype(np.int64), level.astype(np.int64)
    common = np.sort(np.argsort(-count, kind="stable")[: MOST_SIZES - 16])
    group = np.full(len(value), -1)
    group[common] = np.arange(len(common))
    rare = np.flatnonzero(group < 0)
    reached = np.cumsum(count[rare]) / count[rare].sum()
    # a size whose running share just reaches a sixteenth still closes that group
    group[rare] = len(common) + np.minimum((reached * 16.0 - 1e-9).astype(np.int64), 15)
    used, group = np.unique(group, return_inverse=True)
    total = np.bincount(group, weights=value * count, minlength=len(used))
    mean = total / np.bincount(group, weights=count, minlength=len(used))
    # a group may have the size of a common one: a size names its outcome, so it must not come twice
    size, place = np.unique(np.maximum(np.rint(mean), 1).astype(np.int64), return_inverse=True)
    return size, place[group[level]].astype(np.int64)


def _weekdays(orders: pd.DataFrame, settings: DemandSettings) -> FloatArray:
    day = orders["day"].to_numpy(np.int64)
    table = _counts(
        orders["market"].to_numpy(np.int64), (settings.start.weekday() + day) % 7, len(settings.markets), 7
    )
    return np.asarray((table + 1.0) / (table + 1.0).sum(axis=1, keepdims=True))


def _mix(lines: pd.DataFrame, segments: int, settings: DemandSettings, since: int, months: int) -> FloatArray:
    items = len(settings.items)
    units = np.zeros((segments, items))
    segment, code = lines["segment"].to_numpy(np.int64), lines["code"].to_numpy(np.int64)
    np.add.at(units, (segment, code), lines["quantity"].to_numpy(np.float64))
    company = units.sum(axis=0)
    company = company / company.sum() if company.sum() > 0 else np.full(items, 1.0 / max(items, 1))
    out = np.empty((segments, items))
    for c in range(segments):
        mine = segment == c
        by_month = _counts(lines["month"].to_numpy(np.int64)[mine] - since, code[mine], months - since, items)
        evidence = float(mine.sum()) / _overdispersion(by_month)
        out[c] = units[c] / units[c].sum() * evidence if evidence > 0 else 0.0
        if mine.sum() < THIN_LINES:
            out[c] += PRIOR_LINES * company
    return _launches(out, settings)


def _overdispersion(table: FloatArray) -> float:
    """Pearson chi-square per degree of freedom of the item counts by month, at least one."""
    month, item = table.sum(axis=1), table.sum(axis=0)
    total = table.sum()
    used_months, used_items = month > 0, item > 0
    freedom = (used_months.sum() - 1) * (used_items.sum() - 1)
    if freedom <= 0:
        return 1.0
    expected = month[used_months][:, None] * item[used_items][None, :] / total
    seen = table[used_months][:, used_items]
    return max(float(((seen - expected) ** 2 / expected).sum() / freedom), 1.0)


def _launches(mix: FloatArray, settings: DemandSettings) -> FloatArray:
    """Give an announced item without history the median evidence of the items that sell in the segment."""
    for i, item in enumerate(settings.items):
        if item in settings.item_from and settings.item_from[item] > settings.actuals_through:
            for c in range(len(mix)):
                others = mix[c][mix[c] > 0]
                mix[c, i] = float(np.median(others)) if len(others) else 1.0
    return mix


def _epochs(settings: DemandSettings) -> tuple[BoolArray, IntArray]:
    """Rows of equal item sets by forecast month: an item counts in a month if it is sold on the month's first
    day.
    """
    start = settings.start
    rows = []
    for j in range(EXPECTED_MONTHS):
        year, month = divmod(start.year * 12 + start.month - 1 + j, 12)
        rows.append(tuple(_sold(item, dt.date(year, month + 1, 1), settings) for item in settings.items))
    distinct = list(dict.fromkeys(rows))
    return np.array(distinct, dtype=bool).reshape(len(distinct), -1), np.array(
        [distinct.index(row) for row in rows]
    )


def _sold(item: str, day: dt.date, settings: DemandSettings) -> bool:
    first: Mapping[str, dt.date] = settings.item_from
    last: Mapping[str, dt.date] = settings.item_until
    return first.get(item, dt.date.min) <= day <= last.get(item, dt.date.max)


class Alias(NamedTuple):
    """Walker alias tables: outcome i of n is kept below ``threshold[..., i]``, else ``other[..., i]``; O(1) a
    draw.
    """

    threshold: FloatArray
    other: Int32Array


def draw_shares(
    evidence: FloatArray,
    active: BoolArray,
    names: list[str],
    trials: range,
    seed: int,
    address: WordArray,
) -> Alias:
    """Alias tables of Dirichlet draws, dims (trial, epoch, segment, outcome); outcomes without evidence are
    never drawn.

    ``address`` (outcome,) names each outcome: its gamma weight is read there, so that an outcome more or less
    changes no other's weight.
    """
    keys = keys_of(seed, names)
    threshold, other = _draw_shares(evidence, active, keys, address, trials.start, len(trials))
    return Alias(np.asarray(threshold), np.asarray(other))


@compiled
def _draw_shares(
    evidence: FloatArray,
    active: BoolArray,
    keys: WordArray,
    address: WordArray,
    first_trial: int,
    trials: int,
) -> tuple[FloatArray, Int32Array]:
    segments, outcomes = evidence.shape
    epochs = active.shape[0]
    threshold = np.empty((trials, epochs, segments, outcomes))
    other = np.empty((trials, epochs, segments, outcomes), dtype=np.int32)
    weight = np.empty(outcomes)
    scaled = np.empty(outcomes)
    for t in range(trials):
        for c in range(segments):
            for i in range(outcomes):
                weight[i] = 0.0
                if evidence[c, i] > 0.0:
                    weight[i], _ = gamma(evidence[c, i], keys[c], first_trial + t, address[i], np.int64(0))
            for e in range(epochs):
                for i in range(outcomes):
                    scaled[i] = weight[i] if active[e, i] else 0.0
                fill_alias(scaled, threshold[t, e, c], other[t, e, c])
    return threshold, other


@compiled
def fill_alias(weight: FloatArray, threshold: FloatArray, other: Int32Array) -> None:
    """Fill one alias table (outcome,) from non-negative weights (uniform if all are 0): probability to keep
    an outcome, and the one taken otherwise; ``weight`` is used up (Vose 1991).
    """
    n = weight.size
    total = 0.0
    for i in range(n):
        total += weight[i]
    stack = np.empty(n, dtype=np.int32)
    small, large = 0, n
    for i in range(n):
        weight[i] = weight[i] / total * n if total > 0.0 else 1.0
        other[i] = i
        threshold[i] = 1.0
        if weight[i] < 1.0:
            stack[small] = i
            small += 1
        else:
            large -= 1
            stack[large] = i
    while small > 0 and large < n:
        small -= 1
        i = stack[small]
        k = stack[large]
        threshold[i] = weight[i]
        other[i] = k
        weight[k] = weight[k] - (1.0 - weight[i])
        if weight[k] < 1.0:
            large += 1
            stack[small] = k
            small += 1
