"""From base to a scenario by line of the profit and loss account: the paired change of every line, and no
rest.

Each bar is the mean over the trials of the line under the scenario less the same line under base in the same
trial, over the horizon. A rung of the ladder is the plain sum of its lines, so the bars lead from base's
rung to the scenario's exactly; a cube in which they do not is refused, and no bar is called "other".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from engine.finance.lines import SEGMENT_LINES, lines_to
from engine.risk.errors import Estimate
from engine.risk.paired import paired_difference
from models.arrays import FloatArray
from models.errors import StoreError

Totals = Mapping[str, FloatArray]

CLOSES_WITHIN = 1e-9
"""Share of the sum of absolute lines up to which two sums of the same lines may differ in the last bits."""


@dataclass(frozen=True)
class Bar:
    """The change of one line, money, positive when it helps; by market where the line is known by market."""

    line: str
    change: Estimate
    by_market: tuple[float, ...] = ()


@dataclass(frozen=True)
class Waterfall:
    """Bars from base's mean of a rung to the scenario's, money over the horizon."""

    scenario: str
    rung: str
    start: float
    bars: tuple[Bar, ...]
    end: float

    @property
    def largest(self) -> Bar:
        """The line through which the scenario works most against (or for) the company."""
        total = self.end - self.start
        same = [bar for bar in self.bars if bar.change.value * total > 0.0]
        # where the total does not move no bar has its sign: then the largest of all
        return max(same or self.bars, key=lambda bar: abs(bar.change.value))


def waterfall(cube: xr.DataTree, scenario: str, rung: str = "net_income", base: str = "base") -> Waterfall:
    """Waterfall of one scenario of a cube.

    Parameters
    ----------
    rung : rung of the ladder at which it ends: net_revenue, cm1, cm2, cm3, ebitda or net_income.
    """
    names = [str(name) for name in cube["horizon"].to_dataset()["scenario"].values]
    totals = {name: line_totals(cube, name) for name in lines_to(rung)}
    return bars_of(totals, names.index(base), names.index(scenario), scenario, rung)


def line_totals(cube: xr.DataTree, line: str) -> FloatArray:
    """A line over the horizon, company currency, (scenario, trial, market); one column where no market is
    known.
    """
    group = "market" if line in SEGMENT_LINES else "month"
    values = np.asarray(cube[group][line].values)
    total = values.sum(axis=2)
    return total if group == "market" else total[..., None]


def bars_of(totals: Totals, base: int, position: int, scenario: str, rung: str = "net_income") -> Waterfall:
    """Waterfall from the lines over the horizon, each (scenario, trial, market or one)."""
    bars, start, end, size = [], [], [], 0.0
    for name in lines_to(rung):
        theirs, ours = totals[name][base], totals[name][position]
        by_market = (ours - theirs).mean(axis=0)
        first, second = theirs.sum(axis=-1), ours.sum(axis=-1)
        start.append(float(first.mean()))
        end.append(float(second.mean()))
        size += abs(start[-1]) + abs(end[-1])
        bars.append(
            Bar(
                name,
                paired_difference(second, first),
                tuple(float(value) for value in by_market) if name in SEGMENT_LINES else (),
            )
        )
    result = Waterfall(scenario, rung, math.fsum(start), tuple(bars), math.fsum(end))
    gap = result.end - result.start - math.fsum(bar.change.value for bar in bars)
    if not abs(gap) <= CLOSES_WITHIN * max(size, 1.0):
        raise StoreError(
            f"{scenario}: lines do not add up to {rung} | got a rest of {gap:g} | "
            "the cube is damaged: run again"
        )
    return result


def rounded(parts: Sequence[float], total: float) -> list[float]:
    """Parts rounded to whole units so that they sum to the rounded total: largest remainders first.

    >>> rounded([0.4, 0.4, 0.4], 1.2)
    [1.0, 0.0, 0.0]
    """
    floors = [math.floor(part) for part in parts]
    missing = round(total) - sum(floors)
    order = sorted(range(len(parts)), key=lambda k: (floors[k] - parts[k], k))
    raised = set(order[: max(missing, 0)])
    return [float(floor + (k in raised)) for k, floor in enumerate(floors)]


def line_title(name: str) -> str:
    """A line or rung as it is read: COGS duty.

    >>> line_title("cogs_duty"), line_title("fx_result"), line_title("cm2"), line_title("gross_sales")
    ('COGS duty', 'FX result', 'CM2', 'Gross sales')
    """
    words = name.split("_")
    capitals = {"cogs", "fx", "cm1", "cm2", "cm3", "ebitda"}
    text = " ".join(word.upper() if word in capitals else word for word in words)
    return text[0].upper() + text[1:]
