"""Customers and channels: what a customer won costs and brings, by acquisition channel and market, and how
every scenario moves it.
"""

from __future__ import annotations

import math

from engine.finance.unit_economics import ZONES
from engine.report.channels import ALL, Channels, Line
from engine.report.content import Block, Cell, Heading, Missing, Points, Section, table
from engine.report.formats import NONE, bare, number, percent, probability, signed, unbroken
from engine.report.reading import Source
from engine.report.sections.cohorts import cohorts, payback_curve
from engine.report.sections.customer_behaviour import behaviour
from engine.report.sections.organic import organic
from engine.report.statistics import quantile_estimates
from engine.report.summary import BASE
from engine.risk.errors import Estimate

ADVICE = {
    "star": "scale it",
    "optimise": "fix price, shipping, discount",
    "potential": "test: margin, but too little return",
    "problem": "pause it",
}


def unit_economics(source: Source) -> Section:
    """The section on customers and channels."""
    channels = source.summary.channels
    if channels is None:
        why = (
            "the plan has no acquisition channel"
            if not source.keys("acquisition", "acquisition_channel")
            else "this run was made by another version: run again"
        )
        blocks: list[Block] = [Missing("CAC, LTV, LTV/CAC, payback, ROAS", why)]
        return Section("unit-economics", "Customers and channels", (*blocks, *organic(source)))
    blocks = [Points(tuple(_answer(source, channels)))]
    blocks += [
        _base(source, channels),
        *organic(source),
        _zones(source, channels),
        Heading("How the scenarios move it"),
        _scenarios(source, channels),
        payback_curve(source, channels),
        Heading("Cohorts"),
        cohorts(source),
        *behaviour(source),
    ]
    return Section("unit-economics", "Customers and channels", tuple(blocks))


def _names(source: Source, line: Line) -> tuple[str, str]:
    market = "all" if line.market == ALL else source.label("market", line.market)
    channel = "all channels" if line.channel == ALL else source.label("acquisition_channel", line.channel)
    return market, channel


def _answer(source: Source, channels: Channels) -> list[str]:
    """The result in a few sentences."""
    currency, months = source.summary.currency, channels.months
    company = channels.company(BASE)
    parts = {name: _range(source, company, name) for name in ("cac", "ltv", "ltv_cac")}
    first = (
        f"Base, median (p05 to p95): a customer won costs {parts['cac']} {currency} and brings "
        f"{parts['ltv']} {currency} of discounted CM2 within {months} months: LTV/CAC {parts['ltv_cac']}. "
        f"P(LTV/CAC < 1), the cost not earned back within {months} months: "
        f"{probability(company.chances['below_one'], source.trials)}; P(< {channels.policy:g}), policy: "
        f"{probability(company.chances['below_policy'], source.trials)}."
    )
    blended = quantile_estimates(source.of_base("horizon/blended_cac")[:, None], (0.05, 0.5, 0.95))
    low, mid, high = (NONE if level[0] is None else number(level[0].value) for level in blended)
    out = [first, f"Blended CAC, organic customers counted too: {mid} ({low} to {high}) {currency}."]
    segments = [line for line in channels.of(BASE) if line.market != ALL and line.figures["ltv_cac"]]
    if len(segments) > 1:
        ranked = sorted(segments, key=lambda line: _median(line, "ltv_cac"))
        worst, best = (
            f"{' · '.join(_names(source, line))} ({_range(source, line, 'ltv_cac')}; P(< 1) "
            f"{probability(line.chances['below_one'], source.trials)})"
            for line in (ranked[0], ranked[-1])
        )
        out.append(f"Lowest LTV/CAC: {worst}. Highest: {best}.")
    moved = [(name, channels.company(name).change) for name in source.shocks]
    known = [(name, change) for name, change in moved if change is not None]
    if known:
        name, change = min(known, key=lambda each: (each[1].value, each[0]))
        below = channels.company(name).chances["below_one"]
        if change.value < 0.0:
            out.append(
                f"{name} lowers LTV/CAC most: {_change(change)} on average; "
                f"P(LTV/CAC < 1) becomes {probability(below, source.trials)}."
            )
    return out


def _median(line: Line, name: str) -> float:
    known = line.figures[name]
    return math.nan if known is None else known["p50"].value


def _unit(name: str) -> str:
    return {"roas": "x", "ltv_cac": "x", "romi": "share", "cm2_share": "share", "dm_roi": "share"}.get(
        name, "months" if name == "cac_payback" else "currency per customer"
    )


def _value(source: Source, name: str, value: float, months: int = 0) -> str:
    if name == "cac_payback":
        return f"{months}+" if value > months else number(value, 0)
    digits = 0 if _unit(name) == "currency per customer" else None
    return number(value, digits) if digits is not None else bare(value, _unit(name), source.money)


def _range(source: Source, line: Line, name: str, months: int = 0) -> str:
    """Median (p05 to p95)."""
    known = line.figures[name]
    if known is None:
        return NONE
    low, mid, high = (_value(source, name, known[level].value, months) for level in ("p05", "p50", "p95"))
    return f"{mid} ({low} to {high})"


def _segment(source: Source, line: Line, name: str, months: int = 0, *, error: bool = True) -> Cell:
    """Median with its Monte Carlo error; p05 to p95 below."""
    known = line.figures[name]
    if known is None:
        return Cell(NONE)
    low, mid, high = (_value(source, name, known[level].value, months) for level in ("p05", "p50", "p95"))
    if error and name != "cac_payback" and known["p50"].available:
        digits = 1 if _unit(name) == "currency per customer" else 2
        scale = 100.0 if _unit(name) == "share" else 1.0
        points = " pp" if _unit(name) == "share" else ""
        mid = unbroken(f"{mid} ± {number(scale * known['p50'].half_width, digits)}{points}")
    return Cell(mid, "", (unbroken(f"{low} to {high}"),))


