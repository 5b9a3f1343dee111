"""Backtest: refit demand at past origins, forecast, compare with what then happened.

- ``ledger``      what is known at an origin, and what happened after it
- ``contenders``  ours, ours without its parts, and forecasts that need no customers
- ``scores``      CRPS, pinball, coverage, PIT, bias, skill
- ``run``         every contender at every origin
- ``result``      tables and plain data; ``charts``, ``page`` the pictures
"""

from engine.backtest.ledger import Ledger
from engine.backtest.result import Backtest
from engine.backtest.run import backtest, backtest_plan

__all__ = ["Backtest", "Ledger", "backtest", "backtest_plan"]
