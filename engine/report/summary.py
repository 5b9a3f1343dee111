"""The summary of a run: quantiles with errors, breach probabilities, paired differences, the mixture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from engine.finance.metrics import HEADLINE, METRIC_OF, METRICS, Metric
from engine.report.channels import Channels, read_channels
from engine.report.statistics import quantile_estimates
from engine.risk.errors import Estimate, estimate
from engine.risk.measures import breach_probability, conditional_value_at_risk, value_at_risk
from engine.risk.mixture import mixture
from engine.risk.paired import mean, paired_difference
from engine.store.labelled import spoken_unit
from models.arrays import FloatArray
from models.errors import StoreError, unknown
from models.names import MONTH, SCENARIO

BASE = "base"
MIXTURE = "(mixture)"
"""Stands for the weighted scenarios in a table; no scenario can have this name."""
COLUMNS = ("scenario", "metric", "stat", "value", "error", "lo", "hi", "unit", "period")
LEVELS = {"p05": 0.05, "p50": 0.5, "p95": 0.95}


@dataclass(frozen=True)
class Figure:
    """One metric under one scenario: estimates by name; None where the metric is not defined in every
    trial.
    """

    metric: Metric
    estimates: Mapping[str, Estimate] | None
    breach: Estimate | None
    threshold: str
    difference: Estimate | None
    """Mean under the scenario less mean under base, same trials."""

    def statistics(self, currency: str) -> list[tuple[str, Estimate, str]]:
        """Every estimate there is with its name and unit."""
        unit = unit_of(self.metric, currency)
        found = [(name, each, unit) for name, each in (self.estimates or {}).items()]
        if self.breach is not None:
            found.append(("breach_probability", self.breach, "share"))
        if self.difference is not None:
            found.append(("difference_from_base", self.difference, unit))
        return found


@dataclass(frozen=True)
class Summary:
    """Figures by scenario and metric, and the mixture of the scenarios by metric."""

    trials: int
    currency: str
    scenarios: tuple[str, ...]
    figures: Mapping[tuple[str, str], Figure]
    weights: Mapping[str, float]
    mixed: Mapping[str, Figure]
    tolerated: float
    channels: Channels | None = None
    """Unit economics by market and acquisition channel; None where the plan has no acquisition channel."""
    period: str = ""
    """First and last month of the run, such as 2027-01/2028-12."""

    def figure(self, scenario: str, metric: str) -> Figure:
        """One metric under one scenario.

        Raises
        ------
        UsageError : a scenario or metric that is not there; the nearest name is told.
        """
        if scenario not in self.scenarios:
            raise unknown("scenario", scenario, self.scenarios)
        if metric not in METRIC_OF:
            raise unknown("metric", metric, METRIC_OF)
        return self.figures[scenario, METRIC_OF[metric].name]

    def to_dataframe(self) -> pd.DataFrame:
        """The summary as numbers, one row a statistic: scenario, metric, stat, value, error (half-width of
        the 95% interval), lo, hi, unit, period.

        ``stat`` is mean, p05, p50, p95, var_95, cvar_95, breach_probability (a share) or
        difference_from_base. NaN stands where there is no error; a metric that is not defined in every trial
        has no row. The weighted mixture of the scenarios, where there is one, is scenario ``(mixture)``.
        """
        figures = [((scenario, metric), each) for (scenario, metric), each in self.figures.items()]
        figures += [((MIXTURE, metric), each) for metric, each in self.mixed.items()]
        order = {name: place for place, name in enumerate((*self.scenarios, MIXTURE))}
        figures.sort(key=lambda entry: order[entry[0][0]])
        return pd.DataFrame(
            [
                (*key, stat, each.value, error, each.value - error, each.value + error, unit, self.period)
                for key, figure in figures
                for stat, each, unit in figure.statistics(self.currency)
                for error in [each.half_width if each.available else math.nan]
            ],
            columns=list(COLUMNS),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data, errors beside every figure; null means: not available."""
        return {
            "scenarios": {
                scenario: {
                    metric.name: _plain(self.figures[scenario, metric.name], self.currency)
                    for metric in METRICS
                }
                for scenario in self.scenarios
            },
            "mixture": {
                "weights": dict(self.weights),
                "metrics": {name: _plain(figure, self.currency) for name, figure in self.mixed.items()},
            },
            "channels": None if self.channels is None else self.channels.to_dict(),
            "error": "half-width of the 95% Monte Carlo interval (sectioning); null: too few trials",
        }

    def table(self) -> list[dict[str, str]]:
        """Rows for the terminal: headline metrics of every scenario."""
        rows = []
        for scenario in self.scenarios:
            for name in HEADLINE:
                figure = self.figures[scenario, name]
                rows.append(
                    {
                        "scenario": scenario,
                        "metric": name,
                        "unit": unit_of(figure.metric, self.currency),
                        **{level: shown(figure, level) for level in LEVELS},
                        "P(breach)": shown_estimate(figure.breach, "share"),
                        "vs base": shown_estimate(figure.difference, figure.metric.unit),
                    }
                )
        return rows

    def breaches(self) -> list[str]:
        """Thresholds that base breaches with more than the tolerated probability."""
        out = []
        for metric in METRICS:
            figure = self.figures[BASE, metric.name]
            if figure.breach is not None and figure.breach.value > self.tolerated:
                out.append(
                    f"{metric.name} {figure.threshold}: probability {figure.breach.value:.1%} given base"
                )
        return out

    def _repr_html_(self) -> str:
        import html

        rows = self.table()
        head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(value)}</td>" for value in row.values()) + "</tr>"
            for row in rows
        )
        return f"<table><tr>{head}</tr>{body}</table>"


