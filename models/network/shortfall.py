"""How far stock is below its top level: what the position lacks and what is on order, orders crossing or not.

At the start of a day, after its receipts, a node that reviews every T days and backlogs what it lacks has
stock top - Z, with top = S of (s, S) and base stock, R + Q of (R, Q), and Z what left since the last order
plus the orders still under way. Demand is independent from day to day and an order of age k days is under
way with probability p_k = P(exposure > k) on its own, so orders may cross (Robinson, Bradley and Thomas,
2001, "Consequences of order crossover under order-up-to inventory policies", M&SOM 3(3)). The law of Z is
then exact, going back from today:

(s, S), with cycle = S - s: an order ends a cycle after n reviews when the demand of the cycle first reaches
S - s; it has the size q of that demand. With f(n, q) their joint probability, the transform of what is under
way from an order of age t on is

    phi_t = sum_n [p_t F_n + (1 - p_t) f_n] phi_{t + nT},   F_n = sum_q f(n, q) e^{iwq}              (1)

and Z adds what left since the last order, whose age is that of a renewal in its stationary state.

(R, Q): the position after a review is uniform on R + 1 .. R + Q and independent of the demand that led to it
(Zipkin, Foundations of Inventory Management, 2000, section 6.2.3); going back, an order of k batches was
placed where the demand so far passes k multiples of Q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from models.arrays import ComplexArray, FloatArray, IntArray

FINEST = 2048
"""Most steps of the grid that the demand of the longest exposure and a cycle spans: units are put together
where they are more."""
ROUND_POISSON = 1e-9
"""Distance of the dispersion from 1 that counts as Poisson."""
NEGLIGIBLE = 1e-12
"""Probability that is left out."""
SPREADS = 9.0
"""Standard deviations of demand beyond which nothing is looked for."""


@dataclass(frozen=True, eq=False)
class Shortfall:
    """Probabilities of Z at the start of a day, and of the day's demand, on steps of ``unit`` units."""

    chance: FloatArray
    """(outcome,) probabilities of Z = 0, 1, 2 ... steps."""
    demand: FloatArray
    """(outcome,) probabilities of a day's demand of 0, 1, 2 ... steps."""
    unit: float
    """Units in a step."""

    def unfilled(self, top: FloatArray | float) -> FloatArray:
        """Expected units of a day's demand not served on the day, with stock top - Z at its start; dims of
        ``top``, units.
        """
        after = np.convolve(self.chance, self.demand)
        return np.asarray(self._beyond(after, top) - self._beyond(self.chance, top))

    def fill(self, top: FloatArray | float) -> FloatArray:
        """Share of demand served on its day; dims of ``top``, units."""
        mean = float(self.demand @ np.arange(self.demand.size)) * self.unit
        return np.asarray(1.0 - self.unfilled(top) / mean)

    def _beyond(self, chance: FloatArray, top: FloatArray | float) -> FloatArray:
        """E[(Z - top)+]."""
        values = np.arange(chance.size) * self.unit
        tail = np.append(np.cumsum(chance[::-1])[::-1], 0.0)
        above = np.append(np.cumsum((chance * values)[::-1])[::-1], 0.0)
        tops = np.asarray(top, dtype=np.float64)
        first = np.clip(np.ceil(tops / self.unit), 0, chance.size).astype(np.int64)
        return np.asarray(above[first] - tops * tail[first])


def day_demand(mean: float, dispersion: float, unit: float) -> FloatArray:
    """Probabilities (outcome,) of a day's demand with this mean and variance dispersion * mean, units, on a
    grid of steps of ``unit`` units from 0 up.

    Whole units are Poisson or negative binomial; a coarser grid, or a spread below that of Poisson, takes
    gamma weights that keep the mean.
    """
    spread = math.sqrt(dispersion * mean)
    size = math.ceil((mean + SPREADS * spread + 3.0 * SPREADS * dispersion) / unit) + 3
    grid = np.arange(size, dtype=np.float64)
    if unit == 1.0 and abs(dispersion - 1.0) < ROUND_POISSON:
        chance = stats.poisson.pmf(grid, mean)
    elif unit == 1.0 and dispersion > 1.0:
        chance = stats.nbinom.pmf(grid, mean / (dispersion - 1.0), 1.0 / dispersion)
    else:
        loss = _gamma_loss(np.arange(-1.0, size + 1.0) * unit, mean, dispersion) / unit
        chance = np.maximum(loss[:-2] - 2.0 * loss[1:-1] + loss[2:], 0.0)
    return _trimmed(np.asarray(chance / chance.sum()))


