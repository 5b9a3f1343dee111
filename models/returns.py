"""Returns: the share of sold units that comes back per segment × item, with its uncertainty, and the delay.

Refunded units of a line = refunded amount / net price, at most the quantity. Posterior of a share: beta,
drawn from company to segment to item; recent sales count only for the part of their returns that can have
come in by now.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import special

from models.arrays import FloatArray, IntArray, WordArray
from models.compiled import in_place
from models.errors import UsageError
from models.lead_time import LeadTime
from models.samplers import beta
from models.streams import index_of, keys_of

LISTED_SHARE: Final = 0.10
"""Return share assumed for a company without sales, with the weight of 20 units."""
_LISTED_UNITS: Final = 20.0
"""Units sold that the listed share counts for."""
_SEGMENT_UNITS: Final = 200.0
"""Units of a segment that weigh as much as the company's share."""
_ITEM_UNITS: Final = 50.0
"""Units of an item in a segment that weigh as much as the segment's share."""
DELAY_MEAN: Final = 12.0
"""Listed mean of the days from sale to the goods being back."""
DELAY_SD: Final = 8.0
"""Listed standard deviation of the same; orders.csv does not date refunds."""
_DELAY_POINTS: Final = 1024
"""Steps of the table of delays: a power of two, so that u times it is exact."""