def unit_of(metric: Metric, currency: str) -> str:
    """Unit as people read it."""
    return spoken_unit(metric.unit, currency)


def shown(figure: Figure, name: str) -> str:
    """One estimate as text with its error."""
    return (
        "not defined"
        if figure.estimates is None
        else shown_estimate(figure.estimates[name], figure.metric.unit)
    )


def shown_estimate(each: Estimate | None, unit: str) -> str:
    """Value ± half-width, rounded as its unit is read."""
    if each is None:
        return ""
    digits = {"currency": 0, "days": 1, "months": 1, "share": 3, "x": 2}.get(unit, 3)
    value = f"{each.value:,.{digits}f}"
    return f"{value} ± {each.half_width:,.{digits}f}" if each.available else f"{value} ± n/a"


def _plain(figure: Figure, currency: str) -> dict[str, Any]:
    metric = figure.metric
    plain: dict[str, Any] = {"unit": unit_of(metric, currency), "variant": metric.variant}
    if figure.estimates is not None:
        plain |= {name: _pair(each) for name, each in figure.estimates.items()}
    if figure.breach is not None:
        plain["breach"] = {"threshold": figure.threshold, "probability": _pair(figure.breach)}
    if figure.difference is not None:
        plain["difference_from_base"] = _pair(figure.difference)
    return plain


def _pair(each: Estimate) -> dict[str, float | None]:
    return {"value": each.value, "error": each.half_width if each.available else None}


def summarise(cube: xr.DataTree, record: Mapping[str, Any]) -> Summary:
    """Summary of a run from its cube and manifest."""
    policy = record["policy"]
    horizon = cube["horizon"].to_dataset()
    scenarios = tuple(str(name) for name in horizon[SCENARIO].values)
    absent = [metric.name for metric in METRICS if metric.name not in horizon]
    if absent:
        raise StoreError(
            f"cube.zarr: horizon lacks {', '.join(absent)} | made by another version of tradewind | run again"
        )
    whole = {metric.name: np.asarray(horizon[metric.name].values) for metric in METRICS}
    values = {
        (scenario, name): each[position]
        for name, each in whole.items()
        for position, scenario in enumerate(scenarios)
    }
    figures = {
        (scenario, metric.name): figure
        for metric in METRICS
        for scenario, figure in _figures(
            metric, {name: values[name, metric.name] for name in scenarios}, policy
        ).items()
    }
    weights = _weights(record["weights"], scenarios)
    mixed = {
        metric.name: _mixed(metric, {s: values[s, metric.name] for s in scenarios}, weights, policy)
        for metric in METRICS
        if weights
    }
    trials = int(horizon.sizes["trial"])
    tolerated = float(policy["tolerated_probability"])
    least, _ = limits_of(METRIC_OF["ltv_cac"], policy)
    channels = read_channels(cube, record, scenarios, BASE, least)
    return Summary(
        trials,
        str(record["currency"]),
        scenarios,
        figures,
        weights,
        mixed,
        tolerated,
        channels,
        _period(cube),
    )


