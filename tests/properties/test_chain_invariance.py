"""What must not change a number: blocks, workers, horizon, order, labels, neighbours, scenarios, engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.chain import run
from engine.finished import Run
from engine.settings import Execution, RunSettings
from engine.stages.measure import cube_variables
from models.names import DAY, MARKET, MONTH, QUARTER, SALES_CHANNEL
from tests.properties.chain_support import (
    DIMS,
    Chain,
    Config,
    Cube,
    Tables,
    along,
    differing,
    edited,
    first,
    members,
    stored,
)

SCENARIOS = ("customs_shock", "squeeze")
SETTINGS = RunSettings(trials=16, quarters=2)
ONE_WORKER = Execution(workers=1)


def _run(
    chain: Chain,
    folder: Path,
    scenarios: tuple[str, ...] = SCENARIOS,
    settings: RunSettings = SETTINGS,
    execution: Execution = ONE_WORKER,
) -> Run:
    return run(
        chain.plan, settings, scenarios, execution=execution, calibration=chain.calibration, folder=folder
    )


@pytest.fixture(scope="module")
def whole(stressed: Chain, places: Path) -> Run:
    return _run(stressed, places / "whole")


@pytest.fixture(scope="module")
def eight_quarters(stressed: Chain) -> Cube:
    return stressed.play(SCENARIOS, quarters=8)


# blocks and workers


def test_two_half_runs_concatenate_to_the_whole_run(stressed: Chain, whole: Run, places: Path) -> None:
    halves = [
        _run(stressed, places / f"half{start}", settings=replace(SETTINGS, trials=8, first_trial=start))
        for start in (0, 8)
    ]
    pieces = [stored(half.path) for half in halves]
    joined = {path: np.concatenate([piece[path] for piece in pieces], axis=1) for path in pieces[0]}
    assert differing(stored(whole.path), joined) == []
    assert len({whole.id, *(half.id for half in halves)}) == 3


@pytest.mark.parametrize(("block", "workers"), [(3, 1), (5, 2)])
def test_block_size_and_number_of_workers_change_nothing(
    stressed: Chain, whole: Run, places: Path, block: int, workers: int
) -> None:
    execution = Execution(block=block, workers=workers)
    again = _run(stressed, places / f"block{block}", execution=execution)
    assert differing(stored(whole.path), stored(again.path)) == []
    assert again.id == whole.id
    assert (again.path / "summary.json").read_bytes() == (whole.path / "summary.json").read_bytes()


def test_a_second_run_gives_identical_bytes_of_every_file(stressed: Chain, whole: Run, places: Path) -> None:
    again = _run(stressed, places / "again")
    for made in (whole, again):
        made.report()
    one, other = (
        {p.relative_to(r.path): p.read_bytes() for p in r.path.rglob("*") if p.is_file()}
        for r in (whole, again)
    )
    assert one.keys() == other.keys()
    assert [str(path) for path in one if one[path] != other[path]] == []


def test_what_is_stored_is_what_was_played(stressed: Chain, whole: Run) -> None:
    assert differing(stored(whole.path), stressed.play(SCENARIOS, trials=range(16)).arrays) == []


# horizon


@pytest.mark.parametrize(("dim", "entries"), [(MONTH, 12), (QUARTER, 4), (DAY, 365)])
def test_four_quarters_are_the_first_four_of_eight(
    stressed: Chain, eight_quarters: Cube, dim: str, entries: int
) -> None:
    four = stressed.play(SCENARIOS, quarters=4)
    shorter = along(four.arrays, dim, first(entries))
    assert len(shorter) > 0
    assert all(
        values.shape == shorter[path].shape
        for path, values in along(four.arrays, dim, lambda v, _: v).items()
    )
    assert differing(shorter, along(eight_quarters.arrays, dim, first(entries))) == []


def test_the_demo_has_the_same_first_quarter_whatever_the_horizon(demo: Chain) -> None:
    one, three = (demo.play(["stagflation", "port_closure"], trials=range(4), quarters=q) for q in (1, 3))
    assert differing(along(one.arrays, MONTH, first(3)), along(three.arrays, MONTH, first(3))) == []
    assert differing(along(one.arrays, DAY, first(92)), along(three.arrays, DAY, first(92))) == []


# order and labels


def _shuffled(config: Config) -> None:
    for value in list(config.values()):
        if isinstance(value, list):
            value.reverse()
    config["finance"]["fixed_costs"].reverse()
    items = list(config.items())
    config.clear()
    config.update(reversed(items))


def _relabelled(config: Config) -> None:
    config["company"]["name"] = "Somebody Else"
    for name in (
        "markets",
        "sales_channels",
        "acquisition_channels",
        "territories",
        "ports",
        "nodes",
        "suppliers",
    ):
        for number, entry in enumerate(config[name]):
            entry["label"] = f"label {99 - number}"


def _rows_shuffled(tables: Tables) -> None:
    for number, name in enumerate(sorted(tables)):
        frame = tables[name]
        if name == "shopify_orders":  # the rows of an order belong together
            numbers = frame["Name"].drop_duplicates().sample(frac=1.0, random_state=number)
            tables[name] = frame.set_index("Name", drop=False).loc[numbers]
        else:
            tables[name] = frame.sample(frac=1.0, random_state=number)


def _items_relabelled(tables: Tables) -> None:
    tables["items"]["label"] = [f"thing {99 - row}" for row in range(len(tables["items"]))]


CHANGES: dict[str, tuple[Any, Any]] = {
    "order": (_shuffled, _rows_shuffled),
    "labels": (_relabelled, _items_relabelled),
}


@pytest.mark.parametrize("what", sorted(CHANGES))
@pytest.mark.parametrize("company", ["demo", "stressed"])
def test_reordering_the_plan_and_changing_labels_change_nothing(
    what: str, company: str, request: pytest.FixtureRequest, places: Path
) -> None:
    chain: Chain = request.getfixturevalue(company)
    changed = Chain.of(edited(chain.plan.path, places / f"{company}-{what}", *CHANGES[what]))
    assert changed.plan.hash == chain.plan.hash
    scenarios = ["tariff_15pp"]
    one, other = (each.play(scenarios, trials=range(4), quarters=1) for each in (chain, changed))
    assert differing(one.arrays, other.arrays) == []


# neighbours


def _without(whole: Chain, part: Chain, cube: Cube) -> dict[str, Any]:
    """The variables of a larger plan's cube by market, restricted to the markets of a smaller plan."""
    return along(cube.arrays, MARKET, members(whole.plan.market_keys, part.plan.market_keys))


