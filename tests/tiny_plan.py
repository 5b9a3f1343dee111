"""The smallest plan folder with everything: 2 markets, channels, suppliers and nodes, 3 items, two years.

Its countries are NO and NA, one item is 1E10 and one tariff number starts with a zero: whatever loads it must
survive them. ``tiny_files()`` gives the texts, ``write_plan(folder, files)`` writes them; change the
dictionary in between.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import numpy as np

START, CLOSED = dt.date(2024, 7, 1), dt.date(2026, 6, 30)

PLAN = """\
company: {name: Tiny, currency: USD, actuals_through: 2026-06-30}
markets:
  - key: NO
    label: Norway
    country: NO
    territory: nordic
    currency: NOK
    nodes: [oslo, windhoek]
    return_node: oslo
    consumption_tax: 0.25
    outbound_cost_per_order: 6
    return_handling_per_unit: 1.5
    price_rule: {rule: pass_through, share: 0.5, lag: 30}
    elasticity: {mean: -1.4, sd: 0.3, source: assumed}
  - key: NA
    label: Namibia
    country: NA
    territory: sacu
    currency: USD
    nodes: [windhoek]
    return_node: windhoek
    consumption_tax: 0.15
    outbound_cost_per_order: 7
    return_handling_per_unit: 2
    elasticity: {mean: -1.1, sd: 0.2, source: assumed}
sales_channels:
  - {key: shop, payout_lag_days: 3, payment_fee_share: 0.029, payment_fee_per_order: 0.3}
  - {key: marketplace, customer_known: no, payout_lag_days: 14, reserve_share: 0.1, reserve_days: 30,
     marketplace_fee_share: 0.15}
acquisition_channels:
  - {key: search, payment_days: 30, response: {mean: 0.6, sd: 0.1, source: assumed}, sales_channel: shop}
territories:
  - {key: nordic, valuation: CIF, import_vat: 0.25, entry_fee: 60}
  - {key: sacu, valuation: FOB, import_vat: 0.15, entry_fee: 80}
ports:
  - {key: oslofjord, servers: 2, closures_per_year: 0.5, closure_days: 3, clearance_days: 2}
  - {key: walvis_bay, servers: 1, closures_per_year: 0.5, closure_days: 3, clearance_days: 4}
nodes:
  - {key: oslo, country: NO, territory: nordic, port: oslofjord, pick_cost_per_unit: 0.4,
     storage_cost_per_unit_month: 0.1}
  - {key: windhoek, country: NA, territory: sacu, port: walvis_bay, pick_cost_per_unit: 0.3,
     storage_cost_per_unit_month: 0.1}
suppliers:
  - {key: CN1, country: CN, currency: CNY, capacity_per_week: 2000, outages_per_year: 0.3,
     deposit_share: 0.3, net_days: 30, backup: KR1}
  - {key: KR1, country: KR, currency: USD, capacity_per_week: 1000, outages_per_year: 0.2, net_days: 45,
     backup: CN1}
lanes:
  - {supplier: CN1, node: oslo, freight_per_kg: 1.2, insurance_share: 0.003, production: {mean: 20,
     sd: 4}, transit: {mean: 35, sd: 6}, inland: {mean: 2, sd: 1}}
  - {supplier: CN1, node: windhoek, freight_per_kg: 1.5, production: {mean: 20, sd: 4},
     transit: {mean: 40, sd: 7}, inland: {mean: 4, sd: 1}}
  - {supplier: KR1, node: oslo, freight_per_kg: 1.3, production: {mean: 15, sd: 3}, transit: {mean: 38,
     sd: 6}, inland: {mean: 2, sd: 1}}
  - {supplier: KR1, node: windhoek, freight_per_kg: 1.6, production: {mean: 15, sd: 3},
     transit: {mean: 42, sd: 7}, inland: {mean: 4, sd: 1}}
accept: [payables, payables.CN1, payables.KR1]
finance:
  fixed_costs: [{name: staff, monthly: 6000}, {name: rent, monthly: 1500}]
  depreciation_monthly: 200
  credit: {limit: 50000, rate: 0.08}
  term_debt_rate: 0.05
  tax: {rate: 0.22}
