"""From a plan with its candidate sites to the arrays of a placement: every cost a year, company currency.

What a unit costs that node j serves to market i, with item shares of the market and supplier shares of the
node: goods, inbound freight, insurance and duty into the node; picking, the last mile and duty on parcels
that cross a border again; storage and capital of the order cycle, and capital of what is under way once
title has passed. An open node costs its fixed cost and its entries: one per review in which a supplier has
something to send. Pooled stock is what the purchasing brain holds above the mean of the exposure E at a
node that ships V units a year, D = V E / 365:

    z sqrt(dispersion D + (cv^2 + (sd_L / E)^2) D^2) by item,

so a and b of the program follow with the company's item shares for every market.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.finance.duty import dutiable_value, parcel_duty
from engine.finance.spec import TITLE_AT_SHIPPING, Terms
from engine.finance.supply_kpis import last_mile_within
from engine.placement.candidates import Candidates, LastMile
from engine.placement.variant import Layout, todays_layout
from engine.plan.plan import Plan
from engine.stages.calibrate import Calibration, purchasing_model
from engine.stages.price import finance_spec
from engine.stages.wiring import planned_shares
from engine.stages.world import base_duty
from models.arrays import FloatArray, IntArray
from models.calendar import ACCOUNTING_YEAR, DAYS_IN_YEAR, MONTHS_IN_YEAR, Calendar
from models.errors import UsageError
from models.lead_time import STAGES
from models.network.placement import Sites
from models.network.purchasing import PurchasingModel


@dataclass(frozen=True, eq=False)
class PlacementTerms:
    """The program's arrays with the keys of their axes, and the parts of the unit cost by name."""

    sites: Sites
    markets: tuple[str, ...]
    """Markets with demand: the M axis."""
    nodes: tuple[str, ...]
    """The J axis."""
    parts: Mapping[str, FloatArray]
    """(M, J) cost of a unit by part; they sum to the unit cost."""
    capacities: tuple[str, ...]
    """What each capacity is of."""
    entries: FloatArray
    """(J,) entry fees a year, part of the fixed cost."""

    def shares(self, layout: Layout) -> FloatArray:
        """A layout as the program writes it: share of a market's units that a node serves, (market, node)."""
        out = np.zeros((len(self.markets), len(self.nodes)))
        for i, market in enumerate(self.markets):
            out[i, self.nodes.index(layout.serves[market])] = 1.0
        return out


@dataclass(frozen=True, eq=False)
class _Known:
    """What every cost reads: the plan grown by its sites, in arrays."""

    plan: Plan
    terms: Terms
    purchasing: PurchasingModel
    mix: FloatArray
    """(M, K) share of each item in the units of a market."""
    demand: FloatArray
    """(M,) units a year."""
    orders_per_unit: FloatArray
    """(M,)"""
    share: FloatArray
    """(J, K, S) supplier shares."""
    stage_days: FloatArray
    """(S, J) mean days from shipping to receipt."""
    duty: FloatArray
    """(K, origin, territory) mean duty rate of the first year."""
    at: IntArray
    """(M,) position of each market with demand among the plan's."""


def placement_terms(
    plan: Plan,
    calibration: Calibration,
    candidates: Candidates,
    last_mile: Mapping[tuple[str, str], LastMile],
    *,
    months: int,
    service: float,
    most: int | None,
) -> PlacementTerms:
    """The arrays for a plan that has its candidate sites as nodes (``with_sites``), over so many months."""
    known = _known(plan, calibration, months)
    landed = _landed(known)
    ways = _ways(plan, known, last_mile)
    parts = _unit_parts(known, landed, ways)
    unit_cost = np.sum(list(parts.values()), axis=0)
    served = (known.share.sum(axis=2) > 0.0)[None] | (known.mix[:, None, :] <= 0.0)
    unit_cost = np.where(served.all(axis=2) & np.isfinite(ways[0]), unit_cost, np.inf)
    entries = _entries(known)
    linear, square = _pooled(known)
    names, use, limit = _capacities(known, linear, square)
    sla = np.array([plan.config.markets[i].sla_days for i in known.at])
    sites = Sites(
        demand=known.demand,
        fixed=MONTHS_IN_YEAR * _fixed(plan, candidates) + entries,
        unit_cost=unit_cost,
        stock_cost=_holding(known, landed["landed"]) @ _company_mix(known),
        linear=linear,
        square=square,
        use=use,
        limit=limit,
        on_time=np.where(
            np.isfinite(ways[1]),
            last_mile_within(sla[:, None], np.where(np.isfinite(ways[1]), ways[1], 1.0)),
            0.0,
        ),
        service=service,
        most=most,
    )
    markets = tuple(plan.market_keys[i] for i in known.at)
    return PlacementTerms(sites, markets, plan.node_keys, parts, names, entries)


