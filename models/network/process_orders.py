"""Orders and customs of the SimPy engine: what waits where, and who is served next."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import simpy

from models.network.state import UNKNOWN

CUSTOMS_PRIORITY = 2
"""After every order event of the same time (SimPy's normal priority is 1), so that arrivals of one moment
queue by id.
"""
DAY_PRIORITY = 3
"""After customs."""
Journal = Callable[..., None]
"""Takes (time, event, order, **what) for the event log."""


@dataclass(eq=False)
class Order:
    """A purchase order: item lines of one supplier for one node, one shipment."""

    id: int
    day: int
    node: int
    supplier: int
    items: list[int]
    units: list[int]
    days: tuple[float, float, float, float]
    """Production, transit, customs service and inland days; of the present stage what is left, if open at the
    start.
    """
    start: float
    """Day from which its production time counts: the order day, or 0 if open at the start."""
    finished: simpy.Event
    """Succeeds when the last unit is made."""
    admitted: simpy.Event
    """Succeeds when a customs server takes it."""
    to_make: int = 0
    made: int = -1
    left: float = UNKNOWN
    port: float = UNKNOWN
    started: float = UNKNOWN
    cleared: float = UNKNOWN
    available: float = UNKNOWN
    received: int = -1


class Wake(simpy.Event):  # type: ignore[misc]  # simpy carries no types here
    """An event at a time, after all events of that time with a smaller priority number."""

    def __init__(self, environment: simpy.Environment, time: float, priority: int) -> None:
        super().__init__(environment)
        self._ok, self._value = True, None
        environment.schedule(self, priority=priority, delay=time - environment.now)


class Customs:
    """A port's customs: first come, first served by c servers; no service starts on a closed day."""

    def __init__(
        self, environment: simpy.Environment, servers: int, is_open: Any, preemptive: bool = False
    ) -> None:
        self.environment = environment
        self.preemptive = preemptive
        self.free = servers
        self.is_open = is_open
        self.waiting: list[Order] = []

    def arrive(self, order: Order) -> None:
        """Join the queue."""
        self.waiting.append(order)
        self.call_officer(self.environment.now)

    def release(self) -> None:
        """Give a server back."""
        self.free += 1
        self.call_officer(self.environment.now)

    def call_officer(self, time: float) -> None:
        """Have the queue looked at at ``time``, after every arrival of that time."""
        if self.waiting:
            Wake(self.environment, time, CUSTOMS_PRIORITY).callbacks.append(self._look)

    def working_end(self, started: float, service: float) -> float:
        """Day on which a service begun at ``started`` ends: straight on, or, where closures interrupt it,
        after that many open days; inf beyond the days drawn.
        """
        if not self.preemptive:
            return started + service
        time, left = started, service
        while left > 0.0:
            day = math.floor(time)
            if day >= len(self.is_open):
                return UNKNOWN
            worked = min(day + 1.0 - time, left) if self.is_open[day] else 0.0
            left -= worked
            time = time + worked if self.is_open[day] else day + 1.0
        return time

    def _look(self, _: simpy.Event) -> None:
        self.waiting.sort(key=lambda order: (order.port, order.id))
        while self.waiting and self.free > 0:
            day = math.floor(self.environment.now)
            if day >= len(self.is_open):
                return
            if not self.is_open[day]:
                self.call_officer(day + 1.0)
                return
            order = self.waiting.pop(0)
            self.free -= 1
            order.started = self.environment.now
            order.admitted.succeed()
