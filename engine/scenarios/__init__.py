"""Scenarios: named sets of shocks in YAML, composed, checked against a plan, and resolved into driver paths.

- ``grammar``  what a file may say
- ``values``   durations, starts, distributions
- ``source``   safe YAML with the place of every value
- ``library``  shipped and own files, composition
- ``check``    drivers, members, roles, overlaps
- ``fit``      what has no target in a plan is left out, and listed
- ``resolve``  shocks to ``Paths``
- ``describe`` what the commands list, show and check
- ``record``   ``path: old -> new``
"""

from engine.scenarios.check import NamedShock, Problem
from engine.scenarios.describe import check_scenarios, list_scenarios, show_scenario
from engine.scenarios.fit import Fitted, LeftOut, fit
from engine.scenarios.grammar import Change, Include, ResponseUse, Scenario, Shape, Shock, Tie
from engine.scenarios.library import (
    BASE,
    Composition,
    Library,
    composition,
    load_library,
)
from engine.scenarios.resolve import base_paths, check, resolve
from engine.scenarios.values import Distribution, TimeDistribution

__all__ = [
    "BASE",
    "Change",
    "Composition",
    "Distribution",
    "Fitted",
    "Include",
    "LeftOut",
    "Library",
    "NamedShock",
    "Problem",
    "ResponseUse",
    "Scenario",
    "Shape",
    "Shock",
    "Tie",
    "TimeDistribution",
    "base_paths",
    "check",
    "check_scenarios",
    "composition",
    "fit",
    "list_scenarios",
    "load_library",
    "resolve",
    "show_scenario",
]
