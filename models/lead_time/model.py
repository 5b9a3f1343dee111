"""The fitted lead times of a plan: one law per lane and stage, their dependence, diagnostics, JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from models.arrays import FloatArray
from models.lead_time.dependence import LISTED_STAGE_LINK, Dependence
from models.lead_time.distribution import NEVER, SCORES, LeadTime
from models.lead_time.history import STAGES


@dataclass(frozen=True)
class Lane:
    """The way from a supplier to a node through its port, with the law of each stage (order of STAGES)."""

    supplier: str
    node: str
    port: str
    mode: str
    stages: tuple[LeadTime, ...]

    @property
    def key(self) -> str:
        """Random address of the lane."""
        return f"{self.supplier}|{self.node}"


@dataclass(frozen=True)
class LeadTimeModel:
    """Fitted lead times: lanes sorted by (supplier, node), dependence by stage, history per lane.

    ``history`` holds, by lane key, what finished orders took from order to receipt: orders, mean, p90 (days),
    and late_share where promised days are known (open orders past their promise included).
    """

    lanes: tuple[Lane, ...]
    dependence: Mapping[str, Dependence]
    stage_link: float = LISTED_STAGE_LINK
    """Share of a factor's variance that all stages of an order have in common."""
    history: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0.0 <= self.stage_link <= 1.0:
            raise ValueError(f"stage_link: a share is needed | got {self.stage_link}")
        keys = [(lane.supplier, lane.node) for lane in self.lanes]
        if keys != sorted(set(keys)):
            raise ValueError(f"lanes: unique and sorted by (supplier, node) | got {keys}")

    @cached_property
    def suppliers(self) -> tuple[str, ...]:
        """Keys of the suppliers, sorted: the S axis."""
        return tuple(sorted({lane.supplier for lane in self.lanes}))

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Keys of the nodes, sorted: the N axis."""
        return tuple(sorted({lane.node for lane in self.lanes}))

    @cached_property
    def ports(self) -> tuple[str, ...]:
        """Keys of the ports, sorted: the P axis."""
        return tuple(sorted({lane.port for lane in self.lanes}))

    @cached_property
    def tables(self) -> FloatArray:
        """Inverse CDF of the part above zero over distribution.SCORES, days, dims (lane, stage, point)."""
        values = {
            law: law.table().values for law in dict.fromkeys(s for lane in self.lanes for s in lane.stages)
        }
        return np.array([[values[stage] for stage in lane.stages] for lane in self.lanes]).reshape(
            len(self.lanes), len(STAGES), SCORES.size
        )

    @cached_property
    def zero_scores(self) -> FloatArray:
        """Normal score up to which a stage takes zero days, dims (lane, stage)."""
        return np.array([[stage.zero_score for stage in lane.stages] for lane in self.lanes]).reshape(
            -1, len(STAGES)
        )

    @cached_property
    def log_mean_errors(self) -> FloatArray:
        """Standard error of the log of each mean, dims (lane, stage)."""
        return np.array([[stage.log_mean_error for stage in lane.stages] for lane in self.lanes]).reshape(
            -1, len(STAGES)
        )

    @cached_property
    def shares(self) -> FloatArray:
        """Port share, supplier share, factor persistence, own persistence: shares by stage, dims (stage, 4).

        One factor persistence serves all stages, because they share factors: the mean over the stages,
        weighted by pairs.
        """
        parts = [self.dependence[stage] for stage in STAGES]
        weight = np.array([d.pairs + 1.0 for d in parts])
        common = float((weight * [d.factor_persistence for d in parts]).sum() / weight.sum())
        return np.array(
            [[d.port_share, d.supplier_share, common, d.own_persistence] for d in parts], dtype=np.float64
        )

    def mean_days(self) -> FloatArray:
        """Mean of each stage in days, dims (supplier, node, stage); NEVER where there is no lane."""
        return self._grid("mean")

    def sd_days(self) -> FloatArray:
        """Standard deviation of each stage, days, dims (supplier, node, stage); 0 where there is no lane."""
        return self._grid("sd")

    def total_days(self) -> tuple[FloatArray, FloatArray]:
        """Mean and sd from order to availability without queues, days, dims (supplier, node) each.

        The factors that stages share add covariance: sd_g sd_h k (sqrt(p_g p_h) + sqrt(s_g s_h)), the
        correlation of the normal scores taken for that of the days.
        """
        root = np.sqrt(self.shares[:, :2])
        correlation = self.stage_link * (root @ root.T)
        np.fill_diagonal(correlation, 1.0)
        sd = self.sd_days()
        variance = (sd[..., :, None] * sd[..., None, :] * correlation).sum(axis=(-2, -1))
        return np.minimum(self.mean_days().sum(axis=-1), NEVER), np.sqrt(variance)

    def _grid(self, what: str) -> FloatArray:
        fill = NEVER if what == "mean" else 0.0
        grid = np.full((len(self.suppliers), len(self.nodes), len(STAGES)), fill)
        for lane in self.lanes:
            at = self.suppliers.index(lane.supplier), self.nodes.index(lane.node)
            grid[at] = [getattr(stage, what) for stage in lane.stages]
        return grid

    @cached_property
    def _half_and_late(self) -> dict[LeadTime, tuple[float, float]]:
        """Days within which half and 90 % of the orders pass a stage, by its law."""
        laws = dict.fromkeys(stage for lane in self.lanes for stage in lane.stages)
        return {law: (float(half), float(late)) for law in laws for half, late in [law.quantile([0.5, 0.9])]}

    def diagnostics(self) -> list[dict[str, Any]]:
        """One row per lane and stage: source, orders, open, mean, sd, p50, p90, family weights, refusals."""
        rows = []
        for lane in self.lanes:
            for name, stage in zip(STAGES, lane.stages, strict=True):
                middle, late = self._half_and_late[stage]
                rows.append(
                    {
                        "supplier": lane.supplier,
                        "node": lane.node,
                        "port": lane.port,
                        "mode": lane.mode,
                        "stage": name,
                        "source": stage.source,
                        "orders": stage.observed_orders,
                        "open": stage.open_orders,
                        "mean": stage.mean,
                        "sd": stage.sd,
                        "p50": middle,
                        "p90": late,
                        "zero_share": stage.zero_share,
                        "floor": stage.floor,
                        "log_mean_error": stage.log_mean_error,
                        "families": {c.family: c.weight for c in stage.components},
                        "refused": list(stage.refused),
                        "dependence": self.dependence[name].source,
                    }
                )
        return rows

    def to_json(self) -> str:
        """JSON text; ``from_json`` gives back an equal model."""
        return json.dumps(
            {
                "lanes": [
                    {
                        "supplier": lane.supplier,
                        "node": lane.node,
                        "port": lane.port,
                        "mode": lane.mode,
                        "stages": [stage.to_dict() for stage in lane.stages],
                    }
                    for lane in self.lanes
                ],
                "dependence": {name: self.dependence[name].to_dict() for name in STAGES},
                "stage_link": self.stage_link,
                "history": {key: dict(values) for key, values in sorted(self.history.items())},
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str) -> LeadTimeModel:
        """Inverse of ``to_json``."""
        values = json.loads(text)
        lanes = tuple(
            Lane(
                row["supplier"],
                row["node"],
                row["port"],
                row["mode"],
                tuple(LeadTime.from_dict(stage) for stage in row["stages"]),
            )
            for row in values["lanes"]
        )
        dependence = {name: Dependence(**row) for name, row in values["dependence"].items()}
        return cls(
            lanes=lanes, dependence=dependence, stage_link=values["stage_link"], history=values["history"]
        )