def _period(cube: xr.DataTree) -> str:
    """First and last month of the run."""
    months = np.datetime_as_string(cube["month"].to_dataset()[MONTH].values[[0, -1]], unit="M")
    return "/".join(map(str, months))


def _weights(given: Mapping[str, float], scenarios: tuple[str, ...]) -> dict[str, float]:
    """Weights of the scenarios that were run, scaled to one; empty without any."""
    known = {name: float(given[name]) for name in scenarios if given.get(name, 0.0) > 0.0}
    total = math.fsum(known.values())
    return {name: weight / total for name, weight in known.items()} if total > 0.0 else {}


def limits_of(metric: Metric, policy: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Lower and upper threshold: the policy's, else the registry's."""
    own = policy["thresholds"].get(metric.name)
    if own is not None:
        return own.get("min"), own.get("max")
    return metric.minimum, metric.maximum


def _threshold_text(low: float | None, high: float | None) -> str:
    parts = [f"at least {low:g}" if low is not None else "", f"at most {high:g}" if high is not None else ""]
    return " and ".join(part for part in parts if part)


def _breached(low: float | None, high: float | None) -> Any:
    def probability(values: FloatArray) -> float:
        share = 0.0
        if low is not None:
            share += breach_probability(values, low)
        if high is not None:
            share += breach_probability(values, high, above=True)
        return share

    return probability


def _figures(
    metric: Metric, values: Mapping[str, FloatArray], policy: Mapping[str, Any]
) -> dict[str, Figure]:
    """Figures of one metric by scenario; the trials of all scenarios are sorted once, side by side."""
    levels = quantile_estimates(np.stack(list(values.values()), axis=1), list(LEVELS.values()))
    return {
        name: _figure(
            metric,
            own,
            values[BASE],
            {level: levels[k][position] for k, level in enumerate(LEVELS)},
            name,
            policy,
        )
        for position, (name, own) in enumerate(values.items())
    }


def _figure(
    metric: Metric,
    values: FloatArray,
    base: FloatArray,
    quantiles: Mapping[str, Estimate | None],
    scenario: str,
    policy: Mapping[str, Any],
) -> Figure:
    low, high = limits_of(metric, policy)
    text = _threshold_text(low, high)
    known = {name: each for name, each in quantiles.items() if each is not None}
    if len(known) < len(LEVELS):
        return Figure(metric, None, None, text, None)
    sign = -1.0 if metric.good == "high" else 1.0
    estimates = {"mean": estimate(values, mean), **known}
    if metric.unit == "currency":
        estimates["var_95"] = estimate(sign * values, value_at_risk)
        estimates["cvar_95"] = estimate(sign * values, conditional_value_at_risk)
    breach = estimate(values, _breached(low, high)) if text else None
    compared = scenario != BASE and bool(np.all(np.isfinite(base)))
    difference = paired_difference(values, base) if compared else None
    return Figure(metric, estimates, breach, text, difference)


def _mixed(
    metric: Metric, values: Mapping[str, FloatArray], weights: Mapping[str, float], policy: Mapping[str, Any]
) -> Figure:
    low, high = limits_of(metric, policy)
    text = _threshold_text(low, high)
    chosen = {name: values[name] for name in weights}
    if not all(np.all(np.isfinite(each)) for each in chosen.values()):
        return Figure(metric, None, None, text, None)
    mixed = mixture(chosen, weights)
    estimates = {"mean": mixed.estimate("mean")}
    estimates |= {name: mixed.estimate("quantile", level) for name, level in LEVELS.items()}
    breach = None
    if text:
        outside = {name: _outside(each, low, high) for name, each in chosen.items()}
        breach = mixture(outside, weights).estimate("mean")
    return Figure(metric, estimates, breach, text, None)


def _outside(values: FloatArray, low: float | None, high: float | None) -> FloatArray:
    """One where a trial is beyond a threshold, strictly, else zero."""
    below = values < low if low is not None else np.zeros(values.shape, dtype=bool)
    above = values > high if high is not None else np.zeros(values.shape, dtype=bool)
    return (below | above).astype(np.float64)
