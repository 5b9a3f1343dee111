"""Addressed draws by rejection, for laws that no scenario can change (a customer's rate, dropout, spend).

Every sampler reads its uniforms from (key, trial, index, part), part counting up from the one given, and
returns the value with the first unused part: what one draw consumes can never shift another address.
Callers give ``index`` as uint64 and ``part`` as int64, never as a literal: else each is compiled anew.
"""

from __future__ import annotations

import math

from models.arrays import WordArray
from models.compiled import in_place, inner
from models.quantiles import normal_quantile, poisson_quantile
from models.streams import uniform1, uniform4


@in_place
def gamma(shape: float, key: WordArray, trial: int, index: int, part: int) -> tuple[float, int]:
    """Gamma draw with the given shape and rate 1, and the next part; ``key`` (word,).

    Squeeze-free rejection of Marsaglia & Tsang (2000), "A simple method for generating gamma variables",
    ACM TOMS 26(3), section 4; shapes below one are raised by one and
    multiplied by u**(1/shape) (their section 6).
    """
    boosted = shape if shape >= 1.0 else shape + 1.0
    d = boosted - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        a, b, lift, _ = uniform4(key, trial, index, part)
        part += 1
        x = normal_quantile(a)
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        if math.log(b) < 0.5 * x * x + d - d * v + d * math.log(v):
            if shape >= 1.0:
                return d * v, part
            return d * v * lift ** (1.0 / shape), part


@inner
def log_gamma_draw(shape: float, key: WordArray, trial: int, index: int, part: int) -> tuple[float, int]:
    """Logarithm of a gamma draw with rate 1, and the next part; ``key`` (word,). Safe from underflow at tiny
    shapes.
    """
    if shape >= 1.0:
        value, part = gamma(shape, key, trial, index, part)
        return math.log(value), part
    value, part = gamma(shape + 1.0, key, trial, index, part)
    u = uniform1(key, trial, index, part)
    return math.log(value) + math.log(u) / shape, part + 1


@in_place
def beta(a: float, b: float, key: WordArray, trial: int, index: int, part: int) -> tuple[float, int]:
    """Beta(a, b) draw on [0, 1], and the next part, as the share of two gamma draws taken in logs; ``key``
    (word,).
    """
    x, part = log_gamma_draw(a, key, trial, index, part)
    y, part = log_gamma_draw(b, key, trial, index, part)
    return 1.0 / (1.0 + math.exp(y - x)), part


@in_place
def poisson(mean: float, key: WordArray, trial: int, index: int, part: int) -> tuple[int, int]:
    """Poisson draw by inversion of one uniform, and the next part; ``key`` (word,)."""
    return poisson_quantile(uniform1(key, trial, index, part), mean), part + 1
