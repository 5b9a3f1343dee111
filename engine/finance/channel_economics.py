"""Unit economics of several markets and acquisition channels taken together. Free functions of arrays, the
trial first.

Segments are the axes behind the trial (and the age); each weighs as many customers as it won, so a segment
that won nobody moves nothing.
"""

from __future__ import annotations

import math

import numpy as np

from engine.finance import unit_economics as unit
from engine.finance.kpis import ratio
from models.arrays import FloatArray


def total(values: FloatArray, axes: int = 1) -> FloatArray:
    """Sum over the last axes of an array of any shape, in its unit, one entry after the other: the same bits
    whatever stands beside.

    >>> total(np.ones((2, 3, 4)), 2).tolist()
    [12.0, 12.0]
    """
    kept = values.ndim - axes
    flat = values.reshape(*values.shape[:kept], math.prod(values.shape[kept:]))
    out = np.zeros(flat.shape[:-1])
    for entry in range(flat.shape[-1]):
        out = out + flat[..., entry]
    return out


def joint_curve(curve: FloatArray, won: FloatArray) -> FloatArray:
    """Amount per customer by age of all segments, (trial, age), from that of each (trial, age, segment…),
    weighted by the customers ``won`` (trial, segment…); NaN where nobody was won.
    """
    weight = won[:, None]
    parts = np.where(weight > 0.0, curve * weight, 0.0)
    axes = won.ndim - 1
    return ratio(total(parts, axes), total(won, axes)[:, None])


def payback_within(curve: FloatArray, cac: FloatArray, *, yearly_rate: float) -> FloatArray:
    """Months until discounted CM2 per customer reaches the cost, one more than the curve has where it does
    not; NaN without customers.

    ``curve`` (…, age) undiscounted. A month number instead of infinity keeps quantiles and means defined;
    the mean is then too low, which every place that shows it says.
    """
    months = unit.payback_month(curve, 1.0, cac, yearly_rate=yearly_rate)
    late = np.where(np.isinf(months), curve.shape[-1] + 1.0, months)
    return np.where(np.isnan(curve).any(axis=-1), np.nan, late)


def economics(
    *,
    won: FloatArray,
    spend: FloatArray,
    net_revenue: FloatArray,
    cm2: FloatArray,
    curve: FloatArray,
    yearly_rate: float,
) -> dict[str, FloatArray]:
    """CAC, LTV, their ratio, payback and returns of segments, each of the dims of ``won``; ``curve`` has the
    age behind them.
    """
    ltv, cac = unit.lifetime_value(curve, 1.0, yearly_rate=yearly_rate), unit.quotient(spend, won)
    returned = unit.return_on_spend(net_revenue, cm2, spend)
    return {
        "cac": cac,
        "ltv": ltv,
        "ltv_cac": unit.quotient(ltv, cac),
        "cac_payback": payback_within(curve, cac, yearly_rate=yearly_rate),
        "roas": unit.roas(net_revenue, spend),
        "dm_roi": returned.on_revenue,
        "romi": returned.on_margin,
    }


def joint_economics(
    *,
    won: FloatArray,
    spend: FloatArray,
    net_revenue: FloatArray,
    cm2: FloatArray,
    curve: FloatArray,
    yearly_rate: float,
) -> dict[str, FloatArray]:
    """The same figures, in the units ``economics`` gives them, of all segments (trial, segment…) at once,
    each (trial,); ``curve`` (trial, age, segment…).
    """
    axes = won.ndim - 1
    return economics(
        won=total(won, axes),
        spend=total(spend, axes),
        net_revenue=total(net_revenue, axes),
        cm2=total(cm2, axes),
        curve=joint_curve(curve, won),
        yearly_rate=yearly_rate,
    )


def zone_codes(roas: FloatArray, cm2_share: FloatArray, company_share: FloatArray) -> FloatArray:
    """Zone of the health matrix by position in ``ZONES``, elementwise, NaN where there is none; ``roas`` x,
    ``company_share`` the company's CM2%.
    """
    zone = unit.health_zone(roas, cm2_share, margin_cut=company_share)
    return np.where(zone == unit.NO_ZONE, np.nan, zone.astype(np.float64))