def _chance(source: Source, each: Estimate | None, alarm: float = 1.1) -> Cell:
    if each is None:
        return Cell(NONE)
    return Cell(unbroken(probability(each, source.trials, short=True)), "alarm" if each.value > alarm else "")


def _base(source: Source, channels: Channels) -> Block:
    """Base by market and channel."""
    tolerated, months = source.summary.tolerated, channels.months
    rows: list[list[str | Cell]] = []
    strong = []
    for line in channels.of(BASE):
        if line.market == ALL:
            strong.append(len(rows))
        won, spend = line.figures["won"], line.figures["spend"]
        rows.append(
            [
                *_names(source, line),
                NONE if won is None else number(won["mean"].value),
                NONE if spend is None else source.money(spend["mean"].value),
                _segment(source, line, "cac"),
                _segment(source, line, "ltv"),
                _segment(source, line, "ltv_cac"),
                _chance(source, line.chances["below_one"], tolerated),
                _chance(source, line.chances["below_policy"]),
                _segment(source, line, "cac_payback", months),
            ]
        )
    rate = percent(channels.rate, 0)
    return table(
        f"Base by market and acquisition channel, {source.period}: median ± half-width of its 95% "
        f"Monte Carlo interval, p05 to p95 below; money in {source.summary.currency} a customer, spend in "
        f"{source.money.unit}. CAC: all that the spend tables hold over customers won. LTV: CM2 of the "
        f"{months} months from the first order, discounted at {rate} a year, before CAC; nothing beyond is "
        f"counted. Payback {months}+: not within {months} months. Alarm: more than the tolerated probability",
        (
            "Market",
            "Channel",
            "Customers won",
            "Spend",
            "CAC",
            "LTV",
            "LTV/CAC",
            "P(LTV/CAC < 1)",
            f"P(LTV/CAC < {channels.policy:g})",
            "Payback, months",
        ),
        rows,
        text_columns=2,
        strong=strong,
        dense=True,
    )


def _zones(source: Source, channels: Channels) -> Block:
    """Health matrix: return on spend against margin."""
    rows: list[list[str | Cell]] = []
    strong = []
    for line in channels.of(BASE):
        if line.market == ALL:
            strong.append(len(rows))
        share = line.figures["cm2_share"]
        even = NONE
        if share is not None and share["p50"].value > 0.0:
            even = number(1.0 / share["p50"].value, 2)
        rows.append(
            [
                *_names(source, line),
                _segment(source, line, "roas"),
                even,
                _segment(source, line, "cm2_share", error=False),
                _segment(source, line, "romi"),
                *(_chance(source, line.chances[zone]) for zone in ZONES),
                line.zone or NONE,
            ]
        )
    return table(
        f"Health matrix, base, {source.period}: ROAS and ROMI of the run's own spend (revenue and CM2, first "
        "and later orders within the run, of the customers won in it: those won late have had little time), "
        "cut at 1/CM2%; CM2% cut at the company's. Orders share out revenue and CM2 of their market and "
        "sales channel, so acquisition channels of one differ in cost, not in margin. What a zone asks for: "
        + "; ".join(f"{zone}: {what}" for zone, what in ADVICE.items()),
        (
            "Market",
            "Channel",
            "ROAS",
            "Break-even ROAS, 1/CM2%",
            "CM2%",
            "ROMI",
            *(f"P({zone})" for zone in ZONES),
            "Likeliest zone",
        ),
        rows,
        text_columns=2,
        strong=strong,
        dense=True,
    )


def _scenarios(source: Source, channels: Channels) -> Block:
    """Channels over all markets under every scenario."""
    rows: list[list[str | Cell]] = []
    strong = []
    months, tolerated = channels.months, source.summary.tolerated
    for name in source.scenarios:
        for line in channels.of(name, markets=False):
            if line.channel == ALL:
                strong.append(len(rows))
            zone = line.chances[line.zone] if line.zone else None
            rows.append(
                [
                    name,
                    _names(source, line)[1],
                    _segment(source, line, "cac", error=False),
                    _segment(source, line, "ltv", error=False),
                    _segment(source, line, "ltv_cac", error=False),
                    _change(line.change),
                    _chance(source, line.chances["below_one"], tolerated),
                    _chance(source, line.chances["below_policy"]),
                    _segment(source, line, "cac_payback", months),
                    _segment(source, line, "roas", error=False),
                    _segment(source, line, "romi", error=False),
                    NONE if zone is None else f"{line.zone} ({percent(zone.value, 0)})",
                ]
            )
    return table(
        f"By scenario and acquisition channel, all markets, {source.period}: median, p05 to p95 below; "
        "change of the mean LTV/CAC from base in the same trials, ± half-width of its 95% interval; ≤ and ≥: "
        "no trial or all, with the 95% bound that so many trials allow",
        (
            "Scenario",
            "Channel",
            f"CAC, {source.summary.currency}",
            f"LTV, {source.summary.currency}",
            "LTV/CAC",
            "LTV/CAC less base",
            "P(< 1)",
            f"P(< {channels.policy:g})",
            "Payback, months",
            "ROAS",
            "ROMI",
            "Likeliest zone",
        ),
        rows,
        text_columns=2,
        strong=strong,
        dense=True,
    )


def _change(each: Estimate | None) -> str:
    if each is None:
        return NONE
    error = number(each.half_width, 3) if each.available else "n/a"
    return unbroken(f"{signed(each.value, 3)} ± {error}")
