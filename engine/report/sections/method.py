"""Method and limits: how the figures come about, what they cannot say, and what is not computed."""

from __future__ import annotations

from engine.finance.lines import LINES, RUNGS
from engine.finance.metrics import METRIC_OF
from engine.report.content import Block, Heading, Missing, Points, Section, words
from engine.report.formats import percent
from engine.report.reading import Source
from engine.report.waterfall import line_title
from engine.risk.errors import MINIMUM_SECTIONS, TRIALS_PER_SECTION, section_count

NOT_COMPUTED = (
    (
        "Backtest of earlier vintages, interval coverage, calibration plot",
        "no vintage is frozen in this release",
    ),
    (
        "Tornado: which uncertainty drives the result",
        "sensitivity from the stored trials comes in a later release",
    ),
    ("Attribution by shock (Shapley)", "needs one run a subset of the shocks"),
    ("Euler contributions to CVaR", "come with the risk page of a later release"),
    ("Value of each response and of reacting faster", "needs runs with and without the response"),
    ("Customer lifetime value, cohort curves", "come with the customer figures of a later release"),
)


def method(source: Source) -> Section:
    """The section on method and limits."""
    blocks: list[Block] = [Points(_method(source)), Heading("Limits"), Points(_limits())]
    blocks += [Heading("Not computed in this run"), *(Missing(name, why) for name, why in _missing(source))]
    blocks += [
        Heading("The margin ladder"),
        words(
            "Lines and the rung they enter; positive comes in, negative leaves",
            ("Rung", "Line", "Meaning"),
            [
                [line_title(rung), line_title(line.name), line.meaning]
                for rung in RUNGS
                for line in LINES
                if line.rung == rung
            ],
        ),
        Heading("The run"),
        _run(source),
    ]
    return Section("method", "Method and limits", tuple(blocks))


def _method(source: Source) -> tuple[str, ...]:
    sections = section_count(source.trials)
    errors = (
        f"± is the half-width of the 95% Monte Carlo interval by sectioning, {sections} groups of trials."
        if sections >= MINIMUM_SECTIONS
        else f"Errors are not available: {source.trials} trials make {sections} groups of "
        f"{TRIALS_PER_SECTION}, and {MINIMUM_SECTIONS} groups are needed."
    )
    weights = source.summary.weights
    mixture = (
        "The mixture weighs the scenarios as plan.yaml says: "
        + ", ".join(f"{name} {percent(weight, 0)}" for name, weight in weights.items())
        + "."
        if weights
        else "No scenario weights are set in plan.yaml for what was run, so there is no mixture."
    )
    return (
        (
            "One chain: customers place orders, orders take stock, stock comes from suppliers through ports, "
            "and everything has a price, a duty and a payment date. One trial draws every uncertainty once, "
            "parameters included; the same trial is played under every scenario, so that differences from "
            "base are paired."
        ),
        errors,
        (
            "A breach probability is given the scenario named. Where no trial breached, the bound that so "
            "many trials allow is printed (one-sided 95%, Clopper and Pearson)."
        ),
        mixture,
        (
            "p05, p50 and p95 are values that 5%, 50% and 95% of the trials do not exceed. They do not add "
            "up: statements are shown as means."
        ),
        (
            "Notation: actual figures are solid and dark, forecasts hatched or lighter with their bands; "
            "blue helps and orange hurts."
        ),
        "Base contains normal outages, closures, lateness and currency noise.",
    )


def _limits() -> tuple[str, ...]:
    return (
        (
            "BG/NBD gives P(alive) = 1 to one-time buyers: it cannot tell a lost one-time buyer from a "
            "patient one."
        ),
        "Lost orders do not raise churn. Refunds are made at the price of the day they arrive.",
        "Price elasticities are listed priors unless the ledger holds enough price changes.",
        (
            "One functional currency; duty is ad valorem; tariff and exchange rates are the plan's own data "
            "with source and validity, none is shipped as truth."
        ),
        "A scenario says what happens if it comes; its size is an assumption with a source, not a forecast.",
        "The tail of a distribution rests on few trials: a p05 of 1,024 trials on about 51.",
    )


def _missing(source: Source) -> list[tuple[str, str]]:
    unmeasured = [name for name in sorted(source.record["policy"]["thresholds"]) if name not in METRIC_OF]
    return [
        *NOT_COMPUTED,
        *((f"Threshold {name} of policy.yaml", "this release has no such metric") for name in unmeasured),
    ]


def _run(source: Source) -> Block:
    record = source.record
    trials = f"{record['first_trial']:,} to {record['stop_trial'] - 1:,} ({source.trials:,})"
    rows = [
        ["Run", str(record["run_id"])],
        ["Trials", trials],
        ["Seed", str(record["seed"])],
        ["Stream version", str(record["stream_version"])],
        ["Horizon", f"{record['quarters']} quarters, {source.period}"],
        ["Actuals through", str(record["actuals_through"])],
        ["Calibration", str(record.get("calibration", ""))],
        ["Plan hash", str(record["plan_hash"])],
        ["Scenario hash", str(record["scenario_hash"])],
        ["Code", f"tradewind {record['tradewind']}, {record['code']}"],
        ["Python", f"{record['python']} on {record['machine']}"],
        [
            "Libraries",
            ", ".join(f"{name} {version}" for name, version in sorted(record["libraries"].items())),
        ],
        [
            "Price rules",
            "; ".join(f"{m}: {_rule(rule)}" for m, rule in sorted(record["price_rules"].items())),
        ],
    ]
    return words(
        "What made this run: the same inputs give the same run id and the same bytes", ("What", "Value"), rows
    )


def _rule(rule: dict[str, object]) -> str:
    name = str(rule.get("rule", "absorb"))
    if name == "pass_through":
        return f"pass through {percent(float(str(rule['share'])), 0)} after {float(str(rule['lag'])):g} days"
    if name == "margin_floor":
        return f"CM1 floor {percent(float(str(rule['floor'])), 0)}"
    return name
