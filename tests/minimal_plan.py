"""A plan of one market, one item, one supplier: no ads, no backup, no currency but its own, no balance."""

from __future__ import annotations

import datetime as dt

PLAN = """\
company: {name: Minimal, currency: EUR, actuals_through: 2026-06-30}
markets:
  - {key: DE, country: DE, territory: EU, currency: EUR, nodes: [hub], return_node: hub,
     elasticity: {mean: -1.5, sd: 0.3, source: assumed}}
sales_channels: [{key: shop}]
territories: [{key: EU, valuation: CIF}]
ports: [{key: hamburg}]
nodes: [{key: hub, country: DE, territory: EU, port: hamburg}]
suppliers: [{key: maker, country: CN, currency: EUR, capacity_per_week: 1000}]
lanes:
  - {supplier: maker, node: hub, freight_per_kg: 1, production: {mean: 20, sd: 4}, transit: {mean: 30, sd: 5},
     inland: {mean: 2, sd: 1}}
"""

ITEMS = """\
item,hs,weight_kg,unit_cost,suppliers,list_price
A,330499,0.2,6,maker,20
"""


def orders_text(days: int = 400) -> str:
    """One order a day, each third customer the same one."""
    text = "order_id,customer_key,ordered_at,market,sales_channel,currency,item,quantity,net_price\n"
    last = dt.date(2026, 6, 30)
    for number in range(days):
        day = last - dt.timedelta(days=number)
        text += f"M{number},person{number % 133},{day},DE,shop,EUR,A,{1 + number % 2},20\n"
    return text


def minimal_files() -> dict[str, str]:
    """Name to text of every file of the plan."""
    return {"plan.yaml": PLAN, "data/orders.csv": orders_text(), "data/items.csv": ITEMS}
