"""What the fit found, in plain values for the report: every estimate with its prior, error, evidence and
caveat.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.demand.acquisition import Response
from models.demand.anonymous import CountForecast
from models.demand.cohorts import SegmentFit
from models.demand.estimates import Estimates
from models.demand.price import Elasticity
from models.demand.residual import Residual
from models.demand.settings import DemandSettings
from models.ltv.challenger import challenge


def describe(found: Estimates) -> dict[str, Any]:
    """Diagnostics by part, JSON-able; keys are plan keys."""
    settings, history, season, won = found.settings, found.history, found.time.season, found.won
    markets = [market.key for market in settings.markets]
    return {
        "history": {
            "first_month": str(history.first_month),
            "months": history.months,
            "complete_months": history.complete_months,
            "orders": len(history.orders),
            "lines": len(history.lines),
        },
        "season": {
            "source": season.source,
            "note": season.note,
            "factor": _plain(season.factor),
            "log_standard_error": _plain(season.log_sd),
        },
        "customers": {
            segment: _customers(fit, settings.challenger)
            for segment, fit in zip(settings.segments, found.fits, strict=True)
        },
        "acquisition": _acquisition(settings, won.response, won.scale),
        "organic": {segment: _counts(f) for segment, f in zip(settings.segments, won.organic, strict=True)},
        "anonymous": {
            segment: _counts(f) for segment, f in zip(settings.segments, found.anonymous, strict=True)
        },
        "spend": {"planned_segments": found.table.planned_months},
        "residual": _residual(markets, found.residual),
        "elasticity": {market: _elasticity(e) for market, e in zip(markets, found.elasticities, strict=True)},
    }


def _plain(values: FloatArray) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _challenger(fit: SegmentFit, wanted: bool) -> dict[str, Any] | None:
    """The same customers fitted by lifetimes; None where the segment has no fit of its own."""
    if not wanted or fit.how != "own":
        return None
    found = challenge(fit.model, fit.customers)
    return {
        "package": "lifetimes",
        "parameters": {name: _number(value) for name, value in found.params.items()},
        "loglik": _number(found.loglik),
        "loglik_gain": _number(found.loglik_gain),
        "expected_orders_difference": _number(found.expected_orders_difference),
        "days": found.days,
        "message": found.message,
    }


def _customers(fit: SegmentFit, challenged: bool) -> dict[str, Any]:
    model = fit.model
    errors = np.sqrt(np.maximum(np.diag(model.draw_covariance), 0.0))
    return {
        "model": "BG/NBD",
        "parameters": dict(zip(("r", "alpha", "a", "b"), _plain(np.exp(model.mean)), strict=True)),
        "log_standard_error": dict(zip(("r", "alpha", "a", "b"), _plain(errors), strict=True)),
        "time": "operational days",
        "loglik": _number(model.loglik),
        "nbd_loglik": _number(model.nbd_loglik),
        "customers": len(fit.customers),
        "repeat_orders": int(fit.customers.frequency.sum()),
        "boundary": bool(model.boundary),
        "message": model.message,
        "how": fit.how,
        "own_weight": fit.weight,
        "covariance": "month-clustered" if fit.clustered else "inverse Hessian",
        "variance_inflation": fit.inflation,
        "challenger": _challenger(fit, challenged),
    }


def _acquisition(
    settings: DemandSettings, responses: list[list[Response]], scale: FloatArray
) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for m, market in enumerate(settings.markets):
        for q, entry in enumerate(settings.acquisition_channels):
            response = responses[m][q]
            out[f"{market.key}/{entry.key}"] = {
                "prior": {
                    "mean": response.prior.mean,
                    "sd": response.prior.sd,
                    "source": response.prior.source,
                },
                "posterior": {"mean": response.beta, "sd": response.beta_sd},
                "season_power": response.gamma,
                "scale": response.scale,
                "log_standard_error": response.log_sd,
                "months": response.months,
                "confirmed_share_of_claims": float(scale[m, q]),
                "attribution": f"orders in {entry.sales_channel}",
            }
    return out


def _counts(forecast: CountForecast) -> dict[str, Any]:
    return {
        "model": "Poisson level with dampened trend in operational time",
        "monthly_log_slope": forecast.slope,
        "first_month": float(forecast.mean[0]),
        "season_power": forecast.follows,
        "log_standard_error_month_1": float(np.linalg.norm(forecast.load[:, 0])),
        "log_standard_error_month_12": float(np.linalg.norm(forecast.load[:, 11])),
        "months": forecast.months,
        "ended": forecast.ended,
    }


def _residual(markets: list[str], residual: Residual) -> dict[str, Any]:
    return {
        "on": residual.on,
        "persistence": residual.phi(),
        "common_share": residual.share,
        "sd": dict(zip(markets, _plain(residual.scale()), strict=True)),
        "total_sd": dict(zip(markets, _plain(np.sqrt(residual.total)), strict=True)),
        "count_noise_sd": dict(zip(markets, _plain(np.sqrt(residual.count_noise)), strict=True)),
        "count_noise_share": {
            market: float(min(residual.count_noise[m] / residual.total[m], 1.0))
            if residual.total[m] > 0
            else None
            for m, market in enumerate(markets)
        },
        "nowcast": dict(zip(markets, _plain(residual.nowcast(1)[:, 0]), strict=True)),
        "months": dict(zip(markets, _plain(residual.months), strict=True)),
    }


def _elasticity(elasticity: Elasticity) -> dict[str, Any]:
    prior = elasticity.prior
    return {
        "prior": {"mean": prior.mean, "sd": prior.sd, "source": prior.source},
        "posterior": {"mean": elasticity.mean, "sd": elasticity.sd},
        "price_changes": elasticity.changes,
        "estimate": _number(elasticity.estimate),
        "standard_error": _number(elasticity.error),
        "updated": math.isfinite(elasticity.estimate),
    }