"""

ITEMS = """\
item,label,hs,category,weight_kg,unit_cost,suppliers,shares,moq,multiple,list_price
1E10,Serum,0105110040,face,0.2,60,CN1;KR1,0.8;0.2,50,10,40.0
B-2,Balm,33049900,body,0.3,45,CN1,1,50,10,25.0
007,Comb,96151100,hair,0.1,4,KR1;CN1,1;0,100,50,12.0
"""

TARIFFS = """\
hs,origin,territory,rule,rate,valid_from,valid_to,source
0105110040,*,nordic,mfn,0.05,2024-01-01,,illustrative
33,*,nordic,mfn,0.04,2024-01-01,,illustrative
3304,CN,nordic,mfn,0.065,2024-01-01,,illustrative
33,CN,sacu,surcharge,0.10,2026-08-01,2026-12-31,illustrative
*,*,sacu,mfn,0.02,2024-01-01,,illustrative
"""

FX = "day,currency,per_base\n" + "".join(
    f"{day},{currency},{rate * (1 + 0.002 * ((step * k) % 7 - 3))!r}\n"
    for step, day in enumerate(START + dt.timedelta(days=7 * week) for week in range(105))
    for k, (currency, rate) in enumerate([("CNY", 7.1), ("NOK", 10.5)], start=1)
)

_PRICE = {"1E10": 36.0, "B-2": 22.0, "007": 11.0}
_NOK = 10.5
_COST = {
    ("1E10", "oslo"): 9.3,
    ("B-2", "oslo"): 7.1,
    ("007", "oslo"): 4.2,
    ("1E10", "windhoek"): 9.1,
    ("B-2", "windhoek"): 7.0,
}
_HAND = {
    ("1E10", "oslo"): 90,
    ("B-2", "oslo"): 120,
    ("007", "oslo"): 200,
    ("1E10", "windhoek"): 60,
    ("B-2", "windhoek"): 70,
}


@cache
def orders_text(customers: int = 160, seed: int = 7) -> str:
    """Two years of orders: known customers in both shops, anonymous ones on Norway's marketplace."""
    generator = np.random.default_rng(seed)
    days = (CLOSED - START).days + 1
    rows = []

    def order(market: str, channel: str, customer: str, day: int) -> None:
        number = len(rows) + 1
        when = dt.datetime.combine(START + dt.timedelta(days=day), dt.time(8 + number % 12, number % 60))
        rate = _NOK if market == "NO" else 1.0
        picked = sorted(generator.choice(["1E10", "B-2", "007"], size=1 + (number % 3 == 0), replace=False))
        for position, item in enumerate(picked):
            units, price = 1 + int(generator.random() < 0.15), round(_PRICE[item] * rate, 2)
            back = round(price * units, 2) if generator.random() < 0.05 else 0.0
            charged = (4.0 if position == 0 else 0.0) * rate
            tax = round(price * units * (0.25 if market == "NO" else 0.15), 2)
            currency = "NOK" if market == "NO" else "USD"
            rows.append(
                f"T{number},{customer},{when},{market},{channel},{currency},{item},{units},"
                f"{price},{charged},{tax},{back}\n"
            )

    for person in range(customers):
        market = "NO" if person % 4 else "NA"
        day = int(generator.integers(0, days - 10))
        rate, lifetime = generator.gamma(2.0, 1 / 120), generator.exponential(300.0)
        end = min(days, day + lifetime)
        while day < end:
            order(market, "shop", f"person{person}@example.org", day)
            day += 1 + int(generator.exponential(1 / rate))
    for day in range(days):
        for _ in range(int(generator.poisson(0.5))):
            order("NO", "marketplace", "", day)
    head = (
        "order_id,customer_key,ordered_at,market,sales_channel,currency,item,quantity,net_price,shipping,tax"
    )
    return f"{head},refunded\n" + "".join(rows)


@cache
def purchase_orders_text(seed: int = 11) -> str:
    """A log of monthly purchase orders per supplier and node; the last ones are open at every stage."""
    generator = np.random.default_rng(seed)
    columns = "po,line,supplier,item,node,ordered_on,promised_on,shipped_on,port_on,cleared_on,received_on"
    text = f"{columns},quantity,received,unit_cost,currency,deposit_paid\n"
    number = 0
    for month in range(25):
        for supplier, item, cost, currency in (
            ("CN1", "1E10", 60, "CNY"),
            ("CN1", "B-2", 45, "CNY"),
            ("KR1", "007", 3.9, "USD"),
        ):
            for node in ("oslo", "windhoek"):
                number += 1
                day = START + dt.timedelta(days=30 * month + number % 5)
                stages = [
                    20 + generator.gamma(4.0),
                    32 + generator.gamma(6.0),
                    1 + generator.gamma(2.0),
                    1 + generator.gamma(2.0),
                ]
                events = [day + dt.timedelta(days=int(total)) for total in np.cumsum(stages)]
                known = [str(event) if event <= CLOSED else "" for event in events]
                deposit = round(0.3 * 60 * cost, 2) if supplier == "CN1" and not known[3] else 0
                got = 60 if known[3] else 0
                text += f"P{number:03d},1,{supplier},{item},{node},{day},{day + dt.timedelta(days=62)},"
                text += ",".join(known) + f",60,{got},{cost},{currency},{deposit}\n"
    return text


