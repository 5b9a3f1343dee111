"""Amounts of order files: line totals or prices each, discounts as money or share, order amounts once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from engine.plan.reading.work import Work

ZERO = Decimal(0)
_PERCENT = re.compile(r"%|percent|prozent|pourcent|por ciento", re.IGNORECASE)
CENT = Decimal("0.01")


def quantities(work: Work) -> list[Decimal]:
    """Units of each record; one where the file has lines without a quantity."""
    if work.has("quantity"):
        return work.values.amount("quantity")
    if work.has("item") or work.has("item_name"):
        work.questions.append(
            "no column holds a quantity: each line counts one unit; say columns: {quantity: …}"
        )
    return [Decimal(1) if work.has("item") or work.has("item_name") else ZERO] * work.source.count


def line_amounts(work: Work, units: list[Decimal]) -> tuple[list[Decimal], list[Decimal]]:
    """Gross (list price times quantity) and discount of each record, before order discounts."""
    discount = _discounts(work)
    choice = work.option("line")
    if choice == "auto":
        choice = _choose(work)
    if choice == "two_totals":
        before, after = work.values.amount("line_total_before"), work.values.amount("line_total_after")
        return before, [abs(b - a) for b, a in zip(before, after, strict=True)]
    if choice == "price_each":
        gross = [p * u for p, u in zip(work.values.amount("price"), units, strict=True)]
        return gross, _money(work, gross, discount)
    nothing = [ZERO] * work.source.count
    if choice == "none":
        return nothing, nothing if work.has("discount") and _is_share(work) else _money(
            work, nothing, discount
        )
    if choice == "after_alone":
        return _before_discount(work, work.values.amount("line_total_after"), discount)
    if choice == "before_alone":
        before = work.values.amount("line_total_before")
        return before, _money(work, before, discount)
    line = work.values.amount("line_total")
    if choice == "total_before":
        return line, _money(work, line, discount)
    return _before_discount(work, line, discount)


def _choose(work: Work) -> str:
    if work.has("line_total_before") and work.has("line_total_after"):
        return "two_totals"
    if work.has("price"):
        return "price_each"
    if work.has("line_total"):
        return "total_before"
    if work.has("line_total_before"):
        return "before_alone"
    return "after_alone" if work.has("line_total_after") else "none"


def _is_share(work: Work) -> bool:
    """Whether the line discount is a share of the price: said, written with %, or never above one."""
    choice = work.option("discount")
    if choice != "auto":
        return choice == "share"
    cells = [text for text in work.values.distinct("discount") if text]
    if _PERCENT.search(work.source.header_of("discount")) or any("%" in text for text in cells):
        return True
    values = [abs(value) for value in set(work.values.amount("discount")) if value]
    return len(values) > 1 and max(values) < 1


def _discounts(work: Work) -> list[Decimal]:
    if not work.has("discount"):
        return [ZERO] * work.source.count
    discount = [abs(value) for value in work.values.amount("discount")]
    percent = _is_share(work) and max(discount, default=ZERO) > 1
    return [value / 100 for value in discount] if percent else discount


def _money(work: Work, gross: list[Decimal], discount: list[Decimal]) -> list[Decimal]:
    if not work.has("discount"):
        return discount
    if _is_share(work):
        return [(g * d).quantize(CENT) for g, d in zip(gross, discount, strict=True)]
    if work.option("discount_of") == "each":
        return [d * abs(u) for d, u in zip(discount, quantities(work), strict=True)]
    if work.option("discount_of", "auto") == "auto" and repeats(
        work.source.texts("order"), discount, work.counted()
    ):
        return once(work.source.texts("order"), discount)
    return discount


def _before_discount(
    work: Work, line: list[Decimal], discount: list[Decimal]
) -> tuple[list[Decimal], list[Decimal]]:
    if work.has("discount") and _is_share(work):
        gross = [(v / (1 - d)).quantize(CENT) if d < 1 else v for v, d in zip(line, discount, strict=True)]
        return gross, [g - v for g, v in zip(gross, line, strict=True)]
    return [v + d for v, d in zip(line, discount, strict=True)], discount


def once(keys: Sequence[str], amounts: Sequence[Decimal]) -> list[Decimal]:
    """Amounts of orders at the first record of each that has one, zero at the others."""
    seen: set[str] = set()
    kept = []
    for key, amount in zip(keys, amounts, strict=True):
        first = bool(amount) and key not in seen
        if first:
            seen.add(key)
        kept.append(amount if first else ZERO)
    return kept


def repeats(keys: Sequence[str], amounts: Sequence[Decimal], rows: Sequence[int]) -> bool:
    """Whether an amount repeats on the lines of its order: two lines of an order never differ."""
    first: dict[str, Decimal] = {}
    several = False
    for row in rows:
        key, amount = keys[row], amounts[row]
        if key not in first:
            first[key] = amount
        elif amount != first[key]:
            return False
        elif amount:
            several = True
    return several


def order_amount(work: Work, name: str) -> list[Decimal]:
    """An amount of orders by record: as it stands where it belongs to lines, else once an order."""
    if not work.has(name):
        return [ZERO] * work.source.count
    amounts = work.values.amount(name)
    keys = work.source.texts("order")
    choice = work.option(name)
    if choice == "each_row":
        return amounts
    if choice == "auto" and not repeats(keys, amounts, work.counted()):
        return amounts if _several_amounts(keys, amounts) else once(keys, amounts)
    return once(keys, amounts)


def _several_amounts(keys: Sequence[str], amounts: Sequence[Decimal]) -> bool:
    seen: set[str] = set()
    for key, amount in zip(keys, amounts, strict=True):
        if amount and key in seen:
            return True
        if amount:
            seen.add(key)
    return False
