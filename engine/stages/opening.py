"""The opening balance as books: every account ties to the items, stock and orders that make it up.

Where the detail and the account differ (within the tolerance of the checks), the account holds: open items
get the difference in company currency; of stock and order lines it stays in the account, so that no unit
cost of one market depends on another. Without an opening balance the detail is the balance.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from engine.finance.accounts import ASSETS, BALANCE_INDEX, BALANCE_NAMES, EQUITY
from engine.finance.books import (
    AMOUNT_COUNT,
    CLEARED,
    DATED,
    DUTY_COST,
    FEE_DUE,
    FEES_COST,
    FREIGHT_COST,
    FREIGHT_DUE,
    GOODS_COST,
    INSURANCE_DUE,
    INVOICE,
    LANDED,
    PREPAID,
    SHIPPED,
    TITLED,
    UNPAID,
)
from engine.finance.duty import dutiable_value
from engine.finance.inventory import DUTY, FEES, FREIGHT, GOODS, LAYER_COUNT
from engine.finance.spec import TITLE_AT_SHIPPING, TRIGGERS, Opening, Terms
from engine.plan.plan import Plan
from engine.plan.tariffs import tariff_rates
from engine.stages.calibrate import Calibration
from engine.stages.wiring import open_lines, opening_stock, planned_shares, primary_nodes
from models.arrays import FloatArray, IntArray
from models.calendar import Calendar

DEFAULT_DUE_DAY = 14
"""Day on which a difference between an account and its open items is settled where no item has a date."""


def opening_books(plan: Plan, calibration: Calibration, terms: Terms, calendar: Calendar) -> Opening:
    """Books on the last closed day."""
    rate = np.array([1.0, *(plan.base_rates[currency] for currency in plan.currencies)])
    duty = tariff_rates(plan, Calendar(calendar.start, 1))[..., 0]
    standard = standard_cost(plan, terms, rate, duty)
    units = opening_stock(plan)
    average = _average_cost(plan, standard)
    state, amounts = _order_lines(plan, terms, rate, duty)
    receivables = _by_due_day(plan, plan.open_receivables, calendar.days)
    payables = _by_due_day(plan, plan.open_payables, calendar.days)
    counted = {
        "receivables": float((receivables.sum(axis=1) * rate).sum()),
        "payables": float((payables.sum(axis=1) * rate).sum()),
        "inventory": float((units[..., None] * average).sum()),
        "inventory_in_transit": float(amounts[:, GOODS_COST : FEES_COST + 1].sum()),
        "prepayments": float(amounts[:, PREPAID].sum()),
    }
    balance, equity = _balance(plan, counted)
    account = {name: float(balance[position]) for name, position in BALANCE_INDEX.items()}
    for schedule, name in ((receivables, "receivables"), (payables, "payables")):
        _settle_difference(schedule, account[name] - counted[name])
    sales_tax = np.zeros_like(receivables)
    sales_tax[0] = _on_day(account["sales_tax_payable"], terms.company.sales_tax_lag - 1, calendar.days)
    owed = (receivables * rate[:, None]).sum(axis=0)
    return Opening(
        balance=balance,
        equity=equity,
        rate=rate,
        units=units,
        average=average,
        receivables_due=receivables,
        payables_due=payables,
        sales_tax_due=sales_tax,
        receivable_cost_due=owed * _cost_share(plan, calibration, standard, rate),
        vat_due=_vat_due(account["import_vat_recoverable"], terms, calendar.days),
        spend_due=_spend_due(plan, terms, account["accrued_marketing"], calendar.days),
        tax_due=_on_day(account["income_tax_payable"], terms.company.tax_lag - 1, calendar.days),
        line_state=state,
        line_amounts=amounts,
        open_lines=len(amounts),
    )


def _balance(plan: Plan, counted: Mapping[str, float]) -> tuple[FloatArray, float]:
    """Balance by account and opening equity; the detail where the plan has no balance."""
    table = plan.opening_balance
    given = dict(zip(table["account"], table["amount"].astype(float), strict=True)) or dict(counted)
    balance = np.array([given.get(name, 0.0) for name in BALANCE_NAMES])
    if any(name in given for name in EQUITY):
        net = sum(given.get(name, 0.0) for name in EQUITY)
    else:
        net = sum(
            float(balance[at]) * (1.0 if name in ASSETS else -1.0) for name, at in BALANCE_INDEX.items()
        )
    return balance, float(net)


def _on_day(amount: float, day: int, days: int) -> FloatArray:
    """One amount on one day, (days + 1,)."""
    schedule = np.zeros(days + 1)
    schedule[min(max(day, 0), days)] = amount
    return schedule


def _by_due_day(plan: Plan, table: pd.DataFrame, days: int) -> FloatArray:
    """Open items in their currency by due day, (currency, days + 1); what is overdue falls due on day 0."""
    currency = {key: k for k, key in enumerate((plan.currency, *plan.currencies))}
    schedule = np.zeros((len(currency), days + 1))
    start = pd.Timestamp(plan.forecast_start)
    for due, amount, key in zip(table["due"], table["amount"].astype(float), table["currency"], strict=True):
        schedule[currency[key], min(max((due - start).days, 0), days)] += amount
    return schedule


def _settle_difference(schedule: FloatArray, difference: float) -> None:
    """Put what the account has beyond its items on the last day an item falls due, in company currency."""
    dated = np.flatnonzero(schedule.any(axis=0))
    schedule[0, dated[-1] if len(dated) else min(DEFAULT_DUE_DAY, schedule.shape[1] - 1)] += difference


def _vat_due(amount: float, terms: Terms, days: int) -> FloatArray:
    """Import VAT still to come back: evenly over the recovery time, as it was paid."""
    length = max(int(terms.nodes.vat_lag.max(initial=1)), 1)
    schedule = np.zeros(days + 1)
    for day in range(length):
        schedule[min(day, days)] += amount / length
    return schedule


def _spend_due(plan: Plan, terms: Terms, amount: float, days: int) -> FloatArray:
    """Accrued marketing by payment day, shared as the last month's spend was."""
    lag = terms.company.spend_lag
    last = plan.spend[plan.spend["day"] > pd.Timestamp(plan.forecast_start) - pd.DateOffset(months=1, days=1)]
    by_channel = last.groupby("acquisition_channel")["amount"].sum()
    spent = np.array([float(by_channel.get(key, 0.0)) for key in plan.acquisition_channel_keys])
    if not len(lag) or spent.sum() <= 0.0:
        return _on_day(amount, DEFAULT_DUE_DAY, days)
    return np.sum(
        [_on_day(amount * s / spent.sum(), int(d) - 1, days) for s, d in zip(spent, lag, strict=True)], axis=0
    )