def spend_text() -> str:
    """Monthly spend of the one acquisition channel in both markets."""
    text = "day,market,acquisition_channel,amount,new_customers\n"
    for month in range(24):
        year, position = divmod(6 + month, 12)
        first = dt.date(2024 + year, position + 1, 1)
        text += f"{first},NO,search,{400 + 10 * (month % 5)},{5 + month % 3}\n"
        text += f"{first},NA,search,{150 + 5 * (month % 4)},{2 + month % 2}\n"
    return text


def _rate(currency: str) -> float:
    last = [line.split(",") for line in FX.splitlines() if f",{currency}," in line][-1]
    return 1.0 / float(last[2])


def books() -> dict[str, str]:
    """Inventory, open items and an opening balance that they tie to."""
    inventory = "as_of,item,node,on_hand,unit_landed_cost\n" + "".join(
        f"{CLOSED},{item},{node},{units},{_COST[item, node]}\n" for (item, node), units in _HAND.items()
    )
    stock = sum(units * _COST[place] for place, units in _HAND.items())
    receivables = (
        "due,amount,currency,sales_channel\n2026-07-02,10500,NOK,shop\n2026-07-10,300,USD,shop\n"
        "2026-07-14,2100,NOK,marketplace\n"
    )
    owed_to_us = 12600 * _rate("NOK") + 300
    payables = "due,amount,currency,supplier\n2026-07-15,7100,CNY,CN1\n2026-08-01,500,USD,KR1\n"
    owed = 7100 * _rate("CNY") + 500
    log = [line.split(",") for line in purchase_orders_text().splitlines()[1:]]
    deposits = sum(float(cells[15]) * _rate("CNY") for cells in log if cells[7] == "")
    sailing = [cells for cells in log if cells[7] != "" and cells[10] == ""]
    transit = sum(60 * float(cells[13]) * (_rate("CNY") if cells[14] == "CNY" else 1.0) for cells in sailing)
    amounts = {
        "cash": 80000.0,
        "receivables": round(owed_to_us, 2),
        "inventory": round(stock, 2),
        "inventory_in_transit": round(transit, 2),
        "prepayments": round(deposits, 2),
        "import_vat_recoverable": 700.0,
        "fixed_assets": 9000.0,
        "payables": round(owed, 2),
        "accrued_marketing": 550.0,
        "sales_tax_payable": 900.0,
        "income_tax_payable": 400.0,
        "credit_line": 0.0,
        "term_debt": 20000.0,
        "share_capital": 30000.0,
    }
    names = list(amounts)
    amounts["retained_earnings"] = sum(amounts[n] for n in names[:7]) - sum(amounts[n] for n in names[7:])
    balance = "as_of,account,amount\n" + "".join(
        f"{CLOSED},{name},{amount:.2f}\n" for name, amount in amounts.items()
    )
    return {
        "data/inventory.csv": inventory,
        "data/open_receivables.csv": receivables,
        "data/open_payables.csv": payables,
        "data/opening_balance.csv": balance,
    }


def tiny_files() -> dict[str, str]:
    """Name to text of every file of the tiny plan."""
    return {
        "plan.yaml": PLAN,
        "data/.salt": "tradewind plan without a salt of its own",
        "data/orders.csv": orders_text(),
        "data/items.csv": ITEMS,
        "data/purchase_orders.csv": purchase_orders_text(),
        "data/spend.csv": spend_text(),
        "data/tariffs.csv": TARIFFS,
        "data/fx.csv": FX,
        **books(),
    }


def write_plan(folder: Path, files: dict[str, str | bytes] | dict[str, str] | None = None) -> Path:
    """Write a plan folder; the folder is handed back."""
    for name, content in (tiny_files() if files is None else files).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder
