"""Fit of one lead-time stage: censored likelihood in four families, AIC weights, a point mass at zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.errors import FitError
from models.lead_time import families
from models.lead_time.distribution import Component, LeadTime

FloatArray = npt.NDArray[np.float64]

_FLOOR_SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
_RESOLUTION = 1.0
"""Days between a profiled floor and the shortest order at least: dates are whole days."""
_LOGLOGISTIC = "loglogistic"


def fit_lane(
    days: npt.ArrayLike,
    *,
    observed: npt.ArrayLike | None = None,
    floor: float | str = 0.0,
    family_names: Sequence[str] = families.FAMILIES,
) -> LeadTime:
    """Distribution of a lead time in days, from finished and open orders.

    Parameters
    ----------
    days : (order,) duration of a finished order; age so far of an open one.
    observed : (order,) False for open orders, which are right-censored: their lead time exceeds the age
        given. All finished if omitted. Dropping open orders instead biases the mean low, because long orders
        are open more often.
    floor : days below which nothing can arrive: a number, or ``"profile"`` to pick it by likelihood among
        fixed shares of the shortest finished order, a whole day below it at least (a free maximum over the
        floor is unbounded and is never used).
    family_names : families to weigh.

    Notes
    -----
    Finished orders of exactly zero days are a point mass, n0 / (n0 + n+ + open orders older than zero): the
    likelihood factorises. Families are weighted by exp(-AIC / 2). A log-logistic of shape <= 1 has no mean
    and is refused; in a mixture shape <= 2 (no variance) is left out too.

    Examples
    --------
    >>> lead_time = fit_lane([31.0, 38.0, 45.0, 29.0, 20.0], observed=[True, True, True, True, False])
    >>> lead_time.open_orders
    1
    >>> 30.0 < lead_time.mean < 50.0
    True
    """
    values, seen = _checked(days, observed)
    zero = seen & (values == 0.0)
    informative = ~zero & (seen | (values > 0.0))
    positive = values[informative]
    finished = seen[informative]
    zero_share = float(zero.sum() / max(1, zero.sum() + positive.size))
    if np.unique(positive[finished]).size < 2:
        raise FitError(
            "lead time: two different finished durations above zero are needed | "
            f"got {np.unique(positive[finished]).size} | pool the lane or list its mean and sd"
        )
    shift = _floor(floor, positive, finished, family_names)
    # An open order younger than the floor says nothing: it has not had the time to arrive.
    kept = finished | (positive > shift)
    components, refused = _components(positive[kept] - shift, finished[kept], family_names)
    return LeadTime(
        components=components,
        floor=shift,
        zero_share=zero_share,
        observed_orders=int(seen.sum()),
        open_orders=int((~seen).sum()),
        source="fitted",
        log_mean_error=_log_mean_error(components, shift, int(finished.sum())),
        refused=refused,
        floor_profiled=floor == "profile",
    )


def _checked(days: npt.ArrayLike, observed: npt.ArrayLike | None) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    values = np.atleast_1d(np.asarray(days, dtype=np.float64))
    seen = np.ones(values.shape, dtype=np.bool_) if observed is None else np.asarray(observed, dtype=np.bool_)
    if values.ndim != 1 or seen.shape != values.shape:
        raise FitError(
            f"lead time: days and observed must have one length | got {values.shape}, {seen.shape}"
        )
    if not np.all(np.isfinite(values)) or np.any(values < 0.0):
        bad = values[~np.isfinite(values) | (values < 0.0)]
        raise FitError(
            f"lead time: durations must be finite and not negative | got {bad[:3].tolist()} | correct them"
        )
    if not seen.any():
        raise FitError(
            f"lead time: no finished order | got {values.size} open ones | list the stage's mean and sd"
        )
    return values, seen


def _floor(
    floor: float | str, positive: FloatArray, finished: npt.NDArray[np.bool_], family_names: Sequence[str]
) -> float:
    shortest = float(positive[finished].min())
    if floor != "profile":
        if isinstance(floor, str) or not 0.0 <= floor < shortest:
            raise FitError(f"floor: a number in [0, {shortest}) or 'profile' is needed | got {floor}")
        return float(floor)
    best, chosen = -np.inf, 0.0
    for share in _FLOOR_SHARES:
        shift = share * shortest
        if share > 0.0 and shortest - shift < _RESOLUTION:
            break
        kept = finished | (positive > shift)
        fits = [
            families.fit_family(name, positive[kept] - shift, finished[kept])[2][0] for name in family_names
        ]
        # One more parameter costs one unit of log-likelihood, so a floor must earn its place.
        value = float(np.nanmax(fits)) - (1.0 if share > 0.0 else 0.0)
        if value > best + 1e-9:
            best, chosen = value, shift
    return chosen


def _components(
    days: FloatArray, observed: npt.NDArray[np.bool_], family_names: Sequence[str]
) -> tuple[tuple[Component, ...], tuple[str, ...]]:
    """AIC-weighted families, sorted by name, and why others were left out."""
    found: list[tuple[str, float, float, float]] = []
    refused: list[str] = []
    alone = len(family_names) == 1
    for name in sorted(family_names):
        first, second, value = (float(x[0]) for x in families.fit_family(name, days, observed))
        if not np.isfinite([first, second, value]).all():
            refused.append(f"{name}: no finite optimum")
        elif name == _LOGLOGISTIC and second >= (1.0 if alone else 0.5):
            what = "mean" if second >= 1.0 else "variance"
            refused.append(f"{name}: shape {1.0 / second:.3f} has no {what}")
        else:
            found.append((name, first, second, value))
    if not found:
        raise FitError(
            "lead time: no family is usable | "
            + "; ".join(refused)
            + " | use another family or a cap on the data"
        )
    best = max(value for *_, value in found)
    raw = np.exp([value - best for *_, value in found])
    weights = raw / raw.sum()
    return tuple(
        Component(name, first, second, float(weight), value)
        for (name, first, second, value), weight in zip(found, weights, strict=True)
    ), tuple(refused)


def _log_mean_error(components: Sequence[Component], floor: float, finished: int) -> float:
    """Standard error of the log of the mean, to first order: coefficient of variation / sqrt(finished)."""
    mean = sum(c.weight * families.raw_moment(c.family, c.first, c.second, 1) for c in components)
    square = sum(c.weight * families.raw_moment(c.family, c.first, c.second, 2) for c in components)
    return float(min(1.0, np.sqrt(max(square - mean**2, 0.0)) / (floor + mean) / np.sqrt(finished)))
