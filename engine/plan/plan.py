"""The plan: configuration, typed tables, what was recognised and assumed. Made only by ``load_plan``."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from engine.plan.policy import Policy
from engine.plan.schema import PlanConfig
from models.arrays import BoolArray, DateArray, FloatArray
from models.errors import Fault


@dataclass(frozen=True)
class Amount:
    """Records of a ledger that were treated alike, and what they are worth; ``used`` or left out."""

    treatment: str
    used: bool
    rows: int
    amount: float
    currency: str


@dataclass(frozen=True)
class Recognised:
    """What one file was read as; rows = used + the sum of rejected, always."""

    file: str
    table: str
    """Canonical table, blank if the file was not recognised (and so not read)."""
    layout: str = ""
    by: str = ""
    """Who decided: a mapping file, the file's name or its header."""
    encoding: str = ""
    rows: int = 0
    used: int = 0
    rejected: tuple[tuple[str, int], ...] = ()
    """Reasons and counts."""
    unknown_columns: tuple[str, ...] = ()
    defaulted_columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    amounts: tuple[Amount, ...] = ()
    """Of a transaction ledger: every record by treatment; the sum is the net revenue before exclusions."""


@dataclass(frozen=True)
class Assumption:
    """A figure that no file gave: what was taken instead, and why that."""

    id: str
    value: str
    unit: str
    source: str
    why: str


@dataclass(frozen=True)
class Tie:
    """Two files, or two parts of one, held against each other."""

    name: str
    expected: float
    got: float
    tolerance: float
    unit: str

    @property
    def holds(self) -> bool:
        """The two agree within the tolerance."""
        return abs(self.expected - self.got) <= self.tolerance


