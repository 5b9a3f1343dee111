"""Lead times of several lanes from plain durations: own fit where orders suffice, the rest pooled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from models.errors import FitError
from models.lead_time.distribution import LeadTime
from models.lead_time.fit import checked_orders, fit_lane
from models.lead_time.pooling import ThinLane, pool

Sample = npt.ArrayLike | tuple[npt.ArrayLike, npt.ArrayLike]
"""Days of finished orders, or (days, observed) with observed False for open ones."""

_THIN: Final = 12


def fit_samples(
    lanes: Mapping[str, Sample], *, thin: int = _THIN, floor: float | str = 0.0
) -> dict[str, LeadTime]:
    """Law of each lane, keys sorted; fewer than ``thin`` finished orders, or no spread, are pooled with
    all lanes.

    A lane without any order gets the pool's law for a new lane. Faults of all lanes are raised at once.
    """
    data, faults = _checked(lanes)
    if not _usable(floor):
        faults.insert(
            0, f"floor: at least 0, or 'profile' | got {floor!r} | days below which nothing arrives"
        )
    if not faults and not any(np.any(lane.observed & (lane.days > 0.0)) for lane in data.values()):
        faults.append(
            f"lanes: no finished order above zero days on any | got {len(data)} lanes | list mean and sd "
            f"instead"
        )
    if faults:
        raise FitError("\n".join(faults))
    found = _own_laws(data, thin, floor)
    keys = list(data)
    pooled = pool(list(data.values()), [i for i, key in enumerate(keys) if key not in found])
    found |= {keys[i]: law for i, law in pooled.items()}
    return dict(sorted(found.items()))


def _checked(lanes: Mapping[str, Sample]) -> tuple[dict[str, ThinLane], list[str]]:
    """Orders of each lane, keys sorted, and all that is wrong with them."""
    data: dict[str, ThinLane] = {}
    faults: list[str] = []
    for key in sorted(lanes):
        days, observed = _split(lanes[key])
        if np.size(days) == 0 and np.size([] if observed is None else observed) == 0:
            data[key] = ThinLane(np.zeros(0), np.zeros(0, dtype=np.bool_))
            continue
        try:
            orders = checked_orders(days, observed, spread=False, finished=False)
        except FitError as error:
            faults += [f"{key}: {line}" for line in str(error).splitlines()]
        else:
            data[key] = ThinLane(orders.days, orders.observed)
    return data, faults


def _own_laws(data: Mapping[str, ThinLane], thin: int, floor: float | str) -> dict[str, LeadTime]:
    """Laws of the lanes with ``thin`` finished orders above zero days or more that differ."""
    found: dict[str, LeadTime] = {}
    faults: list[str] = []
    for key, lane in data.items():
        if int((lane.observed & (lane.days > 0.0)).sum()) >= thin:
            try:
                found[key] = fit_lane(lane.days, observed=lane.observed, floor=floor)
            except FitError as error:
                # All durations alike: their spread is the group's.
                if np.ptp(lane.days[lane.observed & (lane.days > 0.0)]) > 0.0:
                    faults += [f"{key}: {line}" for line in str(error).splitlines()]
    if faults:
        raise FitError("\n".join(faults))
    return found


def _usable(floor: object) -> bool:
    """Whether this can be a floor of some lane."""
    if isinstance(floor, str):
        return floor == "profile"
    return isinstance(floor, int | float | np.number) and 0.0 <= float(floor) < np.inf


def _split(sample: Sample) -> tuple[npt.ArrayLike, npt.ArrayLike | None]:
    """Days and observed; a pair of equal lengths whose second half is flags is meant as such."""
    if isinstance(sample, tuple) and len(sample) == 2 and np.ndim(sample[0]) == 1:
        return sample[0], sample[1]
    return sample, None  # type: ignore[return-value]
