"""From plan and calibration to the inputs of the stages: everything that is the same in every trial and
scenario, made once, here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.drivers import LandedMix, PlanView
from engine.finance.spec import FinanceSpec
from engine.plan.plan import Plan
from engine.plan.schema import Market
from engine.plan.tariffs import tariff_rates
from engine.stages.calibrate import Calibration, purchasing_model
from engine.stages.funnel import funnel_of
from engine.stages.inputs import MeasureInputs, PricingInputs, RateInputs, SimulationInputs
from engine.stages.price import finance_spec, unit_costs
from engine.stages.supply_frame import supply_frame
from engine.stages.wiring import network_of, open_lines, open_orders, opening_stock, planned_shares
from models.arrays import FloatArray
from models.calendar import Calendar
from models.network.purchasing import PurchasingModel

MIX_MONTHS = 12
"""Months of base expectation over which the landed cost of a market's average unit is taken."""


@dataclass(frozen=True, eq=False)
class World:
    """A plan ready to be run: what scenarios and draws are made from, and the inputs of the stages."""

    plan: Plan
    calibration: Calibration
    calendar: Calendar
    view: PlanView
    simulation: SimulationInputs
    pricing: PricingInputs
    measuring: MeasureInputs


def build_world(
    plan: Plan, calibration: Calibration, calendar: Calendar, purchasing: PurchasingModel | None = None
) -> World:
    """Put plan and calibration into the arrays the stages read; ``purchasing`` instead of the plan's own."""
    brain = purchasing_model(plan, calibration) if purchasing is None else purchasing
    finance = finance_spec(plan, calibration, calendar)
    duty = base_duty(plan, calendar)
    view, network = plan_view(plan, calibration), network_of(plan)
    frame = supply_frame(plan, calendar, network, brain)
    return World(
        plan=plan,
        calibration=calibration,
        calendar=calendar,
        view=view,
        simulation=SimulationInputs(
            calendar=calendar,
            rates=rate_inputs(
                plan, calibration, calendar, landed_mix(plan, calibration, finance, duty[0, ..., 0])
            ),
            network=network,
            purchasing=brain,
            supply=frame,
            opening_stock=opening_stock(plan),
            open_orders=open_orders(plan, open_lines(plan)),
            return_delay=np.ascontiguousarray(calibration.returns.delay_days, dtype=np.int64),
            item_category=np.unique(plan.items["category"].astype(str).to_numpy(), return_inverse=True)[1],
        ),
        pricing=PricingInputs(finance, duty),
        measuring=MeasureInputs(
            calendar=calendar,
            view=view,
            sales_channels=plan.sales_channel_keys,
            finance=finance,
            network=network,
            supply=frame,
            funnel=funnel_of(plan),
            customer_known=calibration.demand.known,
            discount_rate=plan.config.finance.discount_rate,
        ),
    )


def rate_inputs(plan: Plan, calibration: Calibration, calendar: Calendar, mix: LandedMix) -> RateInputs:
    """What drivers are turned into values with."""
    markets = plan.config.markets
    return RateInputs(
        calendar=calendar,
        mix=mix,
        price_rules=tuple(market.price_rule for market in markets),
        supply=calibration.supply,
        segments=len(plan.segment_keys),
        refusal_share=np.array([market.refusal_share for market in markets]),
        placed_over_history=np.array([placed_over_history(market) for market in markets]),
        base_spend=calibration.demand.base_spend,
    )


MOST_REFUSED = 0.95
"""Refusal share above which a history of kept orders tells nothing of those placed."""


def placed_over_history(market: Market) -> float:
    """Orders placed over those of the history: 1 / (1 - refusal share) where it holds only what was kept."""
    if market.orders_hold == "placed":
        return 1.0
    return 1.0 / (1.0 - min(market.refusal_share, MOST_REFUSED))


def base_duty(plan: Plan, calendar: Calendar) -> FloatArray:
    """Duty rates before any scenario, dims (1, item, origin, territory, day)."""
    by_supplier = tariff_rates(plan, calendar)
    origins = [plan.origin_of_supplier[supplier] for supplier in plan.supplier_keys]
    first = [origins.index(origin) for origin in plan.origins]
    return np.ascontiguousarray(by_supplier[:, first][None])


