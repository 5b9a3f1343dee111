"""What the memory of a trial grows with, read from a plan."""

from __future__ import annotations

from engine.execute import Extent
from engine.plan.plan import Plan
from models.calendar import Calendar


def extent_of(plan: Plan, calendar: Calendar) -> Extent:
    """Days, segments and items of a plan played over a calendar."""
    return Extent(calendar.days, len(plan.segment_keys), len(plan.item_keys))