def _known(plan: Plan, calibration: Calibration, months: int) -> _Known:
    calendar = Calendar(plan.forecast_start, max(months, 12))
    channels = len(plan.sales_channel_keys)
    by_segment = calibration.demand.expected_units[:, :months].sum(axis=1)
    orders = calibration.demand.expected_orders[:, :months].sum(axis=1)
    units = by_segment.reshape(-1, channels, by_segment.shape[1]).sum(axis=1)
    placed = orders.reshape(-1, channels).sum(axis=1)
    at = np.flatnonzero(units.sum(axis=1) > 0.0)
    if not at.size:
        raise UsageError("placement: no market has demand | got none in the forecast | check the orders")
    total = units.sum(axis=1)[at]
    stages = calibration.supply.lead_time
    days = np.zeros((len(plan.supplier_keys), len(plan.node_keys)))
    first = STAGES.index("transit")
    for lane in stages.lanes:
        row = plan.supplier_keys.index(lane.supplier), plan.node_keys.index(lane.node)
        days[row] = sum(stage.mean for stage in lane.stages[first:])
    return _Known(
        plan=plan,
        terms=finance_spec(plan, calibration, calendar).terms,
        purchasing=purchasing_model(plan, calibration),
        mix=units[at] / total[:, None],
        demand=total * (MONTHS_IN_YEAR / months),
        orders_per_unit=placed[at] / total,
        share=planned_shares(plan),
        stage_days=days,
        duty=base_duty(plan, calendar)[0, ..., : int(ACCOUNTING_YEAR)].mean(axis=-1),
        at=at,
    )


def _landed(known: _Known) -> dict[str, FloatArray]:
    """Goods, freight, insurance, duty, and their sum, of a unit by (J, K) over the node's supplier shares."""
    supply, nodes = known.terms.supply, known.terms.nodes
    rate = np.array([known.plan.base_rates[each.currency] for each in known.plan.config.suppliers])
    suppliers, items = supply.unit_cost.shape
    count = len(known.plan.node_keys)
    parts = {name: np.zeros((count, items)) for name in ("goods", "freight", "insurance", "duty")}
    for j in range(count):
        for s in range(suppliers):
            paid = bool(supply.buyer_pays_freight[s])
            for k in range(items):
                weight = float(known.share[j, k, s])
                if weight == 0.0:
                    continue
                goods = float(supply.unit_cost[s, k] * rate[s])
                freight = float(supply.freight_per_kg[s, j] * supply.weight[k])
                insurance = float(supply.insurance_share[s, j] * goods)
                value = dutiable_value(goods, freight, insurance, bool(nodes.cif_value[j]), not paid)
                duty = float(known.duty[k, supply.origin[s], nodes.territory[j]])
                parts["goods"][j, k] += weight * goods
                parts["freight"][j, k] += weight * paid * freight
                parts["insurance"][j, k] += weight * paid * insurance
                parts["duty"][j, k] += weight * float(supply.buyer_pays_duty[s]) * duty * value
    return parts | {"landed": np.sum(list(parts.values()), axis=0)}


