"""Congestion as a shock on ports: multiplier of the customs service by trial, port and day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.errors import UsageError
from models.lead_time import Congestion
from models.supply import Effect, two_state_calendar


def congestion_effect(
    congestion: Mapping[str, Congestion], ports: tuple[str, ...], trials: range, seed: int, days: int
) -> Effect:
    """Multiplier (trial, port, day) and offset (zero) for ``apply_supply_effects(clearance=...)``.

    Stationary alternating spells; a port without a switch keeps 1. The k-th change of a port has its own
    address.
    """
    unknown = sorted(set(congestion) - set(ports))
    if unknown:
        raise UsageError(f"congestion: unknown ports | got {unknown} | ports are {ports}")
    normal = np.array([congestion[p].normal_days if p in congestion else np.inf for p in ports])
    congested = np.array([congestion[p].congested_days if p in congestion else 1.0 for p in ports])
    ratio = np.array([congestion[p].ratio if p in congestion else 1.0 for p in ports])
    up = two_state_calendar([f"congestion/{port}" for port in ports], normal, congested, trials, seed, days)
    multiplier = np.where(up, 1.0, ratio[None, :, None])
    return multiplier, np.zeros((1, len(ports), 1))
