"""What is looked for: how many layouts, of how many nodes, delivering how much as promised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LayoutSearch:
    """The cheapest layouts that are looked for."""

    best: int = 3
    """Layouts to find, cheapest first."""
    most: int | None = None
    """Most open nodes; None: any number."""
    service: float | None = None
    """Smallest share of all units delivered as promised, were all in stock; None: what ``policy.yaml`` lets
    be late (beyond_sla), else what today's layout reaches."""

    def faults(self) -> list[str]:
        """Every setting that cannot be meant, one line each."""
        found = [
            (self.best < 1, f"best: at least 1 | got {self.best}"),
            (self.most is not None and self.most < 1, f"most: at least 1 | got {self.most}"),
            (
                self.service is not None and not 0.0 <= self.service <= 1.0,
                f"service: a share from 0 to 1 | got {self.service}",
            ),
        ]
        return [text for bad, text in found if bad]
