"""Log-likelihood, gradient and Hessian of the NBD family with geometric dropout, on the log parameters.

One formula covers three models (Fader, Hardie and Lee 2005, equation 6; Batislam, Denizel and Filiztekin
2007). With ``y = x + shift`` (shift 0 for BG/NBD, 1 for MBG/NBD) a customer (x, t_x, T) contributes::

    sum_{k<x} ln(r+k) - x ln(alpha) - (r+x) ln(1+T/alpha)                       the NBD part
    - sum_{k<y} ln(1 + a/(b+k))                                                alive after y chances to leave
    + ln(1 + exp(d)),  d = ln a - ln(b+y-1) + (r+x) ln((alpha+T)/(alpha+t_x))  only if y > 0

Everything that depends on the integer x alone is said once per x; rising factorials keep their digits where
differences of gammaln lose them (a, b above 1e8). Sums of logarithms are logarithms of products, taken before
they overflow.
"""

from __future__ import annotations

import math

import numpy as np

from models.arrays import FloatArray, IntArray
from models.compiled import compiled, inner

_LARGE = 1e200
"""A running product of factors is turned into its logarithm beyond this."""


@inner
def _exposure(age: FloatArray, first: int, last: int, alpha: float) -> tuple[float, float, float]:
    """Sums of ln(1+T/alpha), of T/(alpha+T) and of its product with alpha/(alpha+T), over some customers."""
    logs, product, share_sum, spread_sum = 0.0, 1.0, 0.0, 0.0
    scale = 1.0 / alpha
    for i in range(first, last):
        whole = 1.0 + age[i] * scale
        left = 1.0 / whole
        product *= whole
        share_sum += 1.0 - left
        spread_sum += left * (1.0 - left)
        if product > _LARGE:
            logs += math.log(product)
            product = 1.0
    return logs + math.log(product), share_sum, spread_sum


