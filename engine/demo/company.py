"""Who the demo company is: markets, customers' true parameters, items, suppliers, lanes and terms.

Lumen Beauty sells light-therapy devices and skin care. It opened its own shop and its marketplace stores on
2024-10-01 and closed its books on 2026-09-30, so its two years of history are its whole life and no
customer is older than the export. All figures are invented.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from engine.demo.catalogue import Item, catalogue

START = dt.date(2024, 10, 1)
ACTUALS_THROUGH = dt.date(2026, 9, 30)
HISTORY_MONTHS = 24
CONTINUATION_MONTHS = 24
TEMPLATES = ("demo", "demo-diversified")

#: Monthly season, January first, mean one.
SEASON = (0.88, 0.86, 0.92, 0.94, 1.00, 0.93, 0.88, 0.90, 0.95, 1.02, 1.42, 1.30)
#: Weekday profile, Monday first, mean one.
WEEKDAY = (1.08, 1.04, 1.00, 0.97, 0.93, 0.92, 1.06)


@dataclass(frozen=True)
class MarketTruth:
    """One market and the true parameters of its customers; days are operational days."""

    key: str
    label: str
    country: str
    territory: str
    currency: str
    nodes: tuple[str, ...]
    share: float
    """Share of the company's volume."""
    r: float
    alpha: float
    a: float
    b: float
    per_base: float
    """Foreign units per USD on the first day."""
    tax: float
    outbound: float
    """USD per order."""
    return_handling: float
    refusal: float
    price_share: float
    """Share of a change of landed cost that the price takes over."""
    cities: tuple[tuple[str, str, str], ...]
    """City, zip, province."""


@dataclass(frozen=True)
class SupplierTruth:
    """A supplier: origin, currency, capacity and the mean and standard deviation of its production days."""

    key: str
    label: str
    country: str
    currency: str
    capacity: int
    production: tuple[float, float, float]
    """Floor, mean above the floor, standard deviation, in days."""
    backup: str


@dataclass(frozen=True)
class NodeTruth:
    """A warehouse and the way to it."""

    key: str
    label: str
    country: str
    territory: str
    port: str
    transit: dict[str, tuple[float, float, float]]
    """By supplier: floor, mean above it, standard deviation, in days."""
    inland: tuple[float, float, float]
    freight_per_kg: float
    review_weekday: int


MARKETS = (
    MarketTruth(
        "CA",
        "Canada",
        "CA",
        "CA",
        "CAD",
        ("us_ohio",),
        0.098,
        0.58,
        100.0,
        0.78,
        2.3,
        1.36,
        0.13,
        20.5,
        7.5,
        0.004,
        0.2,
        (("Toronto", "M5V 2T6", "ON"), ("Vancouver", "V6B 1A1", "BC"), ("Montreal", "H2Y 1C6", "QC")),
    ),
    MarketTruth(
        "DE",
        "Germany",
        "DE",
        "EU",
        "EUR",
        ("nl_venlo",),
        0.171,
        0.55,
        95.0,
        0.80,
        2.5,
        0.90,
        0.19,
        16.0,
        6.5,
        0.006,
        0.3,
        (("Berlin", "10115", "BE"), ("Hamburg", "20095", "HH"), ("Dresden", "01067", "SN")),
    ),
    MarketTruth(
        "GB",
        "United Kingdom",
        "GB",
        "GB",
        "GBP",
        ("gb_midlands", "nl_venlo"),
        0.129,
        0.50,
        90.0,
        0.70,
        2.2,
        0.76,
        0.20,
        15.5,
        6.5,
        0.005,
        0.3,
        (("London", "EC1A 1BB", "ENG"), ("Leeds", "LS1 1UR", "ENG"), ("Cardiff", "CF10 1EP", "WLS")),
    ),
    MarketTruth(
        "US",
        "United States",
        "US",
        "US",
        "USD",
        ("us_ohio",),
        0.608,
        0.62,
        85.0,
        0.75,
        2.4,
        1.0,
        0.07,
        17.0,
        6.0,
        0.003,
        0.2,
        (
            ("Columbus", "43004", "OH"),
            ("Boston", "02108", "MA"),
            ("Austin", "73301", "TX"),
            ("San Diego", "92101", "CA"),
        ),
    ),
)
DIVERSIFIED_SHARES = {"CA": 0.250, "DE": 0.304, "GB": 0.252, "US": 0.252}

