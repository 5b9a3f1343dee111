"""Unit economics: what a customer costs, brings and when it has paid for itself. Free functions of arrays.

Costs and flows are positive; trials lie on the first axis, months on the last. Something over nothing is
infinite (spend that wins nobody costs infinitely much), nothing over nothing is NaN; NaN is left out of
every probability. Value is CM2, the margin after goods, fulfilment and fees: revenue is never divided by an
acquisition cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.calendar import MONTHS_IN_YEAR

Integers = IntArray
Numbers = FloatArray | float


ZONES = ("star", "optimise", "potential", "problem")
"""Scale it; fix price, shipping or discount; test it; pause it."""
NO_ZONE = -1
"""A channel with neither revenue nor spend has no zone."""


def quotient(numerator: Numbers, denominator: Numbers) -> FloatArray:
    """Quotient, elementwise, a share, x or an amount each; infinite with the sign of the numerator over zero,
    NaN for nothing over nothing.
    """
    top, bottom = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    shape = np.broadcast(top, bottom).shape
    nothing = np.where(top > 0.0, np.inf, np.where(top < 0.0, -np.inf, np.nan))
    start = np.broadcast_to(nothing, shape).copy()
    return np.divide(top, bottom, out=start, where=np.broadcast_to(bottom != 0.0, shape))


def share_below(values: FloatArray, threshold: Numbers, axis: int = 0) -> FloatArray:
    """Share of the trials, an array of any shape with them on ``axis``, below a threshold, NaN ones left out;
    NaN where there is no other.
    """
    known = ~np.isnan(values)
    below = known & (values < threshold)
    count = known.sum(axis=axis).astype(np.float64)
    return np.divide(below.sum(axis=axis), count, out=np.full(np.shape(count), np.nan), where=count > 0.0)


# Acquisition cost (metric 1)


class AcquisitionCost(NamedTuple):
    """Cost of a new customer, currency per customer."""

    each: FloatArray
    """By market, channel and cohort: the dims of the spend."""
    blended: FloatArray
    """All spend over all new customers, with or without spend behind them."""
    destroys_value: BoolArray
    """Whether the spend exceeds what the cohort brings, its CM2 over the horizon; false where that is not
    given.
    """


def fully_loaded(
    *, ads: Numbers, agency: Numbers = 0.0, tools: Numbers = 0.0, first_order_promotion: Numbers = 0.0
) -> FloatArray:
    """Fully loaded acquisition spend, elementwise, currency of its parts: advertising, agency, tools and what
    the first order was discounted.
    """
    return np.asarray(ads, dtype=np.float64) + agency + tools + first_order_promotion


def acquisition_cost(
    spend: Numbers,
    new_customers: Numbers,
    *,
    cohort_cm2: Numbers | None = None,
    over: int | tuple[int, ...] = -1,
) -> AcquisitionCost:
    """Fully loaded spend per new customer, by segment and blended ``over`` axes; dims and period are those
    given.
    """
    paid, won = np.broadcast_arrays(
        np.asarray(spend, dtype=np.float64), np.asarray(new_customers, dtype=np.float64)
    )
    all_paid, all_won = (paid.sum(axis=over), won.sum(axis=over)) if paid.ndim else (paid, won)
    destroys = np.zeros(paid.shape, dtype=bool) if cohort_cm2 is None else paid > np.asarray(cohort_cm2)
    return AcquisitionCost(quotient(paid, won), quotient(all_paid, all_won), destroys)


# Value and payback (metrics 2, 4, 5)


def discount_factors(months: int, yearly_rate: float) -> FloatArray:
    """Value today of money in the middle of each month, (month,): exp(-rate t), a continuous yearly rate."""
    return np.exp(-yearly_rate * (np.arange(months) + 0.5) / MONTHS_IN_YEAR)


def lifetime_value(cohort_cm2: FloatArray, customers: Numbers, *, yearly_rate: float) -> FloatArray:
    """Discounted CM2 per acquired customer over the months given, before acquisition cost.

    ``cohort_cm2`` (…, month) is the CM2 of the whole cohort by month since acquisition, of those who left
    too.
    """
    cm2 = np.asarray(cohort_cm2, dtype=np.float64)
    return quotient((cm2 * discount_factors(cm2.shape[-1], yearly_rate)).sum(axis=-1), customers)


def value_of_revenue(revenue_value: Numbers, cm2_share: Numbers) -> FloatArray:
    """CM2 value of a lifetime value that was told on revenue, elementwise, in its currency: 120 at a margin
    of 35% is worth 42.
    """
    return np.asarray(np.asarray(revenue_value, dtype=np.float64) * cm2_share)


def lift(value: Numbers, reference: Numbers) -> FloatArray:
    """How much more a cohort's customers are worth than the reference's, elementwise, share of it."""
    return quotient(np.asarray(value, dtype=np.float64) - reference, np.abs(reference))


class ValueOverCost(NamedTuple):
    """LTV/CAC on CM2, x, by trial, and how likely it is too low."""

    ratio: FloatArray
    below_policy: FloatArray
    """P(< 3): below the cushion of the policy."""
    below_one: FloatArray
    """P(< 1): value is destroyed."""


def value_over_cost(cm2_value: Numbers, cac: Numbers, *, policy: float = 3.0) -> ValueOverCost:
    """CM2 lifetime value over fully loaded acquisition cost; the trials are on the first axis."""
    ratio = quotient(cm2_value, cac)
    trials = np.atleast_1d(ratio)
    return ValueOverCost(ratio, share_below(trials, policy), share_below(trials, 1.0))


def payback_month(
    cohort_cm2: FloatArray, customers: Numbers, cac: Numbers, *, yearly_rate: float
) -> FloatArray:
    """Months until the cumulative discounted CM2 per acquired customer, ``cohort_cm2`` (…, month), first
    reaches the acquisition cost.

    1 is the month of acquisition, 0 where there was nothing to pay back, infinite where it is not reached
    within the months given, NaN without customers.
    """
    cm2 = np.asarray(cohort_cm2, dtype=np.float64)
    reached = np.cumsum(cm2 * discount_factors(cm2.shape[-1], yearly_rate), axis=-1)
    each = quotient(reached, np.asarray(customers, dtype=np.float64)[..., None])
    cost = np.asarray(cac, dtype=np.float64)
    paid = each >= cost[..., None]
    month = np.where(paid.any(axis=-1), paid.argmax(axis=-1) + 1.0, np.inf)
    unknown = np.isnan(cost) | np.broadcast_to(np.asarray(customers) == 0.0, month.shape)
    return np.where(unknown, np.nan, np.where(cost <= 0.0, 0.0, month))


# Channels (metrics 3, 26, 28)


def roas(revenue: Numbers, spend: Numbers) -> FloatArray:
    """Return on advertising spend, elementwise: attributed net revenue over spend, a multiple (x) of the
    spend in one currency.
    """
    return quotient(revenue, spend)


def break_even_roas(cm2_share: Numbers) -> FloatArray:
    """Return on spend, elementwise, at which a channel's CM2 share pays for it: 1 / CM2%, infinite
    where the margin is not positive.
    """
    share = np.asarray(cm2_share, dtype=np.float64)
    return np.divide(1.0, share, out=np.where(np.isnan(share), np.nan, np.inf), where=share > 0.0)


def health_zone(
    return_on_spend: Numbers,
    cm2_share: Numbers,
    *,
    margin_cut: Numbers,
    roas_cut: Numbers | None = None,
) -> Integers:
    """Zone of each channel, an index of ``ZONES``: return on spend × margin.

    ``margin_cut`` is the company's CM2%; ``roas_cut`` by default the channel's own break-even. At the cut
    counts as above it. ``NO_ZONE`` where a figure does not exist.
    """
    returned, margin = np.asarray(return_on_spend, dtype=np.float64), np.asarray(cm2_share, dtype=np.float64)
    cut = break_even_roas(margin) if roas_cut is None else np.asarray(roas_cut, dtype=np.float64)
    pays = (returned >= cut) & (margin > 0.0) if roas_cut is None else returned >= cut
    rich = margin >= margin_cut
    zone = np.where(pays, np.where(rich, 0, 1), np.where(rich, 2, 3))
    return np.asarray(np.where(np.isnan(returned) | np.isnan(margin), NO_ZONE, zone), dtype=np.int64)


def zone_probabilities(zone: Integers) -> FloatArray:
    """Probability of each zone over the trials (first axis), any shape behind them, the zone on the last axis
    of the result; NaN where no trial has one.
    """
    count = np.stack([(zone == number).sum(axis=0) for number in range(len(ZONES))], axis=-1).astype(
        np.float64
    )
    total = count.sum(axis=-1, keepdims=True)
    return np.divide(count, total, out=np.full(count.shape, np.nan), where=total > 0.0)


class ReturnOnSpend(NamedTuple):
    """Two returns that go by one name, shares of the spend."""

    on_revenue: FloatArray
    """dmROI: (attributed revenue - spend) / spend."""
    on_margin: FloatArray
    """ROMI: (attributed CM2 - spend) / spend."""


def return_on_spend(revenue: Numbers, cm2: Numbers, spend: Numbers) -> ReturnOnSpend:
    """DmROI and ROMI of a channel: 4.0 on revenue can be 0.5 on margin."""
    cost = np.asarray(spend, dtype=np.float64)
    return ReturnOnSpend(quotient(revenue - cost, cost), quotient(cm2 - cost, cost))


class Contribution(NamedTuple):
    """CM3 of a channel and category per unit of what it ties up, x."""

    per_spend: FloatArray
    per_capital: FloatArray


def contribution(cm3: Numbers, spend: Numbers, peak_working_capital: Numbers) -> Contribution:
    """CM3 over marketing spend, and over the peak of the working capital it needed."""
    return Contribution(quotient(cm3, spend), quotient(cm3, peak_working_capital))


class Conversion(NamedTuple):
    """Three conversions that are never one figure, shares."""

    lead_rate: FloatArray
    """Leads over visitors."""
    lead_to_order: FloatArray
    """Orders over leads."""
    order_conversion: FloatArray
    """Orders over visitors."""


def conversion(visitors: Numbers, leads: Numbers, orders: Numbers) -> Conversion:
    """Lead rate, lead to order and order conversion: 20 leads and 1 order of 1,000 visitors are 2%, 5%,
    0.1%.
    """
    return Conversion(quotient(leads, visitors), quotient(orders, leads), quotient(orders, visitors))
