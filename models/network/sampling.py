"""Draws of a network from the laws of its description, addressed by what they are for.

A number depends on the seed, the keys of the entities concerned, the trial and the day only: more trials, a
longer run or another entity change none that was there before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import special, stats

from models.arrays import BoolArray, FloatArray, Int32Array, IntArray, WordArray
from models.compiled import compiled, pasted
from models.errors import UsageError
from models.network.draws import Draws, daily_capacity, quantise
from models.network.laws import Law
from models.network.parts import STAGES, UNLIMITED
from models.network.spec import Network
from models.streams import keys_of, sequence_word, uniforms, words4
from models.workers import each, pieces, worker_count

WEEK = 7
"""Days in a week: what a supplier makes is given by the week."""
DELAYS = 256
"""Points at which the law of return delays is read."""
_LARGEST_MEAN = 1e5
"""Units a day up to which a Poisson law has a table: its rows are as long as its largest number."""
_BITS = 48
"""Bits that decide the units of a day: a step of the distribution is known to 2**-48."""
_TABLE_BITS = 10
"""Leading bits that the table is read at: 1,024 numbers of a law stay in the nearest cache."""
_DAY_BITS = 16
"""Bits of a word that one day has of its own."""
_DAYS = 64 // _DAY_BITS
"""Days that share a word of 64 bits."""
_MORE_BITS = _BITS - _DAY_BITS
"""Bits taken from an address of the day's own where its leading ones leave the units open."""


def draw(
    network: Network, *, days: int, trials: int | range = 1, seed: int = 1, workers: int = 0, **given: Any
) -> Draws:
    """Draws of ``days`` days for a block of trials, by the network's laws, the same by any number of
    ``workers`` (threads; 0: one per core).

    ``given`` are fields of ``Draws`` (``transit=...``, ``supplier_up=...``, ``demand=...``) that replace what
    the laws would draw: a number, or an array with or without its trial axis. Days are rounded to 1/1024.

    >>> network = Network.from_dict({
    ...     "suppliers": {"mill": {}}, "ports": {"harbour": {"servers": 1}},
    ...     "nodes": {"depot": {"port": "harbour"}},
    ...     "lanes": [{"from": "mill", "to": "depot",
    ...                "transit": {"family": "gamma", "mean": 9, "sd": 3}}],
    ...     "markets": {"north": {"nodes": ["depot"], "demand": {"family": "poisson", "mean": 4}}}})
    >>> draws = draw(network, days=30, trials=8)
    >>> draws.transit.shape, draws.demand.shape
    ((8, 1, 1, 30), (8, 30, 1, 1))
    """
    if not isinstance(trials, int | np.integer | range) or not isinstance(days, int | np.integer):
        raise UsageError(f"draws: not whole numbers | got days {days!r}, trials {trials!r} | give counts")
    block = trials if isinstance(trials, range) else range(trials)
    if days < 1 or len(block) < 1 or block.step != 1 or block.start < 0:
        raise UsageError(f"draws: nothing to draw | got {days} days, {block} | at least one day and trial")
    sampler = _Sampler(network, days, block, seed, worker_count(workers, len(block)))
    made = {name: _shaped(name, value, sampler.shapes) for name, value in given.items()}
    for name in sampler.shapes:
        if name not in made:
            made[name] = sampler.make(name)
    made.setdefault("return_keys", sampler.return_keys())
    made.setdefault("return_delay", sampler.return_delay())
    draws = Draws(first_trial=block.start, **made)
    if given:  # what the laws draw is right by construction
        draws.check(network, len(block))
    return draws


def _shaped(name: str, value: Any, shapes: dict[str, tuple[int, ...]]) -> Any:
    """A given field with its trial axis."""
    if name in ("return_keys", "return_delay"):
        return np.ascontiguousarray(value)
    if name not in shapes:
        raise UsageError(f"draws: unknown field | got {name} | use {', '.join(shapes)}")
    shape, array = shapes[name], np.asarray(value)
    lead = array.shape[0] if array.ndim == len(shape) else (shape[0] if name == "demand" else 1)
    try:
        array = np.broadcast_to(array, (lead, *shape[1:]))
    except ValueError:
        raise UsageError(f"draws.{name}: wrong shape | got {array.shape} | use {shape}") from None
    if name in (*STAGES, "transfer"):
        return quantise(array)
    kind = {"supplier_up": np.bool_, "port_open": np.bool_, "capacity": np.int64, "demand": np.int64}.get(
        name
    )
    if name == "demand" and not np.all(array == np.floor(array)):
        raise UsageError("draws.demand: not whole units | got fractions | round them")
    return np.ascontiguousarray(array, dtype=kind or np.float64)


