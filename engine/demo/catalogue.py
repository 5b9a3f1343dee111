"""The forty items that Lumen Beauty sells and who makes them."""

from __future__ import annotations

from dataclasses import dataclass

#: Unit costs as a multiple of the shares below, set so that the margin ladder is that of a plausible brand.
COST_LEVEL = 1.25
ONLY_IN = {"Beam Hair Cap": ("CA", "US"), "Peel Pads Sensitive": ("DE", "GB")}


@dataclass(frozen=True)
class Item:
    """One article: master data and how popular it is."""

    key: str
    label: str
    hs: str
    category: str
    weight: float
    price: float
    """USD, without tax."""
    cost: float
    """USD at the reference rates, first supplier."""
    popularity: float
    suppliers: tuple[str, ...]
    shares: tuple[float, ...]
    moq: int
    multiple: int
    markets: tuple[str, ...]


_CATALOGUE = (
    # category, hs, supplier pattern, dual partner, rows of (label, price, cost share, weight, popularity)
    (
        "device",
        "8543709987",
        "CN1",
        "CN2",
        (
            ("Aurora LED Mask", 439, 0.245, 0.85, 5.6),
            ("Aurora LED Mask Pro", 579, 0.24, 0.95, 2.9),
            ("Halo Eye Lamp", 259, 0.25, 0.35, 4.0),
            ("Halo Neck Panel", 349, 0.25, 0.70, 2.4),
            ("Glow Wand", 199, 0.26, 0.30, 3.6),
            ("Glow Wand Travel", 159, 0.27, 0.22, 2.1),
            ("Beam Hair Cap", 529, 0.245, 1.10, 1.2),
            ("Beam Hand Mitt", 299, 0.25, 0.60, 1.1),
        ),
    ),
    (
        "tool",
        "9019101000",
        "CN1",
        "CN2",
        (
            ("Sculpt Roller", 109, 0.27, 0.25, 2.2),
            ("Sculpt Microcurrent", 269, 0.25, 0.40, 3.0),
            ("Pulse Cleanser Brush", 129, 0.26, 0.30, 2.0),
            ("Pulse Scalp Massager", 89, 0.28, 0.28, 1.2),
        ),
    ),
    (
        "care",
        "3304990000",
        "KR1",
        "CN2",
        (
            ("Photon Serum 30", 86, 0.27, 0.12, 5.2),
            ("Photon Serum 50", 119, 0.26, 0.17, 3.6),
            ("Prism Vitamin C", 99, 0.27, 0.12, 3.8),
            ("Prism Retinal", 109, 0.26, 0.12, 2.9),
            ("Dew Moisturiser", 78, 0.28, 0.18, 4.0),
            ("Dew Night Cream", 89, 0.27, 0.18, 2.8),
            ("Shade SPF 50", 57, 0.30, 0.14, 3.9),
            ("Lumi Eye Cream", 84, 0.27, 0.08, 2.6),
            ("Lumi Lip Care", 38, 0.32, 0.05, 1.8),
            ("Barrier Balm", 62, 0.29, 0.12, 2.0),
            ("Calm Toner", 51, 0.30, 0.24, 2.2),
            ("Conductive Gel", 46, 0.30, 0.28, 4.1),
        ),
    ),
    (
        "care",
        "3401300000",
        "KR1",
        "CN2",
        (
            ("Clear Foam", 49, 0.30, 0.22, 2.4),
            ("Clear Oil", 57, 0.29, 0.22, 1.9),
            ("Clear Balm", 59, 0.29, 0.16, 1.7),
        ),
    ),
    (
        "mask",
        "3307900000",
        "KR1",
        "CN2",
        (
            ("Sheet Mask 5", 43, 0.30, 0.16, 3.0),
            ("Sheet Mask 10", 76, 0.29, 0.30, 2.3),
            ("Hydrogel Eye 30", 65, 0.29, 0.14, 2.5),
            ("Peel Pads 60", 70, 0.29, 0.28, 2.1),
            ("Peel Pads Sensitive", 70, 0.29, 0.28, 1.1),
            ("Overnight Mask", 73, 0.28, 0.20, 1.5),
        ),
    ),
    (
        "accessory",
        "4202120000",
        "CN2",
        "CN1",
        (("Travel Case", 61, 0.29, 0.40, 1.2), ("Vanity Bag", 53, 0.30, 0.30, 0.9)),
    ),
    (
        "accessory",
        "6302600000",
        "CN2",
        "CN1",
        (("Face Towels 3", 39, 0.32, 0.30, 1.1), ("Headband", 26, 0.34, 0.08, 1.0)),
    ),
    (
        "accessory",
        "3926909990",
        "CN2",
        "CN1",
        (
            ("Charging Stand", 66, 0.29, 0.35, 0.9),
            ("Eye Inserts", 32, 0.32, 0.05, 0.8),
            ("Replacement Straps", 30, 0.33, 0.08, 0.6),
        ),
    ),
)


def catalogue(template: str, every: tuple[str, ...]) -> tuple[Item, ...]:
    """Forty items sold in ``every`` market but for two; a third have a second supplier, in the twin all,
    in two origins.
    """
    items: list[Item] = []
    for category, hs, first, second, rows in _CATALOGUE:
        for label, price, cost_share, weight, popularity in rows:
            position = len(items)
            suppliers, shares = _sourcing(template, position, first, second)
            markets = ONLY_IN.get(label, every)
            items.append(
                Item(
                    f"LB-{position + 1:03d}",
                    label,
                    hs,
                    category,
                    weight,
                    float(price),
                    round(price * cost_share * COST_LEVEL, 2),
                    popularity,
                    suppliers,
                    shares,
                    24,
                    12,
                    markets,
                )
            )
    return tuple(items)


def _sourcing(
    template: str, position: int, first: str, second: str
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    if template == "demo-diversified":
        partner = "KR1" if first != "KR1" else ("CN1" if position % 2 else "CN2")
        return (first, partner), (0.5, 0.5)
    if position % 3 == 1:
        return (first, second), (0.7, 0.3)
    return (first,), (1.0,)
