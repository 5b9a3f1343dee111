"""Purchase orders event by event: production, transit, first-come customs and inland, with a memory.

A leg's normal score is a port factor plus a supplier factor plus the lane's own AR(1), squared loadings
summing to one; its days are a floor plus a lognormal. The buyer orders each item every four weeks and
never runs out: an order covers all sales up to the receipt of the next one plus a buffer, so stock is not
negative by construction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from heapq import heapify, heapreplace
from itertools import pairwise

import numpy as np
import pandas as pd

from engine.demo.company import (
    CONTINUATION_MONTHS,
    DEPOSIT_SHARE,
    HISTORY_DAYS,
    HISTORY_MONTHS,
    NODES,
    PORTS,
    START,
    SUPPLIERS,
    Company,
    NodeTruth,
    SupplierTruth,
    month_starts,
)

FIRST_WEEK = -22
BUFFER_DAYS = 24
CYCLE_WEEKS = 4
PLANNED_GROWTH = 1.05
#: Squared loadings of a stage on (port factor, supplier factor, lane's own AR(1)).
LOADINGS = {
    "production": (0.0, 0.45, 0.55),
    "transit": (0.45, 0.10, 0.45),
    "service": (0.40, 0.0, 0.60),
    "inland": (0.20, 0.0, 0.80),
}
#: Day-to-day autocorrelation of the factors.
PORT_PHI, SUPPLIER_PHI, LANE_PHI = 0.97, 0.97, 0.90
#: Price of an item at its second supplier relative to the first.
SECOND_SUPPLIER_PREMIUM = 1.06


@dataclass(frozen=True)
class Shipment:
    """One purchase order and the true times of its stages, in days since START."""

    number: int
    day: int
    node: int
    supplier: int
    shipped: float
    port: float
    cleared: float
    received: int
    service: float


def ship(company: Company, seed: int) -> list[Shipment]:
    """Every order that may be placed, in order of (day, node, supplier), with its way through the chain."""
    last_week = (int(month_starts()[-1]) + START.weekday()) // 7
    factors = _Factors(company, seed)
    waiting: list[tuple[float, int, int, int, int, float, float, float]] = []
    number = 0
    for week in range(FIRST_WEEK, last_week):
        for n, node in enumerate(NODES):
            day = week * 7 - START.weekday() + node.review_weekday
            for s, supplier in enumerate(SUPPLIERS):
                production = factors.days("production", node, supplier, day, supplier.production)
                transit = factors.days("transit", node, supplier, day, node.transit[supplier.key])
                mean, sd = PORTS[node.port][1:]
                service = factors.days("service", node, supplier, day, (0.25, mean - 0.25, sd))
                inland = factors.days("inland", node, supplier, day, node.inland)
                waiting.append(
                    (day + production + transit, number, day, n, s, day + production, service, inland)
                )
                number += 1
    return sorted(_through_customs(waiting), key=lambda shipment: shipment.number)


def _through_customs(waiting: list[tuple[float, int, int, int, int, float, float, float]]) -> list[Shipment]:
    """First come, first served at each port's servers; the later legs follow."""
    free = {port: [-1e9] * servers for port, (servers, _, _) in PORTS.items()}
    for servers in free.values():
        heapify(servers)
    done = []
    for arrival, number, day, n, s, shipped, service, inland in sorted(waiting):
        servers = free[NODES[n].port]
        cleared = max(arrival, servers[0]) + service
        heapreplace(servers, cleared)
        done.append(
            Shipment(number, day, n, s, shipped, arrival, cleared, math.ceil(cleared + inland), service)
        )
    return done


class _Factors:
    """The paths of the port, supplier and lane factors by day, and lead times read off them."""

    def __init__(self, company: Company, seed: int) -> None:
        self.first = FIRST_WEEK * 7 - 7
        self.days_count = int(month_starts()[-1]) - self.first + 7
        self.company, self.seed = company, seed
        self.paths: dict[str, np.ndarray] = {}

    def _path(self, name: str, phi: float) -> np.ndarray:
        if name not in self.paths:
            shocks = self.company.generator(self.seed, f"factor {name}").standard_normal(self.days_count)
            path = np.empty(self.days_count)
            path[0] = shocks[0]
            for day in range(1, self.days_count):
                path[day] = phi * path[day - 1] + (1.0 - phi * phi) ** 0.5 * shocks[day]
            self.paths[name] = path
        return self.paths[name]

    def days(
        self, stage: str, node: NodeTruth, supplier: SupplierTruth, day: int, law: tuple[float, float, float]
    ) -> float:
        """Days of a stage of an order placed on ``day``; ``law``: floor, mean above it, standard
        deviation.
        """
        port, maker, own = LOADINGS[stage]
        at = day - self.first
        z = (
            port**0.5 * self._path(f"port {node.port}", PORT_PHI)[at]
            + maker**0.5 * self._path(f"supplier {supplier.key}", SUPPLIER_PHI)[at]
            + own**0.5 * self._path(f"{stage} {supplier.key} {node.key}", LANE_PHI)[at]
        )
        floor, mean, sd = law
        variance = math.log1p((sd / mean) ** 2)
        return floor + math.exp(math.log(mean) - variance / 2.0 + variance**0.5 * z)


def purchase_lines(company: Company, shipments: list[Shipment], sales: np.ndarray) -> pd.DataFrame:
    """Order lines (shipment, item, quantity) of the whole time; ``sales`` (node, item, day) covers the
    history.

    After the history the buyer plans on last year's month times a growth factor: the future is not read.
    """
    by_slot = {(s.day, s.node, s.supplier): s for s in shipments}
    planned = np.concatenate([np.zeros((*sales.shape[:2], 1)), np.cumsum(_outlook(sales), axis=2)], axis=2)
    weeks = sorted({(s.day - NODES[s.node].review_weekday + START.weekday()) // 7 for s in shipments})
    rows: list[tuple[int, int, int]] = []
    for n, node in enumerate(NODES):
        for i, item in enumerate(company.items):
            if not sales[n, i].any():
                continue
            names = [supplier.key for supplier in SUPPLIERS]
            sources = [names.index(key) for key in item.suppliers]
            turns = [
                w * 7 - START.weekday() + node.review_weekday for w in weeks if (w + i) % CYCLE_WEEKS == 0
            ]
            plan = [
                by_slot[day, n, sources[turn]]
                for day, turn in zip(turns, _turns(item.shares, len(turns)), strict=True)
            ]
            rows += _quantities(plan, i, item.moq, item.multiple, planned[n, i])
    return pd.DataFrame(sorted(rows), columns=["number", "item_number", "quantity"])


def _turns(shares: tuple[float, ...], count: int) -> list[int]:
    """Which supplier gets each of ``count`` orders: the one furthest behind its share."""
    given, turns = [0] * len(shares), []
    for k in range(count):
        behind = [share * (k + 1) - got for share, got in zip(shares, given, strict=True)]
        turns.append(behind.index(max(behind)))
        given[turns[-1]] += 1
    return turns


def _quantities(
    plan: list[Shipment], item: int, moq: int, multiple: int, planned: np.ndarray
) -> list[tuple[int, int, int]]:
    ordered, latest, rows = 0, -(10**9), []
    for here, after in pairwise(plan):
        latest = max(latest, here.received, after.received)
        until = min(max(latest + 1 + BUFFER_DAYS, 0), len(planned) - 1)
        need = math.ceil(planned[until]) + 6 - ordered
        if need > 0:
            quantity = max(-(-need // multiple) * multiple, moq)
            ordered += quantity
            rows.append((here.number, item, quantity))
    return rows


def _outlook(sales: np.ndarray) -> np.ndarray:
    """Sales of the history followed by the buyer's plan, (node, item, day), units a day."""
    starts = month_starts(HISTORY_MONTHS + CONTINUATION_MONTHS + 6)
    path = np.zeros((*sales.shape[:2], int(starts[-1])))
    path[:, :, :HISTORY_DAYS] = sales[:, :, :HISTORY_DAYS]
    for month in range(HISTORY_MONTHS, len(starts) - 1):
        before = path[:, :, starts[month - 12] : starts[month - 11]].mean(axis=2)
        path[:, :, starts[month] : starts[month + 1]] = (before * PLANNED_GROWTH)[:, :, None]
    return path


def purchase_log(
    company: Company, shipments: list[Shipment], lines: pd.DataFrame, per_base: dict[str, float]
) -> pd.DataFrame:
    """The purchase order log with every stage known, one row per line, days since START."""
    by_number = {s.number: s for s in shipments}
    numbers = {number: f"PO-{k + 10001}" for k, number in enumerate(sorted(set(lines["number"].tolist())))}
    rows, line, last = [], 0, -1
    for number, i, quantity in lines.itertuples(index=False):
        shipment, item = by_number[number], company.items[i]
        supplier, node = SUPPLIERS[shipment.supplier], NODES[shipment.node]
        line = line + 1 if number == last else 1
        last = number
        cost = unit_cost(company, i, supplier.key, per_base)
        usual = (
            sum(supplier.production[:2])
            + sum(node.transit[supplier.key][:2])
            + PORTS[node.port][1]
            + sum(node.inland[:2])
        )
        days = [math.floor(x) for x in (shipment.shipped, shipment.port, shipment.cleared)]
        rows.append(
            (
                numbers[number],
                line,
                supplier.key,
                item.key,
                node.key,
                shipment.day,
                shipment.day + math.ceil(usual) + 2,
                *days,
                shipment.received,
                quantity,
                quantity,
                cost,
                supplier.currency,
                round(DEPOSIT_SHARE * quantity * cost, 2),
                shipment.service,
                i,
            )
        )
    return pd.DataFrame(
        rows,
        columns=[
            "po",
            "line",
            "supplier",
            "item",
            "node",
            "ordered_on",
            "promised_on",
            "shipped_on",
            "port_on",
            "cleared_on",
            "received_on",
            "quantity",
            "received",
            "unit_cost",
            "currency",
            "deposit_paid",
            "service",
            "item_number",
        ],
    )


def unit_cost(company: Company, item: int, supplier: str, per_base: dict[str, float]) -> float:
    """Price of one unit in the supplier's currency, agreed at the first day's rate."""
    article = company.items[item]
    currency = next(s.currency for s in SUPPLIERS if s.key == supplier)
    premium = 1.0 if article.suppliers[0] == supplier else SECOND_SUPPLIER_PREMIUM
    return round(article.cost * premium * per_base[currency], 0 if currency == "KRW" else 2)
