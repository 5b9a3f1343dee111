"""Cell formats of the workbook by name, made once each; negatives stand in parentheses."""

from __future__ import annotations

from typing import Any

MONEY = '#,##0_);(#,##0);"-"_)'
NUMBERS = {
    "money": MONEY,
    "units": MONEY,
    "share": "0.0%_);(0.0%)",
    "plain share": "0.000_);(0.000)",
    "days": "#,##0.0_);(#,##0.0)",
    "x": "0.00_);(0.00)",
    "month": "mmm yy",
    "date": "yyyy-mm-dd",
    "integer": "#,##0_);(#,##0)",
    "general": "General_);(General)",
    "cents": '#,##0.00_);(#,##0.00);"-"_)',
}

INK, GREY, LINE = "#1f2933", "#66727f", "#b8c1ca"
BLUE, GREEN, RED = "#0000ff", "#0a7a4b", "#b42318"
HEAD, RUNG, STATIC = "#dde6ee", "#eef3f7", "#f6f1e4"
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7f7f7f", "#000000")
"""Colours of chart series, safe for colour-blind readers (Okabe and Ito)."""

LOOKS: dict[str, dict[str, Any]] = {
    "": {},
    "bold": {"bold": True},
    "title": {"bold": True, "font_size": 15},
    "section": {"bold": True, "font_size": 11, "bottom": 1, "border_color": LINE},
    "note": {"font_color": GREY, "italic": True},
    "wrap": {"text_wrap": True},
    "wrap note": {"font_color": GREY, "italic": True, "text_wrap": True},
    "wrap bold": {"text_wrap": True, "bold": True},
    "head": {"bold": True, "bg_color": HEAD, "text_wrap": True, "bottom": 1, "border_color": LINE},
    "band": {"bold": True, "bg_color": HEAD},
    "head right": {
        "bold": True,
        "bg_color": HEAD,
        "text_wrap": True,
        "align": "right",
        "bottom": 1,
        "border_color": LINE,
    },
    "rung": {"bold": True, "bg_color": RUNG, "top": 1, "border_color": LINE},
    "input": {"font_color": BLUE},
    "wrap input": {"font_color": BLUE, "text_wrap": True, "align": "left"},
    "static": {"bg_color": STATIC},
    "right": {"align": "right"},
    "ratio": {"italic": True, "font_color": GREY},
    "link": {"font_color": "#0072b2", "underline": 1},
    "verdict": {"bold": True, "align": "center"},
}


class Styles:
    """Formats of one workbook: a look and a number format by name, and whether text is quoted."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[str, str, bool], Any] = {}

    def of(self, look: str = "", number: str = "", quoted: bool = False) -> Any:
        """A cell format; ``quoted`` keeps a text a text even after it was edited in place."""
        key = (look, number, quoted)
        if key not in self._made:
            properties = {"font_name": "Arial", "font_size": 9, "font_color": INK, "valign": "top"}
            properties |= LOOKS[look]
            if number:
                properties["num_format"] = NUMBERS[number]
            if quoted:
                properties["quote_prefix"] = True
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def fill(self, color: str) -> Any:
        """A background for conditional formats."""
        return self._book.add_format({"bg_color": color})
