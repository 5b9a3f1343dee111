"""Reverse stress: which scale of a shock breaks a metric.

- ``target``  what is looked for: metric, threshold or share of base, quarter, probability
- ``rule``    what counts as a breach of it in a trial
- ``solve``   the search: the smallest scale that breaches often enough
- ``player``  plays the scenario at any scale on the same trials
- ``notes``   what a reader must know beside the answer
- ``result``  what was found, in the driver's own unit, with everything that was tried
"""

from engine.breaking.result import BreakPoint
from engine.breaking.solve import break_metric
from engine.breaking.target import BreachTarget

__all__ = ["BreachTarget", "BreakPoint", "break_metric"]
