"""``policy.yaml``: the thresholds a company wants to be told about; the metric registry has the defaults."""

from __future__ import annotations

from pydantic import Field

from engine.finance.metrics import METRIC_NAMES
from engine.plan.faults import Faults
from engine.plan.files import Folder
from engine.plan.schema import Finite, Model, Share
from engine.plan.validate import validate
from engine.plan.yaml_file import read_yaml
from models.errors import did_you_mean

FILE = "policy.yaml"


class Threshold(Model):
    """Breached below ``min`` or above ``max``."""

    min: Finite | None = None
    max: Finite | None = None


class Policy(Model):
    """Thresholds by metric, and how much P(breach) under base ``--fail-on breach`` accepts."""

    thresholds: dict[str, Threshold] = Field(default_factory=dict)
    """Metric: its threshold."""
    tolerated_probability: Share = 0.2
    """Probability of breach under base up to which a breach is no failure."""


def check_policy(folder: Folder, faults: Faults) -> Policy:
    """Policy of an opened plan folder; what is wrong with it goes to the faults of the load stage."""
    path = folder.root / FILE
    if not path.exists() and not path.is_symlink():
        return Policy()
    document = read_yaml(folder, FILE, faults)
    policy = None if document is None else validate(Policy, document, faults)
    if document is None or policy is None:
        return Policy()
    for metric, threshold in policy.thresholds.items():
        if metric not in METRIC_NAMES:
            document.fault(
                faults,
                ("thresholds", metric),
                problem="no such metric",
                got=metric,
                remedy=did_you_mean(metric, METRIC_NAMES),
            )
        if threshold.min is not None and threshold.max is not None and threshold.min > threshold.max:
            document.fault(
                faults,
                ("thresholds", metric),
                problem="a least value above the greatest",
                got=f"{threshold.min:g} > {threshold.max:g}",
                remedy="min at most max",
            )
    return policy
