"""The canonical tables: one thin frozen contract each (columns, kinds, domains, keys into the plan)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "key", "number", "integer", "day", "moment", "month"]
"""text: free; key: an identifier, stripped; day and moment: datetime64[s]; month: text YYYY-MM."""

Refers = Literal[
    "", "market", "sales_channel", "acquisition_channel", "territory", "node", "supplier", "item", "currency"
]


@dataclass(frozen=True)
class Column:
    """One column of a canonical table."""

    name: str
    kind: Kind
    meaning: str
    required: bool = True
    """The file must have the column; otherwise ``default`` fills it and the filling is listed."""
    blank: bool = False
    """Single cells may be blank; ``default`` fills them (NaT for days)."""
    default: str | float | int = ""
    least: float | None = None
    most: float | None = None
    above: float | None = None
    refers: Refers = ""
    pattern: str = ""
    remedy: str = ""
    means: str = ""
    """What an absent column comes to, where that moves a figure: listed as an assumption."""

    @property
    def optional(self) -> bool:
        """The column may be absent."""
        return not self.required


@dataclass(frozen=True)
class Table:
    """Contract of one canonical table."""

    name: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...] = ()
    """Columns that together name a row; a second row of the same name is a fault."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)


def _blank(name: str, kind: Kind, meaning: str, **more: object) -> Column:
    return Column(name, kind, meaning, required=False, blank=True, **more)  # type: ignore[arg-type]


MOST_UNITS = 100_000_000
"""Units of a row: more is a slip, and sums of more may not fit the counters of a run."""
MOST_MONEY = 1e13
"""Amount of a row, in any currency."""
MOST_KILOGRAMS = 100_000.0

_HS = r"\d{6,10}"
_HS_REMEDY = "6 to 10 digits as text, such as 0105110040 (no points)"

ORDERS = Table(
    "orders",
    (
        Column("order_id", "key", "order number, one row per line"),
        _blank(
            "customer_key",
            "key",
            "any stable name of the customer; only its salted hash is kept; blank: unknown",
            means="unknown",
        ),
        Column("ordered_at", "moment", "local time of the order"),
        Column("market", "key", "ship-to market", refers="market"),
        Column("sales_channel", "key", "shop or marketplace", refers="sales_channel"),
        Column("currency", "key", "currency of the prices", refers="currency"),
        Column("item", "key", "item sold", refers="item"),
        Column("quantity", "integer", "units", least=1, most=MOST_UNITS),
        Column("net_price", "number", "per unit, after discount, excluding tax", least=0, most=MOST_MONEY),
        _blank(
            "shipping",
            "number",
            "shipping charged, on one line of the order",
            default=0.0,
            least=0,
            means="0",
        ),
        _blank("tax", "number", "tax charged", default=0.0, least=0, means="0"),
        _blank("refunded", "number", "refunded on the line, excluding tax", default=0.0, least=0, means="0"),
    ),
)

PURCHASE_ORDERS = Table(
    "purchase_orders",
    (
        Column("po", "key", "purchase order number"),
        _blank("line", "key", "line of the order", default="1"),
        Column("supplier", "key", "who makes it", refers="supplier"),
        Column("item", "key", "item ordered", refers="item"),
        Column("node", "key", "where it goes", refers="node"),
        Column("ordered_on", "day", "day of the order"),
        _blank("promised_on", "day", "promised day of receipt"),
        _blank("shipped_on", "day", "left the supplier; blank: not yet", means="not yet"),
        _blank("port_on", "day", "reached the port of entry; blank: not yet", means="not yet"),
        _blank("cleared_on", "day", "cleared by customs; blank: not yet", means="not yet"),
        _blank("received_on", "day", "received at the node; blank: open", means="not yet"),
        Column("quantity", "integer", "units ordered", least=1, most=MOST_UNITS),
        _blank(
            "received",
            "integer",
            "units received",
            default=-1,
            least=0,
            most=MOST_UNITS,
            means="the quantity ordered once received_on is given",
        ),
        Column("unit_cost", "number", "price per unit, order currency", least=0, most=MOST_MONEY),
        _blank(
            "currency",
            "key",
            "currency of the price; blank: the supplier's",
            refers="currency",
            means="the supplier's",
        ),
        _blank(
            "deposit_paid", "number", "deposit already paid, order currency", default=0.0, least=0, means="0"
        ),
    ),
    unique=("po", "line"),
)

ITEMS = Table(
    "items",
    (
        Column("item", "key", "item code (SKU)"),
        _blank("label", "text", "name people read"),
        Column("hs", "key", "customs tariff number", pattern=_HS, remedy=_HS_REMEDY),
        _blank("category", "text", "product category"),
        Column("weight_kg", "number", "shipping weight of a unit, kg", least=0, most=MOST_KILOGRAMS),
        Column(
            "unit_cost",
            "number",
            "price of a unit in the currency of its first supplier",
            least=0,
            most=MOST_MONEY,
        ),
        Column("suppliers", "key", "qualified suppliers in order of preference, CN1;KR1"),
        _blank(
            "shares",
            "key",
            "their shares of purchases, 0.8;0.2; blank: all from the first",
            means="all from the first supplier",
        ),
        _blank("moq", "integer", "minimum order quantity, units", default=1, least=1, means="1"),
        _blank("multiple", "integer", "order multiple, units", default=1, least=1, means="1"),
        Column("list_price", "number", "net price of a unit, company currency", least=0),
    ),
    unique=("item",),
)

