"""tradewind: scenario planning and forecasting for cross-border e-commerce.

Two calls make a forecast: ``plan = engine.load_plan("demo")`` and
``run = engine.run(plan, engine.RunSettings(trials=1024))``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engine.version import __version__

__all__ = [
    "BreachTarget",
    "Execution",
    "RunSettings",
    "__version__",
    "backtest_plan",
    "break_metric",
    "load_plan",
    "open_run",
    "run",
]

if TYPE_CHECKING:
    from engine.backtest import backtest_plan
    from engine.breaking import BreachTarget, break_metric
    from engine.chain import run
    from engine.finished import open_run
    from engine.plan.load import load_plan
    from engine.settings import Execution, RunSettings

_HOMES = {
    "BreachTarget": "engine.breaking",
    "Execution": "engine.settings",
    "RunSettings": "engine.settings",
    "backtest_plan": "engine.backtest",
    "break_metric": "engine.breaking",
    "load_plan": "engine.plan.load",
    "open_run": "engine.finished",
    "run": "engine.chain",
}


def __getattr__(name: str) -> Any:
    """Load the heavy parts on first use only, so that ``tradewind --help`` stays fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