def _ways(
    plan: Plan, known: _Known, last_mile: Mapping[tuple[str, str], LastMile]
) -> tuple[FloatArray, FloatArray]:
    """Cost an order and days of the last mile, (M, J); infinite where there is no way."""
    cost, days = np.full((2, len(known.at), len(plan.node_keys)), np.inf)
    for i, market in enumerate(known.at):
        for j, node in enumerate(plan.node_keys):
            way = last_mile.get((plan.market_keys[market], node))
            if way is not None:
                cost[i, j], days[i, j] = way.cost_per_order, way.days
    return cost, days


def _unit_parts(
    known: _Known, landed: Mapping[str, FloatArray], ways: tuple[FloatArray, FloatArray]
) -> dict[str, FloatArray]:
    """Cost of a unit by part, (M, J); 0 where there is no way."""
    nodes = known.terms.nodes
    parts = {name: known.mix @ landed[name].T for name in ("goods", "freight", "insurance", "duty")}
    opens = np.isfinite(ways[0])
    per_order = known.orders_per_unit[:, None]
    parts["last_mile"] = np.where(opens, ways[0], 0.0) * per_order
    parts["handling"] = nodes.pick_per_unit[None] + nodes.pick_per_order[None] * per_order
    parts["parcel_duty"] = _parcel_duty(known)
    cycle = known.purchasing.cycle_days / 2.0 / ACCOUNTING_YEAR
    parts["cycle_stock"] = cycle * (known.mix @ _holding(known, landed["landed"]).T)
    parts["in_transit"] = known.mix @ _under_way(known).T
    return parts


def _holding(known: _Known, landed: FloatArray) -> FloatArray:
    """Cost a year of one unit on hand, (J, K): storage, and capital at the plan's discount rate."""
    storage = MONTHS_IN_YEAR * known.terms.nodes.storage_per_unit_month
    return np.asarray(storage[:, None] + known.plan.config.finance.discount_rate * landed)


def _under_way(known: _Known) -> FloatArray:
    """Capital cost of the goods of a unit between title and receipt, (J, K)."""
    supply = known.terms.supply
    rate = np.array([known.plan.base_rates[each.currency] for each in known.plan.config.suppliers])
    owned = (
        np.where(supply.title == TITLE_AT_SHIPPING, 1.0, 0.0)[:, None] * known.stage_days / ACCOUNTING_YEAR
    )
    goods = supply.unit_cost * rate[:, None]
    capital = known.plan.config.finance.discount_rate
    return np.asarray(capital * np.einsum("jks,sj,sk->jk", known.share, owned, goods))


def _parcel_duty(known: _Known) -> FloatArray:
    """Duty of a unit that enters the buyer's territory in a parcel, (M, J), on its retail value."""
    terms, plan = known.terms, known.plan
    out = np.zeros((len(known.at), len(plan.node_keys)))
    for i, market in enumerate(known.at):
        territory = int(terms.markets.territory[market])
        price = terms.markets.base_price[market] * plan.base_rates[plan.config.markets[market].currency]
        threshold = float(terms.nodes.de_minimis[territory])
        total = 0.0
        for k, share in enumerate(known.mix[i]):
            rate = float(known.duty[k, terms.supply.item_origin[k], territory])
            retail = float(price[k])
            total += float(share) * parcel_duty(
                retail, retail / float(known.orders_per_unit[i]), threshold, rate
            )
        out[i] = np.where(terms.nodes.territory == territory, 0.0, total)
    return out


def _fixed(plan: Plan, candidates: Candidates) -> FloatArray:
    """Fixed cost a month that ends when the node is not open, (J,)."""
    monthly = {node.key: node.fixed_cost_monthly for node in candidates.nodes}
    monthly |= {site.key: site.fixed_cost_monthly for site in candidates.sites}
    return np.array([monthly.get(node, 0.0) for node in plan.node_keys])