@dataclass(frozen=True)
class ReturnsModel:
    """Return shares with beta posteriors; ``sold``, ``returned`` effective units, dims (segment, item)."""

    segments: tuple[str, ...]
    items: tuple[str, ...]
    sold: tuple[tuple[float, ...], ...]
    returned: tuple[tuple[float, ...], ...]
    delay: LeadTime
    frozen_share: float | None = None
    """The company's share, where the segments are only some of those it was fitted on."""

    @cached_property
    def sold_units(self) -> FloatArray:
        """Effective units sold, dims (segment, item)."""
        return np.array(self.sold, dtype=np.float64).reshape(len(self.segments), len(self.items))

    @cached_property
    def returned_units(self) -> FloatArray:
        """Units that came back, dims (segment, item)."""
        return np.array(self.returned, dtype=np.float64).reshape(len(self.segments), len(self.items))

    @property
    def company_share(self) -> float:
        """Posterior mean of the company's return share; a segment without sales moves no bit of it."""
        if self.frozen_share is not None:
            return self.frozen_share
        returned, sold = (math.fsum(grid.reshape(-1)) for grid in (self.returned_units, self.sold_units))
        return (returned + LISTED_SHARE * _LISTED_UNITS) / (sold + _LISTED_UNITS)

    @property
    def segment_share(self) -> FloatArray:
        """Posterior mean return share, dims (segment,)."""
        returned, sold = self.returned_units.sum(axis=1), self.sold_units.sum(axis=1)
        return np.asarray((returned + self.company_share * _SEGMENT_UNITS) / (sold + _SEGMENT_UNITS))

    @property
    def share(self) -> FloatArray:
        """Posterior mean return share, dims (segment, item)."""
        return np.asarray(
            (self.returned_units + self.segment_share[:, None] * _ITEM_UNITS)
            / (self.sold_units + _ITEM_UNITS)
        )

    @property
    def delay_days(self) -> IntArray:
        """Delay in whole days (at least 1) by uniform u at [int(u * 1024)]: inverse CDF, dims (point,)."""
        middle = (np.arange(_DELAY_POINTS) + 0.5) / _DELAY_POINTS
        return np.maximum(1, np.rint(self.delay.quantile(middle))).astype(np.int64)

    def draw(self, trials: range, seed: int) -> FloatArray:
        """Return share, dims (trial, segment, item): parameter uncertainty, constant over a trial's days.

        A segment's share is drawn from its beta posterior around the company's, then each item's from its own
        around that: an unusual segment moves all of its items.

        Raises
        ------
        UsageError
            where the range of trials has a step
        """
        if trials.step != 1:
            raise UsageError(f"trials: a range with step 1 is needed | got step {trials.step}")
        out = np.empty((len(trials), len(self.segments), len(self.items)))
        members = np.array([index_of(item) for item in self.items], dtype=np.uint64)
        _draw(
            trials.start,
            keys_of(seed, [f"return_share/{segment}" for segment in self.segments]),
            keys_of(seed, [f"return_share/item/{segment}" for segment in self.segments]),
            members,
            self.sold_units,
            self.returned_units,
            self.company_share,
            out,
        )
        return out

    def select(self, segments: Sequence[str]) -> ReturnsModel:
        """The same frozen model for some of the segments; what is drawn for them does not change."""
        unknown = sorted(set(segments) - set(self.segments))
        if unknown:
            raise UsageError(f"segments: unknown | got {unknown} | known are {list(self.segments)}")
        keep = [row for row, segment in enumerate(self.segments) if segment in set(segments)]
        sold, returned = (tuple(grid[row] for row in keep) for grid in (self.sold, self.returned))
        chosen = tuple(self.segments[row] for row in keep)
        return ReturnsModel(chosen, self.items, sold, returned, self.delay, self.company_share)

    def to_json(self) -> str:
        """JSON text; ``from_json`` gives back an equal model."""
        return json.dumps(
            {
                "segments": self.segments,
                "items": self.items,
                "sold": self.sold,
                "returned": self.returned,
                "delay": self.delay.to_dict(),
                "frozen_share": self.frozen_share,
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> ReturnsModel:
        """Inverse of ``to_json``."""
        values: dict[str, Any] = json.loads(text)
        grids = {name: tuple(tuple(row) for row in values[name]) for name in ("sold", "returned")}
        return cls(
            tuple(values["segments"]),
            tuple(values["items"]),
            **grids,
            delay=LeadTime.from_dict(values["delay"]),
            frozen_share=values["frozen_share"],
        )


def fit_returns(
    orders: pd.DataFrame,
    *,
    segments: Sequence[str],
    items: Sequence[str],
    as_of: dt.date,
    delay_mean: float = DELAY_MEAN,
    delay_sd: float = DELAY_SD,
) -> ReturnsModel:
    """Return shares from order lines.

    Parameters
    ----------
    orders : columns ordered_at, market, sales_channel, item, quantity, net_price (per unit), refunded (amount
        on the line).
    segments : keys "market/channel"; items : item keys. Lines of others are not used.
    as_of : last closed day; a line of age g counts as quantity × P(delay <= g) units sold.
    """
    delay = LeadTime.listed(delay_mean, delay_sd)
    segments, items = tuple(sorted(segments)), tuple(sorted(items))
    segment = (orders["market"].astype(str) + "/" + orders["sales_channel"].astype(str)).to_numpy()
    row = pd.Index(segments).get_indexer(pd.Index(segment))
    column = pd.Index(items).get_indexer(pd.Index(orders["item"].astype(str).to_numpy()))
    quantity = orders["quantity"].to_numpy(np.float64)
    price = orders["net_price"].to_numpy(np.float64)
    refunded = orders["refunded"].to_numpy(np.float64)
    age = (pd.Timestamp(as_of) - pd.to_datetime(orders["ordered_at"]).dt.normalize()).dt.days.to_numpy(
        np.float64
    )
    used = (row >= 0) & (column >= 0) & (quantity > 0.0) & (price > 0.0) & (age >= 0.0)
    back = np.clip(refunded[used] / price[used], 0.0, quantity[used])
    # At least what did come back: an early return proves that much exposure.
    exposed = np.maximum(quantity[used] * delay.cdf(age[used] + 1.0), back)
    place = row[used] * len(items) + column[used]
    # Sums of fractions depend on their order in the last bit, and the order of the file must mean nothing.
    order = np.lexsort((back, exposed, place))
    place, exposed, back = place[order], exposed[order], back[order]
    size = len(segments) * len(items)
    sold = np.bincount(place, weights=exposed, minlength=size).reshape(len(segments), len(items))
    returned = np.bincount(place, weights=back, minlength=size).reshape(len(segments), len(items))
    as_rows = [tuple(tuple(float(x) for x in line) for line in grid) for grid in (sold, returned)]
    return ReturnsModel(segments, items, as_rows[0], as_rows[1], delay)


def credible_interval(model: ReturnsModel, level: float = 0.8) -> FloatArray:
    """Central credible interval of each return share given the segment's mean, dims (2, segment, item)."""
    prior = model.segment_share[:, None] * _ITEM_UNITS
    a, b = prior + model.returned_units, _ITEM_UNITS - prior + model.sold_units - model.returned_units
    tails = 0.5 * (1.0 - level)
    return np.stack([special.betaincinv(a, b, tails), special.betaincinv(a, b, 1.0 - tails)])


@in_place
def _draw(
    first_trial: int,
    segment_keys: WordArray,
    item_keys: WordArray,
    members: WordArray,
    sold: FloatArray,
    returned: FloatArray,
    company: float,
    out: FloatArray,
) -> None:
    trials, segments, items = out.shape
    for t in range(trials):
        trial = first_trial + t
        for c in range(segments):
            back, total = 0.0, 0.0
            for i in range(items):
                back += returned[c, i]
                total += sold[c, i]
            share, _ = beta(
                company * _SEGMENT_UNITS + back,
                (1.0 - company) * _SEGMENT_UNITS + max(total - back, 0.0),
                segment_keys[c],
                trial,
                np.uint64(0),
                np.int64(0),
            )
            for i in range(items):
                value, _ = beta(
                    share * _ITEM_UNITS + returned[c, i],
                    (1.0 - share) * _ITEM_UNITS + max(sold[c, i] - returned[c, i], 0.0),
                    item_keys[c],
                    trial,
                    members[i],
                    np.int64(0),
                )
                out[t, c, i] = value
