"""The supply and stock part of stage 6: counts and books of a block, reduced to variables of the cube."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.finance import supply_kpis
from engine.finance.accounts import BALANCE_INDEX
from engine.finance.kpis import COGS_LINES, STOCK_ACCOUNTS, by_quarter, ratio
from engine.finance.postings import POSTING_INDEX
from engine.finance.supply_kpis import FORWARD_DAYS, in_order
from engine.finance.supply_metrics import SUPPLY_METRICS
from engine.stages.inputs import MeasureInputs
from engine.stages.outcome import ScenarioOutcome
from engine.stages.supply_tally import CLEARANCE, CLEARANCE_LONG, CLEARANCE_P90, QUEUE
from engine.stages.supply_watch import SHOCK_METRICS
from models import names
from models.arrays import FloatArray
from models.names import COUNT, DAYS, MONEY, RATIO, SHARE, UNITS, Variable

RESTOCKED = tuple(POSTING_INDEX[f"restock_{layer}"] for layer in ("goods", "freight", "duty", "fees"))
RECOVERED_CASH = {POSTING_INDEX["liquidation"]: 1.0, POSTING_INDEX["refurbishing"]: -1.0}

SERVICE = {
    "orders_shipped": (COUNT, "orders shipped: units shipped times orders per unit"),
    "orders_within_48h": (COUNT, "orders expected to be with the customer within 48 hours"),
    "orders_beyond_sla": (COUNT, "orders expected to be with the customer later than promised"),
    "units_stocked": (UNITS, "units demanded while a serving node had stock"),
    "units_covered": (UNITS, "those of markets that the last mile reaches within two days"),
    "returned_value": (MONEY, "landed cost of the units that came back"),
    "recovered_value": (MONEY, "cash for returned units less refurbishing, and landed value restocked"),
}
"""By quarter and market."""
STOCK = {
    "orders_shipped": (COUNT, "orders shipped from the node"),
    "orders_beyond_sla": (COUNT, "of them late, if a market's orders wait alike whichever node ships them"),
    "empty_item_days": (COUNT, "item-days without stock at the day's end, items wanted at the node"),
    "item_days": (COUNT, "item-days, items wanted at the node"),
    "stock_cover": (DAYS, "units on hand over the daily demand expected of the node"),
    "aged_value": (MONEY, "landed value of units in stock for more than 90 days"),
}
"""By quarter and node, at the quarter's end where it is a stock."""
LANE = {
    "orders": (COUNT, "orders placed in the horizon"),
    "mean": (DAYS, "mean days from order to receipt, open orders as censored"),
    "sd": (DAYS, "their standard deviation"),
    "cv": (SHARE, "standard deviation over mean"),
    "p50": (DAYS, "their median"),
    "p90": (DAYS, "their 90% quantile; NaN where open orders hide it"),
    "p95": (DAYS, "their 95% quantile; NaN where open orders hide it"),
    "late": (SHARE, "share received later than the lane's promise in the purchase log"),
}
"""By node and supplier, in the order of ``Counted``."""
PORT = {
    "entries": (COUNT, "orders released by customs"),
    "clearance_days": (DAYS, "mean days from port arrival to release, queue and closures included"),
    "clearance_p90": (DAYS, "their 90% quantile"),
    "clearance_long": (SHARE, "share above five days"),
    "customs_queue_days": (DAYS, "mean days from port arrival to the start of customs service"),
}
QUARTER = {
    "inventory_turnover": (RATIO, "COGS a year over average inventory at landed cost"),
    "dead_stock": (SHARE, "items with more than 180 days of cover at the quarter's end"),
    "dead_stock_value": (MONEY, "landed value of items without a sale for 180 days at the quarter's end"),
}
FIGURES = {
    "clearance_days": CLEARANCE,
    "clearance_p90": CLEARANCE_P90,
    "clearance_long": CLEARANCE_LONG,
    "customs_queue_days": QUEUE,
}
GROUPS = (
    ("service", SERVICE, (names.QUARTER, names.MARKET)),
    ("stock", STOCK, (names.QUARTER, names.NODE)),
    ("lane", LANE, (names.NODE, names.SUPPLIER)),
    ("port", PORT, (names.PORT,)),
    ("quarter", QUARTER, (names.QUARTER,)),
)


def supply_variables() -> Iterable[Variable]:
    """Cube variables of supply and stock, but for the metrics themselves."""
    for group, variables, dims in GROUPS:
        for name, (unit, meaning) in variables.items():
            yield Variable(name, group, unit, dims, meaning)


