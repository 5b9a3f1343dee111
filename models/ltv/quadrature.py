"""Expectations over Beta-distributed dropout probabilities by Gauss-Jacobi quadrature."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.integrate import quad
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln

from models.arrays import FloatArray
from models.compiled import compiled
from models.errors import FitError

NODES = 64
"""Nodes that hold 1e-11 at a reach up to 10 (LTV.md §2); beyond it they are doubled."""
_MOST_NODES = 512
"""Nodes up to which the rule is doubled; what has not settled by then is integrated adaptively."""
_TIERS = ((1.0, 16), (3.0, 24), (10.0, NODES))
"""Nodes that hold 1e-11 up to each reach, the ratio of horizon to history times max(1, (r + x) / b)."""
_AGREEMENT = 1e-10
"""Relative change under doubling below which an integral is taken for settled."""


@lru_cache(maxsize=4096)
def beta_nodes(a: float, b: float, nodes: int = NODES) -> tuple[FloatArray, FloatArray]:
    """Nodes (chances to leave) and weights (sum 1) of the Gauss rule for Beta(a, b) on (0, 1), each (point,).

    Golub and Welsch (1969): eigenvalues of the symmetric tridiagonal matrix of the recurrence of the Jacobi
    polynomials with exponents b-1 at 1 and a-1 at 0. Holds 1e-15 up to b = 1e8, where scipy's roots_jacobi
    returns NaN from about 1,040.
    """
    right, left = b - 1.0, a - 1.0
    k = np.arange(1, nodes, dtype=np.float64)
    total = right + left
    diagonal = np.empty(nodes)
    diagonal[0] = a / (a + b)
    # written for (0, 1): 1/2 + the coefficient on (-1, 1) would lose the digits of a small mean
    s = 2.0 * k + total
    diagonal[1:] = (2.0 * k * (k + total + 1.0) + total * (left + 1.0)) / (s * (s + 2.0))
    ratio = np.empty(nodes - 1)
    ratio[0] = (left + 1.0) * (right + 1.0) / ((total + 2.0) ** 2 * (total + 3.0))
    j = k[1:]
    s = 2.0 * j + total
    ratio[1:] = j * (j + right) * (j + left) * (j + total) / (s * s * (s + 1.0) * (s - 1.0))
    points, vectors = eigh_tridiagonal(diagonal, np.sqrt(ratio))
    weights = vectors[0] ** 2
    # the smallest node may come out at or below 0, and orders are divided by it
    return np.clip(points, 1e-300, 1.0), weights / weights.sum()


@compiled
def _integrate(points: FloatArray, weights: FloatArray, shape: float, ratio: FloatArray) -> FloatArray:
    out = np.empty(ratio.size)
    for i in range(ratio.size):
        total = 0.0
        for k in range(points.size):
            p = points[k]
            total += weights[k] * (-math.expm1(-shape * math.log1p(p * ratio[i]))) / p
        out[i] = total
    return out


def orders_given_alive(a: float, b: float, shape: float, ratio: FloatArray) -> FloatArray:
    """Expected number of orders in h of a customer alive now, elementwise for each ``ratio`` = h / (alpha +
    T).

    E[(1 - (1 + p ratio)^-shape) / p] over p ~ Beta(a, b); ``shape`` is r + x: the mean (1 - exp(-lambda p h))
    / p of Fader, Hardie and Lee 2005 over lambda ~ Gamma(r + x, alpha + T). a = 0 means that nobody leaves:
    shape x ratio.

    Raises
    ------
    FitError
        where any of them is not finite
    """
    ratio = np.asarray(ratio, dtype=np.float64)
    if a == 0.0:
        return shape * ratio
    flat = ratio.ravel()
    out = np.empty(flat.size)
    # the integrand falls over 1 / (shape x ratio), the law of p lies over 1 / b
    reach = flat * max(1.0, shape / b)
    least = -1.0
    for most, nodes in _TIERS:
        rows = np.flatnonzero((reach > least) & (reach <= most))
        if rows.size:
            out[rows] = _integrate(*beta_nodes(a, b, nodes), shape, flat[rows])
        least = most
    far = np.flatnonzero(reach > least)
    if far.size:
        out[far] = _far(a, b, shape, flat[far])
    if not np.all(np.isfinite(out)):
        raise FitError(f"expected orders are not finite for a={a}, b={b}, r+x={shape}")
    return out.reshape(ratio.shape)


def _far(a: float, b: float, shape: float, ratio: FloatArray) -> FloatArray:
    """Horizons far beyond the history: nodes are doubled until stable, then the integral is adaptive."""
    result = _integrate(*beta_nodes(a, b), shape, ratio)
    open_rows = np.arange(ratio.size)
    nodes = 2 * NODES
    while nodes <= _MOST_NODES and open_rows.size:
        finer = _integrate(*beta_nodes(a, b, nodes), shape, ratio[open_rows])
        moved = np.abs(finer - result[open_rows]) > _AGREEMENT * np.abs(finer)
        result[open_rows] = finer
        open_rows = open_rows[moved]
        nodes *= 2
    for i in open_rows:
        result[i] = _adaptive(a, b, shape, float(ratio[i]))
    return result


def _adaptive(a: float, b: float, shape: float, ratio: float) -> float:
    """The same expectation by adaptive quadrature, for horizons far beyond the history."""
    scale = betaln(a, b)

    def inner(p: float) -> float:
        return -math.expm1(-shape * math.log1p(p * ratio)) / p

    def near_zero(y: float) -> float:
        p = math.exp(-y)
        return math.exp(-a * y + (b - 1.0) * math.log1p(-p) - scale) * inner(p)

    def near_one(q: float) -> float:
        return math.exp((a - 1.0) * math.log1p(-q) - scale) * inner(1.0 - q)

    half = math.log(2.0)
    knee = max(half + 1.0, math.log(ratio))
    peak = min(max(half + 0.5, math.log1p(b / a)), 700.0)
    edges = sorted({half, knee, peak, knee + 5.0, peak + 5.0, knee + 40.0 / min(a, 1.0) + 40.0})
    total = 0.0
    for low, high in pairwise(edges):
        total += (
            quad(near_zero, low, min(high, 700.0), epsabs=0.0, epsrel=1e-11, limit=400)[0]
            if low < 700.0
            else 0.0
        )
    total += quad(near_one, 0.0, 0.5, weight="alg", wvar=(b - 1.0, 0.0), epsabs=1e-14, limit=400)[0]
    return float(total)