@compiled
def nbd_derivatives(
    log_parameters: FloatArray, start: IntArray, age: FloatArray, more_than: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, gradient (parameter,) and Hessian (parameter, parameter) in (ln r, ln alpha) of the NBD
    limit: nobody ever leaves.

    ``age`` (customer,) in days sorted by x; ``start`` and ``more_than`` as in ``Evidence``.
    """
    r = math.exp(log_parameters[0])
    alpha = math.exp(log_parameters[1])
    value = 0.0
    gradient = np.zeros(2)
    hessian = np.zeros((2, 2))
    for k in range(more_than.size):
        value += more_than[k] * (math.log(r + k) - log_parameters[1])
        gradient[0] += more_than[k] * r / (r + k)
        gradient[1] -= more_than[k]
        hessian[0, 0] += more_than[k] * r * k / (r + k) ** 2
    for x in range(start.size - 1):
        n = r + x
        logs, share, spread = _exposure(age, start[x], start[x + 1], alpha)
        value -= n * logs
        gradient[0] -= r * logs
        gradient[1] += n * share
        hessian[0, 0] -= r * logs
        hessian[0, 1] += r * share
        hessian[1, 1] -= n * spread
    hessian[1, 0] = hessian[0, 1]
    return value, gradient, hessian


@inner
def _survival_part(
    log_parameters: FloatArray,
    more_than: FloatArray,
    customers: float,
    shift: int,
    gradient: FloatArray,
    hessian: FloatArray,
) -> float:
    """Add -sum_{k<y} ln(1 + a/(b+k)) over all customers; y is x + ``shift``."""
    a = math.exp(log_parameters[2])
    b = math.exp(log_parameters[3])
    value = 0.0
    for k in range(more_than.size + shift):
        c = customers if k < shift else more_than[k - shift]
        up = b + k
        both = a + up
        value -= c * math.log1p(a / up)
        gradient[2] -= c * a / both
        gradient[3] += c * (b / up) * (a / both)
        hessian[2, 2] -= c * (a / both) * (up / both)
        hessian[2, 3] += c * (a / both) * (b / both)
        hessian[3, 3] += c * (a / both) * (b / up) * ((k / up) * ((a + k) / both) - (b / up) * (b / both))
    return value


@inner
def _leaving(
    recency: FloatArray,
    age: FloatArray,
    n: float,
    log_odds: float,
    alpha: float,
    gone_sums: FloatArray,
    spread_sums: FloatArray,
) -> float:
    """Sum of ln(1 + exp(d)) over some customers of one x, d = ``log_odds`` + n gap.

    With the gap g = ln((alpha+T)/(alpha+t_x)) and D its derivative by ln alpha, ``gone_sums`` (4,) are the
    sums of P(gone) times 1, g, D, dD and ``spread_sums`` (6,) those of P(gone) P(alive) times 1, g, D, gg,
    gD, DD.
    """
    value, product = 0.0, 1.0
    p_one, p_gap, p_slope, p_bend = 0.0, 0.0, 0.0, 0.0
    s_one, s_gap, s_slope, s_gap_gap, s_gap_slope, s_slope_slope = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(age.size):
        to_end, to_last = alpha + age[i], alpha + recency[i]
        left = 1.0 / (to_end * to_last)
        end, latest = alpha * left * to_last, alpha * left * to_end
        gap = math.log(to_end * to_end * left)
        slope = end - latest
        bend = end * (1.0 - end) - latest * (1.0 - latest)
        d = log_odds + n * gap
        small = math.exp(-abs(d))
        one = 1.0 / (1.0 + small)
        gone = one
        if d < 0.0:
            gone = small * one
        else:
            value += d
        product *= 1.0 + small
        if product > _LARGE:
            value += math.log(product)
            product = 1.0
        spread = small * one * one
        p_one += gone
        p_gap += gone * gap
        p_slope += gone * slope
        p_bend += gone * bend
        s_one += spread
        s_gap += spread * gap
        s_slope += spread * slope
        s_gap_gap += spread * gap * gap
        s_gap_slope += spread * gap * slope
        s_slope_slope += spread * slope * slope
    gone_sums[0], gone_sums[1], gone_sums[2], gone_sums[3] = p_one, p_gap, p_slope, p_bend
    spread_sums[0], spread_sums[1], spread_sums[2] = s_one, s_gap, s_slope
    spread_sums[3], spread_sums[4], spread_sums[5] = s_gap_gap, s_gap_slope, s_slope_slope
    return value + math.log(product)


@compiled
def derivatives(
    log_parameters: FloatArray,
    start: IntArray,
    recency: FloatArray,
    age: FloatArray,
    more_than: FloatArray,
    shift: int,
) -> tuple[float, FloatArray, FloatArray]:
    """Log-likelihood, gradient (parameter,) and Hessian (parameter, parameter) in (ln r, ln alpha, ln a, ln
    b): the formula of the module.

    ``recency`` and ``age`` (customer,) in days sorted by x; ``start`` and ``more_than`` as in ``Evidence``.
    """
    nbd_value, nbd_gradient, nbd_hessian = nbd_derivatives(log_parameters, start, age, more_than)
    gradient = np.zeros(4)
    hessian = np.zeros((4, 4))
    gradient[:2] = nbd_gradient
    hessian[:2, :2] = nbd_hessian
    value = nbd_value + _survival_part(log_parameters, more_than, age.size, shift, gradient, hessian)
    r, alpha, b = math.exp(log_parameters[0]), math.exp(log_parameters[1]), math.exp(log_parameters[3])
    p, s = np.empty(4), np.empty(6)
    for x in range(start.size - 1):
        y = x + shift
        if y == 0 or start[x] == start[x + 1]:
            continue
        n = r + x
        up = b + (y - 1)
        log_odds = log_parameters[2] - math.log(up)
        value += _leaving(
            recency[start[x] : start[x + 1]], age[start[x] : start[x + 1]], n, log_odds, alpha, p, s
        )
        share = b / up
        gradient[0] += r * p[1]
        gradient[1] += n * p[2]
        gradient[2] += p[0]
        gradient[3] -= share * p[0]
        hessian[0, 0] += r * p[1] + r * r * s[3]
        hessian[0, 1] += r * p[2] + r * n * s[4]
        hessian[0, 2] += r * s[1]
        hessian[0, 3] -= r * share * s[1]
        hessian[1, 1] += n * p[3] + n * n * s[5]
        hessian[1, 2] += n * s[2]
        hessian[1, 3] -= n * share * s[2]
        hessian[2, 2] += s[0]
        hessian[2, 3] -= share * s[0]
        hessian[3, 3] += share * share * s[0] - share * ((y - 1) / up) * p[0]
    for i in range(4):
        for j in range(i):
            hessian[i, j] = hessian[j, i]
    return value, gradient, hessian
