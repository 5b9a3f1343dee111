"""tradewind: scenario planning and forecasting for cross-border e-commerce.

Two calls make a forecast: ``plan = engine.load_plan("demo")`` and ``run = engine.run(plan, trials=1024)``.
"""

from typing import TYPE_CHECKING, Any

from engine.version import __version__

__all__ = ["__version__", "backtest_plan", "break_metric", "load_plan", "open_run", "run"]

if TYPE_CHECKING:
    from engine.backtest import backtest_plan
    from engine.breaking import break_metric
    from engine.chain import open_run, run
    from engine.plan.load import load_plan


def __getattr__(name: str) -> Any:
    """Load the heavy parts on first use only, so that ``tradewind --help`` stays fast."""
    if name == "load_plan":
        from engine.plan.load import load_plan

        return load_plan
    if name == "backtest_plan":
        from engine.backtest import backtest_plan

        return backtest_plan
    if name == "break_metric":
        from engine.breaking import break_metric

        return break_metric
    if name in {"run", "open_run"}:
        from engine import chain

        return getattr(chain, name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
