"""The reference network as a SimPy tutorial would write it: a process per market and item, and per node and
item, each waking every day; an order is a process; customs are Resources.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from tests.benchmarks.reference_network import (
    CLEARANCE,
    DEMAND,
    INSPECTED,
    INSPECTION,
    MOQ,
    RESALE,
    RETURN_DELAY,
    RETURNED,
    TRANSIT,
)

REVIEW, BUY, MAKE = 0.5, 0.6, 0.7
"""Times of the day: demand at 0, then review, orders, production."""


class Textbook:
    """One trial of the reference network."""

    def __init__(self, description: dict[str, Any], days: int, seed: int) -> None:
        self.env = simpy.Environment()
        self.rng = np.random.default_rng(seed)
        self.days = days
        self.suppliers = description["suppliers"]
        self.ports = description["ports"]
        self.nodes = description["nodes"]
        self.markets = description["markets"]
        self.items = list(description["items"])
        self.levels = {p["node"]: (p["reorder_level"], p["order_up_to"]) for p in description["policies"]}
        self.customs = {
            key: simpy.Resource(self.env, capacity=port["servers"]) for key, port in self.ports.items()
        }
        self.on_hand = {(n, i): self.levels[n][1] for n in self.nodes for i in self.items}
        self.on_order = dict.fromkeys(self.on_hand, 0)
        self.backlog = {(m, i): 0 for m in self.markets for i in self.items}
        self.carts: dict[str, dict[str, int]] = {n: {} for n in self.nodes}
        self.factory: dict[str, list[dict[str, Any]]] = {s: [] for s in self.suppliers}
        self.demanded = self.served = 0
        for node in self.nodes:
            for item in self.items:
                self.env.process(self.review(node, item))
            self.env.process(self.buyer(node))
        for market in self.markets:
            for item in self.items:
                self.env.process(self.customer(market, item))
        for supplier in self.suppliers:
            self.env.process(self.producer(supplier))

    def run(self) -> float:
        """Share of demand served on its day."""
        self.env.run(until=self.days)
        return self.served / self.demanded

    def customer(self, market: str, item: str) -> Generator[Any, Any, None]:
        """Backlog, then today's demand, from the market's nodes in order."""
        while True:
            self.backlog[market, item] -= self.take(market, item, self.backlog[market, item])
            units = int(self.rng.poisson(DEMAND))
            got = self.take(market, item, units)
            self.demanded += units
            self.served += got
            self.backlog[market, item] += int(self.rng.binomial(units - got, 0.5))
            yield self.env.timeout(1)

    def take(self, market: str, item: str, wanted: int) -> int:
        """Units shipped."""
        left = wanted
        for node in self.markets[market]["nodes"]:
            units = min(left, self.on_hand[node, item])
            self.on_hand[node, item] -= units
            left -= units
        back = int(self.rng.binomial(wanted - left, RETURNED))
        if back:
            self.env.process(self.give_back(self.markets[market]["nodes"][0], item, back))
        return wanted - left

    def give_back(self, node: str, item: str, units: int) -> Generator[Any, Any, None]:
        yield self.env.timeout(RETURN_DELAY)
        self.on_hand[node, item] += int(self.rng.binomial(units, RESALE))

    def review(self, node: str, item: str) -> Generator[Any, Any, None]:
        """(s, S) every day after demand."""
        low, high = self.levels[node]
        yield self.env.timeout(REVIEW)
        while True:
            waiting = sum(self.backlog[m, item] for m in self.markets if self.markets[m]["nodes"][0] == node)
            position = self.on_hand[node, item] + self.on_order[node, item] - waiting
            if position <= low:
                self.carts[node][item] = high - position
            yield self.env.timeout(1)

    def buyer(self, node: str) -> Generator[Any, Any, None]:
        """The day's lines of a node, in equal parts to every supplier."""
        yield self.env.timeout(BUY)
        while True:
            cart, self.carts[node] = self.carts[node], {}
            shares = len(self.suppliers)
            for k, supplier in enumerate(self.suppliers):
                lines = {i: (units + shares - 1 - k) // shares for i, units in cart.items()}
                lines = {i: max(units, MOQ) for i, units in lines.items() if units > 0}
                if lines:
                    for item, units in lines.items():
                        self.on_order[node, item] += units
                    self.env.process(self.order(node, supplier, lines))
            yield self.env.timeout(1)

    def producer(self, supplier: str) -> Generator[Any, Any, None]:
        """The day's units, oldest order first."""
        weekly = self.suppliers[supplier]["capacity_per_week"]
        yield self.env.timeout(MAKE)
        for day in range(10**9):
            left = weekly * (day + 1) // 7 - weekly * day // 7
            queue = self.factory[supplier]
            while queue and left > 0:
                made = min(left, queue[0]["units"])
                queue[0]["units"] -= made
                left -= made
                if queue[0]["units"] == 0:
                    queue.pop(0)["done"].succeed()
            yield self.env.timeout(1)

    def order(self, node: str, supplier: str, lines: dict[str, int]) -> Generator[Any, Any, None]:
        """Production, transit, customs, inland."""
        done, placed = self.env.event(), self.env.now
        self.factory[supplier].append({"units": sum(lines.values()), "done": done})
        yield done
        yield self.env.timeout(max(0.0, placed + 2.0 - self.env.now))
        mean, sd = TRANSIT
        variance = math.log1p((sd / mean) ** 2)
        yield self.env.timeout(self.rng.lognormal(math.log(mean) - variance / 2, math.sqrt(variance)))
        port = self.nodes[node]["port"]
        with self.customs[port].request() as turn:
            yield turn
            for first, last in self.ports[port]["closures"]:
                if first <= self.env.now < last + 1:
                    yield self.env.timeout(last + 1 - self.env.now)
            inspected = self.rng.random() < INSPECTION
            yield self.env.timeout(INSPECTED if inspected else CLEARANCE)
        yield self.env.timeout(1.0)
        for item, units in lines.items():
            self.on_hand[node, item] += units
            self.on_order[node, item] -= units
