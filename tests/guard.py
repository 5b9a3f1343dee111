"""Figures that a change of structure must not move, and the digest of a run's cube.

``python -m tests.guard digest RUN [RUN ...]`` prints one line a run: the digest of every array and coordinate
of its cube. Attributes that name the code (version, digests of inputs) stand apart and do not count.
``python -m tests.guard record`` writes the frozen figures anew: only when a change is meant to move them.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.demo import write_demo
from engine.store.cube import open_cube
from models.names import COUNT, UNITS
from tests.properties.chain_support import Chain, edited
from tests.properties.conftest import SQUEEZE, shelves_nearly_empty, stress
from tests.tiny_plan import tiny_files, write_plan

FROZEN = Path(__file__).parent / "properties" / "frozen_figures.json"
RELATIVE = 1e-12
"""How far a sum of amounts may move; counted units may not move at all."""

Arrays = Mapping[str, npt.NDArray[Any]]
Figures = dict[str, dict[str, list[float]]]


def whole_demo(folder: Path) -> dict[str, Arrays]:
    """The demo company under base and every shipped scenario, six trials of a year."""
    write_demo(folder / "demo")
    chain = Chain.of(folder / "demo")
    cube = chain.play(chain.library.names, trials=range(6), quarters=4)
    return {f"demo {name}": cube.of(name) for name in cube.scenarios}


def stressed(folder: Path, engine: str) -> dict[str, Arrays]:
    """A small plan whose suppliers fail, with both kinds of responses triggered."""
    source = write_plan(folder / "tiny", tiny_files())
    scenarios = {"squeeze.yaml": SQUEEZE}
    chain = Chain.of(edited(source, folder / "stressed", stress, shelves_nearly_empty, scenarios))
    cube = chain.play(["squeeze", "tariff_15pp"], trials=range(5), quarters=3, engine=engine)
    return {f"{engine} {name}": cube.of(name) for name in cube.scenarios}


CASES: Mapping[str, Callable[[Path], dict[str, Arrays]]] = {
    "demo": whole_demo,
    "compiled": lambda folder: stressed(folder, "compiled"),
    "simpy": lambda folder: stressed(folder, "simpy"),
}


def figures(played: Mapping[str, Arrays]) -> Figures:
    """Numbers of each variable and scenario: entries, NaN among them, sum, sum of sizes, and a sum with
    weights that tells places apart.
    """
    return {
        name: {path: _figures_of(values) for path, values in sorted(arrays.items())}
        for name, arrays in played.items()
    }


def _figures_of(values: npt.NDArray[Any]) -> list[float]:
    flat = np.asarray(values, dtype=np.float64).ravel()
    known = np.where(np.isnan(flat), 0.0, flat)
    weights = 1.0 + (np.arange(len(flat)) * 7919) % 104729  # primes: neighbours have unlike weights
    return [
        float(len(flat)),
        float(np.isnan(flat).sum()),
        math.fsum(known),
        math.fsum(np.abs(known)),
        math.fsum(known * weights),
    ]


def moved(frozen: Figures, now: Figures, units: Mapping[str, str]) -> list[str]:
    """Every figure that is not what it was, as a line; ``units`` by path of the variable."""
    lines = [f"{name}: not played" for name in frozen.keys() - now.keys()]
    lines += [f"{name}: not known" for name in now.keys() - frozen.keys()]
    for name in sorted(frozen.keys() & now.keys()):
        before, after = frozen[name], now[name]
        lines += [f"{name} {path}: only one has it" for path in sorted(before.keys() ^ after.keys())]
        for path in sorted(before.keys() & after.keys()):
            exact = units[path] in (UNITS, COUNT)
            scale = [0.0, 0.0, before[path][3], before[path][3], before[path][3] * 104730]
            for was, got, size in zip(before[path], after[path], scale, strict=True):
                if abs(was - got) > (0.0 if exact else RELATIVE * size):
                    lines.append(f"{name} {path}: {was!r} before, {got!r} now")
    return lines


def cube_digest(run: Path) -> str:
    """Digest of all arrays and coordinates of a run's cube, by path: type, shape and bytes."""
    made = hashlib.sha256()
    for node in sorted(open_cube(run).subtree, key=lambda each: each.path):
        dataset = node.to_dataset()
        for name in sorted(map(str, dataset.variables)):
            values = np.asarray(dataset[name].to_numpy())
            if values.dtype == object:
                values = values.astype(str)
            made.update(f"{node.path}/{name} {values.dtype} {values.shape}\n".encode())
            made.update(np.ascontiguousarray(values).tobytes())
    return made.hexdigest()


def record() -> None:
    """Write the frozen figures anew."""
    every: Figures = {}
    for name, play in CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            every |= figures(play(Path(folder)))
            print(f"{name}: recorded", file=sys.stderr)
    FROZEN.write_text(json.dumps(every, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["record"]:
            record()
        case ["digest", *runs] if runs:
            for run in runs:
                print(cube_digest(Path(run)), run)
        case _:
            sys.exit(__doc__)
