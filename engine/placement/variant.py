"""A plan with another layout: which nodes are open and who serves whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.placement.candidates import Candidates, LastMile
from engine.plan.content import sorted_config
from engine.plan.plan import Plan
from engine.plan.schema import FixedCost, Market, Node, PlanConfig
from engine.stages.calibrate import Calibration
from engine.stages.lead_times import customs_servers, listed_lanes
from models.lead_time import fit_lanes
from models.lead_time.history import STAGES
from models.network.purchasing import PurchasingModel


@dataclass(frozen=True)
class Layout:
    """Open nodes, sorted, and the node that serves each market."""

    nodes: tuple[str, ...]
    serves: Mapping[str, str]

    @property
    def name(self) -> str:
        """As people read it."""
        return " + ".join(self.nodes)


def todays_layout(plan: Plan) -> Layout:
    """The plan's own: every node that is some market's first, and those firsts."""
    serves = {market.key: market.nodes[0] for market in plan.config.markets}
    return Layout(tuple(sorted(set(serves.values()))), serves)


def with_sites(plan: Plan, candidates: Candidates, keys: tuple[str, ...] | None = None) -> Plan:
    """The plan with some sites (all: None) as nodes that nobody is served from yet."""
    chosen = [site for site in candidates.sites if keys is None or site.key in keys]
    nodes = [Node(**{name: getattr(site, name) for name in Node.model_fields}) for site in chosen]
    config = plan.config.model_copy(
        update={
            "nodes": (*plan.config.nodes, *nodes),
            "lanes": (*plan.config.lanes, *(lane for site in chosen for lane in site.lanes)),
        }
    )
    return replace(plan, config=sorted_config(config))


def with_layout(
    plan: Plan, candidates: Candidates, layout: Layout, last_mile: Mapping[tuple[str, str], LastMile]
) -> Plan:
    """The plan under a layout.

    A node that closes first sells off, to the markets it serves today, what it has and what is under way to
    it; then each market is served from its node of the layout, then from the plan's others in their order
    (``planned_as`` lets nothing more be ordered for the closing). A site that opens adds its fixed cost, a
    node that closes ends its part of the plan's.
    """
    opened = tuple(site.key for site in candidates.sites if site.key in layout.nodes)
    grown = with_sites(plan, candidates, opened)
    markets = tuple(_served(market, layout, last_mile) for market in grown.config.markets)
    config = grown.config.model_copy(update={"markets": markets})
    return replace(grown, config=sorted_config(_with_costs(config, candidates, layout)))


def _served(market: Market, layout: Layout, last_mile: Mapping[tuple[str, str], LastMile]) -> Market:
    first = layout.serves[market.key]
    way = last_mile[market.key, first]
    back = market.return_node if market.return_node in layout.nodes else first
    closing = tuple(node for node in market.nodes if node not in layout.nodes)
    others = tuple(node for node in market.nodes if node not in (first, *closing))
    return market.model_copy(
        update={
            "nodes": (*closing, first, *others),
            "return_node": back,
            "outbound_cost_per_order": way.cost_per_order,
            "last_mile_days": way.days,
        }
    )


def planned_as(model: PurchasingModel, plan: Plan, layout: Layout) -> PurchasingModel:
    """The purchasing brain under a layout: demand is planned at the node that serves the market, and nothing
    is ordered for a node that is not open.
    """
    node_at = {key: n for n, key in enumerate(plan.node_keys)}
    opened = np.array([key in layout.nodes for key in plan.node_keys])
    return replace(
        model,
        primary_node=np.array(
            [node_at[layout.serves[market]] for market, _ in plan.segments], dtype=np.int64
        ),
        share=np.ascontiguousarray(np.where(opened[:, None, None], model.share, 0.0)),
    )


def _with_costs(config: PlanConfig, candidates: Candidates, layout: Layout) -> PlanConfig:
    costs = {cost.name: cost.monthly for cost in config.finance.fixed_costs}
    for node in candidates.nodes:
        if node.key not in layout.nodes and node.part_of:
            costs[node.part_of] = max(costs[node.part_of] - node.fixed_cost_monthly, 0.0)
    for site in candidates.sites:
        if site.key in layout.nodes:
            name = f"node {site.key}"
            costs[name] = costs.get(name, 0.0) + site.fixed_cost_monthly
    listed = tuple(FixedCost(name=name, monthly=monthly) for name, monthly in costs.items())
    finance = config.finance.model_copy(update={"fixed_costs": listed})
    return config.model_copy(update={"finance": finance})


def with_site_lanes(calibration: Calibration, plan: Plan, candidates: Candidates) -> Calibration:
    """A plan's calibration with the sites' lanes: their listed stages, customs as at the port's other lanes.

    What is fitted stays as it is, bit for bit.
    """
    if not candidates.sites:
        return calibration
    grown = with_sites(plan, candidates)
    new = {site.key for site in candidates.sites}
    listed = [lane for lane in listed_lanes(grown) if lane.node in new]
    as_of = plan.config.company.actuals_through
    nothing = plan.purchase_orders.iloc[:0]
    fresh = fit_lanes(nothing, listed, as_of=as_of, servers=customs_servers(grown)).lanes
    fitted = calibration.supply.lead_time
    clearance = STAGES.index("clearance")
    at_port = {lane.port: lane.stages[clearance] for lane in reversed(fitted.lanes)}
    fresh = tuple(
        replace(
            lane,
            stages=tuple(
                at_port.get(lane.port, stage) if k == clearance else stage
                for k, stage in enumerate(lane.stages)
            ),
        )
        for lane in fresh
    )
    lanes = tuple(sorted((*fitted.lanes, *fresh), key=lambda lane: (lane.supplier, lane.node)))
    return replace(
        calibration, supply=replace(calibration.supply, lead_time=replace(fitted, lanes=lanes))
    ).restricted_to(grown)
