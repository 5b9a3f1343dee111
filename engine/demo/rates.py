"""Generated exchange rates and the illustrative duty table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.demo.company import (
    ADDITIONAL_US_CN,
    DUTIES,
    FX_COMMON,
    FX_DAILY_SD,
    FX_START,
    TERRITORIES,
    Company,
    date_of,
    month_starts,
)
from engine.demo.supply import FIRST_WEEK

FIRST_DAY = FIRST_WEEK * 7 - 7
SOURCE = "illustrative example rate, not any law: replace with your tariff table"


class Rates:
    """Daily rates, foreign units per USD: log random walks with a common factor, rounded as in the file."""

    def __init__(self, company: Company, seed: int) -> None:
        days = int(month_starts()[-1]) - FIRST_DAY
        common = company.generator(seed, "fx common").standard_normal(days)
        self.paths = {"USD": np.ones(days)}
        for currency, sd in sorted(FX_DAILY_SD.items()):
            own = company.generator(seed, f"fx {currency}").standard_normal(days)
            loading = FX_COMMON[currency]
            steps = sd * (loading * common + (1.0 - loading**2) ** 0.5 * own)
            # a weak pull to the start keeps two generated years near levels that a reader finds plausible
            path = np.empty(days)
            level = 0.0
            for day in range(days):
                level = 0.998 * level + steps[day]
                path[day] = level
            path -= path[-FIRST_DAY]
            self.paths[currency] = np.round(FX_START[currency] * np.exp(path), 6)

    def per_base(self, currency: str, day: int) -> float:
        """Foreign units per USD on a day since START; after the simulated time the last rate stands."""
        path = self.paths[currency]
        return float(path[min(int(day) - FIRST_DAY, len(path) - 1)])

    def series(self, currency: str, days: np.ndarray) -> np.ndarray:
        """The same for an array of days."""
        return self.paths[currency][np.asarray(days, dtype=np.int64) - FIRST_DAY]

    def table(self, first: int, until: int) -> pd.DataFrame:
        """Rows (day, currency, per_base) of the days first ≤ day < until."""
        rows = [
            (date_of(day).isoformat(), currency, self.per_base(currency, day))
            for day in range(first, until)
            for currency in sorted(FX_START)
        ]
        return pd.DataFrame(rows, columns=["day", "currency", "per_base"])


def tariffs() -> pd.DataFrame:
    """A base row for each prefix, origin and territory, and an additional row on CN goods into the US."""
    rows = []
    for prefix, (_, us_cn, us_kr, eu, gb, ca_cn, ca_kr) in sorted(DUTIES.items()):
        rates = {"US": (us_cn, us_kr), "EU": (eu, 0.0), "GB": (gb, 0.0), "CA": (ca_cn, ca_kr)}
        for territory in sorted(TERRITORIES):
            for origin, rate in zip(("CN", "KR"), rates[territory], strict=True):
                rows.append((prefix, origin, territory, "base", rate, "2024-01-01", "", SOURCE))
        rows.append((prefix, "CN", "US", "additional", ADDITIONAL_US_CN, "2024-01-01", "", SOURCE))
    return pd.DataFrame(
        rows, columns=["hs", "origin", "territory", "rule", "rate", "valid_from", "valid_to", "source"]
    )


def duty_share(hs: str, origin: str, territory: str) -> float:
    """Duty share of a unit's customs value: the base row plus the additional row."""
    _, us_cn, us_kr, eu, gb, ca_cn, ca_kr = DUTIES[hs[:6]]
    base = {"US": (us_cn, us_kr), "EU": (eu, 0.0), "GB": (gb, 0.0), "CA": (ca_cn, ca_kr)}[territory][
        0 if origin == "CN" else 1
    ]
    return base + (ADDITIONAL_US_CN if (origin, territory) == ("CN", "US") else 0.0)
