"""Reverse stress: which scale of a shock breaks a metric.

- ``rule``    what counts as a breach: threshold or share of base, horizon or quarter
- ``solve``   plays the scenario at any scale on the same trials and searches
- ``result``  what was found, in the driver's own unit, with everything that was tried
"""

from engine.breaking.result import BreakPoint
from engine.breaking.solve import break_metric

__all__ = ["BreakPoint", "break_metric"]
