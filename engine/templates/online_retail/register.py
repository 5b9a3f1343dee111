"""assumptions.yaml: every figure that is no data, with its source and the reason for its size."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from engine.templates.online_retail import figures
from engine.templates.online_retail.config import Facts

_NOBODY = "assumed for the template: nobody measured it for this company"


def assumptions_yaml(facts: Facts, scms: Iterable[tuple[str, int]], days: Mapping[str, float]) -> str:
    """The register, in the order of the plan."""
    entries = [*_plan_entries(facts), *_data_entries(facts, list(scms), days)]
    head = "# Figures that no file gives. Paths are those of plan.yaml, which holds the values; edit them there.\n"
    return head + "assumptions:\n" + "".join(_entry(*entry) for entry in entries)


def _entry(identity: str, value: str, unit: str, source: str, why: str) -> str:
    lines = [f"  - id: {json.dumps(identity)}"]
    lines += [f"    {name}: {json.dumps(text, ensure_ascii=False)}" for name, text in (("value", value), ("unit", unit)) if text]
    lines += [f"    source: {json.dumps(source, ensure_ascii=False)}", f"    why: {json.dumps(why, ensure_ascii=False)}"]
    return "\n".join(lines) + "\n"


def _plan_entries(facts: Facts) -> list[tuple[str, str, str, str, str]]:
    pounds = f"{figures.CURRENCY}"
    rows = [
        ("markets.*.currency", "", "", "the ledger is in sterling; price lists abroad are taken to be kept in the buyer's currency from as-of on", "put GBP to have no exposure of sales to exchange rates"),
        ("markets.*.consumption_tax", "", "share of net price", _NOBODY, "VAT of Great Britain since January 2011; sales abroad are taken as free of it"),
        ("markets.*.outbound_cost_per_order", "", f"{pounds} per order", _NOBODY, "freight to the customer net of the carriage that is charged (POST, DOT, C2 lines)"),
        ("markets.*.return_handling_per_unit", "", f"{pounds} per unit", _NOBODY, "a minute of work for a handful of units"),
        ("markets.*.backlog_share", "", "share of unmet demand", _NOBODY, "shops reorder what they sell: most wait"),
        ("markets.*.last_mile_days", "", "days", _NOBODY, "parcel services at home and abroad"),
        ("markets.*.sla_days", "", "days", _NOBODY, "a week at home, two abroad"),
        ("markets.*.price_rule", "", "", _NOBODY, "a third of a lasting change of landed cost reaches the price after two months"),
        ("sales_channels.*.payout_lag_days", "", "days", _NOBODY, "invoices at 30 days; marketplaces and cards at 14"),
        ("sales_channels.web.marketplace_fee_share", "", "share of net price", "the ledger: AMAZONFEE and BANK CHARGES over the sales without customer", "the fees that the company did book"),
        ("sales_channels.trade.payment_fee_share", "", "share of gross", _NOBODY, "bank transfer and card"),
        ("acquisition_channels.catalogue.payment_days", "", "days", _NOBODY, "printers and search engines at 30 days"),
        ("territories.*.import_vat", "", "share", _NOBODY, "VAT of Great Britain; recovered, never a cost"),
        ("territories.*.entry_fee", "", f"{pounds} per purchase order", _NOBODY, "brokerage"),
        ("territories.*.de_minimis", "", pounds, "USD 200 of the US in 2011", "no market of this plan lies there"),
        ("ports.*.servers", "", "customs servers", _NOBODY, "queues are rare"),
        ("ports.*.clearance_days", "", "days", _NOBODY, "SCMS does not log customs"),
        ("ports.*.closures_per_year", "", "a year", _NOBODY, "strikes and storms"),
        ("nodes.*.pick_cost_per_unit", "", pounds, _NOBODY, "bulk picking of small goods"),
        ("nodes.*.pick_cost_per_order", "", pounds, _NOBODY, "packing an order"),
        ("nodes.*.storage_cost_per_unit_month", "", pounds, _NOBODY, "250 units a pallet place of a pound a month"),
        ("nodes.*.country", "", "", "the ledger's company sells from Great Britain", "one warehouse"),
        ("suppliers.*.country", "", "", _NOBODY, "SCMS modes need makers: far by sea, near by road, India by air"),
        ("suppliers.*.currency", "", "", _NOBODY, "China in yuan, Europe in euro, India in US dollars"),
        ("suppliers.*.capacity_per_week", "", "units", _NOBODY, f"{figures.CAPACITY_TIMES:g} times what is sold of their items: never binding in normal times"),
        ("suppliers.*.outages_per_year", "", "a year", "a month or more every 3.7 years (McKinsey 2020)", "as for any maker"),
        ("suppliers.*.deposit_share", "", "share", _NOBODY, "open account: with a deposit at the order, half a year before the goods, growth would eat the cash"),
        ("suppliers.*.net_days", "", "days after leaving", _NOBODY, "a month or so after the goods are there"),
        ("lanes.*.freight_per_kg", "", f"{pounds} per kg", _NOBODY, "part of a container, an air pallet, a lorry"),
        ("lanes.*.transit", "", "days", _NOBODY, "SCMS has order and delivery only: the days under way are listed, production is the rest"),
        ("lanes.*.inland", "", "days", _NOBODY, "from the port to the warehouse"),
        ("stock_policy.service_level", "", "share", _NOBODY, "a wholesaler of gifts"),
        ("stock_policy.order_cycle_days", "", "days", _NOBODY, "eight orders a year"),
        ("returns", "", "shares", _NOBODY, "unused goods in their boxes are sold again"),
        ("finance.fixed_costs.*.monthly", "", f"{pounds} a month", _NOBODY, f"{sum(figures.FIXED_COST_SHARES.values()):.1%} of last year's net revenue"),
        ("finance.depreciation_monthly", "", f"{pounds} a month", _NOBODY, f"{figures.DEPRECIATION_SHARE:.1%} of net revenue"),
        ("finance.credit", "", f"{pounds}, yearly rate", _NOBODY, f"a line of {figures.CREDIT_SHARE:.0%} of net revenue"),
        ("finance.tax", "", "share", "main rate of corporation tax in Great Britain, 2011", "profits of a year in 2011"),
        ("season.source", "", "", "twelve closed months are one cycle; a season needs two", "no profile of the data folder fits: the US Census series is seasonally adjusted"),
    ]
    return rows


def _data_entries(
    facts: Facts, scms: list[tuple[str, int]], days: Mapping[str, float]
) -> list[tuple[str, str, str, str, str]]:
    counts = "; ".join(f"{reason}: {count:,}" for reason, count in scms)
    mean = ", ".join(f"{supplier} {value:.1f}" for supplier, value in sorted(days.items()))
    return [
        ("data/items.csv: unit_cost", f"{figures.COST_SHARE:.0%} of the mean net price", "supplier's currency", _NOBODY, "a wholesaler's margin"),
        ("data/items.csv: weight_kg", f"{figures.KG_PER_POUND:g} kg per {figures.CURRENCY} of price", "kg", _NOBODY, "small gifts"),
        ("data/items.csv: hs, category, suppliers", "by words of the description", "", _NOBODY, "the ledger has no tariff numbers and no makers"),
        ("data/items.csv: items", f"{figures.KEPT_ITEMS} of {facts.codes:,} codes are {facts.kept_share:.1%} of the amount sold; the rest are {len(facts.edges) + 1} price bands", "", "the ledger", "INPUTS: the codes that sell most stay items"),
        ("data/purchase_orders.csv: dates", f"mean days from order to receipt: {mean}", "days", f"SCMS delivery history cut at {figures.SNAPSHOT} and shifted to {figures.AS_OF}", f"all 10,324 rows of SCMS: {counts}" if sum(c for _, c in scms) == 10_324 else f"rows of SCMS: {counts}"),
        ("data/purchase_orders.csv: quantity", "one unit for finished orders; open ones carry a mean lead time of sales at the latest pace", "units", _NOBODY, "SCMS shipped medicines: only its days are used"),
        ("data/inventory.csv", f"{figures.COVER_DAYS} days of sales at the pace of the last {figures.PACE_DAYS} days, at computed landed cost", "units", _NOBODY, "beside what is under way"),
        ("data/tariffs.csv: EU", "by tariff number", "share", figures.DUTY_SOURCE, "no file has duties of the EU"),
        ("data/spend.csv", f"{figures.SPEND_SHARE:.1%} of net revenue, the same every month", figures.CURRENCY, _NOBODY, "the cost of a new customer follows from it and from the first orders seen"),
        ("data/opening_balance.csv: cash, fixed_assets", f"{figures.CASH_SHARE:.0%} and {figures.FIXED_ASSET_SHARE:.0%} of net revenue", figures.CURRENCY, _NOBODY, "receivables, payables, deposits and goods under way follow from ledger and open orders"),
    ]
