"""Supply and stock as tables of estimates, for the page and for the workbook alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.finance.kpis import ratio
from engine.finance.metrics import METRIC_OF
from engine.report.reading import Source
from engine.report.statistics import mean_estimates
from engine.report.summary import BASE, limits_of
from engine.risk.errors import Estimate, estimate
from engine.risk.measures import breach_probability
from engine.risk.paired import paired_difference
from models.arrays import FloatArray

SERVICE_METRICS = (
    "delivered_48h", "beyond_sla", "warehouse_coverage", "stockout_rate_by_demand",
    "fulfilment_cost_per_order", "cm2_per_order",
)  # fmt: skip
SUPPLY_METRICS = (
    "lead_time_days", "lead_time_cv", "purchase_orders_late", "clearance_days", "clearance_p90",
    "clearance_long", "customs_queue_days",
)  # fmt: skip
STOCK_METRICS = (
    "inventory_turnover", "stock_cover", "stockout_rate", "aged_stock", "dead_stock", "dead_stock_value",
    "return_value_recovery",
)  # fmt: skip
REDUNDANCY = ("supplier_redundancy", "supplier_redundancy_by_revenue", "origin_redundancy")
WORTH = ("cm2", "minimum_cash", "fill_rate")


@dataclass(frozen=True)
class SupplyTable:
    """Estimates with their titles and units; ``keys`` are the titles of the leading texts."""

    title: str
    keys: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    """Title and unit."""
    rows: tuple[tuple[tuple[str, ...], tuple[Estimate | None, ...]], ...]


def supply_tables(source: Source) -> tuple[SupplyTable, ...]:
    """Every table of supply and stock that the run knows."""
    base = f"base, {source.period}, mean over trials"
    tables = [
        _by_scenario(source, "Service by scenario, mean over trials", SERVICE_METRICS),
        _markets(source, f"Service by market, {base}"),
        _by_scenario(source, "Lead time and customs by scenario, mean over trials", SUPPLY_METRICS),
        _lanes(source, f"Order to receipt by lane, orders placed in the horizon, {base}"),
        _ports(source, f"Customs by port, {base}"),
        _by_scenario(source, "Stock and returns by scenario, mean over trials", STOCK_METRICS),
        _nodes(source, f"Stock by warehouse, {base}"),
        _by_scenario(
            source, "Suppliers that back each other up, share of items", REDUNDANCY, scenarios=(BASE,)
        ),
        _shocks(source),
        _playbooks(source),
    ]
    return tuple(each for each in tables if each.rows)


def defined(values: FloatArray) -> Estimate | None:
    """Mean with its error over the trials (trial,) in which a figure is defined, in its unit (share, days,
    count); None where it is in none.
    """
    known = values[np.isfinite(values)]
    return mean_estimates(known[:, None])[0] if len(known) else None


def _by_scenario(
    source: Source, title: str, metrics: Sequence[str], scenarios: Sequence[str] | None = None
) -> SupplyTable:
    rows = []
    for name in source.scenarios if scenarios is None else scenarios:
        at = source.scenarios.index(name)
        rows.append(((name,), tuple(defined(source.values(f"horizon/{metric}")[at]) for metric in metrics)))
    columns = tuple((METRIC_OF[name].label, METRIC_OF[name].unit) for name in metrics)
    return SupplyTable(title, ("Scenario",), columns, tuple(rows))


def _total(source: Source, path: str) -> FloatArray:
    """A variable of base summed over its periods, (trial, member)."""
    return np.asarray(source.of_base(path).sum(axis=1))


def _markets(source: Source, title: str) -> SupplyTable:
    shipped = _total(source, "service/orders_shipped")
    demanded, cm2 = _total(source, "market/units_demanded"), _total(source, "market/cm2")
    cost = _total(source, "market/fulfilment") + _total(source, "market/outbound_freight")
    per_order = ratio(cm2, shipped)
    floor = limits_of(METRIC_OF["cm2_per_order"], source.record["policy"])[0]
    figures = {
        ("Orders shipped", "count"): shipped,
        ("Within 48 hours", "share"): ratio(_total(source, "service/orders_within_48h"), shipped),
        ("Beyond SLA", "share"): ratio(_total(source, "service/orders_beyond_sla"), shipped),
        ("Coverage", "share"): ratio(_total(source, "service/units_covered"), demanded),
        ("Demand at an empty shelf", "share"): 1.0 - ratio(_total(source, "service/units_stocked"), demanded),
        ("Fulfilment cost per order", "currency per order"): ratio(-cost, shipped),
        ("CM2 per order", "currency per order"): per_order,
        ("Return value recovered", "share"): ratio(
            _total(source, "service/recovered_value"), _total(source, "service/returned_value")
        ),
    }
    keys = source.keys("service", "market")
    rows = []
    for k, key in enumerate(keys):
        cells = [defined(each[:, k]) for each in figures.values()]
        cells.insert(7, _below(per_order[:, k], floor))
        rows.append(((source.label("market", key),), tuple(cells)))
    columns = list(figures)
    columns.insert(
        7, (f"P(CM2 per order below {floor:g})" if floor is not None else "P(below the floor)", "share")
    )
    return SupplyTable(title, ("Market",), tuple(columns), tuple(rows))


def _below(values: FloatArray, floor: float | None) -> Estimate | None:
    if floor is None or not np.isfinite(values).all():
        return None
    return estimate(values, lambda each: breach_probability(each, floor))


def _lanes(source: Source, title: str) -> SupplyTable:
    figures = {
        ("Orders", "count"): "orders", ("Mean", "days"): "mean", ("sd", "days"): "sd", ("cv", "share"): "cv",
        ("p50", "days"): "p50", ("p90", "days"): "p90", ("p95", "days"): "p95", ("Late", "share"): "late",
    }  # fmt: skip
    values = {name: source.of_base(f"lane/{name}") for name in figures.values()}
    rows = []
    for s, supplier in enumerate(source.keys("lane", "supplier")):
        for n, node in enumerate(source.keys("lane", "node")):
            if values["orders"][:, n, s].any():
                name = f"{source.label('supplier', supplier)} → {source.label('node', node)}"
                rows.append(((name,), tuple(defined(values[each][:, n, s]) for each in figures.values())))
    return SupplyTable(title, ("Lane",), tuple(figures), tuple(rows))


def _ports(source: Source, title: str) -> SupplyTable:
    figures = {
        ("Entries", "count"): "entries", ("Clearance, mean", "days"): "clearance_days",
        ("Clearance, p90", "days"): "clearance_p90", ("Over 5 days", "share"): "clearance_long",
        ("Of which queue", "days"): "customs_queue_days",
    }  # fmt: skip
    values = {name: source.of_base(f"port/{name}") for name in figures.values()}
    rows = [
        ((source.label("port", port),), tuple(defined(values[name][:, p]) for name in figures.values()))
        for p, port in enumerate(source.keys("port", "port"))
    ]
    return SupplyTable(title, ("Port",), tuple(figures), tuple(rows))


def _nodes(source: Source, title: str) -> SupplyTable:
    empty, days = _total(source, "stock/empty_item_days"), _total(source, "stock/item_days")
    cover, aged = source.of_base("stock/stock_cover"), source.of_base("stock/aged_value")
    shipped, late = _total(source, "stock/orders_shipped"), _total(source, "stock/orders_beyond_sla")
    rows = []
    for n, node in enumerate(source.keys("stock", "node")):
        cells = (
            defined(shipped[:, n]),
            defined(ratio(late, shipped)[:, n]),
            defined(cover[:, :, n].mean(axis=1)),
            defined(ratio(empty, days)[:, n]),
            defined(aged[:, :, n].mean(axis=1)),
        )
        rows.append(((source.label("node", node),), cells))
    columns = (
        ("Orders shipped", "count"), ("Beyond SLA", "share"), ("Cover at quarter ends", "days"),
        ("Item-days without stock", "share"), ("Older than 90 days, landed value", "currency"),
    )  # fmt: skip
    return SupplyTable(title, ("Warehouse",), columns, tuple(rows))


def _shocks(source: Source) -> SupplyTable:
    """How supply stood up to the physical shocks; times over the trials in which it failed."""
    rows = []
    for name in source.shocks:
        at = source.scenarios.index(name)
        failed = source.values("horizon/supply_failure")[at]
        if not np.isfinite(failed).all():
            continue
        broken = failed > 0.0
        times = [source.values(f"horizon/time_to_{what}")[at][broken] for what in ("failure", "recovery")]
        hours = source.values("horizon/response_hours")[at]
        cells = (defined(failed), *_spread(times[0]), *_spread(times[1]), defined(hours))
        rows.append(((name,), cells))
    columns = (
        ("Supply fails", "share"),
        *(
            (f"Time to {what}, {level}", "days")
            for what in ("failure", "recovery")
            for level in ("p10", "p50", "p90")
        ),
        ("Response time", "hours"),
    )
    title = "Physical shocks: how often supply fails and when; times over the trials in which it does"
    return SupplyTable(title, ("Scenario",), columns, tuple(rows))


def _spread(values: FloatArray) -> tuple[Estimate | None, ...]:
    """Quantiles without an error: the trials in which supply fails are few."""
    if not len(values):
        return (None, None, None)
    return tuple(
        Estimate(float(each), math.nan, math.nan, 0, 0.95) for each in np.quantile(values, (0.1, 0.5, 0.9))
    )


def _playbooks(source: Source) -> SupplyTable:
    """Scenarios with the same shocks and other playbooks: what the second has more than the first."""
    applied = {name: tuple(source.record["scenarios"][name]["applied"]) for name in source.shocks}
    played = {name: source.record["scenarios"][name]["responses"] for name in source.shocks}
    rows = []
    for k, one in enumerate(source.shocks):
        for other in source.shocks[k + 1 :]:
            if not applied[one] or applied[one] != applied[other] or played[one] == played[other]:
                continue
            a, b = source.scenarios.index(one), source.scenarios.index(other)
            hours = source.values("horizon/response_hours")
            gains = [source.values(f"horizon/{name}") for name in WORTH]
            worth = tuple(paired_difference(each[b], each[a]) for each in gains)
            rows.append(((one, other), (defined(hours[a]), defined(hours[b]), *worth)))
    columns = (
        ("Response time of the first", "hours"),
        ("of the second", "hours"),
        *((f"{METRIC_OF[name].label}, second less first", METRIC_OF[name].unit) for name in WORTH),
    )
    title = "What a playbook, or acting sooner, is worth: same shocks, same trials, mean paired difference"
    return SupplyTable(title, ("Scenario", "With other playbooks"), columns, tuple(rows))
