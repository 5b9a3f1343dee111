"""The cube on disk: a Zarr v3 store of one group per time axis, filled block by block, each block sealed by
a marker.

Template first, then aligned regions: a block of trials is exactly one chunk along ``trial``, so two writers
never share a chunk. A marker (atomic rename) with checksum, seed, plan hash and code version makes a block
count as written; a killed run resumes with the blocks that have no marker, and a marker of another run
refuses.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
import zarr

from models.arrays import FloatArray
from models.errors import StoreError
from models.names import SCENARIO, TRIAL, Variable

CUBE = "cube.zarr"
MARKERS = "blocks"
METADATA = "zarr.json"
"""Of every array and group, by the Zarr v3 specification."""


@dataclass(frozen=True)
class Template:
    """Everything the store needs to know before the first number exists.

    ``coordinates`` maps every dim to its labels; ``identity`` holds what a marker must agree with.
    """

    variables: tuple[Variable, ...]
    coordinates: Mapping[str, npt.NDArray[Any]]
    scenarios: tuple[str, ...]
    trials: range
    block: int
    attributes: Mapping[str, Any]
    identity: Mapping[str, str | int]

    def blocks(self) -> list[range]:
        """Blocks of trials, absolute numbers, in order."""
        stop = self.trials.stop
        return [range(a, min(a + self.block, stop)) for a in range(self.trials.start, stop, self.block)]

    def groups(self) -> list[str]:
        """Group names in order of first use."""
        return list(dict.fromkeys(variable.group for variable in self.variables))


def create(folder: Path, template: Template) -> None:
    """Lay out the empty cube: groups, coordinates and unwritten arrays; an existing layout of the same run
    is kept.
    """
    marker_folder = folder / MARKERS
    if (folder / "template.json").exists():
        stored = json.loads((folder / "template.json").read_text())
        if stored != json.loads(json.dumps(dict(template.identity))):
            raise StoreError(
                f"{folder}: holds another run | got {stored} | remove the folder or use its settings"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    marker_folder.mkdir(exist_ok=True)
    root = zarr.open_group(folder / CUBE, mode="w", zarr_format=3, attributes=dict(template.attributes))
    laid: dict[str, Path] = {}
    for name in template.groups():
        group = root.create_group(name)
        variables = [variable for variable in template.variables if variable.group == name]
        for dim in dict.fromkeys(dim for variable in variables for dim in variable.all_dims):
            _lay_coordinate(group, dim, template, folder / CUBE / name, laid)
        _lay_variables(group, variables, template, folder / CUBE / name)
    write_atomically(folder / "template.json", json.dumps(dict(template.identity), sort_keys=True))


def _lay_variables(
    group: zarr.Group, variables: Sequence[Variable], template: Template, folder: Path
) -> None:
    """Unwritten arrays of one group. Those over the same dims differ in name and attributes only: zarr lays
    the first of them, the others are written after its metadata.
    """
    metadata: dict[tuple[str, ...], dict[str, Any]] = {}
    for variable in variables:
        attributes = {"units": variable.unit, "long_name": variable.meaning}
        if variable.all_dims in metadata:
            text = json.dumps({**metadata[variable.all_dims], "attributes": attributes}, indent=2)
            (folder / variable.name).mkdir()
            (folder / variable.name / METADATA).write_text(text, encoding="utf-8")
            continue
        shape = tuple(len(_labels(template, dim)) for dim in variable.all_dims)
        group.create_array(
            variable.name,
            shape=shape,
            chunks=(shape[0], template.block, *shape[2:]),
            dtype="float64",
            fill_value=float("nan"),
            dimension_names=variable.all_dims,
            attributes=attributes,
        )
        metadata[variable.all_dims] = json.loads((folder / variable.name / METADATA).read_text("utf-8"))


def _lay_coordinate(
    group: zarr.Group, dim: str, template: Template, folder: Path, laid: dict[str, Path]
) -> None:
    """Labels of one dim in one group; a dim that another group has already is copied from there."""
    if dim in laid:
        shutil.copytree(laid[dim], folder / dim)
        return
    _write_coordinate(group, dim, _labels(template, dim))
    laid[dim] = folder / dim


def _labels(template: Template, dim: str) -> npt.NDArray[Any]:
    if dim == SCENARIO:
        return np.array(template.scenarios, dtype=object)
    if dim == TRIAL:
        return np.arange(template.trials.start, template.trials.stop)
    return template.coordinates[dim]


def _write_coordinate(group: zarr.Group, dim: str, labels: npt.NDArray[Any]) -> None:
    attributes: dict[str, Any] = {}
    if np.issubdtype(labels.dtype, np.datetime64):
        days = labels.astype("datetime64[D]")
        labels = days.astype(np.int64)
        attributes = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
    if labels.dtype == object or labels.dtype.kind == "U":
        array = group.create_array(
            dim, shape=labels.shape, dtype=str, dimension_names=(dim,), attributes=attributes
        )
        array[:] = labels.astype(object)
        return
    array = group.create_array(
        dim, shape=labels.shape, dtype=labels.dtype, dimension_names=(dim,), attributes=attributes
    )
    array[:] = labels


def open_arrays(folder: Path, template: Template) -> dict[str, zarr.Array]:
    """Every variable of a laid out cube by path, to write many blocks to."""
    root = zarr.open_group(folder / CUBE, mode="r+")
    return {variable.path: root[variable.path] for variable in template.variables}


def write_block(
    folder: Path,
    template: Template,
    trials: range,
    values: Mapping[str, FloatArray],
    arrays: Mapping[str, zarr.Array] | None = None,
) -> None:
    """Write one block of every variable (scenario, trial, …), its trials only, each in the unit of its
    ``Variable``; then seal it with a marker. ``arrays`` are those of ``open_arrays``; omitted, they are
    opened for this block.

    Raises
    ------
    StoreError
        where the block does not start at a chunk, or a variable that is always defined has NaN or infinity.
    """
    arrays = open_arrays(folder, template) if arrays is None else arrays
    start = trials.start - template.trials.start
    if start % template.block != 0:
        raise StoreError(f"block {trials}: not aligned to {template.block} trials")
    digest = hashlib.sha256()
    for variable in template.variables:
        block = np.ascontiguousarray(values[variable.path], dtype=np.float64)
        if variable.always_defined and not np.all(np.isfinite(block)):
            raise StoreError(f"{variable.path}: not finite in trials {trials.start} to {trials.stop - 1}")
        arrays[variable.path][:, start : start + len(trials)] = block
        digest.update(block.tobytes())
    marker = {**template.identity, "first": trials.start, "stop": trials.stop, "sha256": digest.hexdigest()}
    write_atomically(_marker(folder, trials), json.dumps(marker, sort_keys=True))


def missing_blocks(folder: Path, template: Template) -> list[range]:
    """Blocks without a marker; a marker of another run refuses."""
    missing = []
    for trials in template.blocks():
        path = _marker(folder, trials)
        if not path.exists():
            missing.append(trials)
            continue
        marker = json.loads(path.read_text())
        foreign = {
            key: marker.get(key) for key, value in template.identity.items() if marker.get(key) != value
        }
        if foreign or marker["stop"] != trials.stop:
            raise StoreError(
                f"{path}: marker of another run | got {foreign or marker['stop']} | remove {folder}"
            )
    return missing


def _marker(folder: Path, trials: range) -> Path:
    return folder / MARKERS / f"{trials.start:08d}.json"


def open_cube(folder: Path) -> xr.DataTree:
    """The cube as an xarray DataTree, lazily read; groups and variables in order of name."""
    path = folder / CUBE
    if not path.exists():
        raise StoreError(f"{folder}: no cube here | expected {CUBE} | give the folder of a finished run")
    tree = xr.open_datatree(path, engine="zarr", consolidated=False, chunks=None, cache=False)
    nodes = {node.path: node.to_dataset(inherit=False) for node in tree.subtree}
    return xr.DataTree.from_dict(
        {name: data[sorted(map(str, data.data_vars))] for name, data in sorted(nodes.items())}
    )


def write_atomically(path: Path, text: str) -> None:
    """Write a text file beside its place, then rename: a reader never sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
