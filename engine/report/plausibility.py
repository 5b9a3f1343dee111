"""A forecast beside the past: each market's next twelve months against its last twelve, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

BASE = "base"
MONTHS = 12
RECENT = 3
FACTOR = 2.0
"""A market whose median leaves [last / 2, last x 2] is an exception and must have a cause."""
_FEW_CUSTOMERS = 30
_NOTABLE = 0.05


def plausibility(cube: xr.DataTree, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows by market: net revenue of the last and the median of the next twelve months, company currency.

    Empty where the history or the horizon has fewer than twelve whole months. ``ratio`` is None where
    nothing was sold.
    """
    history = record["history"]
    found = cube["market"]["net_revenue"].sel(scenario=BASE)
    forecast = found.transpose("trial", "month", "market").values
    if len(history["months"]) < MONTHS or forecast.shape[1] < MONTHS:
        return []
    year = forecast[:, :MONTHS].sum(axis=1)
    rows = []
    markets = [str(key) for key in np.asarray(found["market"].values)]
    for at, market in enumerate(markets):
        past = np.asarray(history["net_sales"][market][-MONTHS:], dtype=np.float64)
        last, median = float(past.sum()), float(np.median(year[:, at]))
        ratio = median / last if last > 0.0 else None
        within = (1.0 / FACTOR <= ratio <= FACTOR) if ratio is not None else abs(median) < 1.0
        cause = "; ".join(_causes(market, past, record)) or "as the last months"
        rows.append(
            {"market": market, "last": last, "next": median, "ratio": ratio, "within": within, "cause": cause}
        )
    return rows


def _causes(market: str, past: np.ndarray, record: Mapping[str, Any]) -> list[str]:
    """What the history and the fitted models say about the change, largest parts of it first."""
    if not past.sum() > 0.0:
        return ["nothing was sold in the last twelve months"]
    demand = record["calibration_diagnostics"]["demand"]
    causes = []
    pace = float(past[-RECENT:].mean() / past.mean())
    if abs(pace - 1.0) > _NOTABLE:
        causes.append(f"its last {RECENT} months ran at {pace:.2f} of the year's mean")
    if demand["season"]["source"] == "none" and abs(pace - 1.0) > _NOTABLE:
        causes.append("no season is identified, so that pace is taken to last")
    segments = {key: fit for key, fit in demand["customers"].items() if key.rsplit("/", 1)[0] == market}
    known = sum(fit["customers"] for fit in segments.values())
    if any(fit["boundary"] and fit["customers"] for fit in segments.values()):
        causes.append("no leaving of customers is identified: those of today stay while new ones come")
    if 0 < known < _FEW_CUSTOMERS:
        causes.append(f"{known} customers: each one counts")
    for key, counts in demand["anonymous"].items():
        slope = counts["monthly_log_slope"]
        if key.rsplit("/", 1)[0] == market and counts["months"] and abs(slope) > 0.01:
            causes.append(f"orders without customer change by {np.expm1(slope):+.1%} a month at the end")
    return causes
