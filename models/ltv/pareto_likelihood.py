"""Log-likelihood, gradient and Hessian of Pareto/NBD on the log parameters, without a hypergeometric
function.

A customer (x, t_x, T) orders at rate lambda ~ Gamma(r, alpha) until it leaves after an exponential time of
rate mu ~ Gamma(s, beta) (Schmittlein, Morrison and Colombo 1987). It is alive at T or it left at some y in
(t_x, T)::

    sum_{k<x} ln(r+k) - x ln(alpha)
    + ln( (1+T/alpha)^-(r+x) (1+T/beta)^-s  +  s/beta int_{t_x}^T (1+y/alpha)^-(r+x) (1+y/beta)^-(s+1) dy )

The published form (Fader and Hardie 2005, equation 20) writes the integral as a difference of two Gaussian
hypergeometric functions, which loses its digits for large x and for t_x near T. Here every term is
positive. The integral is taken in w, y = t_x + m (e^w - 1), m the shorter of the scales on which the two
factors fall, where the integrand is smooth at unit scale; 16 Gauss-Legendre nodes for each 2.5 of w hold
1e-12. Derivatives are those of the integrand, weighted with the posterior probability of having left at
each node.
"""

from __future__ import annotations

import math

import numpy as np

from models.arrays import FloatArray, IntArray
from models.compiled import compiled, inner

Point = tuple[float, float, float, float]

