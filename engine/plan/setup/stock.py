"""Stock and opening balance of the closed day: counted and booked where files tell, else listed defaults."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pandas as pd

from engine.plan.setup.balances import Balance, books
from engine.plan.setup.defaults import number
from engine.plan.setup.gather import Gathered
from engine.plan.setup.items import Items
from engine.plan.setup.money import cash_in_book
from engine.plan.setup.supply import Supply
from engine.plan.tables import ASSETS, EQUITY, LIABILITIES

_COVER_DAYS = 60
_PACE_DAYS = 90


@dataclass
class Opening:
    """Tables ``inventory`` and ``opening_balance``, with what was assumed for them."""

    inventory: pd.DataFrame
    balance: pd.DataFrame
    debt: float
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    """Figure, value in words, where it comes from: listed in assumptions.yaml."""
    told: list[str] = field(default_factory=list)
    """What files told."""
    own: pd.DataFrame | None = None
    """Table ``opening_balance`` with the accounts of the books, where there are books."""
    accounts: list[tuple[str, str, str]] = field(default_factory=list)
    """Account of the books, its line of the balance, why."""


def opening(
    gathered: Gathered,
    lines: pd.DataFrame,
    bought: pd.DataFrame,
    items: Items,
    chain: Supply,
    closed: dt.date,
    currency: str,
) -> Opening:
    """Stock and balance that tie."""
    result = Opening(pd.DataFrame(), pd.DataFrame(), 0.0)
    landed = dict(zip(bought["item"], bought["landed"], strict=True))
    stock = _counted(gathered, items, chain, result)
    if stock.empty:
        stock = _paced(lines, chain, closed, result)
    stock["unit_landed_cost"] = stock["item"].map(landed)
    booked = books(gathered, closed, currency)
    value = float((stock["on_hand"] * stock["unit_landed_cost"]).sum())
    if booked and value > 0.0:
        _fit(stock, value, booked, result)
    elif booked:
        booked.without_stock()
    amounts = booked.amounts if booked else _assumed(gathered, lines, stock, closed, result)
    if booked:
        result.told.append(
            f"opening balance {booked.note}: "
            + "; ".join(f"{a.name} -> {a.line.name} {a.amount:,.2f}" for a in booked.accounts)
        )
        result.notes += booked.notes
        result.own = booked.table(closed)
        result.accounts = [(a.name, a.line.name, a.line.why) for a in booked.accounts]
    stock["as_of"] = closed
    result.inventory = stock[["as_of", "item", "node", "on_hand", "unit_landed_cost"]]
    rows = [(closed, name, round(amount, 2)) for name, amount in amounts.items() if round(amount, 2)]
    result.balance = pd.DataFrame(rows, columns=["as_of", "account", "amount"])
    result.debt = amounts.get("term_debt", 0.0)
    return result


def _fit(stock: pd.DataFrame, value: float, booked: Balance, result: Opening) -> None:
    """Stock at the value of the books, by one factor on its landed costs."""
    worth = booked.amounts["inventory"]
    factor = worth / value
    if abs(factor - 1.0) < 1e-3:
        result.told.append(f"stock at landed cost {value:,.2f} ties to inventory of the books {worth:,.2f}")
        return
    stock["unit_landed_cost"] *= factor
    why = f"counted stock at landed cost is {value:,.2f}, the books say {worth:,.2f}"
    result.notes.append(("data/inventory.csv: unit_landed_cost", f"times {factor:.4f}", why))


def _counted(gathered: Gathered, items: Items, chain: Supply, result: Opening) -> pd.DataFrame:
    parts = []
    for group in gathered.of("inventory"):
        frame = group.frame("inventory")
        if frame.empty or "on_hand" not in frame:
            continue
        places = frame["location"] if "location" in frame else pd.Series("", index=frame.index)
        parts.append(
            pd.DataFrame(
                {
                    "item": [items.of_code.get(str(code), "") for code in frame["item"]],
                    "node": [chain.nodes.get(str(text or "").strip(), chain.main_node) for text in places],
                    "on_hand": [max(round(float(value or 0)), 0) for value in frame["on_hand"]],
                }
            )
        )
    if not parts:
        return pd.DataFrame()
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[frame["item"] != ""]
    if len(frame):
        result.told.append(
            f"stock from {', '.join(gathered.files('inventory'))}, taken as counted on the closed day"
        )
    return frame.groupby(["item", "node"], sort=True, as_index=False)["on_hand"].sum()


def _paced(lines: pd.DataFrame, chain: Supply, closed: dt.date, result: Opening) -> pd.DataFrame:
    recent = lines[lines["ordered_at"] > pd.Timestamp(closed) - pd.Timedelta(days=_PACE_DAYS)]
    span = max(min(_PACE_DAYS, (pd.Timestamp(closed) - lines["ordered_at"].min()).days + 1), 1)
    units = recent.groupby("plan_item")["quantity"].sum().sort_index()
    result.notes.append(
        ("data/inventory.csv: on_hand", f"{_COVER_DAYS} days of recent sales", "no stock file")
    )
    rows = {
        "item": list(units.index),
        "node": chain.main_node,
        "on_hand": [round(v / span * _COVER_DAYS) for v in units],
    }
    return pd.DataFrame(rows)


def _assumed(
    gathered: Gathered, lines: pd.DataFrame, stock: pd.DataFrame, closed: dt.date, result: Opening
) -> dict[str, float]:
    """A balance without books: cash of the cash book or of some months of revenue, stock, unpaid orders."""
    amounts = dict.fromkeys((*ASSETS, *LIABILITIES, *EQUITY), 0.0)
    months = max(lines["ordered_at"].dt.to_period("M").nunique(), 1)
    cash = cash_in_book(gathered, closed)
    if cash is None:
        amounts["cash"] = round(number("cash_months") * float(lines["base"].sum()) / months, 2)
        value = f"{number('cash_months'):g} months of revenue"
        result.notes.append(("data/opening_balance.csv: cash", value, "no balance in the files: ASK"))
    else:
        amounts["cash"] = cash.value
        result.told.append(f"cash {cash.value:,.2f} {cash.note}")
    amounts["inventory"] = round(float((stock["on_hand"] * stock["unit_landed_cost"]).sum()), 2)
    open_orders = lines[lines["state"] == "unpaid"]
    unpaid = float((open_orders["order_total"] * open_orders["rate"]).sum())
    if unpaid > 0.0:
        amounts["receivables"] = round(unpaid, 2)
        result.told.append(f"receivables {unpaid:,.2f}: orders sold and not paid yet")
    amounts["share_capital"] = sum(amounts[name] for name in ASSETS)
    result.notes.append(("data/opening_balance.csv: liabilities", "0", "no balance sheet in the files: ASK"))
    return amounts