def standard_cost(plan: Plan, terms: Terms, rate: FloatArray, duty: FloatArray) -> FloatArray:
    """Landed cost per unit at planned supplier shares and base rates, (node, item, layer); entry fees are
    left out.
    """
    shares, supply = planned_shares(plan), terms.supply
    cost = np.zeros((len(plan.node_keys), len(plan.item_keys), LAYER_COUNT))
    for node, item, supplier in np.argwhere(shares > 0.0):
        share = shares[node, item, supplier]
        goods = supply.unit_cost[supplier, item] * rate[supply.currency[supplier]]
        freight = supply.freight_per_kg[supplier, node] * supply.weight[item]
        insurance = supply.insurance_share[supplier, node] * goods
        paid = float(supply.buyer_pays_freight[supplier])
        value = dutiable_value(goods, freight, insurance, bool(terms.nodes.cif_value[node]), not paid)
        due = (
            value
            * duty[item, supplier, terms.nodes.territory[node]]
            * float(supply.buyer_pays_duty[supplier])
        )
        cost[node, item, GOODS] += share * goods
        cost[node, item, FREIGHT] += share * paid * freight
        cost[node, item, DUTY] += share * due
        cost[node, item, FEES] += share * paid * insurance
    return cost


def _average_cost(plan: Plan, standard: FloatArray) -> FloatArray:
    """Unit landed cost of the count, split into layers as the standard cost is; the standard where nothing
    was counted.
    """
    average = standard.copy()
    node_at = {key: n for n, key in enumerate(plan.node_keys)}
    item_at = {key: i for i, key in enumerate(plan.item_keys)}
    table = plan.inventory
    for node, item, units, cost in zip(
        table["node"], table["item"], table["on_hand"], table["unit_landed_cost"].astype(float), strict=True
    ):
        if units <= 0:
            continue
        layers = standard[node_at[node], item_at[item]]
        total = float(layers.sum())
        only_goods = np.eye(LAYER_COUNT)[GOODS]
        average[node_at[node], item_at[item]] = cost * (layers / total if total > 0.0 else only_goods)
    return average


def _cost_share(plan: Plan, calibration: Calibration, standard: FloatArray, rate: FloatArray) -> float:
    """Landed cost over net price of the next year's expected sales: what part of a receivable is cost."""
    units = calibration.demand.expected_units[:, :12].sum(axis=1)
    currency = {key: k for k, key in enumerate((plan.currency, *plan.currencies))}
    cost, revenue = 0.0, 0.0
    for segment, node in enumerate(primary_nodes(plan)):
        market = segment // len(plan.sales_channel_keys)
        price = calibration.demand.base_price[market] * rate[currency[plan.config.markets[market].currency]]
        cost += float((units[segment] * standard[node].sum(axis=1)).sum())
        revenue += float((units[segment] * price).sum())
    return cost / revenue if revenue > 0.0 else 0.0


