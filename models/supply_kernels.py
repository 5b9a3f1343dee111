"""Compiled loops of models.supply: one trial at a time, every number at its own address."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray, WordArray
from models.compiled import compiled, in_place, inner
from models.quantiles import normal_quantile, table_value
from models.streams import uniform1, uniform4

_GRID = 1024.0
"""Network time is rounded to 1/1024 day, so that sums are exact."""


class Keys(NamedTuple):
    """Stream keys by stage; of ports and suppliers the last row is the factor that all stages share."""

    port: WordArray
    """(stage + 1, port, 2)"""
    supplier: WordArray
    """(stage + 1, supplier, 2)"""
    own: WordArray
    """(stage, lane, 2) or, for open orders, (stage, order, 2)."""
    error: WordArray
    """(stage, lane, 2) of the parameter error."""


class Laws(NamedTuple):
    """Laws of stage durations in days."""

    scores: FloatArray
    """(point,) normal scores of the tables."""
    tables: FloatArray
    """(lane, stage, point) days."""
    zeros: FloatArray
    """(lane, stage) normal score up to which a stage takes no time."""
    errors: FloatArray
    """(lane, stage) standard error of the log mean."""
    shares: FloatArray
    """(stage, 4) variance shares of port and supplier, persistence of these factors and of a lane's own."""
    link: float
    """Share of a factor that all stages have in common."""


class OpenOrders(NamedTuple):
    """Orders under way at the start."""

    lane: IntArray
    """(order,)"""
    current: IntArray
    """(order,) stage each is in."""
    tables: FloatArray
    """(order, point) days left of the current stage."""
    zeros: FloatArray
    """(order,) normal score up to which nothing is left of it."""