def _gamma_loss(level: FloatArray, mean: float, dispersion: float) -> FloatArray:
    """E[(X - level)+] of a gamma X with this mean and variance dispersion * mean."""
    shape, held = mean / dispersion, np.maximum(level, 0.0) / dispersion
    loss = mean * special.gammaincc(shape + 1.0, held) - level * special.gammaincc(shape, held)
    return np.asarray(np.where(level <= 0.0, mean - level, loss))


def _trimmed(chance: FloatArray) -> FloatArray:
    last = int(np.flatnonzero(chance > NEGLIGIBLE)[-1])
    return chance[: last + 1] / chance[: last + 1].sum()


def grid_unit(daily_mean: float, dispersion: float, longest: float, cycle: float) -> float:
    """Units of a step of the grid, a power of two: 1 where the grid is fine enough for whole units."""
    span = longest * daily_mean
    reach = span + SPREADS * math.sqrt(dispersion * span) + 2.0 * cycle
    return float(2 ** max(math.ceil(math.log2(reach / FINEST)), 0))


def under_way(days: FloatArray, weights: FloatArray) -> FloatArray:
    """p_k (age,), the probability that an order of age k whole days is under way, k from 0 to the
    longest exposure, from exposures ``days`` (outcome,) and their ``weights`` (outcome,).
    """
    ages = np.arange(int(days.max()) + 1)
    return np.array([weights[days > age].sum() for age in ages])


