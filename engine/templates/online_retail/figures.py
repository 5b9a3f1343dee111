"""Every figure of the plan that no file gives, in one place, each with the reason it was taken.

Nobody measured these for this company. They are ordinary sizes for a wholesaler of small gifts, chosen so
that the plan is a company one can believe in; ``assumptions.yaml`` names each where it stands in the plan.
"""

from __future__ import annotations

import datetime as dt

AS_OF = dt.date(2011, 11, 30)
"""Last closed month of the ledger: December 2011 ends on the 9th there."""
CURRENCY = "GBP"
MARKETS = 6
KEPT_ITEMS = 200
BANDS = 20
TRADE, WEB = "trade", "web"

COST_SHARE = 0.52
"""Price from the supplier as a share of the item's mean net price."""
KG_PER_POUND = 0.06
"""Shipping weight of a unit per pound of its price."""
LEAST_KG = 0.01
COVER_DAYS = 110
PACE_DAYS = 91
"""Stock on hand at the start, in days of the sales of the last ``PACE_DAYS``."""
SPEND_SHARE = 0.025
"""Marketing as a share of a market's net revenue, the same every month."""
CASH_SHARE, FIXED_ASSET_SHARE, CREDIT_SHARE = 0.12, 0.05, 0.12
"""Shares of last year's net revenue."""
FIXED_COST_SHARES = {"salaries": 0.105, "warehouse and rent": 0.040, "systems and agencies": 0.020}
FIXED_COST_SHARES |= {"administration": 0.020}
DEPRECIATION_SHARE = 0.010
VAT = 0.20
TRADE_LAG, WEB_LAG = 30, 14

OUTBOUND = {"GB": 6.0, "EU": 20.0, "US": 50.0, "ROW": 60.0, "OTHER": 30.0}
"""Freight to the customer per order net of the carriage charged, GBP, by territory."""

SUPPLIERS = ("CN1", "EU1", "IN1")
MODE = {"CN1": "sea", "EU1": "road", "IN1": "air"}
SCMS_MODE = {"CN1": "Ocean", "EU1": "Truck", "IN1": "Air"}
SUPPLIER_COUNTRY = {"CN1": "CN", "EU1": "DE", "IN1": "IN"}
SUPPLIER_LABEL = {
    "CN1": "Chinese makers, by sea",
    "EU1": "European makers, by road",
    "IN1": "Indian makers, by air",
}
SUPPLIER_CURRENCY = {"CN1": "CNY", "EU1": "EUR", "IN1": "USD"}
BACKUP = {"CN1": "IN1", "EU1": "CN1", "IN1": "CN1"}
DEPOSIT = {"CN1": 0.0, "EU1": 0.0, "IN1": 0.0}
NET_DAYS = {"CN1": 75, "EU1": 45, "IN1": 45}
FREIGHT_PER_KG = {"CN1": 0.35, "EU1": 0.20, "IN1": 1.80}
TRANSIT = {"CN1": (33.0, 5.0), "EU1": (1.0, 0.5), "IN1": (5.0, 1.5)}
"""Mean and standard deviation of the days under way, by supplier."""
INLAND = {"CN1": (3.0, 1.0), "EU1": (0.5, 0.3), "IN1": (2.0, 1.0)}
CLEARANCE_DAYS = 2.0
CAPACITY_TIMES = 4.0
"""Weekly capacity of a supplier over the units sold of its items."""

SNAPSHOT = dt.date(2014, 12, 31)
"""Day on which the SCMS log is cut: what was ordered by then and delivered later is open."""
DELIVERIES_PER_ITEM = 4
"""Open orders that an item under way is spread over."""

NODE, PORT, HOME = "gb_warehouse", "felixstowe", "EU"
"""In 2011 Great Britain was part of the customs union: home is the territory EU."""

CATEGORIES: tuple[tuple[str, str, str, float, tuple[str, ...]], ...] = (
    ("christmas", "950510", "CN1", 0.027, ("CHRISTMAS", "XMAS", "ADVENT", "BAUBLE")),
    ("bag", "420292", "IN1", 0.027, ("BAG", "PURSE", "WALLET")),
    ("candle", "340600", "CN1", 0.0, ("CANDLE", "T-LIGHT", "TLIGHT", "LIGHT HOLDER")),
    (
        "paper",
        "482010",
        "EU1",
        0.0,
        ("CARD", "PAPER", "WRAP", "NOTEBOOK", "STICKER", "TISSUE", "NAPKIN", "CAKE CASE"),
    ),
    (
        "ceramic",
        "691200",
        "CN1",
        0.05,
        ("MUG", "CUP", "PLATE", "BOWL", "TEAPOT", "CERAMIC", "DISH", "SAUCER"),
    ),
    ("glass", "701399", "CN1", 0.11, ("GLASS", "BOTTLE", "JAR", "VASE", "LANTERN")),
    (
        "textile",
        "630790",
        "IN1",
        0.063,
        ("CUSHION", "TOWEL", "APRON", "BLANKET", "FELT", "QUILT", "BUNTING", "WARMER"),
    ),
    ("metal", "732690", "CN1", 0.027, ("TIN", "METAL", "SIGN", "IRON", "ENAMEL", "STEEL", "ZINC", "HOOK")),
)
"""Category, tariff number, maker, duty of the EU, and the words of a description that tell it; first wins."""
OTHER_GOODS = ("ornament", "392640", "CN1", 0.065)
"""Everything else, and all price bands: ornaments of plastics."""
DUTY_SOURCE = "assumed: conventional duty of the EU on such goods, not from a file; look it up in TARIC"
