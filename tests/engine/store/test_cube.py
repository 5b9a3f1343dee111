import json

import numpy as np
import pytest

from engine.store import cube
from models.errors import StoreError
from models.names import Variable
from tests.guard import cube_digest

VARIABLES = (
    Variable("net_revenue", "month", "currency", ("month", "market"), "revenue"),
    Variable("cash", "day", "currency", ("day",), "cash"),
)


def template(trials=range(10), block=4, seed=1):
    return cube.Template(
        VARIABLES,
        {
            "month": np.arange(3).astype("datetime64[M]").astype("datetime64[D]"),
            "market": np.array(["NA", "NO", "US"], dtype=object),
            "day": np.arange(5).astype("datetime64[D]"),
        },
        ("base", "shock"),
        trials,
        block,
        {"seed": seed, "currency": "USD"},
        {"plan": "abc", "seed": seed},
    )


def values(trials):
    number = np.arange(trials.start, trials.stop, dtype=float)
    return {
        "month/net_revenue": np.broadcast_to(number[None, :, None, None], (2, len(trials), 3, 3)),
        "day/cash": np.broadcast_to(number[None, :, None], (2, len(trials), 5)),
    }


def filled(folder, layout):
    cube.create(folder, layout)
    for trials in cube.missing_blocks(folder, layout):
        cube.write_block(folder, layout, trials, values(trials))
    return cube.open_cube(folder)


def test_what_is_written_is_read_back_with_labels_units_and_dims(tmp_path):
    tree = filled(tmp_path / "run", template())
    revenue = tree["month/net_revenue"]
    assert revenue.dims == ("scenario", "trial", "month", "market")
    assert revenue.attrs["units"] == "currency"
    assert revenue.market.values.tolist() == ["NA", "NO", "US"]
    assert np.array_equal(tree["day/cash"].values[1, :, 0], np.arange(10.0))


def test_the_numbers_do_not_depend_on_the_block(tmp_path):
    digests = {
        cube_digest(tmp_path / str(block))
        for block in (1, 4, 64)
        if filled(tmp_path / str(block), template(block=block)) is not None
    }
    assert len(digests) == 1


def test_a_killed_run_resumes_with_the_missing_blocks_only(tmp_path):
    layout = template()
    cube.create(tmp_path / "run", layout)
    first = layout.blocks()[0]
    cube.write_block(tmp_path / "run", layout, first, values(first))
    assert cube.missing_blocks(tmp_path / "run", layout) == layout.blocks()[1:]
    filled(tmp_path / "run", layout)
    filled(tmp_path / "whole", layout)
    assert cube_digest(tmp_path / "run") == cube_digest(tmp_path / "whole")


def test_a_block_of_another_run_refuses(tmp_path):
    filled(tmp_path / "run", template())
    with pytest.raises(StoreError, match="another run"):
        cube.create(tmp_path / "run", template(seed=2))
    marker = next((tmp_path / "run" / cube.MARKERS).iterdir())
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "plan": "other"}))
    with pytest.raises(StoreError, match="another run"):
        cube.missing_blocks(tmp_path / "run", template())


def test_numbers_that_are_not_finite_and_unaligned_blocks_are_refused(tmp_path):
    layout = template()
    cube.create(tmp_path / "run", layout)
    broken = {**values(range(4)), "day/cash": np.full((2, 4, 5), np.nan)}
    with pytest.raises(StoreError, match="cash: not finite"):
        cube.write_block(tmp_path / "run", layout, range(4), broken)
    with pytest.raises(StoreError, match="not aligned"):
        cube.write_block(tmp_path / "run", layout, range(2, 6), values(range(2, 6)))


def test_opening_a_folder_without_a_cube_says_so(tmp_path):
    with pytest.raises(StoreError, match="no cube here"):
        cube.open_cube(tmp_path)