class _Sampler:
    """Draws by field name."""

    def __init__(self, network: Network, days: int, trials: range, seed: int, workers: int) -> None:
        self.network, self.days, self.trials, self.seed = network, days, trials, seed
        self.workers = workers
        self.laws = network.laws
        t, s, n, p = len(trials), len(network.suppliers), len(network.nodes), len(network.ports)
        c, i = len(network.demand_points), len(network.items)
        self.shapes: dict[str, tuple[int, ...]] = {
            **dict.fromkeys(STAGES, (t, s, n, days)),
            "transfer": (t, n, n, days),
            "supplier_up": (t, s, days),
            "capacity": (t, s, days),
            "port_open": (t, p, days),
            "return_share": (t, c, i),
            "refusal_share": (t, c, days),
            "demand": (t, days, c, i),
        }

    def make(self, name: str) -> Any:
        """A field drawn by the laws; its trial axis is 1 where chance has no part in it."""
        if name in STAGES:
            return self._stage(name)
        if name == "refusal_share":
            return np.zeros((1, *self.shapes[name][1:]))
        return getattr(self, f"_{name}")()

    def _uniforms(self, name: str) -> FloatArray:
        return uniforms(self.seed, f"network/{name}", self.trials, self.days)

    def _stage(self, name: str) -> FloatArray:
        lanes = list(self._lanes(name))
        chance = any(not law.constant or share > 0.0 for *_, law, share, _ in lanes)
        out = np.zeros((len(self.trials) if chance else 1, *self.shapes[name][1:]))

        def fill(lane: tuple[int, int, Law, float, Law]) -> None:
            s, n, law, share, other = lane
            inspected: Any = False
            if share > 0.0:
                pair = f"{self.network.suppliers[s]}/{self.network.nodes[n]}"
                inspected = self._uniforms(f"inspected/{pair}") < share
            if law.constant and (other.constant or share == 0.0):
                out[:, s, n] = np.where(inspected, other.mean, law.mean)
                return
            u = self._lane_uniforms(name, s, n)
            out[:, s, n] = law.at(u)
            if share > 0.0:
                out[:, s, n][inspected] = other.at(u[inspected])

        each(fill, lanes, self.workers if chance else 1)
        return quantise(out)

    def _lanes(self, name: str) -> Iterator[tuple[int, int, Law, float, Law]]:
        """Supplier, node, law, share of orders inspected and law of those."""
        for (supplier, node), stages in self.laws.stages.items():
            share, other = 0.0, stages[name]
            if name == "service":
                share, other = self.laws.inspection.get((supplier, node), (0.0, other))
            at = self.network.suppliers.index(supplier), self.network.nodes.index(node)
            yield *at, stages[name], share, other

    def _lane_uniforms(self, stage: str, s: int, n: int) -> FloatArray:
        """Uniforms (T, D) of a lane and stage, dependent through its port, its supplier and the days."""
        network, dependence = self.network, self.laws.dependence
        own = f"{stage}/{network.suppliers[s]}/{network.nodes[n]}"
        if not any(dependence.values()):
            return self._uniforms(own)
        port, supplier = dependence.get("port", 0.0), dependence.get("supplier", 0.0)
        score = np.sqrt(max(1.0 - port - supplier, 0.0)) * self._scores(own)
        score += np.sqrt(port) * self._scores(f"{stage}/port {network.ports[network.node_port[n]]}")
        score += np.sqrt(supplier) * self._scores(f"{stage}/supplier {network.suppliers[s]}")
        return np.asarray(np.clip(special.ndtr(score), 1e-15, 1.0 - 1e-15))

    def _scores(self, name: str) -> FloatArray:
        """Standard normal scores (T, D), AR(1) in the days."""
        persistence = self.laws.dependence.get("day", 0.0)
        scores = special.ndtri(self._uniforms(name))
        for day in range(1, self.days):
            scores[:, day] = persistence * scores[:, day - 1] + np.sqrt(1 - persistence**2) * scores[:, day]
        return scores

    def _transfer(self) -> FloatArray:
        laws, nodes = self.laws.transfer, self.network.nodes
        trials = len(self.trials) if any(not law.constant for law in laws.values()) else 1
        out = np.zeros((trials, *self.shapes["transfer"][1:]))
        for (origin, to), law in laws.items():
            at = nodes.index(origin), nodes.index(to)
            u = self._uniforms(f"transfer/{origin}/{to}") if not law.constant else np.zeros(self.days)
            out[(slice(None), *at)] = law.at(u)
        return quantise(out)

    def _supplier_up(self) -> BoolArray:
        """Up before day 0; then each day a supplier may fail, or be repaired, with its probabilities."""
        outages = self.laws.outages
        up = np.ones((len(self.trials) if outages else 1, *self.shapes["supplier_up"][1:]), dtype=np.bool_)
        for s, key in enumerate(self.network.suppliers):
            if key in outages:
                u, working = self._uniforms(f"outage/{key}"), np.ones(len(self.trials), dtype=np.bool_)
                for day in range(self.days):
                    chance = np.where(working, outages[key]["fail"], outages[key]["repair"])
                    working = working ^ (u[:, day] < chance)
                    up[:, s, day] = working
            for first, last in self.laws.down.get(key, ()):
                up[:, s, first : last + 1] = False
        return up

    def _port_open(self) -> BoolArray:
        out = np.ones((1, *self.shapes["port_open"][1:]), dtype=np.bool_)
        for p, key in enumerate(self.network.ports):
            for first, last in self.laws.closures.get(key, ()):
                out[:, p, first : last + 1] = False
        return out

    def _capacity(self) -> IntArray:
        weekly = self.network.capacity_per_week
        if weekly.size == 0:
            weekly = np.full(len(self.network.suppliers), UNLIMITED, dtype=np.int64)
        return daily_capacity(weekly, self.days)[None]

    def _return_share(self) -> FloatArray:
        out = np.zeros((1, *self.shapes["return_share"][1:]))
        for (market, item), share in self.laws.return_share.items():
            out[0, self.network.demand_points.index(market), self.network.items.index(item)] = share
        return out

    def return_keys(self) -> WordArray:
        """Stream keys (C, I, 2) of the returns."""
        network = self.network
        names = [f"returns/{m}/{x}" for m in network.demand_points for x in network.items]
        return keys_of(self.seed, names).reshape(len(network.demand_points), len(network.items), 2)

    def return_delay(self) -> IntArray:
        """Whole days (Q,) at even steps of the law of return delays."""
        law = self.laws.return_delay
        if law is None:
            return np.array([WEEK], dtype=np.int64)
        return np.round(law.at((np.arange(DELAYS) + 0.5) / DELAYS)).astype(np.int64)

    def _demand(self) -> Int32Array:
        """(T, D, C, I) units."""
        network = self.network
        means = np.zeros((len(network.demand_points), len(network.items)))
        others: dict[tuple[int, int], str] = {}
        for (market, item), law in self.laws.demand.items():
            at = network.demand_points.index(market), network.items.index(item)
            if law.family == "poisson" and law.mean <= _LARGEST_MEAN:
                means[at] = law.mean
            else:
                others[at] = f"demand/{market}/{item}"
        if not means.any():
            out = np.zeros(self.shapes["demand"], dtype=np.int32)
        else:
            out = np.empty(self.shapes["demand"], np.int32)
            names = [f"network/demand/{m}/{x}" for m in network.demand_points for x in network.items]
            keys = keys_of(self.seed, names).reshape(*means.shape, 2)
            distinct, which = np.unique(means, return_inverse=True)
            edges, table = poisson_tables(distinct)
            laws = which.reshape(means.shape)

            def fill(some: range) -> None:
                part = out[some.start : some.stop]
                fill_poisson(part, keys, laws, edges, table, self.trials.start + some.start)

            each(fill, pieces(len(out), self.workers), self.workers)
        for at, name in others.items():
            law = self.laws.demand[network.demand_points[at[0]], network.items[at[1]]]
            out[:, :, at[0], at[1]] = np.round(law.at(self._uniforms(name)))
        return out