def measure_supply(
    inputs: MeasureInputs, played: ScenarioOutcome, values: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Values of the supply variables and metrics, (trial, …) in the dims and unit of each; ``values`` are
    those already measured.

    How a physical shock went needs base beside it and comes from ``supply_watch``; until then it is NaN.
    """
    found = _service(inputs, played) | _stock(inputs, played) | _lanes_and_ports(played)
    found |= _quarters(inputs, played, values)
    metrics = _stock_metrics(inputs, played, values, found) | _service_metrics(inputs, values, found)
    metrics |= _time_metrics(played) | _redundancy(inputs, played)
    metrics |= {name: np.full(len(played.counts.orders), np.nan) for name in SHOCK_METRICS}
    return found | {f"horizon/{each.name}": metrics[each.name] for each in SUPPLY_METRICS}


def _quarterly(monthly: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sums of three months each, (trial, quarter, …) from (trial, month, …)."""
    return np.asarray(monthly[:, 0::3] + monthly[:, 1::3] + monthly[:, 2::3])


def _by_market(inputs: MeasureInputs, segments: FloatArray) -> FloatArray:
    """Sum of the sales channels of each market, (…, market) from (…, segment)."""
    return in_order(segments.reshape(*segments.shape[:-1], -1, len(inputs.sales_channels)))


def _service(inputs: MeasureInputs, played: ScenarioOutcome) -> dict[str, FloatArray]:
    frame, per_unit = inputs.supply, inputs.finance.terms.segments.orders_per_unit
    wait = _quarterly(played.counts.wait)
    shipped = wait.sum(axis=-1).astype(np.float64)
    late = shipped - supply_kpis.delivered_within(wait, frame.in_time)
    stocked = (_quarterly(played.counts.demanded) - played.supply.unstocked).astype(np.float64)
    returned = _quarterly(np.stack([booked.returned_value for booked in played.booked], axis=1))
    recovered = _quarterly(np.stack([_recovered(booked.segments) for booked in played.booked], axis=1))
    segments = {
        "orders_shipped": shipped * per_unit,
        "orders_within_48h": supply_kpis.delivered_within(wait, frame.fast) * per_unit,
        "orders_beyond_sla": late * per_unit,
        "units_stocked": stocked,
        "units_covered": np.where(frame.covered, stocked, 0.0),
        "returned_value": returned,
        "recovered_value": recovered,
    }
    found = {f"service/{name}": _by_market(inputs, segments[name]) for name in SERVICE}
    return found | _by_node(inputs, played, per_unit, ratio(late, shipped))


def _recovered(segments: FloatArray) -> FloatArray:
    """Cash and restocked landed value of returns, (trial, segment), from (trial, posting, segment)."""
    total = np.zeros(segments[:, 0].shape)
    for posting in RESTOCKED:
        total = total + segments[:, posting]
    for posting, sign in RECOVERED_CASH.items():
        total = total + sign * segments[:, posting]
    return total


def _by_node(
    inputs: MeasureInputs, played: ScenarioOutcome, per_unit: FloatArray, late: FloatArray
) -> dict[str, FloatArray]:
    network, units = inputs.network, played.supply.shipped
    shipped = np.zeros((*units.shape[:2], len(network.nodes)))
    beyond = np.zeros_like(shipped)
    for arc, (segment, node) in enumerate(zip(network.arc_point, network.arc_node, strict=True)):
        orders = units[:, :, arc] * per_unit[segment]
        shipped[:, :, node] += orders
        beyond[:, :, node] += orders * np.nan_to_num(late[:, :, segment])
    return {"stock/orders_shipped": shipped, "stock/orders_beyond_sla": beyond}


def _stock(inputs: MeasureInputs, played: ScenarioOutcome) -> dict[str, FloatArray]:
    counts, frame = played.supply, inputs.supply
    days = np.diff(frame.quarter_end, prepend=-1).astype(np.float64)
    wanted = frame.planned.sum(axis=1).astype(np.float64)
    item_days = np.broadcast_to(days[:, None] * wanted, counts.empty.shape)
    return {
        "stock/empty_item_days": counts.empty.astype(np.float64),
        "stock/item_days": np.ascontiguousarray(item_days),
        "stock/stock_cover": ratio(counts.on_hand.astype(np.float64), counts.forward / FORWARD_DAYS),
        "stock/aged_value": played.aged_value,
    }


def _lanes_and_ports(played: ScenarioOutcome) -> dict[str, FloatArray]:
    counts = played.supply
    found = {f"lane/{name}": each for name, each in zip(LANE, counts.lanes, strict=True)}
    found["port/entries"] = counts.entries[:, :-1].astype(np.float64)
    return found | {f"port/{name}": counts.customs[:, :-1, at] for name, at in FIGURES.items()}


def _quarters(
    inputs: MeasureInputs, played: ScenarioOutcome, values: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    days = np.diff(inputs.supply.quarter_end, prepend=-1).astype(np.float64)
    cogs, stock = _cogs_and_stock(inputs, values)
    landed = np.stack([booked.item_stock for booked in played.booked], axis=1)[:, 2::3]
    return {
        "quarter/inventory_turnover": supply_kpis.turnover(cogs, stock, days),
        "quarter/dead_stock": played.supply.dead_items,
        "quarter/dead_stock_value": in_order(np.where(played.supply.unsold, landed, 0.0)),
    }


def _cogs_and_stock(inputs: MeasureInputs, values: dict[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """COGS, positive, and average inventory on hand and in transit, each (trial, quarter)."""
    cogs = sum(by_quarter(in_order(-values[f"market/{line}"])) for line in COGS_LINES)
    closing = np.asarray(sum(values[f"month/balance_{name}"][:, 2::3] for name in STOCK_ACCOUNTS))
    balance = inputs.finance.opening.balance
    first = sum(balance[BALANCE_INDEX[name]] for name in STOCK_ACCOUNTS)
    opening = np.concatenate([np.full((len(closing), 1), first), closing[:, :-1]], axis=1)
    return np.asarray(cogs), np.asarray((opening + closing) / 2.0)


def _mean(quarters: FloatArray) -> FloatArray:
    """Mean over the quarters, one after the other."""
    return in_order(quarters) / quarters.shape[-1]


def _total(values: FloatArray) -> FloatArray:
    """Sum over the last two axes."""
    return in_order(in_order(values))


def _stock_metrics(
    inputs: MeasureInputs,
    played: ScenarioOutcome,
    values: dict[str, FloatArray],
    found: dict[str, FloatArray],
) -> dict[str, FloatArray]:
    cogs, stock = _cogs_and_stock(inputs, values)
    days = float(inputs.calendar.days)
    counts = played.supply
    cover = ratio(in_order(counts.on_hand.astype(np.float64)), in_order(counts.forward) / FORWARD_DAYS)
    empty, wanted = found["stock/empty_item_days"], found["stock/item_days"]
    return {
        "inventory_turnover": supply_kpis.turnover(in_order(cogs), _mean(stock), np.asarray(days)),
        "dead_stock": _mean(found["quarter/dead_stock"]),
        "dead_stock_value": _mean(found["quarter/dead_stock_value"]),
        "return_value_recovery": ratio(
            _total(found["service/recovered_value"]), _total(found["service/returned_value"])
        ),
        "stock_cover": _mean(cover),
        "aged_stock": _mean(in_order(found["stock/aged_value"])),
        "stockout_rate": ratio(_total(empty), _total(wanted)),
    }


def _service_metrics(
    inputs: MeasureInputs, values: dict[str, FloatArray], found: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    primary = inputs.supply.primary_market
    demanded = _total(values["market/units_demanded"])
    shipped = _total(found["service/orders_shipped"])
    near = _total(found["service/orders_shipped"][..., primary])
    spent = _total(values["market/fulfilment"]) + _total(values["market/outbound_freight"])
    return {
        "warehouse_coverage": ratio(_total(found["service/units_covered"]), demanded),
        "stockout_rate_by_demand": ratio(demanded - _total(found["service/units_stocked"]), demanded),
        "beyond_sla": ratio(_total(found["service/orders_beyond_sla"]), shipped),
        "delivered_48h": ratio(_total(found["service/orders_within_48h"][..., primary]), near),
        "fulfilment_cost_per_order": ratio(-spent, shipped),
        "cm2_per_order": ratio(in_order(values["month/cm2"]), shipped),
    }


def _time_metrics(played: ScenarioOutcome) -> dict[str, FloatArray]:
    lanes, customs = played.supply.lanes, played.supply.customs[:, -1]

    def by_orders(figure: FloatArray) -> FloatArray:
        known = np.where(np.isnan(figure), 0.0, lanes.orders)
        return ratio(_total(known * np.nan_to_num(figure)), _total(known))

    return {
        "lead_time_days": by_orders(lanes.mean),
        "lead_time_cv": by_orders(lanes.cv),
        "purchase_orders_late": by_orders(lanes.late),
        **{name: customs[:, at] for name, at in FIGURES.items()},
    }


def _redundancy(inputs: MeasureInputs, played: ScenarioOutcome) -> dict[str, FloatArray]:
    backed_up = inputs.supply.backed_up
    sales = np.zeros_like(played.booked[0].item_sales)
    for booked in played.booked:
        sales = sales + booked.item_sales
    trials = len(sales)
    return {
        "supplier_redundancy": np.full(trials, np.mean(backed_up.suppliers)),
        "origin_redundancy": np.full(trials, np.mean(backed_up.origins)),
        "supplier_redundancy_by_revenue": supply_kpis.weighted_share(backed_up.suppliers, sales),
    }
