"""What demand needs to know besides the tables: keys, priors and envelopes, as plain frozen values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

EXPECTED_MONTHS = 48
"""Months of base expectation kept, so that purchasing sees past the longest horizon."""

ORGANIC = ""
"""Key of the acquisition stream that answers to no spend."""


@dataclass(frozen=True)
class Prior:
    """A listed normal prior: mean, standard deviation and where it comes from."""

    mean: float
    sd: float
    source: str = ""


@dataclass(frozen=True)
class MarketSettings:
    """A ship-to market: key, currency of its orders, own-price elasticity of units (prior)."""

    key: str
    currency: str
    elasticity: Prior
    rate: float = 1.0
    """Market currency per unit of company currency, for list prices of items that never sold here."""


@dataclass(frozen=True)
class SalesChannelSettings:
    """Where orders are placed, and whether they carry a customer key."""

    key: str
    customer_known: bool = True


@dataclass(frozen=True)
class AcquisitionSettings:
    """Where customers are won: the elasticity of new customers to spend (prior) and where they then place
    orders.
    """

    key: str
    sales_channel: str
    response: Prior


@dataclass(frozen=True)
class DemandSettings:
    """Everything ``fit_demand`` reads that is not a table; the order of the lists means nothing."""

    actuals_through: dt.date
    markets: tuple[MarketSettings, ...]
    sales_channels: tuple[SalesChannelSettings, ...]
    acquisition_channels: tuple[AcquisitionSettings, ...]
    items: tuple[str, ...]
    list_price: Mapping[str, float] = field(default_factory=dict)
    """Company currency per unit, by item; used where an item has no sales in a market."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Company currency per unit of each currency today, for orders not in their market's."""
    season_source: str = "history"
    season_profile: tuple[float, ...] = ()
    demand_envelope: float = 3.0
    acquisition_envelope: float = 2.0
    item_from: Mapping[str, dt.date] = field(default_factory=dict)
    """First day on which an item is sold (a launch), by item."""
    item_until: Mapping[str, dt.date] = field(default_factory=dict)
    """Last day on which an item is sold, by item."""
    residual: bool = True
    """False switches the residual layer off (multiplier one), for truth tests."""
    parameters: str = "draw"
    """``draw``: customer parameters are drawn per trial from their covariance; ``fitted``: held at the
    estimate."""
    covariance: str = "clustered"
    """``clustered``: month-clustered covariance of the customer parameters; ``hessian``: the plain inverse
    Hessian."""
    challenger: bool = True
    """Whether the diagnostics also show what the named package finds for the same customers; it changes no
    other figure."""

    def __post_init__(self) -> None:
        for name in ("markets", "sales_channels", "acquisition_channels"):
            entries = sorted(getattr(self, name), key=lambda entry: entry.key)
            keys = [entry.key for entry in entries]
            if len(set(keys)) != len(keys):
                raise ValueError(f"{name}: keys must differ | got {keys}")
            object.__setattr__(self, name, tuple(entries))
        object.__setattr__(self, "items", tuple(sorted(self.items)))
        channels = {channel.key for channel in self.sales_channels}
        for entry in self.acquisition_channels:
            if entry.sales_channel not in channels:
                raise ValueError(
                    f"acquisition channel {entry.key}: unknown sales channel | got {entry.sales_channel}"
                )

    @property
    def start(self) -> dt.date:
        """First forecast day."""
        return self.actuals_through + dt.timedelta(days=1)

    @property
    def segments(self) -> tuple[str, ...]:
        """Market × sales channel keys ``market/channel`` in (market, channel) order."""
        return tuple(f"{m.key}/{c.key}" for m in self.markets for c in self.sales_channels)
