"""Who the demo company is: markets, customers' true parameters, items, suppliers, lanes and terms.

Lumen Beauty sells light-therapy devices and skin care. It opened its own shop and its marketplace stores on 2024-10-01 and
closed its books on 2026-09-30, so its two years of history are its whole life. All figures are invented.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

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


@dataclass(frozen=True)
class Item:
    """One article: master data and how popular it is."""

    key: str
    label: str
    hs: str
    category: str
    weight: float
    price: float
    """USD, without tax."""
    cost: float
    """USD at the reference rates, first supplier."""
    popularity: float
    suppliers: tuple[str, ...]
    shares: tuple[float, ...]
    moq: int
    multiple: int
    markets: tuple[str, ...]


MARKETS = (
    MarketTruth(
        "CA",
        "Canada",
        "CA",
        "CA",
        "CAD",
        ("us_ohio",),
        0.088,
        0.58,
        100.0,
        0.78,
        2.3,
        1.36,
        0.13,
        19.5,
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
        0.160,
        0.55,
        95.0,
        0.80,
        2.5,
        0.90,
        0.19,
        15.0,
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
        0.121,
        0.50,
        90.0,
        0.70,
        2.2,
        0.76,
        0.20,
        14.5,
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
        0.631,
        0.62,
        85.0,
        0.75,
        2.4,
        1.0,
        0.07,
        16.0,
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
DIVERSIFIED_SHARES = {"CA": 0.238, "DE": 0.272, "GB": 0.260, "US": 0.266}

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
#: Illustrative duty shares by HS prefix: (label, US from CN, US from KR, EU, GB, CA from CN, CA from KR); not any law.
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
#: Sales channels: payout lag in days, reserve share, reserve days, marketplace fee, payment fee, payment fee per order.
CHANNELS = {"marketplace": (14, 0.10, 30, 0.17, 0.0, 0.0), "shop": (3, 0.0, 0, 0.0, 0.029, 0.30)}
#: Acquisition channels: share of new customers, cost per customer at the base spend in USD, true elasticity.
ACQUISITION = {"google": (0.40, 360.0, 0.65), "meta": (0.60, 395.0, 0.75)}
NEW_CUSTOMERS_PER_MONTH = 470.0
MARKETPLACE_ORDERS_PER_DAY = 64.0
RETURN_SHARE = {"device": 0.095, "care": 0.045, "mask": 0.035, "tool": 0.07, "accessory": 0.06}

#: Residual multiplier of a market-month: log sd, share of the common factor, monthly autocorrelation.
RESIDUAL_SD, RESIDUAL_COMMON, RESIDUAL_PHI = 0.10, 0.5, 0.6

_CATALOGUE = (
    # category, hs, supplier pattern, dual partner, rows of (label, price, cost share, weight, popularity)
    (
        "device",
        "8543709987",
        "CN1",
        "CN2",
        (
            ("Aurora LED Mask", 439, 0.245, 0.85, 5.6),
            ("Aurora LED Mask Pro", 579, 0.24, 0.95, 2.9),
            ("Halo Eye Lamp", 259, 0.25, 0.35, 4.0),
            ("Halo Neck Panel", 349, 0.25, 0.70, 2.4),
            ("Glow Wand", 199, 0.26, 0.30, 3.6),
            ("Glow Wand Travel", 159, 0.27, 0.22, 2.1),
            ("Beam Hair Cap", 529, 0.245, 1.10, 1.2),
            ("Beam Hand Mitt", 299, 0.25, 0.60, 1.1),
        ),
    ),
    (
        "tool",
        "9019101000",
        "CN1",
        "CN2",
        (
            ("Sculpt Roller", 109, 0.27, 0.25, 2.2),
            ("Sculpt Microcurrent", 269, 0.25, 0.40, 3.0),
            ("Pulse Cleanser Brush", 129, 0.26, 0.30, 2.0),
            ("Pulse Scalp Massager", 89, 0.28, 0.28, 1.2),
        ),
    ),
    (
        "care",
        "3304990000",
        "KR1",
        "CN2",
        (
            ("Photon Serum 30", 86, 0.27, 0.12, 5.2),
            ("Photon Serum 50", 119, 0.26, 0.17, 3.6),
            ("Prism Vitamin C", 99, 0.27, 0.12, 3.8),
            ("Prism Retinal", 109, 0.26, 0.12, 2.9),
            ("Dew Moisturiser", 78, 0.28, 0.18, 4.0),
            ("Dew Night Cream", 89, 0.27, 0.18, 2.8),
            ("Shade SPF 50", 57, 0.30, 0.14, 3.9),
            ("Lumi Eye Cream", 84, 0.27, 0.08, 2.6),
            ("Lumi Lip Care", 38, 0.32, 0.05, 1.8),
            ("Barrier Balm", 62, 0.29, 0.12, 2.0),
            ("Calm Toner", 51, 0.30, 0.24, 2.2),
            ("Conductive Gel", 46, 0.30, 0.28, 4.1),
        ),
    ),
    (
        "care",
        "3401300000",
        "KR1",
        "CN2",
        (
            ("Clear Foam", 49, 0.30, 0.22, 2.4),
            ("Clear Oil", 57, 0.29, 0.22, 1.9),
            ("Clear Balm", 59, 0.29, 0.16, 1.7),
        ),
    ),
    (
        "mask",
        "3307900000",
        "KR1",
        "CN2",
        (
            ("Sheet Mask 5", 43, 0.30, 0.16, 3.0),
            ("Sheet Mask 10", 76, 0.29, 0.30, 2.3),
            ("Hydrogel Eye 30", 65, 0.29, 0.14, 2.5),
            ("Peel Pads 60", 70, 0.29, 0.28, 2.1),
            ("Peel Pads Sensitive", 70, 0.29, 0.28, 1.1),
            ("Overnight Mask", 73, 0.28, 0.20, 1.5),
        ),
    ),
    (
        "accessory",
        "4202120000",
        "CN2",
        "CN1",
        (("Travel Case", 61, 0.29, 0.40, 1.2), ("Vanity Bag", 53, 0.30, 0.30, 0.9)),
    ),
    (
        "accessory",
        "6302600000",
        "CN2",
        "CN1",
        (("Face Towels 3", 39, 0.32, 0.30, 1.1), ("Headband", 26, 0.34, 0.08, 1.0)),
    ),
    (
        "accessory",
        "3926909990",
        "CN2",
        "CN1",
        (
            ("Charging Stand", 66, 0.29, 0.35, 0.9),
            ("Eye Inserts", 32, 0.32, 0.05, 0.8),
            ("Replacement Straps", 30, 0.33, 0.08, 0.6),
        ),
    ),
)


def catalogue(template: str) -> tuple[Item, ...]:
    """Forty items; in the concentrated company about a third have a second supplier, in the twin all, in two origins."""
    items: list[Item] = []
    every = tuple(market.key for market in MARKETS)
    for category, hs, first, second, rows in _CATALOGUE:
        for label, price, cost_share, weight, popularity in rows:
            position = len(items)
            suppliers, shares = _sourcing(template, position, first, second)
            markets = {"Beam Hair Cap": ("CA", "US"), "Peel Pads Sensitive": ("DE", "GB")}.get(label, every)
            items.append(
                Item(
                    f"LB-{position + 1:03d}",
                    label,
                    hs,
                    category,
                    weight,
                    float(price),
                    round(price * cost_share * 1.20, 2),
                    popularity,
                    suppliers,
                    shares,
                    24,
                    12,
                    markets,
                )
            )
    return tuple(items)


def _sourcing(
    template: str, position: int, first: str, second: str
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    if template == "demo-diversified":
        partner = "KR1" if first != "KR1" else ("CN1" if position % 2 else "CN2")
        return (first, partner), (0.5, 0.5)
    if position % 3 == 1:
        return (first, second), (0.7, 0.3)
    return (first,), (1.0,)


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
        return cls(template, scale, MARKETS, shares, catalogue(template))

    def generator(self, seed: int, part: str, *more: int) -> np.random.Generator:
        """A generator of its own for each part of the company, so that one part's draws never shift another's."""
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