# Poisson units by market, item and day, by inversion of addressed words. A market and item has a sequence of
# words in every trial; a word gives four days their leading 16 bits. A table read at the first ten of them
# says the units of nearly every day; where a step of the distribution lies within the bin, 32 more bits of an
# address of the day's own decide.


def poisson_tables(means: FloatArray) -> tuple[IntArray, Int32Array]:
    """Cumulative probabilities (member, outcome) of Poisson laws with ``means`` (member,) units, in parts of
    2**48, and by leading ten bits the units (member, 1024); where more bits have to decide, the fewest units
    possible, counted down from -1.

    >>> edges, table = poisson_tables(np.array([0.5]))
    >>> [int(table[0, 1024 * k // 100]) for k in (10, 80, 95)]  # P(0) = .607, P(<= 1) = .910
    [0, 1, 2]
    """
    top = int(stats.poisson.isf(2.0**-_BITS, means.max())) + 2
    edges = np.round(stats.poisson.cdf(np.arange(top), means[:, None]) * 2.0**_BITS).astype(np.int64)
    edges[:, -1] = 1 << _BITS
    first = np.arange(1 << _TABLE_BITS) << (_BITS - _TABLE_BITS)
    last = first + (1 << (_BITS - _TABLE_BITS)) - 1
    least = np.array([np.searchsorted(row, first, side="right") for row in edges], dtype=np.int64)
    most = np.array([np.searchsorted(row, last, side="right") for row in edges], dtype=np.int64)
    return edges, np.where(least == most, least, -1 - least).astype(np.int32)