_PANEL = 2.5
"""Length in w that one panel of nodes spans: 16 nodes hold 1e-12 on it."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
"""Gauss-Legendre rule on (-1, 1), stretched over each panel."""
_NOTHING = -60.0
"""Logarithm of a share of the integral from which on the rest of it is left out."""


@inner
def nodes_between(
    n: float,
    alpha: float,
    s: float,
    beta: float,
    recency: float,
    age: float,
    at: FloatArray,
    share: FloatArray,
) -> int:
    """Number of nodes y in (t_x, T), days, written into ``at`` (point,) with the logarithm of their share of
    the bracket.

    Shares are relative to (1+t_x/alpha)^-n (1+t_x/beta)^-s (the integral of the module, Schmittlein, Morrison
    and Colombo 1987); a number above the room says that it was not enough.
    """
    to_rate, to_leave = alpha + recency, beta + recency
    scale = min(to_rate / max(n, 1.0), to_leave / (s + 1.0))
    length = math.log1p((age - recency) / scale)
    if length <= 0.0:
        return 0
    panels = math.ceil(length / _PANEL)
    half = 0.5 * length / panels
    front = math.log(s) - math.log(to_leave) + math.log(half * scale)
    number = 0
    for j in range(panels):
        middle = (2 * j + 1) * half
        for k in range(_NODES.size):
            w = middle + half * _NODES[k]
            beyond = scale * math.expm1(w)
            level = front + w - n * math.log1p(beyond / to_rate) - (s + 1.0) * math.log1p(beyond / to_leave)
            if number < at.size:
                at[number] = recency + beyond
                share[number] = level + math.log(_WEIGHTS[k])
            number += 1
        if level - front - w < _NOTHING:
            break
    return number


@inner
def _still_there(n: float, alpha: float, s: float, beta: float, recency: float, age: float) -> float:
    """Logarithm of the share of being alive, relative to the same as the nodes."""
    more = age - recency
    return -n * math.log1p(more / (alpha + recency)) - s * math.log1p(more / (beta + recency))


@compiled
def alive_pareto(
    point: Point, frequency: IntArray, recency: FloatArray, age: FloatArray, alive: FloatArray
) -> None:
    """P(alive) of each customer, a probability, written into ``alive`` (customer,); Schmittlein, Morrison and
    Colombo 1987.

    One over one plus the odds that the customer left between its last order and now; ``frequency`` counts
    repeat orders, ``recency`` and ``age`` are days.
    """
    r, alpha, s, beta = point
    at, share = np.empty(256), np.empty(256)
    for i in range(frequency.size):
        n = r + frequency[i]
        number = nodes_between(n, alpha, s, beta, recency[i], age[i], at, share)
        if number > at.size:
            at, share = np.empty(number), np.empty(number)
            number = nodes_between(n, alpha, s, beta, recency[i], age[i], at, share)
        there = _still_there(n, alpha, s, beta, recency[i], age[i])
        gone = 0.0
        for k in range(number):
            gone += math.exp(share[k])
        alive[i] = (
            1.0 / (1.0 + gone * math.exp(-there)) if there > -700.0 else math.exp(there - math.log(gone))
        )


@compiled
def _one(
    point: Point,
    x: int,
    recency: float,
    age: float,
    at: FloatArray,
    share: FloatArray,
    slope: FloatArray,
    bend: FloatArray,
) -> float:
    """The bracket's logarithm for one customer; its gradient (4,) and Hessian (4, 4) are written.

    ``at`` and ``share`` must have room for the nodes and one more.
    """
    r, alpha, s, beta = point
    n = r + x
    number = nodes_between(n, alpha, s, beta, recency, age, at, share)
    at[number] = age
    share[number] = _still_there(n, alpha, s, beta, recency, age)
    top = share[: number + 1].max()
    total = 0.0
    slope[:] = 0.0
    bend[:] = 0.0
    g = np.empty(4)
    for k in range(number + 1):
        weight = math.exp(share[k] - top)
        total += weight
        left = 0.0 if k == number else 1.0
        y = at[k]
        log_rate, log_leave = math.log1p(y / alpha), math.log1p(y / beta)
        share_rate, share_leave = y / (alpha + y), y / (beta + y)
        g[0] = -r * log_rate
        g[1] = n * share_rate
        g[2] = left - s * log_leave
        g[3] = (s + left) * share_leave - left
        for i in range(4):
            slope[i] += weight * g[i]
            for j in range(i + 1):
                bend[i, j] += weight * g[i] * g[j]
        bend[0, 0] -= weight * r * log_rate
        bend[1, 0] += weight * r * share_rate
        bend[1, 1] -= weight * n * share_rate * (1.0 - share_rate)
        bend[2, 2] -= weight * s * log_leave
        bend[3, 2] += weight * s * share_leave
        bend[3, 3] -= weight * (s + left) * share_leave * (1.0 - share_leave)
    for i in range(4):
        slope[i] /= total
    for i in range(4):
        for j in range(i + 1):
            bend[i, j] = bend[i, j] / total - slope[i] * slope[j]
            bend[j, i] = bend[i, j]
    before = -n * math.log1p(recency / alpha) - s * math.log1p(recency / beta)
    return before + top + math.log(total)


@compiled
def pareto_derivatives(
    log_parameters: FloatArray, start: IntArray, recency: FloatArray, age: FloatArray, more_than: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, gradient (parameter,) and Hessian (parameter, parameter) in (ln r, ln alpha, ln s, ln
    beta).

    ``recency`` and ``age`` (customer,) in days sorted by x; ``start`` and ``more_than`` as in ``Evidence``.
    """
    r, alpha = math.exp(log_parameters[0]), math.exp(log_parameters[1])
    s, beta = math.exp(log_parameters[2]), math.exp(log_parameters[3])
    gradient, hessian = np.zeros(4), np.zeros((4, 4))
    slope, bend = np.empty(4), np.empty((4, 4))
    value = 0.0
    for k in range(more_than.size):
        value += more_than[k] * (math.log(r + k) - log_parameters[1])
        gradient[0] += more_than[k] * r / (r + k)
        gradient[1] -= more_than[k]
        hessian[0, 0] += more_than[k] * r * k / (r + k) ** 2
    shortest = min(alpha / (r + start.size + 1), beta / (s + 1.0))
    longest = age.max() if age.size else 0.0
    room = _NODES.size * (2 + int(math.log1p(longest / shortest) / _PANEL)) + 1
    at, share = np.empty(room), np.empty(room)
    for x in range(start.size - 1):
        i = start[x]
        while i < start[x + 1]:
            # equal customers lie side by side
            same = i + 1
            while same < start[x + 1] and age[same] == age[i] and recency[same] == recency[i]:
                same += 1
            count = same - i
            value += count * _one((r, alpha, s, beta), x, recency[i], age[i], at, share, slope, bend)
            for j in range(4):
                gradient[j] += count * slope[j]
                for k in range(4):
                    hessian[j, k] += count * bend[j, k]
            i = same
    return value, gradient, hessian
