"""Orders of a month under a scenario: how many of the drawn arrivals are orders at a given multiplier and
acquisition level.

An arrival with mark v is an order iff v < m of its own month. A potential new customer with mark a exists iff
a < level of its own cohort. Nothing else depends on the scenario, so a month's orders never rise when its
multiplier falls, and a change of one month's multiplier leaves every other month as it was.
"""

from __future__ import annotations

import numpy as np

from models.arrays import FloatArray, IntArray, MarkArray
from models.compiled import compiled, inner
from models.demand.bank import DemandBank, Marks, Streams
from models.demand.price import price_response


def demand_multiplier(
    bank: DemandBank,
    month: int,
    price_level: FloatArray,
    demand_effect: FloatArray,
    elasticity_multiplier: FloatArray | None = None,
    elasticity_offset: FloatArray | None = None,
) -> FloatArray:
    """Multiplier of the base rate in one month, dims (trial, market): nowcast × season error × residual ×
    price × demand effect.

    ``price_level`` (R, Mk) net price over base price, ``demand_effect`` (R, Mk) the scenario's demand shock;
    the elasticity drawn is taken times ``elasticity_multiplier`` plus ``elasticity_offset`` (R, Mk), if
    given. R is 1 or the number of trials. Not clipped.
    """
    one, nought = np.ones((1, 1)), np.zeros((1, 1))
    return np.asarray(
        _multiplier(
            bank.base_multiplier[:, :, month],
            bank.elasticity,
            np.ascontiguousarray(price_level, dtype=np.float64),
            np.ascontiguousarray(demand_effect, dtype=np.float64),
            one
            if elasticity_multiplier is None
            else np.ascontiguousarray(elasticity_multiplier, dtype=np.float64),
            nought
            if elasticity_offset is None
            else np.ascontiguousarray(elasticity_offset, dtype=np.float64),
        )
    )


@compiled
def _multiplier(
    base: FloatArray,
    elasticity: FloatArray,
    price_level: FloatArray,
    demand_effect: FloatArray,
    elasticity_multiplier: FloatArray,
    elasticity_offset: FloatArray,
) -> FloatArray:
    trials, markets = base.shape
    out = np.empty((trials, markets))
    for t in range(trials):
        p = min(t, price_level.shape[0] - 1)
        d = min(t, demand_effect.shape[0] - 1)
        x = min(t, elasticity_multiplier.shape[0] - 1)
        y = min(t, elasticity_offset.shape[0] - 1)
        for m in range(markets):
            scale = elasticity_multiplier[x, min(m, elasticity_multiplier.shape[1] - 1)]
            shift = elasticity_offset[y, min(m, elasticity_offset.shape[1] - 1)]
            response = price_response(price_level[p, m], elasticity[t, m] * scale + shift)
            out[t, m] = base[t, m] * response * demand_effect[d, m]
    return out


def count_month(
    bank: DemandBank, month: int, multiplier: FloatArray, level: FloatArray
) -> tuple[IntArray, IntArray]:
    """Orders (trial, segment) and customers won (trial, market, acquisition channel) of one month, both
    int64.

    ``multiplier`` (T, Mk) is m >= 0, cut at the envelope M (``clipped_share`` says how often); ``level`` (T,
    Mk, Aq, month + 1) the acquisition level of every cohort so far relative to plan, cut at the envelope A. A
    customer won keeps its later path even if a slump cancels its first order.
    """
    _refuse(bank, month, multiplier, level)
    orders, won = _count(
        month,
        bank.months,
        bank.streams,
        np.ascontiguousarray(multiplier, dtype=np.float64),
        np.ascontiguousarray(level, dtype=np.float64),
        bank.steady,
        bank.later,
        bank.first,
    )
    return np.asarray(orders), np.asarray(won)


def clipped_share(bank: DemandBank, multiplier: FloatArray) -> float:
    """Share of the given multipliers, any shape, above the envelope M."""
    return float(np.mean(multiplier > bank.envelope)) if multiplier.size else 0.0


def _refuse(bank: DemandBank, month: int, multiplier: FloatArray, level: FloatArray) -> None:
    trials, markets, channels = len(bank.trials), bank.markets, bank.channels
    if not 0 <= month < bank.months:
        raise ValueError(f"month: 0 to {bank.months - 1} | got {month}")
    if multiplier.shape != (trials, markets):
        raise ValueError(f"multiplier: dims (trial, market) {(trials, markets)} | got {multiplier.shape}")
    if level.shape[:3] != (trials, markets, channels) or level.shape[3] < month + 1:
        wanted = (trials, markets, channels, month + 1)
        raise ValueError(f"level: dims (trial, market, channel, cohort month) {wanted} | got {level.shape}")
    if bank.reach < bank.acquisition_envelope and level.size and float(level.max()) > bank.reach:
        raise ValueError(
            f"level: drawn for levels up to {bank.reach:g} | got {float(level.max()):g} | "
            "draw the bank with a larger reach"
        )


@compiled
def _count(
    month: int,
    months: int,
    streams: Streams,
    multiplier: FloatArray,
    level: FloatArray,
    steady: Marks,
    later: Marks,
    first: Marks,
) -> tuple[IntArray, IntArray]:
    # arrays are taken out of their records once: in the loop that would count references
    segments, stream_segment, stream_channel = streams
    steady_offset, steady_mark, _ = steady
    later_offset, later_mark, later_won = later
    first_offset, first_mark, first_won = first
    trials, markets = multiplier.shape
    channels = level.shape[2]
    per_market = segments // markets
    orders = np.zeros((trials, segments), dtype=np.int64)
    won = np.zeros((trials, markets, channels), dtype=np.int64)
    pair = month * (month + 1) // 2
    for t in range(trials):
        for c in range(segments):
            # marks have 32 bits: the multiplier is rounded as they were
            m = np.float32(multiplier[t, c // per_market])
            at = (t * segments + c) * months + month
            orders[t, c] = _below(steady_mark, m, steady_offset[at], steady_offset[at + 1])
        for s in range(stream_segment.size):
            c = stream_segment[s]
            market = c // per_market
            m = np.float32(multiplier[t, market])
            q = stream_channel[s]
            base = (t * stream_segment.size + s) * (months * (months + 1) // 2) + pair
            total = 0
            cohort = 0
            while cohort <= month:  # cohorts of one level lie behind each other: counted in one go
                reach = np.float32(level[t, market, q, cohort]) if q >= 0 else np.float32(1.0)
                following = cohort + 1
                while following <= month and (q < 0 or np.float32(level[t, market, q, following]) == reach):
                    following += 1
                total += _both(
                    later_mark,
                    later_won,
                    m,
                    reach,
                    later_offset[base + cohort],
                    later_offset[base + following],
                )
                cohort = following
            reach = np.float32(level[t, market, q, month]) if q >= 0 else np.float32(1.0)
            at = (t * stream_segment.size + s) * months + month
            total += _both(first_mark, first_won, m, reach, first_offset[at], first_offset[at + 1])
            orders[t, c] += total
            if q >= 0:
                won[t, market, q] += _both(
                    first_mark, first_won, np.float32(1.0), reach, first_offset[at], first_offset[at + 1]
                )
    return orders, won


@inner
def _below(mark: MarkArray, m: np.float32, start: int, stop: int) -> int:
    count = 0
    for i in range(start, stop):
        count += int(mark[i] < m)
    return count


@inner
def _both(mark: MarkArray, won: MarkArray, m: np.float32, reach: np.float32, start: int, stop: int) -> int:
    count = 0
    for i in range(start, stop):
        count += int(mark[i] < m) & int(won[i] < reach)
    return count
