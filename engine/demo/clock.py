"""Operational time and the residual: what makes a day busier than another in the true process."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.demo.company import (
    CONTINUATION_MONTHS,
    HISTORY_MONTHS,
    RESIDUAL_COMMON,
    RESIDUAL_PHI,
    RESIDUAL_SD,
    SEASON,
    START,
    WEEKDAY,
    Company,
    month_starts,
)

MONTHS = HISTORY_MONTHS + CONTINUATION_MONTHS


@dataclass(frozen=True)
class Clock:
    """Calendar of the whole simulated time with the rate of each day, (market, day), mean about one."""

    starts: np.ndarray
    month_of_day: np.ndarray
    weekday_rate: np.ndarray
    """(day,), mean one within each month."""
    season: np.ndarray
    """(month,)"""
    residual: dict[str, np.ndarray]
    """By market: (month,) multiplier, expectation one."""
    elapsed: dict[str, np.ndarray]
    """By market: operational time at the start of each day, (day + 1,)."""

    @classmethod
    def of(cls, company: Company, seed: int, *, residual: bool, season: bool) -> Clock:
        """The clock of one seed; without season and residual every month runs at rate one."""
        starts = month_starts(MONTHS)
        days = int(starts[-1])
        month_of_day = np.repeat(np.arange(MONTHS), np.diff(starts))
        weekday = (np.arange(days) + START.weekday()) % 7
        rate = np.asarray(WEEKDAY)[weekday]
        rate = rate / (np.bincount(month_of_day, weights=rate) / np.diff(starts))[month_of_day]
        profile = (
            np.asarray([SEASON[(START.month - 1 + m) % 12] for m in range(MONTHS)])
            if season
            else np.ones(MONTHS)
        )
        noise = _residuals(company, seed) if residual else {m.key: np.ones(MONTHS) for m in company.markets}
        elapsed = {
            m.key: np.concatenate([[0.0], np.cumsum(rate * (profile * noise[m.key])[month_of_day])])
            for m in company.markets
        }
        return cls(starts, month_of_day, rate, profile, noise, elapsed)

    def rate(self, market: str) -> np.ndarray:
        """Rate of each day of a market, (day,): weekday × season × residual."""
        return np.diff(self.elapsed[market])


def _residuals(company: Company, seed: int) -> dict[str, np.ndarray]:
    common = _autoregression(company.generator(seed, "residual common"))
    own, shared = RESIDUAL_SD * (1.0 - RESIDUAL_COMMON) ** 0.5, RESIDUAL_SD * RESIDUAL_COMMON**0.5
    paths = {}
    for market in company.markets:
        score = own * _autoregression(company.generator(seed, f"residual {market.key}")) + shared * common
        paths[market.key] = np.exp(score - RESIDUAL_SD**2 / 2.0)
    return paths


def _autoregression(generator: np.random.Generator) -> np.ndarray:
    path = np.empty(MONTHS)
    path[0] = generator.standard_normal()
    for month in range(1, MONTHS):
        path[month] = (
            RESIDUAL_PHI * path[month - 1] + (1.0 - RESIDUAL_PHI**2) ** 0.5 * generator.standard_normal()
        )
    return path
