"""Reorder points for a fill rate: target against what the simulated network reaches, and with dependence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.network import Network, read_law, simulate
from models.network.safety import Levels, fill_levels
from tests.verify.registry import Row

TRIALS, DAYS, FIRST = 200, 900, 150
TARGETS = (0.9, 0.95, 0.98)
TOLERANCE = 0.015
KINDS = {"s_S": "(s,S)", "R_Q": "(R,Q)", "base_stock": "base stock"}
DEPENDENCE = {"day": 0.97, "port": 0.4}
"""Persistence from day to day and the share of a port factor: what a purchase log usually shows."""


@dataclass(frozen=True)
class Case:
    """A law of lead times, daily Poisson demand and a policy; ``cycle`` is S - s or Q."""

    name: str
    law: Any
    mean: float
    policy: str
    cycle: int
    review_days: int = 1
    backlog_share: float = 1.0

    def levels(self, target: float) -> Levels:
        """Levels for a target."""
        return fill_levels(
            read_law(self.law),
            self.mean,
            target=target,
            cycle_units=self.cycle,
            backlog_share=self.backlog_share,
            policy=self.policy,
            review_days=self.review_days,
        )

    def title(self) -> str:
        """As people read it."""
        cycle = f" {self.cycle}" if self.policy != "base_stock" else ""
        every = f", every {self.review_days} days" if self.review_days > 1 else ""
        return f"{self.name}, {KINDS[self.policy]}{cycle}{every}"

    def network(self, levels: Levels, dependence: dict[str, float]) -> Network:
        """One supplier, one node, one market; customs never queue."""
        policy: dict[str, Any] = {"review_days": self.review_days}
        if self.policy == "s_S":
            policy |= {"reorder_level": levels.reorder_level, "order_up_to": levels.order_up_to}
        elif self.policy == "R_Q":
            batch = levels.order_up_to - levels.reorder_level
            policy |= {"policy": "(R,Q)", "reorder_level": levels.reorder_level, "batch": batch}
        else:
            policy |= {"policy": "base_stock", "order_up_to": levels.order_up_to}
        demand = {"family": "poisson", "mean": self.mean}
        market = {"nodes": ["N"], "backlog_share": self.backlog_share, "demand": demand}
        return Network.from_dict(
            {
                "suppliers": {"A": {}},
                "ports": {"P": {"servers": 1000}},
                "nodes": {"N": {"port": "P"}},
                "lanes": [{"from": "A", "to": "N", "transit": self.law}],
                "markets": {"M": market},
                "policies": [policy],
                "dependence": dependence,
            }
        )


LOGNORMAL = {"family": "lognormal", "mean": 20, "sd": 8}
GAMMA = {"family": "gamma", "mean": 30, "sd": 15}
INSPECTED = {"values": [10, 40], "weights": [0.8, 0.2]}
CASES = (
    Case("fixed 5 days", 5, 20, "s_S", 600),
    Case("lognormal 20 ± 8", LOGNORMAL, 10, "base_stock", 1),
    Case("lognormal 20 ± 8", LOGNORMAL, 10, "s_S", 7),
    Case("lognormal 20 ± 8", LOGNORMAL, 10, "s_S", 70),
    Case("lognormal 20 ± 8", LOGNORMAL, 10, "R_Q", 70),
    Case("lognormal 20 ± 8", LOGNORMAL, 10, "s_S", 280, 7),
    Case("gamma 30 ± 15", GAMMA, 10, "base_stock", 1),
    Case("gamma 30 ± 15", GAMMA, 10, "base_stock", 1, 7),
    Case("gamma 30 ± 15", GAMMA, 10, "R_Q", 30),
    Case("gamma 30 ± 15", GAMMA, 10, "s_S", 300),
    Case("10 days, inspected 40", INSPECTED, 10, "base_stock", 1),
    Case("10 days, inspected 40", INSPECTED, 10, "R_Q", 300),
    Case("10 days, inspected 40", INSPECTED, 10, "s_S", 140, 7),
)


def reached(
    case: Case,
    levels: Levels,
    *,
    trials: int = TRIALS,
    days: int = DAYS,
    first: int = FIRST,
    **dependence: float,
) -> float:
    """Share of demand served on its day in the simulated network."""
    network = case.network(levels, dependence)
    played = simulate(network, {"days": days, "trials": trials, "seed": 3}).sel(day=slice(first, None))
    return float(played.filled.sum() / played.demanded.sum())


def safety_rows() -> Iterator[Row]:
    """Every case at every target: reached on independent lead times, and the gap with dependent ones."""
    for case in CASES:
        for target in TARGETS:
            levels = case.levels(target)
            independent = reached(case, levels)
            dependent = reached(case, levels, **DEPENDENCE)
            yield Row(
                case.title(),
                f"{target:.0%} (by law {levels.fill_rate:.1%})",
                f"{independent:.1%}",
                f"1.5 pp; dependent {100 * (dependent - target):+.1f}",
                abs(independent - target) <= TOLERANCE,
            )
