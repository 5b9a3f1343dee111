"""Unit economics by market and acquisition channel under every scenario, with errors: read once from the
cube, shown in summary, report and workbook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from engine.finance.channel_economics import joint_economics, total, zone_codes
from engine.finance.kpis import ratio
from engine.finance.unit_economics import ZONES
from engine.report.statistics import mean_estimates, quantile_estimates
from engine.risk.errors import Estimate
from models.arrays import BoolArray, FloatArray

LEVELS = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
UNITS = {
    "won": "count",
    "spend": "currency",
    "cac": "currency per customer",
    "ltv": "currency per customer",
    "ltv_cac": "x",
    "cac_payback": "months",
    "roas": "x",
    "cm2_share": "share",
    "dm_roi": "share",
    "romi": "share",
}
ALL = "all"
POLICY = 3.0


@dataclass(frozen=True)
class Line:
    """One market and acquisition channel (or all of either) under one scenario.

    ``figures`` by name: mean and quantiles, None where not defined in every trial; ``chances`` by name:
    below_one and below_policy of LTV/CAC, unpaid (not paid back in the months counted) and each zone;
    ``change`` of the mean LTV/CAC from base, same trials.
    """

    scenario: str
    market: str
    channel: str
    figures: Mapping[str, Mapping[str, Estimate] | None]
    chances: Mapping[str, Estimate | None]
    change: Estimate | None

    @property
    def zone(self) -> str:
        """Likeliest zone, blank where there is none."""
        known = {name: each.value for name in ZONES if (each := self.chances[name]) is not None}
        return max(known, key=lambda name: known[name]) if known else ""


@dataclass(frozen=True)
class Channels:
    """Lines of every scenario, segments first, then channels over all markets, then the company."""

    months: int
    """Months of value counted."""
    policy: float
    """LTV/CAC that the policy asks for."""
    rate: float
    """Yearly discount rate, continuous."""
    lines: tuple[Line, ...]

    def of(self, scenario: str, *, markets: bool = True) -> tuple[Line, ...]:
        """Lines of one scenario; without ``markets`` those over all markets."""
        return tuple(
            line for line in self.lines if line.scenario == scenario and (markets or line.market == ALL)
        )

    def company(self, scenario: str) -> Line:
        """The line of the company."""
        return next(line for line in self.of(scenario, markets=False) if line.channel == ALL)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, scenario by scenario; null: not defined or not available."""
        plain: dict[str, Any] = {
            "months": self.months,
            "policy_ltv_cac": self.policy,
            "discount_rate": self.rate,
            "units": dict(UNITS),
            "scenarios": {},
        }
        for line in self.lines:
            plain["scenarios"].setdefault(line.scenario, []).append(_plain_line(line))
        return plain


def _plain_line(line: Line) -> dict[str, Any]:
    def pair(each: Estimate | None) -> dict[str, float | None] | None:
        if each is None:
            return None
        return {"value": each.value, "error": each.half_width if each.available else None}

    return {
        "market": line.market,
        "acquisition_channel": line.channel,
        **{
            name: None if known is None else {level: pair(each) for level, each in known.items()}
            for name, known in line.figures.items()
        },
        "probability": {name: pair(each) for name, each in line.chances.items()},
        "ltv_cac_difference_from_base": pair(line.change),
    }


def read_channels(
    cube: xr.DataTree, record: Mapping[str, Any], scenarios: tuple[str, ...], base: str, policy: float | None
) -> Channels | None:
    """Lines of a run; None for a run without acquisition channels or of an older version."""
    rate = (record.get("terms") or {}).get("discount_rate")
    if "customers" not in cube.children or rate is None:
        return None
    customers, acquisition = cube["customers"].to_dataset(), cube["acquisition"].to_dataset()
    channels = [str(key) for key in customers["acquisition_channel"].values]
    if not channels:
        return None
    markets = [str(key) for key in customers["market"].values]
    order = [str(name) for name in customers["scenario"].values]
    parts = {
        "won": acquisition["new_customers"].values.sum(axis=2),
        "spend": acquisition["spend"].values.sum(axis=2),
        "net_revenue": customers["net_revenue"].values.sum(axis=2),
        "cm2": customers["cm2"].values.sum(axis=2),
        "curve": customers["cm2_by_age"].values,
    }
    horizon = cube["horizon"].to_dataset()
    company = ratio(*(np.asarray(horizon[name].values) for name in ("cm2", "net_revenue")))
    months = parts["curve"].shape[2]
    least = POLICY if policy is None else policy
    lines: list[Line] = []
    of_base: list[FloatArray] = []
    for scenario in (base, *(name for name in scenarios if name != base)):
        at = order.index(scenario)
        own = {name: np.asarray(values[at]) for name, values in parts.items()}
        names, figures = [], []
        for market, channel, segments in _groups(markets, channels):
            names.append((market, channel))
            figures.append(_figures(own, segments, float(rate), company[at]))
        if scenario == base:
            of_base = [each["ltv_cac"] for each in figures]
        lines += _lines(scenario, names, figures, None if scenario == base else of_base, months, least)
    chosen = {name: [line for line in lines if line.scenario == name] for name in scenarios}
    return Channels(months, least, float(rate), tuple(line for name in scenarios for line in chosen[name]))