INVENTORY = Table(
    "inventory",
    (
        Column("as_of", "day", "day of the count"),
        Column("item", "key", "item counted", refers="item"),
        Column("node", "key", "where it lies", refers="node"),
        Column("on_hand", "integer", "units", least=0, most=MOST_UNITS),
        Column(
            "unit_landed_cost",
            "number",
            "landed cost of a unit, company currency",
            least=0,
            most=MOST_MONEY,
        ),
    ),
    unique=("item", "node"),
)

SPEND = Table(
    "spend",
    (
        Column("day", "day", "day or first day of the period"),
        Column("market", "key", "market advertised in", refers="market"),
        Column("acquisition_channel", "key", "where the money went", refers="acquisition_channel"),
        _blank("campaign", "key", "campaign"),
        Column("amount", "number", "spend, company currency", least=0, most=MOST_MONEY),
        _blank("new_customers", "integer", "customers won", default=0, least=0, means="0"),
        _blank("visitors", "integer", "visitors brought", default=0, least=0, means="no conversion rates"),
        _blank("leads", "integer", "leads among them", default=0, least=0, means="no conversion rates"),
    ),
    unique=("day", "market", "acquisition_channel", "campaign"),
)

SPEND_PLAN = Table(
    "spend_plan",
    (
        Column("month", "month", "month, YYYY-MM"),
        Column("market", "key", "market advertised in", refers="market"),
        Column("acquisition_channel", "key", "where the money goes", refers="acquisition_channel"),
        Column("amount", "number", "spend, company currency", least=0, most=MOST_MONEY),
    ),
    unique=("month", "market", "acquisition_channel"),
)

ASSETS = (
    "cash",
    "receivables",
    "inventory",
    "inventory_in_transit",
    "prepayments",
    "import_vat_recoverable",
    "fixed_assets",
    "other_assets",
)
LIABILITIES = (
    "payables",
    "accrued_marketing",
    "sales_tax_payable",
    "income_tax_payable",
    "credit_line",
    "term_debt",
    "other_liabilities",
)
EQUITY = ("share_capital", "retained_earnings")
ACCOUNTS = ASSETS + LIABILITIES + EQUITY

OPENING_BALANCE = Table(
    "opening_balance",
    (
        Column("as_of", "day", "day of the balance"),
        Column("account", "key", "account, or one of the books that mappings/accounts.yaml maps"),
        Column("amount", "number", "company currency; assets, liabilities and equity all positive"),
    ),
    unique=("account",),
)

OPEN_RECEIVABLES = Table(
    "open_receivables",
    (
        Column("due", "day", "day the payout is expected"),
        Column("amount", "number", "amount, its currency", least=0, most=MOST_MONEY),
        Column("currency", "key", "its currency", refers="currency"),
        Column("sales_channel", "key", "who pays out", refers="sales_channel"),
    ),
)

OPEN_PAYABLES = Table(
    "open_payables",
    (
        Column("due", "day", "day it is paid"),
        Column("amount", "number", "amount, its currency", least=0, most=MOST_MONEY),
        Column("currency", "key", "its currency", refers="currency"),
        Column("supplier", "key", "who is paid", refers="supplier"),
    ),
)

TARIFFS = Table(
    "tariffs",
    (
        Column(
            "hs",
            "key",
            "prefix of the tariff number; * for all",
            pattern=r"\*|\d{2,10}",
            remedy="2 to 10 digits, or *",
        ),
        Column(
            "origin",
            "key",
            "country of origin; * for any",
            pattern=r"\*|[A-Z]{2}",
            remedy="a country such as CN, or *",
        ),
        Column("territory", "key", "customs territory of entry", refers="territory"),
        _blank(
            "rule", "key", "name of the rule; rules of different name add up", default="duty", means="duty"
        ),
        Column("rate", "number", "ad valorem share", least=0, most=20),
        Column("valid_from", "day", "first day"),
        _blank("valid_to", "day", "last day; blank: open", means="open"),
        _blank("source", "text", "where the rate was read"),
    ),
)

FX = Table(
    "fx",
    (
        Column("day", "day", "day of the rate"),
        Column("currency", "key", "foreign currency", pattern=r"[A-Z]{3}", remedy="an ISO code such as EUR"),
        Column("per_base", "number", "foreign units per one unit of company currency", above=0),
    ),
    unique=("day", "currency"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        ORDERS,
        PURCHASE_ORDERS,
        ITEMS,
        INVENTORY,
        SPEND,
        SPEND_PLAN,
        OPENING_BALANCE,
        OPEN_RECEIVABLES,
        OPEN_PAYABLES,
        TARIFFS,
        FX,
    )
}
"""All canonical tables by name; only orders and items must be given."""

OBLIGATORY = ("items", "orders")
