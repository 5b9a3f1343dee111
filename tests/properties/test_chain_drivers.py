"""Every driver moves what it must, in the direction it must, and nothing when it is moved by nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from engine.drivers import DRIVERS, HEADLINE_METRICS, Driver
from engine.scenarios import Composition
from models.arrays import FloatArray
from models.names import MONTH
from tests.driver_probes import FIRST_MOVED, PROBES
from tests.properties.chain_support import DIMS, Chain, Cube, differing

TRIALS = range(32)
QUARTERS = 4


def probe_of(chain: Chain, driver: Driver) -> Composition:
    """The adverse change of a driver from the first day to the end; of fx, of purchase currencies only."""
    where: dict[str, Any] = {}
    if driver.name == "fx":
        where = {"where": {"supplier": list(chain.plan.supplier_keys)}}
    probe = PROBES[driver.name]
    shocks = [{"driver": driver.name, "change": {probe.change: probe.amount, "unit": probe.unit}, **where}]
    if probe.companion is not None:
        name, kind, amount, unit = probe.companion
        shocks.append({"driver": name, "change": {kind: amount, "unit": unit}})
    return chain.scenario(f"probe_{driver.name}", *shocks)


def companion_of(chain: Chain, driver: Driver) -> Composition | None:
    """The change that goes with a driver's probe, alone."""
    companion = PROBES[driver.name].companion
    if companion is None:
        return None
    name, kind, amount, unit = companion
    return chain.scenario(f"beside_{driver.name}", {"driver": name, "change": {kind: amount, "unit": unit}})


def zero_of(chain: Chain, driver: Driver, kind: str) -> Composition:
    """A change of a driver by nothing: add 0 or scale 1, for a while."""
    amount = 0 if kind == "add" else 1
    unit = driver.units[kind][0] if kind == "add" else "x"  # type: ignore[index]
    shape = {"ramp": "1m", "hold": "1m", "recover": "1m", "to": 0.5}
    return chain.scenario(
        f"{kind}_nothing_{driver.name}",
        {"driver": driver.name, "change": {kind: amount, "unit": unit}, "shape": shape, "start": "+10d"},
    )


@pytest.fixture(scope="module")
def probed(absorbing: Chain) -> Cube:
    """Every driver's probe, and the companions alone; prices stay, no responses."""
    probes = [probe_of(absorbing, driver) for driver in DRIVERS.values()]
    beside = [each for driver in DRIVERS.values() if (each := companion_of(absorbing, driver)) is not None]
    return absorbing.play([*probes, *beside], trials=TRIALS, quarters=QUARTERS)


def reference(driver: Driver) -> str:
    """What a probe is compared with: base, or the companion alone."""
    return "base" if PROBES[driver.name].companion is None else f"beside_{driver.name}"


@pytest.mark.parametrize("always_simulate", [False, True])
def test_a_change_by_nothing_gives_the_bytes_of_base_for_every_driver(
    demo: Chain, always_simulate: bool
) -> None:
    zeros = [zero_of(demo, driver, kind) for driver in DRIVERS.values() for kind in ("add", "scale")]
    cube = demo.play(zeros, trials=range(2), quarters=1, always_simulate=always_simulate)
    base = cube.of("base")
    assert {name: differing(cube.of(name), base) for name in cube.scenarios} == {
        name: [] for name in cube.scenarios
    }


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=lambda driver: driver.name)
def test_every_driver_moves_something_and_first_the_line_that_it_names(probed: Cube, driver: Driver) -> None:
    moved = first_moved(probed, f"probe_{driver.name}", reference(driver))
    assert moved, f"{driver.name} moves nothing"
    print(f"{driver.name}: {', '.join(moved)}")
    assert FIRST_MOVED[driver.name] in moved


def first_moved(cube: Cube, scenario: str, other: str) -> list[str]:
    """Variables by month that differ in the first month in which anything does, in any trial."""
    months: dict[str, int] = {}
    for path, dims in DIMS.items():
        if MONTH in dims:
            rows = np.moveaxis(cube[scenario, path] != cube[other, path], 1, 0)
            changed = np.flatnonzero(rows.reshape(len(rows), -1).any(axis=1))
            if len(changed):
                months[path.split("/")[1]] = min(int(changed[0]), months.get(path.split("/")[1], 10**6))
    return [name for name, month in months.items() if month == min(months.values())]


@pytest.mark.parametrize("driver", DRIVERS.values(), ids=lambda driver: driver.name)
def test_signs_are_those_of_the_catalogue(probed: Cube, driver: Driver) -> None:
    wrong = []
    for metric in HEADLINE_METRICS:
        path = f"horizon/{metric}"
        change = probed[f"probe_{driver.name}", path] - probed[reference(driver), path]
        low, middle, high = interval(change)
        sign = driver.signs[metric]
        print(
            f"{driver.name:18} {metric:13} {sign} mean {middle:12.4f}  interval {low:12.4f} to {high:12.4f}"
        )
        holds = {"+": low > 0.0, "-": high < 0.0, "0": not change.any(), "±": True}[sign]
        if not holds:
            wrong.append(f"{metric}: {sign} expected | got {low:.6g} to {high:.6g}")
    assert wrong == []


def interval(change: FloatArray) -> tuple[float, float, float]:
    """95% interval of the mean of paired differences, and the mean in between."""
    middle = float(change.mean())
    error = float(stats.sem(change)) * float(stats.t.ppf(0.975, len(change) - 1))
    return middle - error, middle, middle + error


def test_under_absorb_the_tariff_lowers_cm2_of_its_market_in_every_trial(absorbing: Chain) -> None:
    cube = absorbing.play(["tariff_15pp"], trials=TRIALS, quarters=QUARTERS)
    assert np.all(tariffed(absorbing, cube) < 0.0)
    for path in ("market/units_sold", "market/net_revenue", "month/contributions", "supplier/purchases"):
        assert cube["tariff_15pp", path].tobytes() == cube["base", path].tobytes()


def test_with_the_shipped_price_rule_the_tariff_lowers_cm2_in_most_trials(demo: Chain) -> None:
    change = tariffed(demo, demo.play(["tariff_15pp"], trials=TRIALS, quarters=QUARTERS))
    print(f"tariff_15pp lowers CM2 of its market in {np.mean(change < 0.0):.0%} of {len(change)} trials")
    print(f"median change {np.median(change):,.0f} {demo.plan.currency} over {QUARTERS} quarters")
    assert np.median(change) < 0.0


def tariffed(chain: Chain, cube: Cube) -> FloatArray:
    """Change of the tariffed market's CM2 over the horizon against base, by trial."""
    market = chain.plan.market_keys.index(chain.world(QUARTERS).view.roles["top_market"])
    change = cube["tariff_15pp", "market/cm2"] - cube["base", "market/cm2"]
    return np.asarray(change[:, :, market].sum(axis=1))
