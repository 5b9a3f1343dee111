"""The reference network: 3 suppliers, 2 ports of 4 servers, 4 nodes, 6 markets, 50 items; (s, S),
returns of 10%, smallest orders, suppliers at 90% of their capacity, closures.
"""

from __future__ import annotations

from typing import Any

from models.network import Network

DEMAND = 2.0
"""Units per market, item and day."""
RETURNED = 0.1
RESALE = 0.7
RETURN_DELAY = 14
USE = 0.9
COVER_LOW, COVER_HIGH = 13, 25
"""Days of demand at the reorder and the order-up-to level."""
MOQ = 12
TRANSIT, CLEARANCE, INSPECTED = (12.0, 3.0), 0.4, 2.0
INSPECTION = 0.1


def reference(items: int = 50, nodes: int = 4, markets: int = 6) -> dict[str, Any]:
    """Description with that many items, nodes and markets."""
    names = [f"N{k}" for k in range(nodes)]
    served = {f"M{m}": [names[m % nodes], names[(m + 1) % nodes]] for m in range(markets)}
    first = [list_[0] for list_ in served.values()]
    weekly = DEMAND * markets * items * 7 * (1.0 - RETURNED * RESALE) / 3 / USE
    mean, sd = TRANSIT
    return {
        "suppliers": {f"S{k}": {"capacity_per_week": round(weekly)} for k in range(3)},
        "ports": {
            f"P{k}": {
                "servers": 4,
                "clearance": CLEARANCE,
                "inspection": {"share": INSPECTION, "clearance": INSPECTED},
                "closures": [[60 + 90 * k, 62 + 90 * k], [240 + 30 * k, 243 + 30 * k]],
            }
            for k in range(2)
        },
        "nodes": {name: {"port": f"P{k % 2}"} for k, name in enumerate(names)},
        "lanes": [
            {"from": f"S{s}", "to": name, "production": 2.0, "inland": 1.0,
             "transit": {"family": "lognormal", "mean": mean, "sd": sd}}
            for s in range(3)
            for name in names
        ],
        "markets": {
            key: {"nodes": list(dict.fromkeys(nodes_)), "backlog_share": 0.5, "return_share": RETURNED,
                  "demand": {"family": "poisson", "mean": DEMAND}}
            for key, nodes_ in served.items()
        },
        "items": {f"I{i:03d}": {"moq": MOQ} for i in range(items)},
        "grades": [RESALE, 0.1, 0.1, 0.1],
        "return_delay": RETURN_DELAY,
        "policies": [
            {"node": name, "reorder_level": int(DEMAND * max(1, first.count(name)) * COVER_LOW),
             "order_up_to": int(DEMAND * max(1, first.count(name)) * COVER_HIGH)}
            for name in names
        ],
    }  # fmt: skip


def reference_network(items: int = 50, nodes: int = 4, markets: int = 6) -> Network:
    """The network of the description."""
    return Network.from_dict(reference(items, nodes, markets))
