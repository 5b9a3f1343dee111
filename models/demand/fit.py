"""Fitting demand: history → season and clock → customers → acquisition → counts → residual → basket → base
expectation.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from models.arrays import FloatArray
from models.demand.anonymous import CountForecast, fit_counts
from models.demand.basket import fit_basket
from models.demand.cohorts import (
    OrderDays,
    SegmentFit,
    customers_of,
    expected_repeats,
    fit_company,
    fit_segments,
    order_days,
    widen,
)
from models.demand.diagnostics import describe
from models.demand.estimates import Estimates
from models.demand.expectation import existing_orders, later_orders
from models.demand.history import History, monthly_counts, read_history
from models.demand.model import DemandModel
from models.demand.price import fit_elasticity
from models.demand.prices import base_prices
from models.demand.residual import PRIOR_SHARE, Residual, fit_residual
from models.demand.season import Season, fit_season, no_season, profile_season
from models.demand.settings import EXPECTED_MONTHS, DemandSettings
from models.demand.sources import NewCustomers, new_customers, streams_of, with_shocks
from models.demand.spend import read_spend
from models.demand.timeline import Timeline, complete, repeats

MOST_ABSORBED = 0.7
"""Largest share of the residual's variance that the season is taken to have absorbed."""


def fit_demand(
    orders: pd.DataFrame,
    spend: pd.DataFrame,
    spend_plan: pd.DataFrame | None = None,
    *,
    settings: DemandSettings,
) -> DemandModel:
    """Demand model of the canonical tables orders, spend and (optional) spend_plan; the order of their rows
    means nothing.

    Nothing random happens here. A market without orders, a channel without customers and a plan without spend
    are all fine: their expectation is zero and they change no other figure.
    """
    history = read_history(orders, settings)
    days = [order_days(history.orders[history.orders["segment"] == c]) for c in range(len(settings.segments))]
    known = np.array(
        [c.customer_known for _ in settings.markets for c in settings.sales_channels], dtype=bool
    )
    guest = complete(
        monthly_counts(history, len(known), history.orders["customer"].to_numpy() == ""), history
    )
    season = _season(settings, history, days, guest)
    time = Timeline(settings, history, season)
    fits = fit_segments(days, time.clock)
    volume = np.bincount(history.orders["market"].to_numpy(np.int64), minlength=len(settings.markets))
    absorbed = _absorbed(volume.astype(np.float64), season, history.complete_months)
    if settings.covariance == "clustered" and settings.residual:
        ends = history.month_start()[1:] - 1
        fits = [
            widen(fit, segment, time.clock, ends, float(absorbed[c // len(settings.sales_channels)]))
            for c, (fit, segment) in enumerate(zip(fits, days, strict=True))
        ]
    table = read_spend(spend, spend_plan, settings, history)
    won = new_customers(settings, history, time, table, days, guest)
    anonymous = [fit_counts(row, time.wholly()) for row in won.unclaimed]
    residual = _residual(settings, history, time, fits, days, won, anonymous, guest)
    if settings.residual:
        won = with_shocks(settings, time, table, won, residual)
        anonymous = [
            fit_counts(row, time.wholly(), residual.shocks(c // len(settings.sales_channels), len(row)))
            for c, row in enumerate(won.unclaimed)
        ]
    basket = fit_basket(history, settings)
    elasticities = [
        fit_elasticity(history.lines[history.lines["market"] == m], market.elasticity)
        for m, market in enumerate(settings.markets)
    ]
    return _assemble(
        Estimates(settings, history, time, known, fits, table, won, anonymous, residual, basket, elasticities)
    )


def _season(settings: DemandSettings, history: History, days: list[OrderDays], guest: FloatArray) -> Season:
    if settings.season_source == "none":
        return no_season("switched off in the plan")
    if settings.season_source == "profile":
        return profile_season(settings.season_profile)
    if history.complete_months < 24:
        return no_season(
            f"{history.complete_months} complete months: two full cycles are needed, none is used"
        )
    actual = repeats(days, history).sum(axis=0) + guest.sum(axis=0)
    season = no_season()
    for _ in range(2):
        time = Timeline(settings, history, season)
        forecast = [fit_counts(row, time.wholly()) for row in guest]
        expected = np.zeros(history.months)
        company = fit_company([customers_of(segment, time.clock) for segment in days])
        for segment, counts in zip(days, forecast, strict=True):
            expected += counts.fitted
            if company is not None:
                expected += expected_repeats(company, segment.first, time.clock, history.month_start())
        expected[: history.complete_from] = 0.0
        season = fit_season(actual, expected / time.past_factor, history.month_of_year())
        if season.source != "history":
            return season
    return season


def _residual(
    settings: DemandSettings,
    history: History,
    time: Timeline,
    fits: list[SegmentFit],
    days: list[OrderDays],
    won: NewCustomers,
    anonymous: list[CountForecast],
    guest: FloatArray,
) -> Residual:
    """Residual from all orders of a market against what the model expected of each month, knowing who had
    been won by then.
    """
    per_market = len(settings.sales_channels)
    actual = np.zeros((len(settings.markets), history.months))
    expected = np.zeros_like(actual)
    again = repeats(days, history)
    for c, (fit, segment) in enumerate(zip(fits, days, strict=True)):
        m = c // per_market
        actual[m] += again[c] + guest[c]
        expected[m] += (
            expected_repeats(fit.model, segment.first, time.clock, history.month_start())
            + anonymous[c].fitted
        )
    for m in range(len(settings.markets)):
        for q, entry in enumerate(settings.acquisition_channels):
            response = won.response[m][q]
            s = [channel.key for channel in settings.sales_channels].index(entry.sales_channel)
            expected[m] += response.fitted
            if settings.sales_channels[s].customer_known:
                actual[m] += np.where(response.fitted > 0, response.actual, 0.0)
    expected[:, : history.complete_from] = 0.0
    # a ledger that begins with the company's middle shows its old customers as new: its first months are no
    # evidence
    expected[:, : history.learning_months] = 0.0
    return fit_residual(
        actual, expected, np.ones(len(actual)), seasonal=time.season.source == "history", on=settings.residual
    )


def _absorbed(orders: FloatArray, season: Season, months: int) -> FloatArray:
    """Share of each market's residual variance that the company's season factors took, shape (market,).

    The factors take their number out of the months of the company's residual; a market loses that times its
    squared correlation with the company, at the prior common share.
    """
    if season.freedom == 0.0 or orders.sum() == 0.0:
        return np.zeros(len(orders))
    # exactly rounded sums: the order of the markets means nothing
    weight = orders / math.fsum(orders)
    common = PRIOR_SHARE + (1.0 - PRIOR_SHARE) * weight
    spread = PRIOR_SHARE + (1.0 - PRIOR_SHARE) * math.fsum(weight * weight)
    return np.asarray(np.minimum(season.freedom / months * common**2 / spread, MOST_ABSORBED))


def _assemble(found: Estimates) -> DemandModel:
    settings, time, known, fits = found.settings, found.time, found.known, found.fits
    anonymous, residual, basket = found.anonymous, found.residual, found.basket
    streams = streams_of(settings, time, found.table, found.won)
    per_market = len(settings.sales_channels)
    nowcast = residual.nowcast(EXPECTED_MONTHS)
    expected = np.stack([forecast.mean for forecast in anonymous])
    for c, fit in enumerate(fits):
        expected[c] += existing_orders(fit.model, fit.customers, time.future, settings.parameters)
    for s in range(len(streams.segment)):
        segment = int(streams.segment[s])
        expected[segment] += streams.mean[s]
        if known[segment] and streams.mean[s].any():
            path = later_orders(fits[segment].model, time.future, settings.parameters)
            expected[segment] += (streams.mean[s][:, None] * path).sum(axis=0)
    expected *= np.repeat(nowcast, per_market, axis=0)
    shares = basket.shares()[basket.epoch]
    per_order = basket.units_per_order()
    units = expected[:, :, None] * per_order[:, None, None] * shares.transpose(1, 0, 2)
    channels = len(settings.acquisition_channels)
    paid = np.flatnonzero(streams.channel >= 0)
    expected_new = streams.mean[paid].reshape(len(settings.markets), channels, EXPECTED_MONTHS)
    return DemandModel(
        start=settings.start.isoformat(),
        market_keys=tuple(m.key for m in settings.markets),
        sales_channel_keys=tuple(c.key for c in settings.sales_channels),
        channel_keys=tuple(a.key for a in settings.acquisition_channels),
        item_keys=settings.items,
        known=known,
        envelope=float(settings.demand_envelope),
        acquisition_envelope=float(settings.acquisition_envelope),
        parameters=settings.parameters,
        season=time.season,
        residual=residual,
        elasticity_mean=np.array([e.mean for e in found.elasticities]),
        elasticity_sd=np.array([e.sd for e in found.elasticities]),
        streams=streams,
        anonymous_mean=np.stack([f.mean for f in anonymous]),
        anonymous_load=np.stack([f.load for f in anonymous]),
        basket=basket,
        fits=tuple(fit.model for fit in fits),
        customers=tuple(fit.customers for fit in fits),
        expected_orders=expected,
        expected_units=units,
        expected_new=expected_new,
        base_spend=found.table.future,
        units_per_order=per_order,
        base_price=base_prices(found.history, settings),
        diagnostics=describe(found),
    )
