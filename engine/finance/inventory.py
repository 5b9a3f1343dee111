"""Moving-average inventory by node and item, its landed cost kept in four layers: goods, freight, duty, fees.

A receipt mixes into the average; a sale leaves at the average; a returned unit comes back at it. Between
receipts the average stands
still, so sales are taken off the value in one step before the next receipt (``release``).
"""

from __future__ import annotations

from models.compiled import inner

GOODS, FREIGHT, DUTY, FEES = 0, 1, 2, 3
LAYERS = ("goods", "freight", "duty", "fees")
LAYER_COUNT = 4
"""As many as LAYERS: compiled loops need a plain number."""


@inner
def release(units, value, average, since, node, item) -> None:  # type: ignore[no-untyped-def]
    """Take the units sold since the last change of the average off stock; arrays (node, item[, layer]), in
    place.
    """
    sold = since[node, item]
    if sold == 0:
        return
    units[node, item] -= sold
    for layer in range(LAYER_COUNT):
        value[node, item, layer] -= sold * average[node, item, layer]
    since[node, item] = 0


@inner
def receive(units, value, average, since, node, item, received, cost) -> None:  # type: ignore[no-untyped-def]
    """Add units at their landed cost (layer,) and mix the average."""
    release(units, value, average, since, node, item)
    units[node, item] += received
    for layer in range(LAYER_COUNT):
        value[node, item, layer] += cost[layer]
        average[node, item, layer] = value[node, item, layer] / units[node, item]


@inner
def unit_cost(average, node, item) -> float:  # type: ignore[no-untyped-def]
    """Landed cost per unit, all layers, company currency."""
    return float(average[node, item, GOODS] + average[node, item, FREIGHT]) + float(
        average[node, item, DUTY] + average[node, item, FEES]
    )


@inner
def write_down(value, average, node, item, factor) -> None:  # type: ignore[no-untyped-def]
    """Scale all layers of a stock to its net realisable value."""
    for layer in range(LAYER_COUNT):
        value[node, item, layer] *= factor
        average[node, item, layer] *= factor