def _groups(markets: list[str], channels: list[str]) -> Iterator[tuple[str, str, tuple[Any, Any]]]:
    """Names and segments (market, channel) of every line."""
    for m, market in enumerate(markets):
        for c, channel in enumerate(channels):
            yield market, channel, (slice(m, m + 1), slice(c, c + 1))
    for c, channel in enumerate(channels):
        yield ALL, channel, (slice(None), slice(c, c + 1))
    yield ALL, ALL, (slice(None), slice(None))


def _figures(
    own: Mapping[str, FloatArray], segments: tuple[Any, Any], rate: float, company: FloatArray
) -> dict[str, FloatArray]:
    """Figures of some segments together, each (trial,)."""
    chosen = {name: np.ascontiguousarray(values[(..., *segments)]) for name, values in own.items()}
    joint = joint_economics(**chosen, yearly_rate=rate)
    share = ratio(total(chosen["cm2"], 2), total(chosen["net_revenue"], 2))
    zone = zone_codes(joint["roas"], share, company)
    return {
        "won": total(chosen["won"], 2),
        "spend": total(chosen["spend"], 2),
        **joint,
        "cm2_share": share,
        "zone": zone,
    }


def _lines(
    scenario: str,
    names: list[tuple[str, str]],
    figures: list[dict[str, FloatArray]],
    base: list[FloatArray] | None,
    months: int,
    policy: float,
) -> list[Line]:
    """Lines of one scenario: all columns are sorted and averaged at once."""
    width = len(UNITS)
    values = np.stack([each[name] for each in figures for name in UNITS], axis=1)
    with np.errstate(invalid="ignore"):
        levels, means = quantile_estimates(values, list(LEVELS.values())), mean_estimates(values)
        chances = np.stack([column for each in figures for column in _chances(each, months, policy)], axis=1)
        known = mean_estimates(chances)
        changes: list[Estimate | None] = [None] * len(names)
        if base is not None:
            ratios = [each["ltv_cac"] for each in figures]
            changes = mean_estimates(np.stack([a - b for a, b in zip(ratios, base, strict=True)], axis=1))
    labels = ("below_one", "below_policy", "unpaid", *ZONES)
    out = []
    for row, (market, channel) in enumerate(names):
        own: dict[str, Mapping[str, Estimate] | None] = {}
        for k, name in enumerate(UNITS):
            column = row * width + k
            found = {"mean": means[column]} | {level: levels[at][column] for at, level in enumerate(LEVELS)}
            defined = {level: each for level, each in found.items() if each is not None}
            own[name] = defined if len(defined) == len(found) else None
        mine = known[row * len(labels) : (row + 1) * len(labels)]
        out.append(Line(scenario, market, channel, own, dict(zip(labels, mine, strict=True)), changes[row]))
    return out


def _chances(each: Mapping[str, FloatArray], months: int, policy: float) -> list[FloatArray]:
    """One where something holds in a trial, zero where not, NaN where it is not known."""

    def holds(values: FloatArray, what: BoolArray) -> FloatArray:
        return np.where(np.isnan(values), np.nan, what.astype(np.float64))

    ltv_cac, payback, zone = each["ltv_cac"], each["cac_payback"], each["zone"]
    return [
        holds(ltv_cac, ltv_cac < 1.0),
        holds(ltv_cac, ltv_cac < policy),
        holds(payback, payback > months),
        *(holds(zone, zone == code) for code in range(len(ZONES))),
    ]
