"""Log-likelihood, gradient and Hessian of the NBD family with geometric dropout, on the log parameters.

One formula covers three models (Fader, Hardie and Lee 2005, equation 6; Batislam, Denizel and Filiztekin
2007). With ``y = x + shift`` (shift 0 for BG/NBD, 1 for MBG/NBD) a customer (x, t_x, T) contributes::

    sum_{k<x} ln(r+k) - x ln(alpha) - (r+x) ln(1+T/alpha)                       the NBD part
    - sum_{k<y} ln(1 + a/(b+k))                                                alive after y chances to leave
    + ln(1 + exp(d)),  d = ln a - ln(b+y-1) + (r+x) ln((alpha+T)/(alpha+t_x))  only if y > 0

Everything that depends on the integer x alone is summed over its histogram; rising factorials keep their
digits where differences of gammaln lose them (a, b above 1e8).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """Distinct (x, t_x, T) of a set of customers with their counts.

    ``times`` holds the distinct values of t_x and T; ``recency`` and ``age`` are positions in it.
    ``more_than[k]`` is the number of customers with more than k repeat orders.
    """

    frequency: IntArray
    recency: IntArray
    age: IntArray
    count: FloatArray
    times: FloatArray
    more_than: FloatArray
    member: IntArray
    """Cell of each customer, shape (customer,)."""

    @property
    def customers(self) -> float:
        """Number of customers."""
        return float(self.count.sum())


def build_cells(frequency: IntArray, recency: FloatArray, age: FloatArray) -> Cells:
    """Cells of the customers given, sorted by (x, T, t_x)."""
    times, recency_code, age_code = _code_times(recency, age)
    size = len(times)
    code = (frequency * size + age_code) * size + recency_code
    distinct, member, count = np.unique(code, return_inverse=True, return_counts=True)
    histogram = np.bincount(frequency)
    more_than = frequency.size - np.cumsum(histogram)[:-1]
    return Cells(
        frequency=distinct // (size * size),
        recency=distinct % size,
        age=distinct // size % size,
        count=count.astype(np.float64),
        times=times,
        more_than=more_than.astype(np.float64),
        member=member.astype(np.int64),
    )


def _code_times(recency: FloatArray, age: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
    longest = float(age.max())
    whole = np.array_equal(age, np.floor(age)) and np.array_equal(recency, np.floor(recency))
    if whole and longest < 100_000:
        return np.arange(int(longest) + 1, dtype=np.float64), recency.astype(np.int64), age.astype(np.int64)
    times, code = np.unique(np.concatenate([recency, age]), return_inverse=True)
    return times, code[: recency.size].astype(np.int64), code[recency.size :].astype(np.int64)


@njit(cache=True)
def nbd_derivatives(
    log_parameters: FloatArray,
    frequency: IntArray,
    age: IntArray,
    count: FloatArray,
    times: FloatArray,
    more_than: FloatArray,
) -> tuple[float, FloatArray, FloatArray]:
    """Value, gradient (2,) and Hessian (2, 2) in (ln r, ln alpha) of the NBD limit: nobody ever leaves."""
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
    log_age = np.empty(times.size)
    share = np.empty(times.size)
    for j in range(times.size):
        log_age[j] = math.log1p(times[j] / alpha)
        share[j] = times[j] / (alpha + times[j])
    for i in range(frequency.size):
        c = count[i]
        n = r + frequency[i]
        log_end = log_age[age[i]]
        share_end = share[age[i]]
        value -= c * n * log_end
        gradient[0] -= c * r * log_end
        gradient[1] += c * n * share_end
        hessian[0, 0] -= c * r * log_end
        hessian[0, 1] += c * r * share_end
        hessian[1, 1] -= c * n * share_end * (1.0 - share_end)
    hessian[1, 0] = hessian[0, 1]
    return value, gradient, hessian


@njit(cache=True)
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


@njit(cache=True)
def derivatives(
    log_parameters: FloatArray,
    frequency: IntArray,
    recency: IntArray,
    age: IntArray,
    count: FloatArray,
    times: FloatArray,
    more_than: FloatArray,
    shift: int,
) -> tuple[float, FloatArray, FloatArray]:
    """Value, gradient (4,) and Hessian (4, 4) in (ln r, ln alpha, ln a, ln b)."""
    nbd_value, nbd_gradient, nbd_hessian = nbd_derivatives(
        log_parameters, frequency, age, count, times, more_than
    )
    gradient = np.zeros(4)
    hessian = np.zeros((4, 4))
    gradient[:2] = nbd_gradient
    hessian[:2, :2] = nbd_hessian
    customers = count.sum()
    value = nbd_value + _survival_part(log_parameters, more_than, customers, shift, gradient, hessian)
    r = math.exp(log_parameters[0])
    alpha = math.exp(log_parameters[1])
    b = math.exp(log_parameters[3])
    log_time = np.empty(times.size)
    weight = np.empty(times.size)
    for j in range(times.size):
        log_time[j] = math.log1p(times[j] / alpha)
        weight[j] = alpha / (alpha + times[j])
    for i in range(frequency.size):
        y = frequency[i] + shift
        if y == 0:
            continue
        n = r + frequency[i]
        gap = log_time[age[i]] - log_time[recency[i]]
        w_end = weight[age[i]]
        w_last = weight[recency[i]]
        d = log_parameters[2] - math.log(b + (y - 1)) + n * gap
        gone = 1.0 / (1.0 + math.exp(-d)) if d < 0 else 1.0 - 1.0 / (1.0 + math.exp(d))
        value += count[i] * (math.log1p(math.exp(d)) if d < 0 else d + math.log1p(math.exp(-d)))
        d_r = r * gap
        d_alpha = n * (w_end - w_last)
        d_b = -b / (b + (y - 1))
        c = count[i] * gone
        gradient[0] += c * d_r
        gradient[1] += c * d_alpha
        gradient[2] += c
        gradient[3] += c * d_b
        hessian[0, 0] += c * d_r
        hessian[0, 1] += c * r * (w_end - w_last)
        hessian[1, 1] += c * n * (w_end * (1.0 - w_end) - w_last * (1.0 - w_last))
        hessian[3, 3] -= c * (b / (b + (y - 1))) * ((y - 1) / (b + (y - 1)))
        spread = c * (1.0 - gone)
        hessian[0, 0] += spread * d_r * d_r
        hessian[0, 1] += spread * d_r * d_alpha
        hessian[0, 2] += spread * d_r
        hessian[0, 3] += spread * d_r * d_b
        hessian[1, 1] += spread * d_alpha * d_alpha
        hessian[1, 2] += spread * d_alpha
        hessian[1, 3] += spread * d_alpha * d_b
        hessian[2, 2] += spread
        hessian[2, 3] += spread * d_b
        hessian[3, 3] += spread * d_b * d_b
    for i in range(4):
        for j in range(i):
            hessian[i, j] = hessian[j, i]
    return value, gradient, hessian
