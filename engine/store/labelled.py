"""One variable of a cube as people use it: labelled, in the currency, alone in memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models.errors import UsageError, did_you_mean, unknown

MOST_ROWS = 20_000_000
"""Rows of a frame: about a gigabyte with its labels, and more than any table of a report needs."""
_LISTED = 100
"""Labels among which the nearest is looked for; of more, only the first and the last are told."""


def spoken_unit(unit: str, currency: str) -> str:
    """A unit as people read it: the word currency becomes the company's own.

    >>> spoken_unit("currency per order", "USD")
    'USD per order'
    """
    return unit.replace("currency", currency, 1)


def variable_of(cube: xr.DataTree, path: str, currency: str) -> xr.DataArray:
    """The variable at ``path`` (group/name), lazily read, (scenario, trial, …) as stored, in its
    unit; attrs ``long_name`` (what it means) and ``units`` (in ``currency``).

    Raises
    ------
    UsageError : no such variable; the nearest name is told.
    """
    group, _, name = path.strip("/").partition("/")
    if group not in cube.children or name not in cube[group].data_vars:
        raise unknown("variable", path, _known(cube), remedy=_remedy(cube, path.strip("/")))
    stored = cube[group].to_dataset()[name]
    return stored.assign_attrs(units=spoken_unit(str(stored.attrs["units"]), currency))


def frame_of(values: xr.DataArray, chosen: dict[str, Any]) -> pd.DataFrame:
    """A variable (scenario, trial, …) as a tidy table: a column for each dim, then its values as floats, in
    its unit.

    ``chosen`` holds labels by dim: one, a list or a slice; of days, months and quarters also a part of a date
    (``"2027-03"``). Only what is chosen is read.

    Raises
    ------
    UsageError : a dim or a label that the variable does not have, or more than ``MOST_ROWS`` rows.
    """
    picked = values
    for dim, labels in chosen.items():
        picked = _pick(picked, dim, labels, values)
    if picked.size > MOST_ROWS:
        sizes = ", ".join(f"{dim} ({size:,})" for dim, size in picked.sizes.items())
        raise UsageError(
            f"{values.name}: too large for one frame | got {picked.size:,} rows, at most {MOST_ROWS:,} | "
            f"select along {sizes}, such as scenario='base', or use run.variable and reduce it"
        )
    columns = {str(dim): _column(picked, dim) for dim in picked.dims}
    frame = pd.DataFrame({**columns, str(values.name): picked.to_numpy().ravel()})
    frame.attrs = {name: str(values.attrs[name]) for name in ("long_name", "units")}
    return frame


def _pick(picked: xr.DataArray, dim: str, labels: Any, whole: xr.DataArray) -> xr.DataArray:
    """The chosen labels along one dim; the dim stays, also where one label is chosen."""
    if dim not in whole.dims:
        raise unknown(f"dim of {whole.name}", dim, map(str, whole.dims))
    index = whole.indexes[dim]
    if isinstance(index, pd.DatetimeIndex) or isinstance(labels, slice):
        return _picked_dates(picked, dim, labels)
    wanted = list(labels) if isinstance(labels, (list, tuple, range, set, np.ndarray)) else [labels]
    for label in wanted:
        if label not in index:
            raise unknown(f"{dim} of {whole.name}", str(label), _shown(index))
    return picked.sel({dim: wanted})


def _picked_dates(picked: xr.DataArray, dim: str, labels: Any) -> xr.DataArray:
    try:
        if not isinstance(labels, (str, slice)):
            labels = pd.to_datetime(labels)
        found = picked.sel({dim: labels})
    except (KeyError, ValueError, TypeError) as error:
        raise unknown(f"{dim} of {picked.name}", str(labels), _shown(picked.indexes[dim])) from error
    if dim not in found.dims:
        found = picked.sel({dim: [found[dim].to_numpy()]})
    return found


def _shown(index: pd.Index) -> list[str]:
    """Labels of a dim as text, dates without their time; the first and last where they are many."""
    labels = index if len(index) <= _LISTED else index[[0, -1]]
    return [str(each.date()) if isinstance(each, pd.Timestamp) else str(each) for each in labels]


def _column(values: xr.DataArray, dim: Any) -> Any:
    """Labels of a dim, one for each number of the array in its order (row,)."""
    place = values.dims.index(dim)
    behind = math.prod(values.shape[place + 1 :])
    before = math.prod(values.shape[:place])
    labels = values.indexes[dim].to_numpy()
    return np.tile(np.repeat(labels, behind), before)


def _known(cube: xr.DataTree) -> list[str]:
    return [f"{group}/{name}" for group, node in cube.children.items() for name in node.data_vars]


def _remedy(cube: xr.DataTree, path: str) -> str | None:
    """What would do: the groups that have the name, or the nearest name of the group."""
    group, _, name = path.rpartition("/")
    homes = [known for known in _known(cube) if known.rpartition("/")[2] == name]
    if homes:
        return f"one of {', '.join(homes)}" if len(homes) > 1 else f"did you mean {homes[0]}?"
    if group in cube.children:
        near = did_you_mean(name, map(str, cube[group].data_vars))
        return near.replace("did you mean ", f"did you mean {group}/")
    return None
