"""Advertising spend by day, market and acquisition channel, with the customers it won."""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.demo.clock import Clock


def spend_table(
    clock: Clock, spend: dict[tuple[str, str], np.ndarray], won: list[tuple[float, str, str]]
) -> pd.DataFrame:
    """Spend in USD and new customers by day since START, market and channel, of the whole simulated time."""
    days = int(clock.starts[-1])
    counts = {segment: np.zeros(days, dtype=np.int64) for segment in spend}
    for time, market, channel in won:
        counts[market, channel][int(time)] += 1
    lengths = np.diff(clock.starts)
    frames = []
    for (market, channel), path in sorted(spend.items()):
        amount = np.round(path / lengths, 2)[clock.month_of_day]
        frames.append(
            pd.DataFrame(
                {
                    "day": np.arange(days),
                    "market": market,
                    "acquisition_channel": channel,
                    "amount": amount,
                    "new_customers": counts[market, channel],
                }
            )
        )
    return pd.concat(frames).sort_values(["day", "market", "acquisition_channel"], ignore_index=True)
