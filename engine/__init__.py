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
    "InputError",
    "Run",
    "RunSettings",
    "Scenario",
    "__version__",
    "add_files",
    "backtest_plan",
    "break_metric",
    "find_run",
    "load_plan",
    "open_run",
    "run",
    "set_up",
    "write_demo",
]

if TYPE_CHECKING:
    from engine.backtest import backtest_plan
    from engine.breaking import BreachTarget, break_metric
    from engine.chain import run
    from engine.demo import write_demo
    from engine.finished import Run, find_run, open_run
    from engine.plan.load import load_plan
    from engine.plan.setup.setup import add_files, set_up
    from engine.scenarios.draft import Scenario
    from engine.settings import Execution, RunSettings
    from models.errors import InputError

_HOMES = {
    "BreachTarget": "engine.breaking",
    "add_files": "engine.plan.setup.setup",
    "Execution": "engine.settings",
    "InputError": "models.errors",
    "Run": "engine.finished",
    "RunSettings": "engine.settings",
    "Scenario": "engine.scenarios.draft",
    "backtest_plan": "engine.backtest",
    "break_metric": "engine.breaking",
    "find_run": "engine.finished",
    "load_plan": "engine.plan.load",
    "open_run": "engine.finished",
    "run": "engine.chain",
    "set_up": "engine.plan.setup.setup",
    "write_demo": "engine.demo",
}


def __getattr__(name: str) -> Any:
    """Load the heavy parts on first use only, so that ``tradewind --help`` stays fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'engine' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