def _entries(known: _Known) -> FloatArray:
    """Entry fees a year of an open node, (J,): a supplier sends something at a review unless no item is due,
    and an item is due once in an order cycle, or once in what its smallest order lasts an average node.
    """
    policy = known.plan.config.stock_policy
    today = len(todays_layout(known.plan).nodes)
    daily = known.demand @ known.mix / ACCOUNTING_YEAR / today
    smallest = known.plan.items["moq"].to_numpy(np.float64)
    lasts = np.divide(smallest, daily, out=np.full_like(daily, np.inf), where=daily > 0.0)
    due = np.minimum(policy.review_days / np.maximum(policy.order_cycle_days, lasts), 1.0)
    idle = np.where(known.share > 0.0, 1.0 - due[None, :, None], 1.0).prod(axis=1)
    reviews = ACCOUNTING_YEAR / policy.review_days
    pays = known.terms.supply.buyer_pays_duty.astype(np.float64)
    return np.asarray(known.terms.nodes.entry_fee * reviews * ((1.0 - idle) * pays[None]).sum(axis=1))


def _company_mix(known: _Known) -> FloatArray:
    mix = known.demand @ known.mix
    return np.asarray(mix / mix.sum())


def _pooled(known: _Known) -> tuple[FloatArray, FloatArray]:
    """A and b of the pooled stock, (J, K)."""
    brain, mix = known.purchasing, _company_mix(known)
    weight = known.share.sum(axis=2)
    safe = np.where(weight > 0.0, weight, 1.0)
    mean = np.einsum("jks,sj->jk", known.share, brain.lead_mean) / safe
    second = np.einsum("jks,sj->jk", known.share, brain.lead_sd**2 + brain.lead_mean**2) / safe
    spread = np.sqrt(np.maximum(second - mean**2, 0.0))
    exposure = np.maximum(1.0, np.ceil(mean)) + brain.review_days - 1
    year = exposure / ACCOUNTING_YEAR * mix[None]
    linear = brain.safety_score**2 * brain.dispersion * year
    square = brain.safety_score**2 * (brain.forecast_cv**2 + (spread / exposure) ** 2) * year**2
    return np.where(weight > 0.0, linear, 0.0), np.where(weight > 0.0, square, 0.0)


def _capacities(
    known: _Known, linear: FloatArray, square: FloatArray
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Picking and storage of nodes, and suppliers, as units a year: names, use (R, M, J), limit (R,).

    Storage holds a whole order cycle and the safety stock that the market would need alone; a supplier makes
    what its weekly capacity leaves after its mean outages.
    """
    config = known.plan.config
    count = len(known.plan.node_keys)
    use: list[FloatArray] = []
    limit: list[float] = []
    names: list[str] = []

    def add(name: str, rows: FloatArray, most: float) -> None:
        names.append(name)
        use.append(rows)
        limit.append(most)

    shape = len(known.at), count
    for j, node in enumerate(config.nodes):
        one = np.zeros(shape)
        one[:, j] = 1.0
        if node.pick_capacity:
            add(f"picking at {node.key}", one, ACCOUNTING_YEAR * node.pick_capacity)
        if node.storage_capacity:
            volume = known.demand[:, None]
            alone = np.sqrt(linear[j] * volume + square[j] * volume**2).sum(axis=1) / known.demand
            held = known.purchasing.cycle_days / ACCOUNTING_YEAR + alone
            add(f"storage at {node.key}", one * held[:, None], float(node.storage_capacity))
    for s, supplier in enumerate(config.suppliers):
        lost = supplier.outages_per_year * supplier.outage_days / DAYS_IN_YEAR
        made = supplier.capacity_per_week * ACCOUNTING_YEAR / 7.0 * max(1.0 - lost, 0.0)
        add(f"supplier {supplier.key}", known.mix @ known.share[:, :, s].T, made)
    return tuple(names), np.array(use).reshape(-1, *shape), np.array(limit)


def layout_service(terms: PlacementTerms, shares: FloatArray) -> float:
    """Share of all units that a layout of ``shares`` (market, node) delivers as promised, were all in
    stock.
    """
    units = terms.sites.demand[:, None] * shares
    return math.fsum((terms.sites.on_time * units).ravel()) / math.fsum(units.ravel())
