"""The waterfall: every bar recomputed from the cube, no bar for a rest, and what is shown adds up too."""

import math

import numpy as np
import pytest

from engine.finance.lines import LINE_NAMES, RUNGS, SEGMENT_LINES, lines_to
from engine.report.sections.shocks import shocks
from engine.report.waterfall import rounded, waterfall
from models.errors import StoreError
from tests.engine.report.synthetic import made


@pytest.fixture(scope="module")
def run():
    return made(trials=40)


def line_mean(cube, line, scenario):
    group = "market" if line in SEGMENT_LINES else "month"
    values = cube[group][line].sel(scenario=scenario)
    return float(values.sum([dim for dim in values.dims if dim != "trial"]).mean())


@pytest.mark.parametrize("rung", RUNGS)
def test_each_bar_is_the_mean_paired_change_of_its_line_in_the_cube(run, rung):
    found = waterfall(run.cube, "slump", rung)
    assert [bar.line for bar in found.bars] == list(lines_to(rung))
    for bar in found.bars:
        expected = line_mean(run.cube, bar.line, "slump") - line_mean(run.cube, bar.line, "base")
        assert bar.change.value == pytest.approx(expected, abs=1e-6)
        assert bool(bar.by_market) == (bar.line in SEGMENT_LINES)
        if bar.by_market:
            assert math.fsum(bar.by_market) == pytest.approx(bar.change.value, abs=1e-6)


@pytest.mark.parametrize("rung", RUNGS)
def test_bars_lead_from_base_to_the_scenario_of_the_cube_with_no_bar_for_a_rest(run, rung):
    found = waterfall(run.cube, "tariff", rung)
    measured = run.cube["horizon"][rung]
    assert found.start == pytest.approx(float(measured.sel(scenario="base").mean()), abs=1e-6)
    assert found.end == pytest.approx(float(measured.sel(scenario="tariff").mean()), abs=1e-6)
    assert found.start + math.fsum(bar.change.value for bar in found.bars) == pytest.approx(
        found.end, abs=1e-6
    )
    assert not [bar.line for bar in found.bars if bar.line not in LINE_NAMES]


def test_shown_amounts_add_up_to_the_shown_total(run):
    source = run.source()
    pictures = next(
        block
        for block in shocks(source).blocks
        if block.kind == "pictures" and len(block.pictures) == 2 and "net income" in block.pictures[0].title
    )
    for picture in pictures.pictures:
        shown = [_amount(row.cells[1].text) for row in picture.table.rows]
        assert len(shown) == len(LINE_NAMES) + 2
        assert math.fsum(shown[:-1]) == pytest.approx(shown[-1], abs=1e-9)


def _amount(text):
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def test_rounding_keeps_the_sum_and_moves_no_part_by_a_whole_unit():
    generator = np.random.default_rng(1)
    for _ in range(200):
        parts = generator.normal(0.0, 30.0, generator.integers(1, 25)).tolist()
        found = rounded(parts, math.fsum(parts))
        assert math.fsum(found) == round(math.fsum(parts))
        assert all(abs(a - b) <= 1.0 for a, b in zip(found, parts, strict=True))


def test_a_cube_whose_lines_are_no_numbers_is_refused(run):
    damaged = made(trials=8)
    damaged.cube["market"]["refunds"].values[1, 3, 0, 0] = np.nan
    with pytest.raises((StoreError, ValueError)):
        waterfall(damaged.cube, "slump")