def shortfall_up_to(
    late: FloatArray, demand: FloatArray, cycle: int, review_days: int, unit: float
) -> Shortfall:
    """Law of Z for (s, S) with ``cycle`` = S - s in steps of the grid of ``unit`` units (1: base stock), by
    eq. (1): ``late`` (age,) are the probabilities p_k, ``demand`` (outcome,) those of a day's demand.
    """
    reviewed = _power(demand, review_days)
    begun, ended = _cycles(reviewed, cycle)
    between = [_power(demand, r) for r in range(review_days)]
    reach = _reach(late, reviewed, review_days) + 2 * (cycle + reviewed.size) + between[-1].size
    size = 1 << math.ceil(math.log2(reach))
    closed = np.fft.rfft(np.stack([np.pad(row, (0, size - row.size)) for row in ended]))
    open_ = np.fft.rfft(np.stack([np.pad(row, (0, size - row.size)) for row in begun]))
    total = np.zeros(size // 2 + 1, dtype=np.complex128)
    for r in range(review_days):
        ages = np.arange(1 + r, late.size + review_days, review_days)
        total += np.fft.rfft(between[r], size) * _stationary(late, ages, closed, open_)
    length = sum(float(row.sum()) for row in begun)
    chance = np.maximum(np.fft.irfft(total, size), 0.0) / (review_days * length)
    return Shortfall(_trimmed(chance / chance.sum()), demand, unit)


def _stationary(late: FloatArray, ages: IntArray, closed: ComplexArray, open_: ComplexArray) -> ComplexArray:
    """Transform of what left since the last order and what is under way, times the mean cycle in reviews."""
    weight = closed[:, 0].real
    after = np.append(np.cumsum(weight[::-1])[::-1], 0.0)
    count = ages.size
    phi = np.ones((count + 1, closed.shape[1]), dtype=np.complex128)
    for at in range(count - 1, -1, -1):
        p = float(late[ages[at]]) if ages[at] < late.size else 0.0
        steps = min(len(closed), count - at)
        mixed = p * closed[:steps] + (1.0 - p) * weight[:steps, None]
        phi[at] = np.einsum("nw,nw->w", mixed, phi[at + 1 : at + 1 + steps])
        if steps < len(closed):
            phi[at] += p * closed[steps:].sum(axis=0) + (1.0 - p) * after[steps]
    total = np.zeros(closed.shape[1], dtype=np.complex128)
    for k, row in enumerate(open_):
        total += row * phi[min(k, count)]
    return total


def _reach(late: FloatArray, reviewed: FloatArray, review_days: int) -> int:
    """Steps that the demand under way can span."""
    reviews = -(-late.size // review_days) + 1
    steps = np.arange(reviewed.size, dtype=np.float64)
    mean = float(reviewed @ steps)
    spread = math.sqrt(max(float(reviewed @ steps**2) - mean * mean, 0.0))
    return math.ceil(reviews * mean + SPREADS * math.sqrt(reviews) * spread) + 1


def _cycles(demand: FloatArray, cycle: int) -> tuple[list[FloatArray], list[FloatArray]]:
    """By reviews since the last order: probabilities of demand so far while no order is due (from 0 reviews
    on), and of the size of an order that becomes due (from 1 on).
    """
    begun, ended = [np.ones(1)], []
    left = 1.0
    while left > NEGLIGIBLE:
        coming = np.convolve(begun[-1], demand)
        due = coming.copy()
        due[:cycle] = 0.0
        ended.append(due)
        begun.append(coming[:cycle])
        left = float(begun[-1].sum())
        if len(ended) > 100_000:
            break
    return begun[:-1], ended


def _power(demand: FloatArray, times: int) -> FloatArray:
    """Probabilities of the demand of so many days."""
    out = np.ones(1)
    for _ in range(times):
        out = _trimmed(np.convolve(out, demand))
    return out


def shortfall_batches(
    late: FloatArray, demand: FloatArray, batch: int, review_days: int, unit: float
) -> Shortfall:
    """Law of Z for (R, Q) with ``batch`` = Q in steps of the grid of ``unit`` units, by the uniform position
    of Zipkin (2000, section 6.2.3): ``late`` (age,) are the probabilities p_k, ``demand`` (outcome,) those of
    a day's demand.
    """
    reviewed = _power(demand, review_days)
    chance = np.zeros(1)
    for r in range(review_days):
        ages = np.arange(1 + r, late.size, review_days)
        laid = _batches_under_way(late[ages], reviewed, batch)
        # Z of the last review: the batches under way, and how far the position is below R + Q
        flat = laid[:, ::-1].ravel()
        since = np.convolve(flat, _power(demand, r))
        longer = max(chance.size, since.size)
        chance = np.pad(chance, (0, longer - chance.size)) + np.pad(since, (0, longer - since.size))
    return Shortfall(_trimmed(chance / chance.sum()), demand, unit)


def _batches_under_way(late: FloatArray, reviewed: FloatArray, batch: int) -> FloatArray:
    """Joint probabilities of batches under way and of the position above R + 1, dims (batches, place);
    ``late`` by review, the newest first.

    Going forward from a uniform place: demand d takes place v to v - d, and each batch ordered puts it up by
    Q; the batches of a review are under way together or not at all.
    """
    size = reviewed.size
    steps = np.arange(size, dtype=np.float64)
    mean = float(reviewed @ steps)
    spread = math.sqrt(max(float(reviewed @ steps**2) - mean * mean, 0.0) * max(late.size, 1))
    most = math.ceil((late.size * mean + SPREADS * spread + size) / batch) + 1
    state = np.zeros((most + 1, batch))
    state[0] = 1.0 / batch
    for p in late[::-1]:
        moved = np.stack([np.convolve(row, reviewed[::-1]) for row in state])
        fresh = np.zeros_like(state)
        ordered = 0
        stop = moved.shape[1]
        while stop > 0:
            start = max(stop - batch, 0)
            part = np.zeros_like(state)
            part[:, batch - (stop - start) :] = moved[:, start:stop]
            fresh += (1.0 - p) * part if ordered else part
            if ordered:
                up = np.minimum(np.arange(most + 1) + ordered, most)
                np.add.at(fresh, up, p * part)
            stop, ordered = start, ordered + 1
        state = fresh
    return state
