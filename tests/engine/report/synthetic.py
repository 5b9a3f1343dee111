"""Runs made of thin air: a cube with every variable and a manifest, consistent where a report relies on it.

Lines are random, rungs are their sums, cash is a random walk; so a report of any shape is built in a
second, without running the chain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from engine.finance.lines import COMPANY_LINES, RUNGS, SEGMENT_LINES, SEGMENT_RUNGS, lines_to
from engine.report.reading import Source
from engine.report.summary import Summary, summarise
from engine.stages.measure import cube_variables
from models.calendar import Calendar

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=cmd()",
    "[/a]",
    "{{ 7 * 7 }}",
    "</style><svg/onload=alert(1)>",
)


@dataclass(frozen=True)
class Made:
    """A run as ``compare`` needs it, and the source of its report."""

    cube: xr.DataTree
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.manifest["run_id"])

    def summary(self) -> Summary:
        return summarise(self.cube, self.manifest)

    def source(self) -> Source:
        return Source(self.cube, self.manifest, self.summary())


@dataclass(frozen=True)
class Shape:
    """What a run is made of."""

    trials: int = 16
    first_trial: int = 0
    quarters: int = 4
    scenarios: tuple[str, ...] = ("base", "slump", "tariff")
    markets: tuple[str, ...] = ("NO", "NA")
    labels: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=lambda: {"base": 0.6, "slump": 0.4})
    empty_markets: bool = False
    """Nothing was ever sold, so that ratios are not defined."""
    seed: int = 3


def made(**fields: Any) -> Made:
    """A run of the ``Shape`` with these fields."""
    shape = Shape(**fields)
    generator = np.random.default_rng(shape.seed)
    calendar = Calendar(np.datetime64("2026-10-01").item(), 3 * shape.quarters)
    coordinates = {
        "scenario": np.array(shape.scenarios, dtype=object),
        "trial": np.arange(shape.first_trial, shape.first_trial + shape.trials),
        "month": calendar.month_dates(),
        "quarter": calendar.month_dates()[::3],
        "day": calendar.dates(),
        "cohort": calendar.month_dates()[::3],
        "customer_age": np.arange(3 * shape.quarters),
        "market": np.array(shape.markets, dtype=object),
        "sales_channel": np.array(["shop", "marketplace"], dtype=object),
        "acquisition_channel": np.array(["search"], dtype=object),
        "supplier": np.array(["CN1", "KR1"], dtype=object),
        "node": np.array(["oslo", "windhoek"], dtype=object),
        "port": np.array(["oslofjord"], dtype=object),
    }
    values: dict[str, Any] = {}
    for variable in cube_variables():
        size = tuple(len(coordinates[dim]) for dim in variable.all_dims)
        drawn = generator.uniform(0.5, 1.5, size) * {"share": 0.4, "days": 40.0, "x": 1.0}.get(
            variable.unit, 1e5
        )
        values[variable.path] = drawn
    for name in (*SEGMENT_LINES, *COMPANY_LINES):
        path = f"market/{name}" if name in SEGMENT_LINES else f"month/{name}"
        size = 1.0 if name == "gross_sales" else -0.04
        values[path] = (
            values[path] * size * (0.0 if shape.empty_markets and path.startswith("market/") else 1.0)
        )
    for rung in RUNGS:
        monthly = sum(
            values[f"market/{line}"].sum(axis=-1) if line in SEGMENT_LINES else values[f"month/{line}"]
            for line in lines_to(rung)
        )
        values[f"month/{rung}"] = monthly
        values[f"quarter/{rung}"] = monthly.reshape(*monthly.shape[:2], shape.quarters, 3).sum(axis=-1)
        values[f"horizon/{rung}"] = monthly.sum(axis=-1)
        if rung in SEGMENT_RUNGS:
            values[f"market/{rung}"] = sum(values[f"market/{line}"] for line in lines_to(rung))
    walk = generator.normal(0.0, 2e4, values["day/net_cash"].shape).cumsum(axis=-1)
    values["day/net_cash"] = walk
    values["horizon/minimum_cash"] = walk.min(axis=-1)
    values["horizon/unfunded_peak"] = np.maximum(-walk.min(axis=-1) - 1e5, 0.0)
    if shape.empty_markets:
        for path in values:
            if (
                path.startswith(("quarter/days", "quarter/cash_conv", "horizon/cash_conv"))
                or "share" in path
                or "hhi" in path
            ):
                values[path] = np.full(values[path].shape, math.nan)
            if path in ("quarter/fill_rate", "horizon/fill_rate") or "units" in path or "customers" in path:
                values[path] = values[path] * (math.nan if "fill" in path else 0.0)
    return Made(_tree(values, coordinates), _record(coordinates, shape))


def _tree(values: dict[str, Any], coordinates: dict[str, Any]) -> xr.DataTree:
    groups: dict[str, dict[str, Any]] = {}
    for variable in cube_variables():
        groups.setdefault(variable.group, {})[variable.name] = (variable.all_dims, values[variable.path])
    sets = {}
    for group, variables in groups.items():
        dims = dict.fromkeys(dim for each, _ in variables.values() for dim in each)
        sets[f"/{group}"] = xr.Dataset(variables, coords={dim: coordinates[dim] for dim in dims})
    return xr.DataTree.from_dict(sets)


def _record(coordinates: dict[str, Any], shape: Shape) -> dict[str, Any]:
    trials, labels = coordinates["trial"], shape.labels
    scenarios = [str(name) for name in coordinates["scenario"]]
    keys = {
        dim: [str(key) for key in coordinates[dim]] for dim in ("market", "node", "supplier", "sales_channel")
    }
    stage = {
        "supplier": "CN1",
        "node": "oslo",
        "mode": "sea",
        "port": "oslofjord",
        "stage": "transit",
        "orders": 12,
        "open": 1,
        "mean": 30.0,
        "sd": 4.0,
        "p50": 29.0,
        "p90": 36.0,
        "log_mean_error": 0.02,
        "source": "fitted",
        "families": {"gamma": 0.7, "lognormal": 0.3},
        "refused": [],
        "dependence": "fitted",
        "zero_share": 0.0,
        "floor": 0.0,
    }
    text = labels.get("text", "plain")
    return {
        "run_id": f"{shape.seed:012x}",
        "tradewind": "0",
        "company": labels.get("company", "Made Up"),
        "currency": "USD",
        "trials": len(trials),
        "first_trial": int(trials[0]),
        "stop_trial": int(trials[-1]) + 1,
        "quarters": shape.quarters,
        "seed": shape.seed,
        "plan_hash": "0" * 64,
        "scenario_hash": "1" * 64,
        "code": "2" * 64,
        "calibration": "fitted",
        "stream_version": 1,
        "actuals_through": "2026-09-30",
        "forecast_start": "2026-10-01",
        "python": "3",
        "machine": "m",
        "libraries": {"numpy": "2"},
        "inputs": {f"data/{text}.csv": "3" * 64},
        "files": [
            {
                "file": f"data/{text}.csv",
                "table": "orders",
                "layout": text,
                "by": "name",
                "encoding": "utf-8",
                "rows": 10,
                "used": 9,
                "rejected": [[text, 1]],
                "notes": [text],
                "unknown_columns": [text],
                "defaulted_columns": [text],
            },
        ],
        "assumptions": [{"id": text, "value": text, "unit": text, "source": text, "why": text}],
        "ties": [{"name": text, "unit": "USD", "expected": 1.0, "got": 1.0, "tolerance": 0.1, "holds": True}],
        "listed_figures": [{"id": text, "mean": 1.0, "sd": 0.1, "source": text}],
        "customers": [
            {
                "sales_channel": text,
                "orders": 5,
                "orders_with_customer": 4,
                "customers": 3,
                "lifetime_value": text,
            }
        ],
        "history": {
            "months": [str(month) for month in np.arange("2024-10", "2026-10", dtype="datetime64[M]")],
            "net_sales": {key: [1e5] * 24 for key in keys["market"]},
        },
        "terms": {
            "labels": {
                dim: {key: labels.get(key, labels.get("text", "")) for key in each}
                for dim, each in keys.items()
            },
            "origin_of_supplier": {"CN1": "CN", "KR1": "KR"},
            "credit_limit": 1e5,
            "discount_rate": 0.1,
            "opening_balance": {"cash": 5e4, "credit_line": 0.0},
            "opening_equity": 1.0,
        },
        "policy": {
            "thresholds": {
                "top_1_market_share": {"min": 0.1, "max": 0.5},
                "former_metric": {"min": 0.4, "max": None},
            },
            "tolerated_probability": 0.2,
        },
        "weights": dict(shape.weights),
        "scenarios": {
            name: {
                "why": text,
                "source": text,
                "includes": [],
                "applied": [f"{text}: 1 -> 2"],
                "roles": {"r": text},
                "responses": [{"name": text}],
            }
            for name in scenarios
        },
        "calibration_diagnostics": {
            "lead_time": [stage],
            "demand": {
                "customers": {
                    text: {
                        "customers": 3,
                        "repeat_orders": 2,
                        "parameters": {"r": 1.0, "alpha": 2.0, "a": 1.0, "b": 2.0},
                        "log_standard_error": {"r": 0.1},
                        "loglik": None,
                        "how": text,
                        "message": text,
                        "challenger": None,
                    }
                },
                "acquisition": {
                    text: {
                        "months": 24,
                        "prior": {"mean": 0.7, "sd": 0.2, "source": text},
                        "posterior": {"mean": 0.6, "sd": 0.1},
                        "attribution": text,
                    }
                },
                "elasticity": {
                    text: {
                        "price_changes": 0,
                        "posterior": {"mean": -2.0, "sd": 0.5},
                        "updated": False,
                        "prior": {"source": text},
                    }
                },
                "residual": {
                    "sd": {text: 0.1},
                    "months": {text: 21.0},
                    "count_noise_sd": {text: 0.05},
                    "nowcast": {text: 1.0},
                    "persistence": 0.7,
                    "common_share": 0.0,
                },
            },
        },
        "price_rules": {
            key: {"rule": "pass_through", "share": 0.2, "lag": 30.0, "floor": 0.0} for key in keys["market"]
        },
    }
