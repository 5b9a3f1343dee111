"""The run manifest: everything that made a run, and its identity.

No clock time and no engine: neither may change a number.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from engine.finance.accounts import BALANCE_NAMES
from engine.plan.history import monthly_net_sales
from engine.plan.inputs import plan_inputs
from engine.plan.plan import Plan
from engine.plan.report import check_report
from engine.scenarios import Composition
from engine.settings import RunSettings
from engine.version import __version__
from models.errors import StoreError
from models.streams import STREAM_VERSION

LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "pandas",
    "statsmodels",
    "xarray",
    "zarr",
    "simpy",
    "lifetimes",
    "XlsxWriter",
)
SOURCE_ROOTS = ("engine", "models", "scenarios")


@cache
def code_digest() -> str:
    """Sha256 over the sources of the installed packages, sorted by path: what exactly computed the
    numbers.
    """
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[2]
    for package in SOURCE_ROOTS:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in {".py", ".yaml"} and path.is_file():
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def lock_digest() -> str | None:
    """Sha256 over the locked list of libraries; None where the package runs without it."""
    path = Path(__file__).resolve().parents[2] / ".ci" / "requirements.lock"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def scenario_digest(composed: Sequence[Composition]) -> str:
    """Sha256 over the composed scenarios: their shocks and playbooks with every parameter, not their
    prose.
    """
    content = [
        {
            "name": each.name,
            "shocks": [[named.name, _plain(named.shock)] for named in each.shocks],
            "responses": [_plain(use) for use in each.responses],
        }
        for each in composed
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _plain(model: Any) -> Any:
    return model.model_dump(mode="json") if hasattr(model, "model_dump") else asdict(model)


def run_identity(
    plan: Plan,
    composed: Sequence[Composition],
    settings: RunSettings,
    calibration: str = "fitted",
) -> dict[str, Any]:
    """What the numbers of a run depend on; ``calibration`` is the digest of a frozen one.

    How a run is carried out (``Execution``) is not among it.
    """
    return {
        "plan_hash": plan.hash,
        "scenario_hash": scenario_digest(composed),
        "code": code_digest(),
        "stream_version": STREAM_VERSION,
        "seed": settings.seed,
        "first_trial": settings.numbers.start,
        "stop_trial": settings.numbers.stop,
        "quarters": settings.quarters,
        "calibration": calibration,
    }


def run_id(identity: Mapping[str, Any]) -> str:
    """Short name of a run: the same inputs, the same name."""
    text = json.dumps(dict(identity), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def manifest(
    world: Any,
    composed: Sequence[Composition],
    paths: Mapping[str, Any],
    trials: range,
    name: str,
    identity: Mapping[str, Any],
) -> dict[str, Any]:
    """Record of a run, plain data: with the cube all that a report needs."""
    plan: Plan = world.plan
    checked = check_report(plan)
    return {
        "run_id": name,
        "tradewind": __version__,
        **identity,
        "trials": len(trials),
        "company": plan.config.company.name,
        "currency": plan.currency,
        "actuals_through": plan.config.company.actuals_through.isoformat(),
        "forecast_start": plan.forecast_start.isoformat(),
        "inputs": dict(sorted(plan.input_hashes.items())),
        "files": [_plain(each) for each in plan.recognised],
        "assumptions": [_plain(each) for each in plan.assumptions],
        "plan_inputs": [_plain(each) for each in plan_inputs(plan.config)],
        "ties": checked["ties"],
        "listed_figures": checked["listed_figures"],
        "customers": checked["customers"],
        "history": monthly_net_sales(plan),
        "terms": _terms(world),
        "policy": plan.policy.model_dump(),
        "weights": dict(plan.config.scenario_weights),
        "scenarios": {
            each.name: {
                "why": each.why,
                "source": each.source,
                "includes": list(each.includes),
                "applied": [str(change) for change in paths[each.name].applied],
                "beyond": [change.shock for change in paths[each.name].applied if change.beyond],
                "roles": dict(paths[each.name].roles),
                "responses": [_plain(use) for use in each.responses],
            }
            for each in composed
        },
        "calibration_diagnostics": world.calibration.diagnostics,
        "price_rules": {market.key: market.price_rule.model_dump() for market in plan.config.markets},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "libraries": {library: metadata.version(library) for library in LIBRARIES},
        "lock": lock_digest(),
    }


def _terms(world: Any) -> dict[str, Any]:
    """What the figures of the cube must be read with: labels, origins, the credit line, the opening
    balance.
    """
    config = world.plan.config
    parts = {
        "market": config.markets,
        "sales_channel": config.sales_channels,
        "acquisition_channel": config.acquisition_channels,
        "supplier": config.suppliers,
        "node": config.nodes,
        "port": config.ports,
    }
    return {
        "labels": {dim: {each.key: each.label for each in each_of} for dim, each_of in parts.items()},
        "origin_of_supplier": dict(world.plan.origin_of_supplier),
        "credit_limit": config.finance.credit.limit,
        "discount_rate": config.finance.discount_rate,
        "opening_balance": dict(
            zip(BALANCE_NAMES, world.pricing.finance.opening.balance.tolist(), strict=True)
        ),
        "opening_equity": float(world.pricing.finance.opening.equity),
    }


def to_json(record: Any) -> str:
    """Canonical JSON: sorted keys, no NaN, one trailing newline."""
    return json.dumps(_jsonable(record), sort_keys=True, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_jsonable(each) for each in value]
    if isinstance(value, np.ndarray):
        return _jsonable(value.tolist())
    if isinstance(value, np.generic):
        return _jsonable(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return _jsonable(asdict(value))
    if value is None or isinstance(value, (str, int, bool)):
        return value
    return str(value)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished run.

    Raises
    ------
    StoreError : a file that is absent or damaged.
    """
    try:
        record: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{folder / 'run.json'}: not readable | got {error} | run again") from error
    return record