def plan_view(plan: Plan, calibration: Calibration) -> PlanView:
    """What scenarios may name, and who fills the roles: the largest by base expectation of the next year in
    company currency (sales of markets and items, purchases of suppliers and origins), nodes and ports by
    units; ties by key.
    """
    demand = calibration.demand
    price = demand.base_price * np.array([plan.base_rates[m.currency] for m in plan.config.markets])[:, None]
    units = _market_units(plan, calibration)
    revenue = units * price
    shares = planned_shares(plan)
    cost = unit_costs(plan) * np.array([plan.base_rates[s.currency] for s in plan.config.suppliers])[:, None]
    node_at = {key: n for n, key in enumerate(plan.node_keys)}
    home = np.array([node_at[market.nodes[0]] for market in plan.config.markets])
    bought = np.zeros(len(plan.supplier_keys))
    through = np.zeros(len(plan.node_keys))
    for m, n in enumerate(home):
        bought += (units[m][:, None] * shares[n] * cost.T).sum(axis=0)
        through[n] += units[m].sum()
    origin = dict.fromkeys(plan.origins, 0.0)
    for supplier, amount in zip(plan.supplier_keys, bought, strict=True):
        origin[plan.origin_of_supplier[supplier]] += float(amount)
    port = dict.fromkeys(plan.port_keys, 0.0)
    for node, amount in zip(plan.config.nodes, through, strict=True):
        port[node.port] += float(amount)
    currency = dict.fromkeys(plan.currencies, 0.0)
    for market, amount in zip(plan.config.markets, revenue.sum(axis=1), strict=True):
        if market.currency in currency:
            currency[market.currency] += float(amount)
    spend = demand.base_spend[:, :, :MIX_MONTHS].sum(axis=(0, 2))
    ranked = {
        "top_market": dict(zip(plan.market_keys, revenue.sum(axis=1), strict=True)),
        "top_item": dict(zip(plan.item_keys, revenue.sum(axis=0), strict=True)),
        "top_supplier": dict(zip(plan.supplier_keys, bought, strict=True)),
        "top_node": dict(zip(plan.node_keys, through, strict=True)),
        "top_origin": origin,
        "busiest_port": port,
        "top_currency": currency,
        "top_acquisition_channel": dict(zip(plan.acquisition_channel_keys, spend, strict=True)),
    }
    roles = {role: _largest(amounts) for role, amounts in ranked.items() if amounts}
    return PlanView.from_config(
        plan.config,
        items=plan.item_keys,
        hs_of_item=dict(zip(plan.item_keys, plan.items["hs"].astype(str), strict=True)),
        category_of_item=dict(zip(plan.item_keys, plan.items["category"].astype(str), strict=True)),
        roles=roles,
    )


def _largest(amounts: dict[str, float]) -> str:
    return min(amounts, key=lambda key: (-round(float(amounts[key]), 6), key))


def _market_units(plan: Plan, calibration: Calibration) -> FloatArray:
    """Expected units of the next year by market and item."""
    by_segment = calibration.demand.expected_units[:, :MIX_MONTHS].sum(axis=1)
    return np.asarray(by_segment.reshape(len(plan.market_keys), -1, by_segment.shape[1]).sum(axis=1))


def landed_mix(plan: Plan, calibration: Calibration, finance: FinanceSpec, duty: FloatArray) -> LandedMix:
    """What an average unit of each market costs to land in base; ``duty`` (item, origin, territory)."""
    terms = finance.terms
    units = _market_units(plan, calibration)
    shares = planned_shares(plan)
    rates = finance.opening.rate
    origin_at = {key: o for o, key in enumerate(plan.origins)}
    origin = np.array([origin_at[plan.origin_of_supplier[key]] for key in plan.supplier_keys])
    node_at = {key: n for n, key in enumerate(plan.node_keys)}
    rows: dict[str, list[float]] = {
        name: [] for name in ("market", "item", "supplier", "node", "goods", "freight", "insurance", "duty")
    }
    for m, each in enumerate(plan.config.markets):
        total = units[m].sum()
        n = node_at[each.nodes[0]]
        for i in range(len(plan.item_keys)):
            for s in range(len(plan.supplier_keys)):
                weight = shares[n, i, s] * units[m, i] / total if total > 0.0 else 0.0
                if weight <= 0.0:
                    continue
                goods = terms.supply.unit_cost[s, i] * rates[terms.supply.currency[s]]
                paid = float(terms.supply.buyer_pays_freight[s])
                entry = {
                    "market": m,
                    "item": i,
                    "supplier": s,
                    "node": n,
                    "goods": weight * goods,
                    "freight": weight * paid * terms.supply.freight_per_kg[s, n] * terms.supply.weight[i],
                    "insurance": weight * paid * terms.supply.insurance_share[s, n] * goods,
                    "duty": float(terms.supply.buyer_pays_duty[s])
                    * duty[i, origin[s], terms.nodes.territory[n]],
                }
                for name, value in entry.items():
                    rows[name].append(float(value))
    market, item, supplier, node = (
        np.array(rows[name], dtype=np.int64) for name in ("market", "item", "supplier", "node")
    )
    price = calibration.demand.base_price * rates[terms.markets.currency][:, None]
    total = units.sum(axis=1)
    average = np.where(
        total > 0.0, (units * price).sum(axis=1) / np.where(total > 0.0, total, 1.0), price.mean(axis=1)
    )
    foreign = {key: k for k, key in enumerate(plan.currencies)}
    return LandedMix(
        market=market,
        item=item,
        supplier=supplier,
        node=node,
        goods=np.array(rows["goods"]),
        freight=np.array(rows["freight"]),
        insurance=np.array(rows["insurance"]),
        duty_rate=np.array(rows["duty"]),
        origin_of_supplier=origin,
        territory_of_node=terms.nodes.territory,
        currency_of_supplier=np.array([foreign.get(s.currency, -1) for s in plan.config.suppliers]),
        cif=np.array([territory.valuation == "CIF" for territory in plan.config.territories]),
        fx_rate=np.array([plan.base_rates[key] for key in plan.currencies]),
        other=np.zeros(len(plan.market_keys)),
        price=average,
    )
