"""Concentration of amounts over members: Top-1, Top-3, Herfindahl-Hirschman index, effective number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.risk.measures import finite
from models.arrays import FloatArray


@dataclass(frozen=True)
class Concentration:
    """Shares and index of one quantity, dims of ``amounts`` less the member; NaN where nothing is there to
    share.
    """

    top_1: FloatArray
    top_3: FloatArray
    hhi: FloatArray
    effective_number: FloatArray


def concentration(amounts: npt.ArrayLike) -> Concentration:
    """Concentration over the last dim of amounts (…, member), any unit; shares, index and number of members.

    Shares are of the total, HHI = Σ share² (Hirschman 1945, Herfindahl 1950), effective number = 1/HHI, by
    definition the number of equal members that are as concentrated.

    Members with less than nothing (more refunds than sales in a period) count as nothing; where the total is
    zero every figure is NaN. NaN in the amounts raises.

    >>> concentration([65.0, 15.0, 10.0, 10.0]).hhi.round(3).item()
    0.465
    """
    shares = np.sort(_shares(amounts), axis=-1)[..., ::-1]
    top_3, hhi = np.zeros(shares.shape[:-1]), np.zeros(shares.shape[:-1])
    # member by member: the order in which numpy's sum adds depends on the shape, a figure must not
    for k in range(shares.shape[-1]):
        if k < 3:
            top_3 = top_3 + shares[..., k]
        hhi = hhi + shares[..., k] * shares[..., k]
    return Concentration(shares[..., 0], top_3, hhi, 1.0 / hhi)


def top_share(amounts: npt.ArrayLike, count: int = 1) -> FloatArray:
    """Share of the ``count`` largest members of amounts (…, member) in their total, dims of ``amounts`` less
    the member; NaN where the total is zero.

    Raises
    ------
    ValueError
        where ``count`` is below 1, or an amount is NaN or infinite.
    """
    if count < 1:
        raise ValueError(f"count: at least 1 is needed | got {count}")
    shares = np.sort(_shares(amounts), axis=-1)[..., ::-1]
    total = np.zeros(shares.shape[:-1])
    for k in range(min(count, shares.shape[-1])):
        total = total + shares[..., k]
    return total


def herfindahl(amounts: npt.ArrayLike) -> FloatArray:
    """Herfindahl-Hirschman index Σ share² of amounts (…, member), a number from 1/n to 1, dims of ``amounts``
    less the member.
    """
    return concentration(amounts).hhi


def effective_number(amounts: npt.ArrayLike) -> FloatArray:
    """Number of equal members that would be as concentrated as amounts (…, member), 1/HHI, dims of
    ``amounts`` less the member.
    """
    return concentration(amounts).effective_number


def _shares(amounts: npt.ArrayLike) -> FloatArray:
    array = finite(amounts, "amounts")
    if array.ndim == 0:
        raise ValueError("amounts: a dim of members is needed | got a single number")
    positive = np.maximum(array, 0.0)
    total = np.zeros(array.shape[:-1])
    for k in range(array.shape[-1]):  # in the same order as above
        total = total + positive[..., k]
    return np.where(total[..., None] > 0.0, positive / np.where(total > 0.0, total, 1.0)[..., None], np.nan)
