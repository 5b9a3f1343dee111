"""Which nodes to keep and who is served from where: a program over costs a year, then the chain itself.

- ``search``      what is looked for: how many layouts, of how many nodes, delivering how much as promised
- ``candidates``  sites and what plan.yaml does not say of its nodes, read and checked
- ``terms``       a plan with its sites as the arrays of the program
- ``variant``     the plan under a layout
- ``simulate``    a layout played under base
- ``solve``       the sequence
- ``result``      what was found, as people and programs read it
"""

from engine.placement.candidates import Candidates, read_candidates
from engine.placement.result import PlacementResult
from engine.placement.search import LayoutSearch
from engine.placement.solve import place

__all__ = ["Candidates", "LayoutSearch", "PlacementResult", "place", "read_candidates"]