@dataclass(frozen=True, eq=False)
class Plan:
    """A loaded plan folder; tables are read-only by convention, lists and rows are sorted by key."""

    path: Path
    config: PlanConfig
    orders: pd.DataFrame = field(repr=False)
    purchase_orders: pd.DataFrame = field(repr=False)
    items: pd.DataFrame = field(repr=False)
    inventory: pd.DataFrame = field(repr=False)
    spend: pd.DataFrame = field(repr=False)
    spend_plan: pd.DataFrame = field(repr=False)
    opening_balance: pd.DataFrame = field(repr=False)
    open_receivables: pd.DataFrame = field(repr=False)
    open_payables: pd.DataFrame = field(repr=False)
    tariffs: pd.DataFrame = field(repr=False)
    fx: pd.DataFrame = field(repr=False)
    hash: str
    """sha256 of the canonical content: not moved by labels, file order or layout."""
    policy: Policy = field(repr=False, default_factory=Policy)
    """Thresholds of ``policy.yaml``; they judge figures and move none, so the hash leaves them out."""
    recognised: tuple[Recognised, ...] = field(repr=False, default=())
    assumptions: tuple[Assumption, ...] = field(repr=False, default=())
    warnings: tuple[Fault, ...] = field(repr=False, default=())
    """What is odd, or accepted by name, and does not stop a run."""
    ties: tuple[Tie, ...] = field(repr=False, default=())
    scenario_files: tuple[tuple[str, bytes], ...] = field(repr=False, default=())
    """Name and content of the plan's own scenario files as loaded: one added later is no part of it."""
    input_hashes: Mapping[str, str] = field(repr=False, default_factory=dict)
    """sha256 of each file that was read, for the run manifest."""

    @property
    def currency(self) -> str:
        """Functional currency of the company."""
        return self.config.company.currency

    @property
    def forecast_start(self) -> dt.date:
        """Day 0: the day after the books were closed."""
        return self.config.company.actuals_through + dt.timedelta(days=1)

    @cached_property
    def market_keys(self) -> tuple[str, ...]:
        """Markets, sorted."""
        return tuple(market.key for market in self.config.markets)

    @cached_property
    def sales_channel_keys(self) -> tuple[str, ...]:
        """Sales channels, sorted."""
        return tuple(channel.key for channel in self.config.sales_channels)

    @cached_property
    def acquisition_channel_keys(self) -> tuple[str, ...]:
        """Acquisition channels, sorted."""
        return tuple(channel.key for channel in self.config.acquisition_channels)

    @cached_property
    def territory_keys(self) -> tuple[str, ...]:
        """Customs territories, sorted."""
        return tuple(territory.key for territory in self.config.territories)

    @cached_property
    def port_keys(self) -> tuple[str, ...]:
        """Ports, sorted."""
        return tuple(port.key for port in self.config.ports)

    @cached_property
    def node_keys(self) -> tuple[str, ...]:
        """Nodes, sorted."""
        return tuple(node.key for node in self.config.nodes)

    @cached_property
    def supplier_keys(self) -> tuple[str, ...]:
        """Suppliers, sorted."""
        return tuple(supplier.key for supplier in self.config.suppliers)

    @cached_property
    def item_keys(self) -> tuple[str, ...]:
        """Items, sorted."""
        return tuple(str(item) for item in self.items["item"])

    @cached_property
    def segments(self) -> tuple[tuple[str, str], ...]:
        """(market, sales channel) of every segment; segment c = m * channels + ch."""
        return tuple((market, channel) for market in self.market_keys for channel in self.sales_channel_keys)

    @cached_property
    def segment_keys(self) -> tuple[str, ...]:
        """Keys "market/channel" of the segments."""
        return tuple(f"{market}/{channel}" for market, channel in self.segments)

    @cached_property
    def origin_of_supplier(self) -> dict[str, str]:
        """Country of origin of what each supplier makes."""
        return {supplier.key: supplier.country for supplier in self.config.suppliers}

    @cached_property
    def origins(self) -> tuple[str, ...]:
        """Countries of origin, sorted, each once."""
        return tuple(sorted(set(self.origin_of_supplier.values())))

    @cached_property
    def territory_of_node(self) -> dict[str, str]:
        """Customs territory that a node's replenishment enters."""
        return {node.key: node.territory for node in self.config.nodes}

    @cached_property
    def territory_of_market(self) -> dict[str, str]:
        """Customs territory of a market's buyers."""
        return {market.key: market.territory for market in self.config.markets}

    @cached_property
    def suppliers_of_item(self) -> dict[str, tuple[str, ...]]:
        """Qualified suppliers of each item, in order of preference."""
        return {
            item: tuple(text.split(";"))
            for item, text in zip(self.items["item"], self.items["suppliers"], strict=True)
        }

    @cached_property
    def supplier_shares(self) -> FloatArray:
        """Shares of purchases, (item, supplier); rows sum to one, 0 where not qualified."""
        shares = np.zeros((len(self.item_keys), len(self.supplier_keys)))
        position = {key: column for column, key in enumerate(self.supplier_keys)}
        for row, (item, text) in enumerate(zip(self.item_keys, self.items["shares"], strict=True)):
            for supplier, share in zip(self.suppliers_of_item[item], text.split(";"), strict=True):
                shares[row, position[supplier]] = float(share)
        return shares

    @cached_property
    def qualified(self) -> BoolArray:
        """Whether a supplier may make an item, (supplier, item)."""
        return np.asarray(
            [
                [supplier in self.suppliers_of_item[item] for item in self.item_keys]
                for supplier in self.supplier_keys
            ],
            np.bool_,
        ).reshape(len(self.supplier_keys), len(self.item_keys))

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """Foreign currencies that the plan uses, sorted (K); not every currency of the fx table."""
        used = {market.currency for market in self.config.markets}
        used |= {supplier.currency for supplier in self.config.suppliers}
        for table in (self.orders, self.purchase_orders, self.open_receivables, self.open_payables):
            used |= set(table["currency"].unique())
        return tuple(sorted(used - {self.currency, ""}))

    @cached_property
    def base_rates(self) -> dict[str, float]:
        """Company currency per one unit of each currency at actuals-through; the company's own is 1."""
        rates = last_rates(self.fx, self.config.company.actuals_through)
        return {self.currency: 1.0} | {currency: rates[currency] for currency in self.currencies}

    @cached_property
    def _rate_series(self) -> dict[str, tuple[DateArray, FloatArray]]:
        """Days and company currency per foreign unit of every currency of the fx table, in order of day."""
        ordered = self.fx.sort_values(["currency", "day"], kind="stable")
        return {
            str(currency): (
                rows["day"].to_numpy().astype("datetime64[D]"),
                1.0 / rows["per_base"].to_numpy(np.float64),
            )
            for currency, rows in ordered.groupby("currency", sort=True)
        }

    def rate_on(self, currency: str, day: dt.date) -> float:
        """Company currency per unit on a past day: the last known; today's before the table begins."""
        if currency == self.currency:
            return 1.0
        days, rates = self._rate_series.get(currency, (np.zeros(0, "datetime64[D]"), np.zeros(0)))
        known = int(np.searchsorted(days, np.datetime64(day, "D"), side="right"))
        return float(rates[known - 1]) if known else self.base_rates[currency]

    def _repr_html_(self) -> str:
        """A short table of what the plan holds; every text is escaped."""
        rows = {
            "actuals through": self.config.company.actuals_through.isoformat(),
            "currency": self.currency,
            "markets": ", ".join(market.label or market.key for market in self.config.markets),
            "sales channels": ", ".join(each.label or each.key for each in self.config.sales_channels),
            "suppliers": ", ".join(each.label or each.key for each in self.config.suppliers),
            "nodes": ", ".join(each.label or each.key for each in self.config.nodes),
            "order lines": f"{len(self.orders):,}",
            "items": f"{len(self.items):,}",
            "assumptions": f"{len(self.assumptions)}, see tradewind check",
            "plan hash": self.hash[:12],
        }
        body = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>"
            for name, text in rows.items()
        )
        return f"<table><caption>{html.escape(self.config.company.name)}</caption>{body}</table>"


def last_rates(fx: pd.DataFrame, day: dt.date) -> dict[str, float]:
    """Company currency per foreign unit: the last value of each currency on or before a day."""
    past = fx[fx["day"] <= pd.Timestamp(day)].sort_values(["currency", "day"])
    last = past.groupby("currency", sort=True)["per_base"].last()
    return {str(currency): 1.0 / float(per_base) for currency, per_base in last.items()}


def in_company_currency(
    amounts: Iterable[float], currencies: Iterable[str], rates: Mapping[str, float]
) -> float:
    """Sum of amounts in several currencies, company currency; rates are company currency per unit."""
    return float(
        sum(float(amount) * rates[currency] for amount, currency in zip(amounts, currencies, strict=True))
    )