@inner
def persistent_path(key: WordArray, trial: int, persistence: float, out: FloatArray) -> None:
    """Stationary AR(1) scores over days 0.. into ``out`` (day,); day d takes word d % 4 of index d // 4."""
    share = math.sqrt(1.0 - persistence * persistence)
    days = out.size
    state = 0.0
    for block in range((days + 3) // 4):
        words = uniform4(key, trial, block, 0)
        for j in range(min(4, days - 4 * block)):
            shock = normal_quantile(words[j])
            state = shock if block + j == 0 else persistence * state + share * shock
            out[4 * block + j] = state


@inner
def _factor_paths(keys: WordArray, trial: int, persistence: float, out: FloatArray) -> None:
    for i in range(keys.shape[0]):
        persistent_path(keys[i], trial, persistence, out[i])


@inner
def _blend(
    common: FloatArray, link: float, keys: WordArray, trial: int, persistence: float, out: FloatArray
) -> None:
    """A stage's factors (entity, day): sqrt(link) of the shared ones and sqrt(1 - link) of its own."""
    if link < 1.0:
        _factor_paths(keys, trial, persistence, out)
    shared, apart = math.sqrt(link), math.sqrt(1.0 - link)
    for i in range(out.shape[0]):
        for d in range(out.shape[1]):
            out[i, d] = shared * common[i, d] + (apart * out[i, d] if link < 1.0 else 0.0)


@inner
def _factor_today(keys: WordArray, entity: int, stage: int, link: float, trial: int) -> float:
    """A stage's factor of day 0, the first point of its path."""
    shared = normal_quantile(uniform1(keys[keys.shape[0] - 1, entity], trial, 0, 0))
    apart = normal_quantile(uniform1(keys[stage, entity], trial, 0, 0))
    return math.sqrt(link) * shared + math.sqrt(1.0 - link) * apart


@inner
def _error_factor(error: float, key: WordArray, trial: int) -> float:
    """Parameter uncertainty of one mean: exp(e k - e²/2), mean 1."""
    if error == 0.0:
        return 1.0
    return math.exp(error * normal_quantile(uniform1(key, trial, 0, 0)) - 0.5 * error * error)


@compiled
def draw_stages(first_trial: int, lane_at: IntArray, keys: Keys, laws: Laws, out: FloatArray) -> None:
    """Stage durations in days of every existing lane, into ``out`` (stage, trial, supplier, node, day).

    ``lane_at`` (lane, 3): supplier, node and port of each lane.
    """
    port_keys, supplier_keys, own_keys, error_keys = keys
    scores, tables, zeros, errors, shares, link = laws
    stages, trials, _, _, days = out.shape
    common_port, port = np.zeros((port_keys.shape[1], days)), np.zeros((port_keys.shape[1], days))
    common_supplier, supplier = (
        np.zeros((supplier_keys.shape[1], days)),
        np.zeros((supplier_keys.shape[1], days)),
    )
    own = np.zeros(days)
    for t in range(trials):
        trial = first_trial + t
        if link > 0.0:
            _factor_paths(port_keys[stages], trial, shares[0, 2], common_port)
            _factor_paths(supplier_keys[stages], trial, shares[0, 2], common_supplier)
        for g in range(stages):
            a, b = math.sqrt(shares[g, 0]), math.sqrt(shares[g, 1])
            c = math.sqrt(max(0.0, 1.0 - shares[g, 0] - shares[g, 1]))
            if a > 0.0:
                _blend(common_port, link, port_keys[g], trial, shares[g, 2], port)
            if b > 0.0:
                _blend(common_supplier, link, supplier_keys[g], trial, shares[g, 2], supplier)
            for k in range(lane_at.shape[0]):
                s, n, p = lane_at[k, 0], lane_at[k, 1], lane_at[k, 2]
                persistent_path(own_keys[g, k], trial, shares[g, 3], own)
                factor = _error_factor(errors[k, g], error_keys[g, k], trial) * _GRID
                table, zero = tables[k, g], zeros[k, g]
                port_path, supplier_path, row = port[p], supplier[s], out[g, t, s, n]
                for d in range(days):
                    z = c * own[d]
                    if a > 0.0:
                        z += a * port_path[d]
                    if b > 0.0:
                        z += b * supplier_path[d]
                    row[d] = 0.0 if z <= zero else np.rint(table_value(scores, table, z) * factor) / _GRID


@in_place
def draw_open(
    first_trial: int, orders: OpenOrders, lane_at: IntArray, keys: Keys, laws: Laws, out: FloatArray
) -> None:
    """Days left in each stage of each open order, into ``out`` (trial, order, stage); ``keys.own`` are those
    of the orders. ``lane_at`` (lane, 3): supplier, node and port of each lane.
    """
    port_keys, supplier_keys, member_keys, error_keys = keys
    scores, tables, zeros, errors, shares, link = laws
    open_lane, current, rest_tables, rest_zeros = orders
    for t in range(out.shape[0]):
        trial = first_trial + t
        for o in range(open_lane.size):
            k = open_lane[o]
            s, p = lane_at[k, 0], lane_at[k, 2]
            for g in range(current[o], out.shape[2]):
                z = math.sqrt(max(0.0, 1.0 - shares[g, 0] - shares[g, 1])) * normal_quantile(
                    uniform1(member_keys[g, o], trial, 0, 0)
                )
                if shares[g, 0] > 0.0:
                    z += math.sqrt(shares[g, 0]) * _factor_today(port_keys, p, g, link, trial)
                if shares[g, 1] > 0.0:
                    z += math.sqrt(shares[g, 1]) * _factor_today(supplier_keys, s, g, link, trial)
                if g == current[o]:
                    # The residual law is conditioned on the age and cannot be scaled: parameters stay as
                    # fitted.
                    value = 0.0 if z <= rest_zeros[o] else table_value(scores, rest_tables[o], z)
                else:
                    factor = _error_factor(errors[k, g], error_keys[g, k], trial)
                    value = 0.0 if z <= zeros[k, g] else table_value(scores, tables[k, g], z) * factor
                out[t, o, g] = np.rint(value * _GRID) / _GRID


@in_place
def draw_calendars(
    first_trial: int, keys: WordArray, mean_up: FloatArray, mean_down: FloatArray, out: BoolArray
) -> None:
    """Up at the start of each day, into ``out`` of True: (trial, supplier, day) or (trial, port, day).
    Spell k of an entity is at index k; mean times in days.
    """
    trials, entities, days = out.shape
    for t in range(trials):
        for e in range(entities):
            if mean_up[e] == np.inf:
                continue
            up = uniform1(keys[e], first_trial + t, 0, 0) >= mean_down[e] / (mean_up[e] + mean_down[e])
            clock = 0.0
            spell = 1
            d = 0
            while d < days:
                length = -math.log(uniform1(keys[e], first_trial + t, spell, 0))
                clock += length * (mean_up[e] if up else mean_down[e])
                while d < days and d < clock:
                    out[t, e, d] = up
                    d += 1
                up = not up
                spell += 1


@inner
def _affected(value: float, multiplier: float, offset: float) -> float:
    return np.rint(max(0.0, value * multiplier + offset) * _GRID) / _GRID


@in_place
def affect_stages(stages: Any, node_port: IntArray, effects: Any, never: float, out: Any) -> None:
    """Durations under an effect, into the four arrays of ``out`` (trial, supplier, node, day)."""
    times, plus, clear_times, clear_plus, crowd = effects
    production, transit, service, inland = stages
    new_production, new_transit, new_service, new_inland = out
    trials, suppliers, nodes, days = production.shape
    for t in range(trials):
        r, q = min(t, times.shape[0] - 1), min(t, clear_times.shape[0] - 1)
        ro, qo = min(t, plus.shape[0] - 1), min(t, clear_plus.shape[0] - 1)
        k = min(t, crowd.shape[0] - 1)
        for s in range(suppliers):
            for n in range(nodes):
                p = node_port[n]
                if production[t, s, n, 0] == never:
                    for array in (new_production, new_transit, new_service, new_inland):
                        array[t, s, n, :] = never
                    continue
                for d in range(days):
                    a = _affected(production[t, s, n, d], times[r, s, n, d], 0.0)
                    day = int(min(days - 1.0, d + a))
                    slower = times[r, s, n, day] * crowd[k, p, day]
                    b = _affected(transit[t, s, n, d], slower, plus[ro, s, n, day])
                    day = int(min(days - 1.0, d + a + b))
                    slower = clear_times[q, p, day] * crowd[k, p, day]
                    c = _affected(service[t, s, n, d], slower, clear_plus[qo, p, day])
                    day = int(min(days - 1.0, d + a + b + c))
                    new_production[t, s, n, d], new_transit[t, s, n, d], new_service[t, s, n, d] = a, b, c
                    new_inland[t, s, n, d] = _affected(inland[t, s, n, d], times[r, s, n, day], 0.0)


@in_place
def affect_open(
    open_lane: IntArray, current: IntArray, begun: BoolArray, lane_at: IntArray, effects: Any, out: FloatArray
) -> None:
    """Stages of open orders that begin from day 0 on, changed in place in ``out``: days by (trial, order) and
    stage. ``current`` (order,) is the stage each is in, ``begun`` (order,) whether that has begun.
    """
    times, plus, clear_times, clear_plus, crowd = effects
    days = times.shape[3]
    for t in range(out.shape[0]):
        r, q = min(t, times.shape[0] - 1), min(t, clear_times.shape[0] - 1)
        ro, qo = min(t, plus.shape[0] - 1), min(t, clear_plus.shape[0] - 1)
        k = min(t, crowd.shape[0] - 1)
        for o in range(open_lane.size):
            s, n, p = lane_at[open_lane[o], 0], lane_at[open_lane[o], 1], lane_at[open_lane[o], 2]
            clock = 0.0
            for g in range(current[o], 4):
                day = int(min(days - 1.0, clock))
                if g > current[o] or not begun[o]:
                    if g == 2:
                        slower = clear_times[q, p, day] * crowd[k, p, day]
                        value = _affected(out[t, o, g], slower, clear_plus[qo, p, day])
                    elif g == 1:
                        slower = times[r, s, n, day] * crowd[k, p, day]
                        value = _affected(out[t, o, g], slower, plus[ro, s, n, day])
                    else:
                        value = _affected(out[t, o, g], times[r, s, n, day], 0.0)
                    out[t, o, g] = value
                clock += out[t, o, g]
