"""A chart as a list of marks in pixels, written as SVG for the report and for notebooks.

One writer, so that page and notebook show the same picture. SVG is written by hand because a page has some
thirty charts and must be built in a second. Text is escaped here and nowhere else: no chart hands markup on.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

Point = tuple[float, float]

INK, MUTED, GRID, PAPER = "#1f2a33", "#5b6670", "#dfe3e7", "#ffffff"
ACTUAL, FORECAST = "#3b4650", "#8b97a2"
GOOD, BAD = "#0072b2", "#d55e00"
BAND, INNER = "#cfe3f2", "#9cc5e3"
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b6670", "#8c6d1f", "#000000")
"""Okabe and Ito's palette, told apart by every common kind of colour blindness; lines also differ in dash."""
DASHES = ("", "6 3", "2 2", "8 3 2 3", "4 2", "1 2", "10 4", "6 2 2 2", "3 3")
FONT = "system-ui, 'Liberation Sans', 'DejaVu Sans', sans-serif"
TITLE = 20.0
"""Height of a title above a chart, in pixels."""
WIDE = 860.0
"""Width of a chart over the whole page, in pixels."""
CHARACTER = 0.6
"""Mean width of a character, in units of the font size."""


@dataclass(frozen=True)
class Line:
    """A polyline; ``dash`` as in SVG."""

    points: tuple[Point, ...]
    colour: str = INK
    width: float = 1.0
    dash: str = ""


@dataclass(frozen=True)
class Area:
    """A filled polygon; hatched areas are forecasts (IBCS)."""

    points: tuple[Point, ...]
    colour: str
    hatched: bool = False
    edge: str = ""


@dataclass(frozen=True)
class Label:
    """A text at its baseline; ``anchor`` is start, middle or end."""

    at: Point
    text: str
    size: float = 10.0
    colour: str = INK
    anchor: str = "start"
    bold: bool = False


Mark = Line | Area | Label


@dataclass
class Chart:
    """A picture of a fixed size in pixels, y downwards, with the sentence that stands for it where no
    picture can be seen; a ``title`` stands above it, outside its height (on a page the title is the page's).
    """

    width: float
    height: float
    description: str
    marks: list[Mark] = field(default_factory=list)
    title: str = ""

    def line(self, points: Sequence[Point], colour: str = INK, width: float = 1.0, dash: str = "") -> None:
        """Add a polyline."""
        self.marks.append(Line(tuple(points), colour, width, dash))

    def area(self, points: Sequence[Point], colour: str, *, hatched: bool = False, edge: str = "") -> None:
        """Add a filled polygon."""
        self.marks.append(Area(tuple(points), colour, hatched, edge))

    def box(
        self, x: float, y: float, width: float, height: float, colour: str, *, hatched: bool = False
    ) -> None:
        """Add a rectangle by its upper left corner."""
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        self.marks.append(Area(corners, colour, hatched, colour if hatched else ""))

    def label(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 10.0,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Add a text."""
        self.marks.append(Label((x, y), text, size, colour, anchor, bold))

    def svg(self, key: str = "chart") -> str:
        """The picture as an SVG element; ``key`` names its patterns and must be unique on a page."""
        hatches = sorted({m.colour for m in self.marks if isinstance(m, Area) and m.hatched})
        patterns = "".join(
            f'<pattern id="{key}-{n}" width="5" height="5" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="5" height="5" fill="{PAPER}"/>'
            f'<rect width="2.2" height="5" fill="{colour}"/></pattern>'
            for n, colour in enumerate(hatches)
        )
        fills = {colour: f"url(#{key}-{n})" for n, colour in enumerate(hatches)}
        above = TITLE if self.title else 0.0
        head = [Label((4.0, 8.0 - above), self.title, bold=True)] if self.title else []
        body = "".join(_svg_mark(mark, fills) for mark in (*head, *self.marks))
        high = self.height + above
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 {0.0 - above:g} {self.width:g} {high:g}" '
            f'width="{self.width:g}" height="{high:g}" role="img" font-family="{html.escape(FONT)}" '
            f'aria-label="{html.escape(self.description)}">'
            f"{f'<defs>{patterns}</defs>' if patterns else ''}{body}</svg>"
        )

    def _repr_svg_(self) -> str:
        return self.svg()


def _points(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _svg_mark(mark: Mark, fills: dict[str, str]) -> str:
    if isinstance(mark, Line):
        dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
        return (
            f'<polyline points="{_points(mark.points)}" fill="none" stroke="{mark.colour}" '
            f'stroke-width="{mark.width:g}"{dash}/>'
        )
    if isinstance(mark, Area):
        fill = fills[mark.colour] if mark.hatched else mark.colour
        edge = f' stroke="{mark.edge}" stroke-width="0.7"' if mark.edge else ""
        return f'<polygon points="{_points(mark.points)}" fill="{fill}"{edge}/>'
    weight = ' font-weight="600"' if mark.bold else ""
    anchor = f' text-anchor="{mark.anchor}"' if mark.anchor != "start" else ""
    return (
        f'<text x="{mark.at[0]:.1f}" y="{mark.at[1]:.1f}" font-size="{mark.size:g}" fill="{mark.colour}"'
        f"{anchor}{weight}>{html.escape(mark.text)}</text>"
    )


def fitted(text: str, width: float, size: float = 10.0) -> str:
    """A text shortened with an ellipsis so that it fits a width in pixels."""
    room = max(int(width / (CHARACTER * size)), 2)
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"
