"""Supply and stock: service, lanes, customs, warehouses, shocks and playbooks; numbers of the run."""

from __future__ import annotations

from engine.report.reading import Source
from engine.report.supply_figures import SupplyTable, supply_tables
from engine.report.workbook.sheet import Sheet, print_scale

SHEET = "Supply"
HEADER = 3
NUMBER_OF_UNIT = {
    "currency": "money",
    "share": "share",
    "days": "days",
    "x": "x",
    "count": "integer",
    "hours": "integer",
    "currency per order": "cents",
}
KEY_WIDTH, SECOND_WIDTH, VALUE_WIDTH, ERROR_WIDTH = 30.0, 14.0, 11.5, 6.5


def write_supply(sheet: Sheet, source: Source, subtitle: str, footer: str) -> None:
    """Every table of supply and stock, one below the other, value and error beside each other."""
    sheet.heading("Supply, service and stock", subtitle)
    sheet.text(
        2,
        0,
        "Numbers of the run, not formulas. ± is the half-width of the 95% Monte Carlo interval; n/a: not "
        "defined in any trial, or too few trials for an error.",
        "note",
    )
    if not source.has("service/orders_shipped"):
        sheet.text(HEADER, 0, "This run was made before supply metrics were measured.")
        return
    row, widest = HEADER, 0
    for each in supply_tables(source):
        row = _table(sheet, each, row + 1)
        widest = max(widest, len(each.columns))
    widths = [KEY_WIDTH, SECOND_WIDTH, *([VALUE_WIDTH, ERROR_WIDTH] * widest)]
    sheet.widths(widths)
    sheet.freeze(0, 1)
    sheet.paper(footer, wide=True)
    sheet.page.set_print_scale(print_scale(widths))


def _table(sheet: Sheet, each: SupplyTable, row: int) -> int:
    """One table; the next free row."""
    sheet.text(row, 0, each.title, "section")
    sheet.texts(row + 1, 0, (*each.keys, "")[:2], "head")
    for k, (title, unit) in enumerate(each.columns):
        shown = (
            title if unit in ("count", "share") else f"{title}, {unit.replace('currency', sheet.currency, 1)}"
        )
        sheet.texts(row + 1, 2 + 2 * k, (shown, "±"), "head right")
    at = row + 1
    for keys, cells in each.rows:
        at += 1
        sheet.texts(at, 0, keys)
        for k, (figure, (_, unit)) in enumerate(zip(cells, each.columns, strict=True)):
            column, number = 2 + 2 * k, NUMBER_OF_UNIT.get(unit, "general")
            if figure is None:
                sheet.text(at, column, "n/a", "right")
                continue
            sheet.number(at, column, figure.value, number)
            if figure.available:
                sheet.number(at, column + 1, figure.half_width, number, "ratio")
    return at + 1