def test_a_market_without_volume_changes_nothing_end_to_end(
    demo: Chain, demo_folder: Path, places: Path
) -> None:
    def add(config: Config) -> None:
        model = next(market for market in config["markets"] if market["key"] == "DE")
        config["markets"].append({**model, "key": "AT", "label": "Austria", "country": "AT"})

    larger = Chain.of(edited(demo_folder, places / "with-nothing", add))
    assert larger.plan.market_keys == ("AT", *demo.plan.market_keys)
    scenarios = ["customs_shock", "fx_shock", "stagflation"]
    one, other = (each.play(scenarios, trials=range(6), quarters=3) for each in (demo, larger))
    assert differing(along(one.arrays, MARKET, lambda v, _: v), _without(larger, demo, other)) == []
    rest = {path: values for path, values in one.arrays.items() if MARKET not in DIMS[path]}
    assert differing(rest, {path: other.arrays[path] for path in rest}) == []
    nothing = along(other.arrays, MARKET, members(larger.plan.market_keys, ["AT"]))
    ratios = {variable.path for variable in cube_variables() if not variable.always_defined}
    assert [path for path in nothing if path not in ratios and np.any(nothing[path] != 0.0)] == []
    assert [path for path in ratios & set(nothing) if np.any(np.nan_to_num(nothing[path]) != 0.0)] == []


# scenarios


def test_adding_a_scenario_changes_only_the_mixture(stressed: Chain, whole: Run, places: Path) -> None:
    more = _run(stressed, places / "more", (*SCENARIOS, "tariff_15pp"))
    names = [str(name) for name in more.cube["horizon"]["scenario"].to_numpy()]
    keep = [names.index(str(name)) for name in whole.cube["horizon"]["scenario"].to_numpy()]
    others = {path: np.take(values, keep, axis=0) for path, values in stored(more.path).items()}
    assert differing(stored(whole.path), others) == []
    before, after = whole.summary().to_dict(), more.summary().to_dict()
    assert {name: after["scenarios"][name] for name in before["scenarios"]} == before["scenarios"]


def test_the_order_in_which_scenarios_are_named_means_nothing(stressed: Chain) -> None:
    one, other = (stressed.play(each, trials=range(4)) for each in (SCENARIOS, SCENARIOS[::-1]))
    for name in one.scenarios:
        assert differing(one.of(name), other.of(name)) == []


# engines


@pytest.mark.parametrize("company", ["demo", "stressed"])
def test_always_simulating_gives_the_same_bytes(company: str, request: pytest.FixtureRequest) -> None:
    chain: Chain = request.getfixturevalue(company)
    scenarios = [name for name in chain.library.names if name != "base"]
    cubes = [chain.play(scenarios, trials=range(4), always_simulate=always) for always in (False, True)]
    assert differing(cubes[0].arrays, cubes[1].arrays) == []


def test_simpy_gives_the_identical_cube_on_a_plan_under_stress(stressed: Chain) -> None:
    calm = replace(stressed.library.compose("squeeze"), name="calm", responses=())
    ample = stressed.scenario(
        "ample", {"driver": "supplier_capacity", "change": {"scale": 1000, "unit": "x"}}
    )
    chosen = ["squeeze", "tariff_15pp", calm, ample]
    compiled, simpy = (
        stressed.play(chosen, trials=range(16), quarters=3, engine=engine) for engine in ("compiled", "simpy")
    )
    assert differing(compiled.arrays, simpy.arrays) == []
    _assert_stress(stressed, compiled)


def _assert_stress(chain: Chain, cube: Cube) -> None:
    """The plan really holds what the comparison claims to have covered."""
    assert len(chain.world(3).simulation.open_orders.day) > 0
    assert np.all(cube["squeeze", "market/units_returned"].sum(axis=(1, 2)) > 0)
    assert np.all(cube["squeeze", "market/units_lost"].sum(axis=(1, 2)) > 0)
    assert np.any(cube["base", "node/units_on_hand"] != cube["ample", "node/units_on_hand"])
    spent, planned = (cube[name, "acquisition/spend"].sum(axis=(1, 2, 3)) for name in ("squeeze", "calm"))
    assert np.any(spent < planned)


def test_failover_sends_orders_to_the_backup_on_the_stressed_plan(stressed: Chain) -> None:
    ways = {
        on: stressed.scenario(f"failover_{on}", responses=["failover"] if on else []) for on in (False, True)
    }
    cube = stressed.play(ways.values(), trials=range(16), quarters=3)
    bought = [cube[ways[on].name, "supplier/purchases"] for on in (False, True)]
    assert np.all(bought[0] == cube["base", "supplier/purchases"])
    assert np.any(bought[1] != bought[0])


def test_sales_channels_are_part_of_every_comparison() -> None:
    assert any(SALES_CHANNEL in dims for dims in DIMS.values())
