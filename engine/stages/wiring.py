"""From plan to network: entities in key order, planned shares, opening stock and the orders that are under
way.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from engine.plan.plan import Plan
from models.arrays import BoolArray, FloatArray, IntArray
from models.lead_time import shipments
from models.network.spec import UNLIMITED, Network
from models.network.state import OpenOrders

_DATES = ("ordered_on", "shipped_on", "port_on", "cleared_on", "received_on")


def network_of(plan: Plan) -> Network:
    """The plan's network: its demand points are the segments (market × sales channel), each
    served as its market says.
    """
    config = plan.config
    node_at = {key: k for k, key in enumerate(plan.node_keys)}
    port_at = {key: k for k, key in enumerate(plan.port_keys)}
    supplier_at = {key: k for k, key in enumerate(plan.supplier_keys)}
    market_of_segment = [market for market in config.markets for _ in plan.sales_channel_keys]
    widest = max(len(market.nodes) for market in config.markets)
    served = [[node_at[node] for node in market.nodes] for market in market_of_segment]
    returns = config.returns
    grades = np.array([returns.resale, returns.refurbish, returns.liquidate, returns.scrap])
    return Network(
        suppliers=plan.supplier_keys,
        ports=plan.port_keys,
        nodes=plan.node_keys,
        demand_points=plan.segment_keys,
        items=plan.item_keys,
        node_port=_whole([port_at[node.port] for node in config.nodes]),
        point_nodes=_whole([[*row, *([-1] * (widest - len(row)))] for row in served]),
        priority=_whole([market.priority for market in market_of_segment]),
        backlog_share=np.array([market.backlog_share for market in market_of_segment]),
        return_node=_whole([node_at[market.return_node] for market in market_of_segment]),
        pick_capacity=_whole([node.pick_capacity or UNLIMITED for node in config.nodes]),
        storage=_whole([node.storage_capacity or UNLIMITED for node in config.nodes]),
        servers=_whole([port.servers for port in config.ports]),
        qualified=_qualified(plan),
        moq=_by_supplier_item(plan, "moq"),
        multiple=np.maximum(_by_supplier_item(plan, "multiple"), 1),
        backup=_whole([supplier_at[s.backup] if s.backup else -1 for s in config.suppliers]),
        grade_share=grades / grades.sum(),
        capacity_per_week=_whole([supplier.capacity_per_week for supplier in config.suppliers]),
    )


def _whole(values: object) -> IntArray:
    return np.ascontiguousarray(np.array(values, dtype=np.int64))


def _by_supplier_item(plan: Plan, column: str) -> IntArray:
    row = plan.items[column].to_numpy(dtype=np.int64)
    return np.ascontiguousarray(np.broadcast_to(row, (len(plan.supplier_keys), len(row))))


def _lanes(plan: Plan) -> BoolArray:
    """Whether a supplier has a lane to a node, dims (node, supplier)."""
    known = {(lane.node, lane.supplier) for lane in plan.config.lanes}
    return np.array(
        [[(node, supplier) in known for supplier in plan.supplier_keys] for node in plan.node_keys]
    )


def _qualified(plan: Plan) -> BoolArray:
    """Whether a supplier makes an item and reaches a node, dims (node, supplier, item)."""
    return np.ascontiguousarray(_lanes(plan)[:, :, None] & plan.qualified[None, :, :])


def planned_shares(plan: Plan) -> FloatArray:
    """Planned shares of purchases, (node, item, supplier); only over suppliers that have a lane to the
    node.
    """
    reachable = plan.supplier_shares[None, :, :] * _lanes(plan)[:, None, :]
    total = reachable.sum(axis=2, keepdims=True)
    return np.ascontiguousarray(np.divide(reachable, total, out=np.zeros_like(reachable), where=total > 0.0))


def primary_nodes(plan: Plan) -> IntArray:
    """Number of the node that each segment's demand is planned at: the first of its market, (segment,)."""
    node_at = {key: k for k, key in enumerate(plan.node_keys)}
    return _whole(
        [node_at[market.nodes[0]] for market in plan.config.markets for _ in plan.sales_channel_keys]
    )


def opening_stock(plan: Plan) -> IntArray:
    """Units on hand on the last closed day, dims (node, item)."""
    stock = np.zeros((len(plan.node_keys), len(plan.item_keys)), dtype=np.int64)
    node_at = {key: k for k, key in enumerate(plan.node_keys)}
    item_at = {key: k for k, key in enumerate(plan.item_keys)}
    rows = plan.inventory[["node", "item", "on_hand"]].itertuples(index=False)
    for node, item, units in rows:
        stock[node_at[node], item_at[item]] += int(units)
    return stock


def open_lines(plan: Plan) -> pd.DataFrame:
    """Lines of the orders under way, one row each: ``order`` is the position of its shipment among the open
    ones.

    Columns order, supplier, node, item, units, ordered, left, port, cleared (days relative to day 0, inf
    unknown); sorted by order, then item. Shipments stand in the order in which their lead times are drawn.
    """
    as_of = plan.config.company.actuals_through
    shipped = shipments(plan.purchase_orders, as_of)
    shipped = shipped.loc[shipped["stage"] >= 0].reset_index(drop=True)
    shipped["order"] = np.arange(len(shipped))
    lines = plan.purchase_orders.copy()
    for name in _DATES:
        days = (pd.to_datetime(lines[name]).dt.normalize() - pd.Timestamp(as_of)).dt.days.astype(np.float64)
        lines[name] = days.where(days <= 0.0)
    joint = ["po", "supplier", "node", *_DATES]
    joined = lines.merge(shipped[[*joint, "order"]], on=joint, how="inner", validate="many_to_one")
    joined = joined.sort_values(["order", "item", "line"], kind="stable").reset_index(drop=True)
    dates = {
        new: joined[old].to_numpy(np.float64) - 1.0
        for new, old in (
            ("ordered", "ordered_on"),
            ("left", "shipped_on"),
            ("port", "port_on"),
            ("cleared", "cleared_on"),
        )
    }
    frame = joined[["po", "line", "order", "supplier", "node", "item"]].assign(
        units=(joined["quantity"] - joined["received"]).clip(lower=0).astype(np.int64),
        **{name: np.where(np.isfinite(days), days, np.inf) for name, days in dates.items()},
    )
    return frame.reset_index(drop=True)


def open_orders(plan: Plan, lines: pd.DataFrame) -> OpenOrders:
    """The orders under way as the network takes them over; see ``open_lines``."""
    if lines.empty:
        return OpenOrders.none()
    node_at = {key: k for k, key in enumerate(plan.node_keys)}
    supplier_at = {key: k for k, key in enumerate(plan.supplier_keys)}
    item_at = {key: k for k, key in enumerate(plan.item_keys)}
    first = lines.drop_duplicates("order", keep="first").sort_values("order")
    return OpenOrders(
        day=_whole(first["ordered"].astype(int)),
        node=_whole(first["node"].map(node_at)),
        supplier=_whole(first["supplier"].map(supplier_at)),
        left=first["left"].to_numpy(np.float64),
        port=first["port"].to_numpy(np.float64),
        cleared=first["cleared"].to_numpy(np.float64),
        to_make=np.zeros(len(first), dtype=np.int64),
        line_order=_whole(lines["order"]),
        line_item=_whole(lines["item"].map(item_at)),
        line_units=_whole(lines["units"]),
    )