@compiled
def fill_poisson(
    out: Int32Array, keys: WordArray, which: IntArray, edges: IntArray, table: Int32Array, first_trial: int
) -> None:
    """Units into ``out`` (T, D, C, I) by the law ``which`` (C, I) of each market and item.

    Row by row, so that the loops over items have no branch; the few items left open are looked at again.
    """
    trials, days, points, items = out.shape
    starts, words = np.empty(items, dtype=np.uint64), np.empty(items, dtype=np.uint64)
    units_of = table.reshape(table.size)
    for t in range(trials):
        trial = first_trial + t
        for c in range(points):
            law = which[c]
            for i in range(items):
                starts[i] = words4(keys[c, i], trial, 0, 0)[0]
            for first in range(0, days, _DAYS):
                for i in range(items):
                    words[i] = sequence_word(starts[i], first // _DAYS)
                for day in range(first, min(first + _DAYS, days)):
                    row = out[t, day, c]
                    if _read(row, words, units_of, law) < 0:
                        _settle(row, words, edges, law, keys[c], trial, day)
                    for i in range(items):
                        words[i] <<= np.uint64(_DAY_BITS)


@pasted
def _read(row: Any, words: Any, units_of: Any, law: Any) -> np.int32:
    """Units of a day from the leading bits of the words; below zero where any is open."""
    found = np.int32(0)
    for i in range(len(row)):
        at = (law[i] << _TABLE_BITS) + np.int64(words[i] >> np.uint64(64 - _TABLE_BITS))
        row[i] = units_of[np.uint64(at)]
        found = np.int32(found | row[i])
    return found


@pasted
def _settle(
    row: Any, words: WordArray, edges: IntArray, law: IntArray, keys: WordArray, trial: int, day: int
) -> None:
    """Units of the items that the leading bits leave open."""
    for i in range(len(row)):
        if row[i] < 0:
            row[i] = _decided(edges[law[i]], -1 - row[i], words[i], keys[i], trial, day)


@pasted
def _decided(edges: Any, units: int, word: np.uint64, key: Any, trial: int, day: int) -> int:
    """Units of a day whose leading 16 bits of a word leave open more than one number."""
    more = words4(key, trial, day, 1)[0]
    place = np.int64((word >> np.uint64(_BITS)) << np.uint64(_MORE_BITS) | more >> np.uint64(_MORE_BITS))
    while place >= edges[units]:
        units += 1
    return units
