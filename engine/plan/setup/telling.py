"""What was found, in sentences, and what was taken for tables where no file told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from engine.plan.doubts import STALE_DAYS
from engine.plan.setup.channels import Channels
from engine.plan.setup.defaults import default, rate
from engine.plan.setup.doubles import told_elsewhere
from engine.plan.setup.gather import Gathered
from engine.plan.setup.items import NO_HS, Items
from engine.plan.setup.markets import Markets
from engine.plan.setup.money import ledger
from engine.plan.setup.noted import Noted
from engine.plan.setup.sales import payments_only
from engine.plan.setup.stock import Opening
from engine.plan.setup.supply import Supply


class Told(NamedTuple):
    """The parts of a derivation that are told."""

    gathered: Gathered
    lines: pd.DataFrame
    items: Items
    supply: Supply
    markets: Markets
    channels: Channels
    opening: Opening
    counted_out: tuple[int, float]
    """Orders after the closed month and their money, company currency."""
    currency: str


def findings(told: Told) -> Iterator[str]:
    """What the files say, a sentence each."""
    lines, base = told.lines, told.currency
    months = lines["base"].groupby(lines["ordered_at"].dt.to_period("M")).sum()
    net, shipping = float(lines["base"].sum()), float((lines["shipping"] * lines["rate"]).sum())
    yield f"net sales {net:,.2f} {base} in {len(months)} months, shipping income {shipping:,.2f} beside it"
    yield "markets: " + ", ".join(f"{key} {share:.2%}" for key, share in told.markets.shares.items())
    if told.markets.tail:
        tail = ", ".join(f"{code} {share:.2%}" for code, share in told.markets.tail.items())
        yield f"one market REST for: {tail}"
    yield "sales channels: " + ", ".join(str(entry["label"]) for entry in told.channels.entries)
    for group in payments_only(told.gathered):
        files = ", ".join(group.combined.files)
        yield f"{files}: no item is named; taken as payments of the orders of other files, not as sales: ASK"
    yield from _terms(told.channels)
    for account, files in told_elsewhere(told.gathered, ledger(told.gathered)).items():
        yield f"{account} of the books is the money of {files}: counted there, no fixed cost"
    refusal = told.markets.entries[0]["refusal_share"]
    if refusal.value:
        yield f"refusal_share: {refusal.value} ({refusal.note}); orders.csv holds only orders that were kept"
    goods = told.items
    others = "; the others by price bands" if goods.kept < goods.codes else ""
    yield f"items: {goods.kept:,} of {goods.codes:,} codes, {goods.kept_share:.1%} of revenue{others}"
    yield from _suppliers(told.supply)
    if told.counted_out[0]:
        orders, money = told.counted_out
        yield f"{orders:,} orders ({money:,.2f} {base}) after the closed month are counted out"
    yield from told.opening.told


def _terms(channels: Channels) -> Iterator[str]:
    for name, value in channels.entries[0].items():
        if isinstance(value, Noted) and name.startswith(("payout", "payment", "marketplace")):
            yield f"{name}: {value.value} ({value.note})"


def _suppliers(supply: Supply) -> Iterator[str]:
    if supply.undated:
        told = f"{supply.undated:,} units in {', '.join(supply.files)} are on lines without a day of order"
        yield f"{told}: left out; say columns: {{ordered_on: …}}"
    if not supply.keys:
        yield "suppliers: no purchase list, ONE listed supplier, node and lane by defaults"
    for text, key in supply.keys.items():
        lead = supply.lead.get(key)
        days = (
            f"{lead.mean:.2f} days from order to receipt (± {lead.error:.2f}, {lead.orders} orders"
            f"{f', {lead.open} open ones censored' if lead.open else ''})"
            if lead
            else "nothing received yet"
        )
        yield f"supplier {key} ({text}): {days}"
    for code, (units, money) in supply.stale.items():
        late = f"more than {STALE_DAYS} days past the day they should have come"
        yield f"open purchases of {units:,} units, {money:,.2f} {code}, {late}, are taken as cancelled: ASK"
    if supply.unknown_items:
        yield f"purchases of {supply.unknown_items:,} units of items that were never sold are left out"


def assumed(told: Told, tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str, str]]:
    """Figure of a table, what was taken in words, and where it comes from."""
    yield from told.opening.notes
    if (tables["items"]["hs"] == NO_HS).any():
        yield "data/items.csv: hs", NO_HS, "no file tells the tariff number: ASK"
    if not told.gathered.of("products"):
        cost, weight = default("unit_cost"), default("weight_kg")
        yield "data/items.csv: unit_cost", f"{cost.value} of the list price without a purchase", cost.note
        yield "data/items.csv: weight_kg", f"{weight.value} kg", weight.note
    if "spend" in tables:
        yield "data/spend.csv: new_customers", "share of first orders, by spend", default("won_by_ads").note
    if "fx" in tables:
        for code in tables["fx"]["currency"]:
            known = rate(told.currency, str(code))
            if known is not None:
                yield f"data/fx.csv: {code}", f"{known.value} per {told.currency}, on all days", known.note