def _order_lines(plan: Plan, terms: Terms, rate: FloatArray, duty: FloatArray) -> tuple[IntArray, FloatArray]:
    """State and amounts of the open order lines in the network's row order: (day, node, supplier), order,
    item.
    """
    lines = open_lines(plan)
    at = {
        "node": {key: n for n, key in enumerate(plan.node_keys)},
        "supplier": {key: s for s, key in enumerate(plan.supplier_keys)},
        "item": {key: i for i, key in enumerate(plan.item_keys)},
    }
    for name, positions in at.items():
        lines[name] = lines[name].map(positions).astype(int)
    log = plan.purchase_orders[["po", "line", "quantity", "unit_cost", "currency", "deposit_paid"]]
    lines = lines.merge(log, on=["po", "line"], how="left", validate="one_to_one")
    lines["order_units"] = lines.groupby("order")["units"].transform("sum")
    lines = lines.sort_values(["ordered", "node", "supplier", "order", "item"], kind="stable")
    state, amounts = np.zeros((len(lines), 2), dtype=np.int64), np.zeros((len(lines), AMOUNT_COUNT))
    for row, line in enumerate(lines.itertuples(index=False)):
        _order_line(plan, terms, rate, duty, line, state[row], amounts[row])
    return state, amounts


def _order_line(
    plan: Plan,
    terms: Terms,
    rate: FloatArray,
    duty: FloatArray,
    line: object,
    state: IntArray,
    amounts: FloatArray,
) -> None:
    """Fill in one line: what is paid, what is landed, what is still to pay."""
    get = line._asdict()  # type: ignore[attr-defined]
    supply, nodes = terms.supply, terms.nodes
    supplier, node, item = get["supplier"], get["node"], get["item"]
    own = plan.config.suppliers[supplier].currency
    convert = 1.0 if get["currency"] in ("", own) else plan.base_rates[get["currency"]] / plan.base_rates[own]
    part = get["units"] / get["quantity"]
    invoice = get["units"] * float(get["unit_cost"]) * convert
    deposit = min(float(get["deposit_paid"]) * part * convert, invoice)
    shipped, landed, cleared = (np.isfinite(get[stage]) for stage in ("left", "port", "cleared"))
    titled = shipped and supply.title[supplier] == TITLE_AT_SHIPPING
    prepaid = deposit * _rate_on(plan, own, get["ordered"])
    goods = invoice * (_rate_on(plan, own, get["left"]) if shipped else rate[supply.currency[supplier]])
    amounts[[INVOICE, FEE_DUE]] = invoice, nodes.entry_fee[node] * get["units"] / get["order_units"]
    amounts[FREIGHT_DUE] = get["units"] * supply.weight[item] * supply.freight_per_kg[supplier, node]
    amounts[INSURANCE_DUE] = goods * supply.insurance_share[supplier, node]
    if not supply.buyer_pays_duty[supplier]:
        amounts[FEE_DUE] = 0.0
    if titled:
        amounts[GOODS_COST] = prepaid + (invoice - deposit) * goods / invoice if invoice > 0.0 else 0.0
    else:
        amounts[[PREPAID, UNPAID]] = prepaid, invoice - deposit
    pays = bool(supply.buyer_pays_freight[supplier])
    if landed and pays:
        amounts[[FREIGHT_COST, FEES_COST]] = amounts[FREIGHT_DUE], amounts[INSURANCE_DUE]
    if cleared and supply.buyer_pays_duty[supplier]:
        cif = bool(nodes.cif_value[node])
        value = dutiable_value(goods, amounts[FREIGHT_DUE], amounts[INSURANCE_DUE], cif, not pays)
        amounts[DUTY_COST] = value * duty[item, supplier, nodes.territory[node]]
        amounts[FEES_COST] += amounts[FEE_DUE]
    trigger = TRIGGERS[supply.trigger[supplier]]
    base = (
        get["ordered"]
        if trigger == "ordered"
        else get["left"]
        if trigger == "shipped" and shipped
        else np.inf
    )
    bits = ((shipped, SHIPPED), (titled, TITLED | DATED), (landed, LANDED), (cleared, CLEARED))
    state[:] = (
        sum(bit for is_set, bit in bits if is_set),
        max(int(base) + int(supply.net_days[supplier]), 0) if np.isfinite(base) else -1,
    )


def _rate_on(plan: Plan, currency: str, day: float) -> float:
    """Company currency per unit on a past day counted from day 0."""
    return plan.rate_on(currency, plan.forecast_start + dt.timedelta(days=int(np.floor(day))))
