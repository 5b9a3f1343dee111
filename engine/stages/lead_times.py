"""The plan's lanes as the lead-time models want them, and what the check report says of their fits."""

from __future__ import annotations

from typing import Any

from engine.plan.plan import Plan
from models.lead_time import ListedLane, lead_time_summary


def listed_lanes(plan: Plan) -> list[ListedLane]:
    """Every lane of the plan with its listed mean and sd by stage, days."""
    node_port = {node.key: node.port for node in plan.config.nodes}
    ports = {port.key: port for port in plan.config.ports}
    lanes = []
    for lane in plan.config.lanes:
        port = ports[node_port[lane.node]]
        lanes.append(
            ListedLane(
                supplier=lane.supplier,
                node=lane.node,
                port=port.key,
                mode=lane.mode,
                production=(lane.production.mean, lane.production.sd),
                transit=(lane.transit.mean, lane.transit.sd),
                clearance=(port.clearance_days, port.clearance_days),
                inland=(lane.inland.mean, lane.inland.sd),
            )
        )
    return lanes


def customs_servers(plan: Plan) -> dict[str, int]:
    """Customs servers by port."""
    return {port.key: port.servers for port in plan.config.ports}


def lead_time_report(plan: Plan) -> dict[str, Any]:
    """Fitted families with their weights by lane and stage, by mode and by supplier; late shares;
    dependence.
    """
    return lead_time_summary(
        plan.purchase_orders,
        listed_lanes(plan),
        as_of=plan.config.company.actuals_through,
        servers=customs_servers(plan),
    )
