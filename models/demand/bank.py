"""Everything random about demand that no scenario touches, drawn once for a block of trials and read by all
scenarios.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from models.arrays import AgeArray, FloatArray, Int32Array, IntArray, MarkArray, WordArray
from models.demand.basket import Alias


class Marks(NamedTuple):
    """Marks of arrivals in groups: group g holds ``mark[offset[g]:offset[g+1]]``.

    ``won`` is the acquisition mark of the arrival's customer (empty where acquisition plays no part).
    """

    offset: IntArray
    mark: MarkArray
    won: MarkArray


class Steady(NamedTuple):
    """Whose the marks of a ``steady`` group are: the first ``anonymous`` nobody's, the last ``best`` the best
    customers', each (trial, segment, month).
    """

    anonymous: Int32Array
    best: Int32Array


class Returning(NamedTuple):
    """Customer (position in the cohort) and days since the first order, begun ones counted, of every mark in
    ``later``.
    """

    customer: Int32Array
    age: AgeArray


class Streams(NamedTuple):
    """Where the customers of each stream order: segment, acquisition channel (-1: organic), both (stream,),
    and the number of segments.
    """

    segments: int
    segment: IntArray
    channel: IntArray


@dataclass(frozen=True, eq=False)
class DemandBank:
    """Draws of a block of trials; the leading axis of every trial array is the position in ``trials``.

    ``steady`` groups (trial, segment, month): existing customers and arrivals without a customer. ``first``
    groups (trial, stream, cohort): first orders of potential new customers. ``later`` groups (trial, stream,
    pair), pair = month (month + 1) / 2 + cohort: their later orders. A stream is a market's acquisition
    channel (``stream_channel`` >= 0) or its organic customers (-1).
    """

    trials: range
    months: int
    market_keys: tuple[str, ...]
    channel_keys: tuple[str, ...]
    segment_keys: tuple[str, ...]
    item_keys: tuple[str, ...]
    envelope: float
    """M: largest demand multiplier."""
    acquisition_envelope: float
    """A: largest acquisition level."""
    reach: float
    """Largest acquisition level these draws serve: A, or 1 where the customers above plan were left out."""
    residual: FloatArray
    """Residual multiplier with mean one, dims (trial, market, month)."""
    base_multiplier: FloatArray
    """Nowcast times season error times residual, dims (trial, market, month): the multiplier of an untouched
    month."""
    elasticity: FloatArray
    """Own-price elasticity of units, dims (trial, market)."""
    response: FloatArray
    """Elasticity of new customers to spend, dims (trial, market, acquisition channel)."""
    stream_segment: IntArray
    stream_channel: IntArray
    steady: Marks
    whose: Steady
    first: Marks
    later: Marks
    returning: Returning
    month_start: IntArray
    """Day offsets of the month starts, shape (months + 1,)."""
    first_weekday: int
    weekday: FloatArray
    """Share of orders by weekday, Monday first, dims (market, weekday)."""
    epoch: IntArray
    """Row of ``mix`` that holds in each month, shape (months,)."""
    lines: Alias
    size: IntArray
    sizes: Alias
    mix: Alias
    order_key: WordArray
    """Stream key of the orders of each segment, shape (segment, 2)."""

    @property
    def markets(self) -> int:
        """Number of markets."""
        return len(self.market_keys)

    @property
    def channels(self) -> int:
        """Number of acquisition channels."""
        return len(self.channel_keys)

    @property
    def segments(self) -> int:
        """Number of market × sales channel segments."""
        return len(self.segment_keys)

    @property
    def items(self) -> int:
        """Number of items."""
        return len(self.item_keys)

    @property
    def streams(self) -> Streams:
        """The streams as the kernels read them."""
        return Streams(self.segments, self.stream_segment, self.stream_channel)

    @property
    def nbytes(self) -> int:
        """Bytes held by the marks."""
        parts = (self.steady, self.first, self.later)
        named = self.returning.customer.nbytes + self.returning.age.nbytes
        return named + sum(m.offset.nbytes + m.mark.nbytes + m.won.nbytes for m in parts)