SUPPLIERS = (
    SupplierTruth("CN1", "Shenzhen Lightworks", "CN", "CNY", 4200, (12.0, 12.0, 5.0), "CN2"),
    SupplierTruth("CN2", "Ningbo Care Products", "CN", "CNY", 3200, (10.0, 11.0, 4.5), "KR1"),
    SupplierTruth("KR1", "Incheon Cosmetics Lab", "KR", "KRW", 3600, (9.0, 10.0, 3.5), "CN2"),
)
NODES = (
    NodeTruth(
        "gb_midlands",
        "Coventry",
        "GB",
        "GB",
        "rotterdam",
        {"CN1": (26.0, 8.0, 4.0), "CN2": (25.0, 8.0, 4.0), "KR1": (28.0, 8.0, 4.0)},
        (3.0, 3.0, 1.5),
        3.9,
        2,
    ),
    NodeTruth(
        "nl_venlo",
        "Venlo",
        "NL",
        "EU",
        "rotterdam",
        {"CN1": (26.0, 8.0, 4.0), "CN2": (25.0, 8.0, 4.0), "KR1": (28.0, 8.0, 4.0)},
        (1.0, 2.0, 1.0),
        3.4,
        1,
    ),
    NodeTruth(
        "us_ohio",
        "Columbus",
        "US",
        "US",
        "los_angeles",
        {"CN1": (14.0, 7.0, 3.5), "CN2": (13.0, 7.0, 3.5), "KR1": (11.0, 6.0, 3.0)},
        (3.0, 3.0, 1.5),
        3.2,
        0,
    ),
)
#: Ports: customs servers and the mean and standard deviation of the service time in days.
PORTS = {"los_angeles": (4, 2.4, 1.3), "rotterdam": (5, 2.1, 1.1)}
#: Territories: valuation, import VAT, de minimis in USD, entry fee in USD per purchase order.
TERRITORIES = {
    "CA": ("Canada", "CIF", 0.05, 15.0, 120.0),
    "EU": ("European Union", "CIF", 0.20, 0.0, 160.0),
    "GB": ("Great Britain", "CIF", 0.20, 0.0, 150.0),
    "US": ("United States", "FOB", 0.00, 0.0, 180.0),
}
#: Illustrative duty shares by HS prefix, not any law: label, US from CN, US from KR, EU from CN, GB from CN,
#: CA from CN, CA from KR; EU and GB from KR are free.
DUTIES = {
    "854370": ("light-therapy devices", 0.026, 0.0, 0.037, 0.020, 0.0, 0.0),
    "901910": ("massage apparatus", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "330499": ("skin care", 0.0, 0.0, 0.0, 0.0, 0.065, 0.0),
    "340130": ("cleansers", 0.0, 0.0, 0.040, 0.040, 0.065, 0.0),
    "330790": ("sheet masks and pads", 0.054, 0.0, 0.065, 0.060, 0.065, 0.0),
    "420212": ("cases", 0.175, 0.0, 0.037, 0.020, 0.110, 0.0),
    "630260": ("towels", 0.091, 0.0, 0.120, 0.120, 0.170, 0.0),
    "392690": ("plastic accessories", 0.053, 0.0, 0.065, 0.065, 0.065, 0.0),
}
#: Illustrative additional share on goods of origin CN entering the US.
ADDITIONAL_US_CN = 0.10
FX_START = {"CAD": 1.36, "CNY": 7.20, "EUR": 0.90, "GBP": 0.76, "KRW": 1350.0}
FX_DAILY_SD = {"CAD": 0.0030, "CNY": 0.0015, "EUR": 0.0040, "GBP": 0.0042, "KRW": 0.0045}
FX_COMMON = {"CAD": 0.5, "CNY": 0.4, "EUR": 0.7, "GBP": 0.65, "KRW": 0.55}

DEPOSIT_SHARE = 0.30
NET_DAYS = 30
INSURANCE_SHARE = 0.004
#: Sales channels: payout lag days, reserve share, reserve days, marketplace fee, payment fee, fee per order.
CHANNELS = {"marketplace": (14, 0.10, 30, 0.17, 0.0, 0.0), "shop": (3, 0.0, 0, 0.0, 0.029, 0.30)}
#: Acquisition channels: share of new customers, cost per customer at the base spend in USD, true elasticity.
ACQUISITION = {"google": (0.40, 380.0, 0.65), "meta": (0.60, 415.0, 0.75)}
NEW_CUSTOMERS_PER_MONTH = 470.0
MARKETPLACE_ORDERS_PER_DAY = 64.0
RETURN_SHARE = {"device": 0.095, "care": 0.045, "mask": 0.035, "tool": 0.07, "accessory": 0.06}

#: Residual multiplier of a market-month: log sd, share of the common factor, monthly autocorrelation.
RESIDUAL_SD, RESIDUAL_COMMON, RESIDUAL_PHI = 0.10, 0.5, 0.6


@dataclass(frozen=True)
class Company:
    """The company of one template and size: everything the generators need to know, and nothing random."""

    template: str
    scale: float
    markets: tuple[MarketTruth, ...]
    shares: dict[str, float]
    items: tuple[Item, ...]

    @classmethod
    def of(cls, template: str, scale: float = 1.0) -> Company:
        """The company of ``template`` with ``scale`` times the customers, orders, spend and fixed costs."""
        if template not in TEMPLATES:
            raise ValueError(f"template {template!r} is unknown; choose one of {', '.join(TEMPLATES)}")
        if not scale > 0:
            raise ValueError(f"customers_scale must be positive, got {scale}")
        shares = {m.key: m.share for m in MARKETS} if template == "demo" else dict(DIVERSIFIED_SHARES)
        return cls(template, scale, MARKETS, shares, catalogue(template, tuple(m.key for m in MARKETS)))

    def generator(self, seed: int, part: str, *more: int) -> np.random.Generator:
        """A generator of its own for each part of the company: one part's draws never shift another's."""
        words = [seed, *part.encode(), *more]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def month_starts(months: int = HISTORY_MONTHS + CONTINUATION_MONTHS) -> np.ndarray:
    """Day offsets from START of the month starts, one more than ``months``."""
    firsts = np.datetime64(START, "M") + np.arange(months + 1)
    return (firsts.astype("datetime64[D]") - np.datetime64(START, "D")).astype(np.int64)


HISTORY_DAYS = (ACTUALS_THROUGH - START).days + 1


def date_of(day: int) -> dt.date:
    """The date of a day offset from START."""
    return START + dt.timedelta(days=int(day))
