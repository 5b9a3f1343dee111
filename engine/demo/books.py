"""The books at actuals-through: stock at moving-average landed cost, open items, a balance sheet to the cent.

Stock on hand is what was received less what was sold, event by event. Goods belong to the company from the
day they are shipped; freight and insurance join the cost at the port, duty and the entry fee at clearance.
Returned goods of the history were not put back on stock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from engine.demo.company import (
    CHANNELS,
    HISTORY_DAYS,
    INSURANCE_SHARE,
    NET_DAYS,
    NODES,
    SUPPLIERS,
    TERRITORIES,
    Company,
    date_of,
)
from engine.demo.rates import Rates, duty_share

TAX_RATE = 0.24
#: Company-level figures in USD at scale one.
CASH, FIXED_ASSETS, TERM_DEBT, SHARE_CAPITAL = 480_000.0, 540_000.0, 600_000.0, 400_000.0
CREDIT_LIMIT, CREDIT_RATE, TERM_DEBT_RATE, DEPRECIATION = 400_000.0, 0.095, 0.07, 15_000.0
FIXED_COSTS = {
    "salaries": 83_000.0,
    "rent and offices": 10_000.0,
    "software and agencies": 22_000.0,
    "administration": 11_000.0,
}
#: Planned investments (day, amount, life in months) and distributions to the owners (day, amount), USD.
CAPEX = (("2027-02-15", 240_000.0, 36), ("2028-02-15", 240_000.0, 36))
DISTRIBUTIONS = (("2027-04-15", 450_000.0), ("2028-04-14", 600_000.0))
IMPORT_VAT_DAYS = 60


class Counted(NamedTuple):
    """What the closing counts, before the balance sheet is drawn up from it."""

    inventory: pd.DataFrame
    receivables: pd.DataFrame
    payables: pd.DataFrame
    cost_of_sales: np.ndarray
    """(day,) USD"""


@dataclass(frozen=True)
class Books:
    """Everything the closing of the history hands to the plan folder."""

    inventory: pd.DataFrame
    receivables: pd.DataFrame
    payables: pd.DataFrame
    cost_of_sales: np.ndarray
    """(day,) USD"""
    balance: pd.DataFrame


def unit_sales(company: Company, lines: pd.DataFrame) -> np.ndarray:
    """Units sold by (node, item, day) of the history; each market is served from its first node."""
    sales = np.zeros((len(NODES), len(company.items), HISTORY_DAYS), dtype=np.int64)
    nodes = {m.key: [n.key for n in NODES].index(m.nodes[0]) for m in company.markets}
    past = lines["time"].to_numpy() < HISTORY_DAYS
    node = lines["market"].map(nodes).to_numpy()[past]
    np.add.at(
        sales,
        (node, lines["item_number"].to_numpy()[past], lines["time"].to_numpy()[past].astype(np.int64)),
        lines["quantity"].to_numpy()[past],
    )
    return sales


def land(company: Company, log: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """The purchase log with the USD cost of each line: goods, freight, insurance, duty, fee and import VAT.

    Deposits keep the rate of the day they were paid, the balance that of the shipping day; customs values
    the invoice at the rate of the day it clears. An order's entry fee is shared by its units.
    """
    items = {item.key: item for item in company.items}
    nodes, suppliers = {n.key: n for n in NODES}, {s.key: s for s in SUPPLIERS}
    ordered, shipped, cleared = (
        1.0 / np.asarray([rates.per_base(c, d) for c, d in zip(log["currency"], log[stage], strict=True)])
        for stage in ("ordered_on", "shipped_on", "cleared_on")
    )
    invoice, deposit = (log["quantity"] * log["unit_cost"]).to_numpy(), log["deposit_paid"].to_numpy()
    goods = deposit * ordered + (invoice - deposit) * shipped
    units = log["quantity"].to_numpy()
    freight = units * np.asarray(
        [items[i].weight * nodes[n].freight_per_kg for i, n in zip(log["item"], log["node"], strict=True)]
    )
    insurance = invoice * shipped * INSURANCE_SHARE
    territory = [nodes[n].territory for n in log["node"]]
    cif = invoice * cleared + freight + insurance
    value = np.where([TERRITORIES[t][1] == "CIF" for t in territory], cif, invoice * cleared)
    lines = zip(log["item"], log["supplier"], territory, strict=True)
    duty = value * np.asarray([duty_share(items[i].hs, suppliers[s].country, t) for i, s, t in lines])
    order_units = log.groupby("po")["quantity"].transform("sum").to_numpy()
    fee = np.asarray([TERRITORIES[t][4] for t in territory]) * units / order_units
    vat = (cif + duty) * np.asarray([TERRITORIES[t][2] for t in territory])
    return log.assign(
        goods=goods,
        freight=freight,
        insurance=insurance,
        duty=duty,
        fee=fee,
        import_vat=vat,
        landed=goods + freight + insurance + duty + fee,
    )


def close(
    company: Company, orders: pd.DataFrame, spend: pd.DataFrame, landed: pd.DataFrame, rates: Rates
) -> Books:
    """Close the books on the last day of the history."""
    sales = unit_sales(company, orders)
    inventory, cost_of_sales = moving_average(company, landed, sales)
    counted = Counted(inventory, open_receivables(orders), open_payables(landed), cost_of_sales)
    balance = _balance(company, orders, spend, landed, rates, counted)
    return Books(*counted, balance)


def moving_average(
    company: Company, landed: pd.DataFrame, sales: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """Closing stock by node and item, and cost of sales by day in USD; receipts come before the day's
    sales.
    """
    receipts: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
    for row in landed.loc[
        landed["received_on"] < HISTORY_DAYS, ["node", "item", "received_on", "received", "landed"]
    ].itertuples():
        receipts.setdefault((row.node, row.item), []).append((row.received_on, row.received, row.landed))
    rows, cost = [], np.zeros(HISTORY_DAYS)
    for n, node in enumerate(NODES):
        for i, item in enumerate(company.items):
            queue = sorted(receipts.get((node.key, item.key), []))
            if not queue:
                continue
            units, average, position = 0, 0.0, 0
            for day in range(min(0, queue[0][0]), HISTORY_DAYS):
                while position < len(queue) and queue[position][0] <= day:
                    _, quantity, amount = queue[position]
                    average = (units * average + amount) / (units + quantity)
                    units, position = units + quantity, position + 1
                if day >= 0 and sales[n, i, day]:
                    units -= int(sales[n, i, day])
                    cost[day] += average * sales[n, i, day]
                    if units < 0:
                        raise AssertionError(
                            f"{item.key} at {node.key} sold out on {date_of(day)}: the buyer's rule is broken"
                        )
            rows.append((date_of(HISTORY_DAYS - 1).isoformat(), item.key, node.key, units, round(average, 4)))
    return pd.DataFrame(rows, columns=["as_of", "item", "node", "on_hand", "unit_landed_cost"]), cost


def open_receivables(orders: pd.DataFrame) -> pd.DataFrame:
    """Payouts that are still to come, net of fees, by due day, currency and sales channel."""
    recent = orders[(orders["time"] < HISTORY_DAYS) & (orders["time"] >= HISTORY_DAYS - 60)]
    sums = recent.assign(day=recent["time"].astype(np.int64)).groupby(
        ["day", "currency", "sales_channel"], sort=True
    )
    rows = []
    for (day, currency, channel), order in sums:
        lag, reserve, reserve_days, market_fee, fee, fee_per_order = CHANNELS[channel]
        gross = float((order["net"] + order["shipping"] + order["tax"]).sum())
        paid = (
            gross
            - market_fee * float(order["net"].sum())
            - fee * gross
            - fee_per_order * int(order["first"].sum())
        )
        for due, amount in ((day + lag, paid * (1.0 - reserve)), (day + lag + reserve_days, paid * reserve)):
            if due >= HISTORY_DAYS and amount > 0.0:
                rows.append((date_of(due).isoformat(), round(amount, 2), currency, channel))
    frame = pd.DataFrame(rows, columns=["due", "amount", "currency", "sales_channel"])
    return (
        frame.groupby(["due", "currency", "sales_channel"], as_index=False)["amount"]
        .sum()
        .round(2)[list(frame.columns)]
    )


def open_payables(landed: pd.DataFrame) -> pd.DataFrame:
    """Balances of shipped orders that are not yet due, by due day and supplier."""
    due = landed["shipped_on"] + NET_DAYS
    owed = landed[(landed["shipped_on"] < HISTORY_DAYS) & (due >= HISTORY_DAYS)]
    balance = (owed["quantity"] * owed["unit_cost"] - owed["deposit_paid"]).rename("amount")
    frame = pd.concat([due[owed.index].rename("day"), balance, owed["currency"], owed["supplier"]], axis=1)
    frame = frame.groupby(["day", "currency", "supplier"], as_index=False)["amount"].sum()
    frame["due"] = [date_of(day).isoformat() for day in frame["day"]]
    frame["amount"] = frame["amount"].round(2)
    return frame[["due", "amount", "currency", "supplier"]]


def _at_close(frame: pd.DataFrame, rates: Rates) -> float:
    """USD value of foreign amounts on the last day."""
    return float(
        sum(
            a / rates.per_base(c, HISTORY_DAYS - 1)
            for a, c in zip(frame["amount"], frame["currency"], strict=True)
        )
    )


def purchase_accounts(landed: pd.DataFrame, rates: Rates) -> dict[str, float]:
    """USD that orders under way tie up at the close: what is afloat, deposits before shipping, import VAT
    to come back.
    """
    shipped, landed_at_port, cleared = (
        landed[stage] < HISTORY_DAYS for stage in ("shipped_on", "port_on", "cleared_on")
    )
    afloat = shipped & (landed["received_on"] >= HISTORY_DAYS)
    at_port = landed.loc[afloat & landed_at_port, ["freight", "insurance"]]
    entered = landed.loc[afloat & cleared, ["duty", "fee"]]
    waiting = landed[~shipped & (landed["ordered_on"] < HISTORY_DAYS)]
    deposits = zip(waiting["deposit_paid"], waiting["currency"], waiting["ordered_on"], strict=True)
    recent = cleared & (landed["cleared_on"] >= HISTORY_DAYS - IMPORT_VAT_DAYS)
    return {
        "inventory_in_transit": float(
            landed.loc[afloat, "goods"].sum() + at_port.sum().sum() + entered.sum().sum()
        ),
        "prepayments": float(sum(paid / rates.per_base(currency, day) for paid, currency, day in deposits)),
        "import_vat_recoverable": float(landed.loc[recent, "import_vat"].sum()),
    }


def _balance(
    company: Company,
    orders: pd.DataFrame,
    spend: pd.DataFrame,
    landed: pd.DataFrame,
    rates: Rates,
    counted: Counted,
) -> pd.DataFrame:
    september = orders[(orders["time"] < HISTORY_DAYS) & (orders["time"] >= HISTORY_DAYS - 30)]
    sales_tax = sum(
        t / rates.per_base(c, HISTORY_DAYS - 1) for c, t in september.groupby("currency")["tax"].sum().items()
    )
    scale = company.scale
    figures = ladder(company, orders, spend, rates, counted.cost_of_sales, days=92)
    profit = figures["ebitda"] - 3.0 * scale * DEPRECIATION - scale * TERM_DEBT * TERM_DEBT_RATE / 4.0
    assets = {
        "cash": CASH * scale,
        "receivables": _at_close(counted.receivables, rates),
        "inventory": float((counted.inventory["on_hand"] * counted.inventory["unit_landed_cost"]).sum()),
        **purchase_accounts(landed, rates),
        "fixed_assets": FIXED_ASSETS * scale,
    }
    claims = {
        "payables": _at_close(counted.payables, rates),
        "accrued_marketing": float(
            spend.loc[(spend["day"] >= HISTORY_DAYS - 30) & (spend["day"] < HISTORY_DAYS), "amount"].sum()
        ),
        "sales_tax_payable": float(sales_tax),
        "income_tax_payable": max(0.0, TAX_RATE * profit),
        "credit_line": 0.0,
        "term_debt": TERM_DEBT * scale,
        "share_capital": SHARE_CAPITAL * scale,
    }
    cents = {name: round(100.0 * amount) for name, amount in {**assets, **claims}.items()}
    cents["retained_earnings"] = sum(cents[n] for n in assets) - sum(cents[n] for n in claims)
    as_of = date_of(HISTORY_DAYS - 1).isoformat()
    return pd.DataFrame(
        [(as_of, name, amount / 100.0) for name, amount in cents.items()],
        columns=["as_of", "account", "amount"],
    )


def ladder(
    company: Company,
    orders: pd.DataFrame,
    spend: pd.DataFrame,
    rates: Rates,
    cost_of_sales: np.ndarray,
    *,
    days: int = 365,
) -> dict[str, float]:
    """Margin ladder of the last ``days`` of the history, USD, at the plan's cost rates.

    Shipping charged to customers stays outside the ladder, as it does in the forecast.
    """
    first = HISTORY_DAYS - days
    lines = orders[(orders["time"] < HISTORY_DAYS) & (orders["time"] >= first)]
    dollars = np.zeros(len(lines))
    for currency in sorted(set(lines["currency"])):
        here = (lines["currency"] == currency).to_numpy()
        dollars[here] = 1.0 / rates.series(currency, lines["time"].to_numpy()[here])
    net = lines["net"].to_numpy() * dollars
    refunds = lines["refunded"].to_numpy() * dollars
    gross = net + lines["tax"].to_numpy() * dollars
    heads = lines["first"].to_numpy()
    market = {m.key: m for m in company.markets}
    outbound = sum(market[k].outbound for k in lines["market"][heads])
    handling = sum(
        market[k].return_handling * q
        for k, q in zip(lines["market"][lines["returned"]], lines["quantity"][lines["returned"]], strict=True)
    )
    picking = PICK_PER_ORDER * heads.sum() + PICK_PER_UNIT * lines["quantity"].sum()
    fees = 0.0
    for channel, (_, _, _, market_fee, fee, fee_per_order) in CHANNELS.items():
        here = (lines["sales_channel"] == channel).to_numpy()
        fees += market_fee * net[here].sum() + fee * gross[here].sum() + fee_per_order * (here & heads).sum()
    revenue = float(net.sum() - refunds.sum())
    cm1 = revenue - float(cost_of_sales[first:].sum())
    cm2 = cm1 - float(outbound + handling + picking + fees)
    cm3 = cm2 - float(spend.loc[(spend["day"] >= first) & (spend["day"] < HISTORY_DAYS), "amount"].sum())
    ebitda = cm3 - company.scale * sum(FIXED_COSTS.values()) * days / 365.0 * 12.0
    return {"net_revenue": revenue, "cm1": cm1, "cm2": cm2, "cm3": cm3, "ebitda": ebitda}


PICK_PER_ORDER, PICK_PER_UNIT, STORAGE_PER_UNIT_MONTH = 2.4, 0.7, 0.18
