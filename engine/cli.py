"""The command ``tradewind``: parse, call, print.

Data goes to stdout, progress and messages to stderr. Exit codes: 0 ok, 1 error, 2 wrong command line, 3
data fails its checks, 4 policy breach (with ``--fail-on breach``).
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from models.errors import InputError, TradewindError, UsageError

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_DATA = 3
EXIT_BREACH = 4

app = typer.Typer(
    name="tradewind",
    help="Scenario planning and forecasting for cross-border e-commerce.",
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
scenarios_app = typer.Typer(help="The scenario library.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(scenarios_app, name="scenarios")

PlanPath = Annotated[Path, typer.Argument(help="Plan folder (with plan.yaml).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def main() -> None:
    """Run the command line; turn errors into messages and exit codes, tracebacks only with ``--debug``."""
    gc.set_threshold(100_000, 20, 100)  # a run makes many long-lived objects and hardly a cycle
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
    except InputError as error:
        _complain(*(str(fault) for fault in error.faults), _fault_count(len(error.faults)))
        sys.exit(EXIT_DATA)
    except UsageError as error:
        _complain(str(error))
        sys.exit(EXIT_USAGE)
    except (TradewindError, OSError) as error:
        if debug:
            raise
        _complain(str(error))
        sys.exit(EXIT_ERROR)
    except Exception as error:
        if debug:
            raise
        _complain(
            f"internal error: {type(error).__name__}: {error}", "run again with --debug for the traceback"
        )
        sys.exit(EXIT_ERROR)


def _fault_count(count: int) -> str:
    return f"{count} {'fault' if count == 1 else 'faults'}; nothing was written"


def _complain(*lines: str) -> None:
    for line in lines:
        print(_printable(line), file=sys.stderr)


def _printable(text: str) -> str:
    """Text without control characters: data can never drive the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def _print_json(data: Any) -> None:
    text = json.dumps(data, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False)
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def _print_table(rows: list[dict[str, str]]) -> None:
    """Aligned plain text columns; numbers to the right."""
    if not rows:
        return
    names = list(rows[0])
    cells = [[_printable(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in cells)) for i, name in enumerate(names)]
    for row in [names, *cells]:
        line = "  ".join(
            text.rjust(width) if _numeric(cells, i) else text.ljust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        print(line.rstrip())


def _numeric(cells: list[list[str]], column: int) -> bool:
    return all(row[column][:1] in "0123456789-+.(" for row in cells if row[column])


def _version(value: bool) -> None:
    if value:
        from engine import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Scenario planning and forecasting for cross-border e-commerce.

    ``--debug`` shows tracebacks.
    """


@app.command()
def init(
    template: Annotated[str, typer.Argument(help="demo, demo-diversified or online-retail.")],
    path: Annotated[
        Path | None, typer.Argument(help="Folder to write; default: the template's name.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="online-retail: folder of the real data; default: TRADEWIND_DATA, ../shared/data."),
    ] = None,
) -> None:
    """Write a runnable plan folder; refuses to overwrite."""
    from engine.demo import TEMPLATES, write_demo
    from engine.templates.online_retail import TEMPLATE, write_online_retail

    if template not in (*TEMPLATES, TEMPLATE):
        known = ", ".join((*TEMPLATES, TEMPLATE))
        raise UsageError(f"template: unknown | got {template!r} | choose one of {known}")
    if data is not None and template != TEMPLATE:
        raise UsageError(f"--data: {template} is generated | got {str(data)!r} | leave it out")
    target = path or Path(template)
    continuation = target.with_name(f"{target.name}-continuation")
    for folder in (target,) if template == TEMPLATE else (target, continuation):
        if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
            raise UsageError(f"{folder}: exists already | nothing was written | choose another folder")
    if template == TEMPLATE:
        write_online_retail(target, data)
        print(target)
        _complain(f"plan folder written to {target}; what is assumed stands in {target / 'assumptions.yaml'}")
        return
    write_demo(target, template=template, continuation=continuation)
    print(target)
    _complain(
        f"plan folder written to {target}, its own continuation (for truth tests only) to {continuation}"
    )


@app.command()
def check(path: PlanPath, as_json: AsJson = False) -> None:
    """Read a plan folder: what was recognised, used, rejected and assumed; all faults at once."""
    from engine.plan.load import load_plan
    from engine.plan.report import check_report
    from engine.stages.lead_times import lead_time_report

    plan = load_plan(path)
    report = check_report(plan) | {"lead_times": lead_time_report(plan)}
    if as_json:
        _print_json(report)
        return
    _print_check(report)
    _complain("ok")


def _print_check(report: dict[str, Any]) -> None:
    """The check report as people read it."""
    columns = ("file", "table", "layout", "recognised_by", "rows", "used", "rejected")
    _print_table([{name: _text(row[name]) for name in columns} for row in report["files"]])
    for row in report["files"]:
        for name in ("unknown_columns", "absent_columns", "notes"):
            if row[name]:
                print(_printable(f"{row['file']}: {name.replace('_', ' ')}: {_text(row[name])}"))
        for table in row["amounts"]:
            _print_amounts(row["file"], table)
    print("\nties")
    tie_columns = ("name", "expected", "got", "tolerance", "unit", "holds")
    _print_table([{name: _text(row[name]) for name in tie_columns} for row in report["ties"]])
    print("\ncustomers")
    _print_table([{name: _text(value) for name, value in row.items()} for row in report["customers"]])
    _print_lead_times(report["lead_times"])
    print("\nassumptions (stated, not guessed)")
    for row in report["assumptions"]:
        print(_printable(f"  {row['id']} = {row['value']} {row['unit']} ({row['source']}): {row['why']}"))
    print("\nlisted figures (nobody measured them here)")
    for row in report["listed_figures"]:
        print(_printable(f"  {row['id']} = {row['mean']:g} ± {row['sd']:g}: {row['source']}"))
    if report["thresholds"]:
        print("\nthresholds of policy.yaml")
        _print_table([{name: _text(value) for name, value in row.items()} for row in report["thresholds"]])


def _print_amounts(file: str, table: dict[str, Any]) -> None:
    """What became of every line of a transaction ledger, and what it was worth, to the cent."""
    currency = table["currency"]
    print(_printable(f"\n{file}: every line and its amount, {currency}"))
    rows = [
        ("before exclusions", "", sum(p["rows"] for p in table["by_treatment"]), table["before_exclusions"])
    ]
    rows += [
        (part["treatment"], "used" if part["used"] else "left out", part["rows"], part["amount"])
        for part in table["by_treatment"]
    ]
    names = ("treatment", "", "lines", f"amount {currency}")
    _print_table([dict(zip(names, (n, u, f"{r:,}", f"{a:,.2f}"), strict=True)) for n, u, r, a in rows])


def _print_lead_times(fitted: dict[str, Any]) -> None:
    """Fitted lead times: the families and their weights by lane and stage, then order to receipt."""
    figures = ("source", "orders", "open", "mean", "sd", "p90", "zero_share", "own_weight", "p_value")
    tables = (
        (
            "stages",
            "lead times by lane and stage (days; customs once per port)",
            ("lane", "mode", "stage"),
            (),
        ),
        ("lanes", "order to receipt by lane", ("lane",), ("late_share",)),
        ("modes", "order to receipt by mode", ("mode",), ("late_share",)),
        ("suppliers", "order to receipt by supplier", ("supplier",), ("late_share",)),
    )
    for name, title, keys, more in tables:
        print(f"\n{title}")
        columns = (*keys, *figures, *more)
        _print_table(
            [
                {column: _text(row.get(column)) for column in columns}
                | {"families": " ".join(f"{k} {w:.2f}" for k, w in row.get("families", {}).items())}
                for row in fitted[name]
            ]
        )


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_text(each) for each in value.values()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(each) for each in value) or "none"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 100.0 else f"{value:,.4g}"
    return str(value)


@app.command()
def run(
    path: PlanPath,
    trials: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of trials.")] = 1024,
    first_trial: Annotated[int, typer.Option(min=0, help="Number of the first trial.")] = 0,
    quarters: Annotated[int, typer.Option(min=1, max=12, help="Horizon in quarters.")] = 8,
    scenarios: Annotated[str, typer.Option(help="all, or names separated by commas.")] = "all",
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random address.")] = 1,
    engine: Annotated[str, typer.Option(help="compiled or simpy.")] = "compiled",
    workers: Annotated[int, typer.Option(min=0, help="Threads; 0: one per core.")] = 0,
    always_simulate: Annotated[
        bool, typer.Option(help="Never re-price base movements (same bytes, slower).")
    ] = False,
    fail_on: Annotated[str, typer.Option(help="breach: exit 4 if a policy threshold is breached.")] = "",
    as_json: AsJson = False,
) -> None:
    """Run the whole chain and keep the result: cube, manifest, summary page."""
    from engine import chain
    from engine.plan.load import load_plan
    from engine.progress import progress_bar

    if fail_on not in {"", "breach"}:
        raise UsageError(f"--fail-on: unknown | got {fail_on!r} | write breach")
    plan = load_plan(path)
    with progress_bar() as report:
        result = chain.run(
            plan,
            trials=trials,
            scenarios=scenarios,
            seed=seed,
            first_trial=first_trial,
            quarters=quarters,
            engine=engine,
            workers=workers,
            always_simulate=always_simulate,
            progress=report,
        )
    _complain(*result.unseen())
    if as_json:
        _print_json(result.to_dict())
    else:
        _print_table(result.table())
        _print_plausibility(result.manifest["plausibility"], result.manifest["currency"])
        print(f"\npage {result.page}\nworkbook {result.workbook}")
        print(f"cube {result.path / 'cube.zarr'}\nmanifest {result.path / 'run.json'}")
    if fail_on == "breach" and result.breaches():
        _complain(*(f"breach: {line}" for line in result.breaches()))
        raise typer.Exit(EXIT_BREACH)


def _print_plausibility(rows: list[dict[str, Any]], currency: str) -> None:
    """Each market's next twelve months beside its last twelve; nothing where either is shorter."""
    if not rows:
        return
    print(f"\nnet revenue of twelve months, {currency}: last and next (median of base)")
    _print_table(
        [
            {
                "market": row["market"],
                "last": f"{row['last']:,.0f}",
                "next": f"{row['next']:,.0f}",
                "next/last": "" if row["ratio"] is None else f"{row['ratio']:.2f}",
                "within a factor 2": _text(row["within"]),
                "what moves it": row["cause"],
            }
            for row in rows
        ]
    )


@app.command()
def compare(
    first: Annotated[Path, typer.Argument(help="Run folder A, or plan folder: its newest run.")],
    second: Annotated[Path, typer.Argument(help="Run folder B, or plan folder: its newest run.")],
    page: Annotated[Path | None, typer.Option(help="Also write the comparison as an HTML page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put two runs beside each other: every headline metric, B minus A, with its error."""
    from engine.chain import find_run
    from engine.report.compare import compare_runs, write_comparison

    one, other = find_run(first), find_run(second)
    rows = compare_runs(one, other)
    if page is not None:
        write_comparison(page, one, other, rows)
        _complain(f"page {page}")
    if as_json:
        _print_json(rows)
    else:
        _print_table([{k: _text(v) for k, v in row.items()} for row in rows])


@app.command("break")
def break_(
    metric: Annotated[str, typer.Argument(help="Metric of the registry, such as minimum_cash.")],
    scenario: Annotated[str, typer.Option(help="Scenario, or a scenario file (.yaml).")],
    driver: Annotated[str, typer.Option(help="Driver of that scenario whose shocks are scaled.")],
    path: Annotated[Path, typer.Argument(help="Plan folder (with plan.yaml).")] = Path(),
    probability: Annotated[float, typer.Option(help="Probability of breach that is looked for.")] = 0.5,
    threshold: Annotated[
        float | None, typer.Option(help="Level that counts as breach; default: policy.yaml, then registry.")
    ] = None,
    drop: Annotated[
        float | None, typer.Option(help="Breach: below base by more than this share of it, same trial.")
    ] = None,
    rise: Annotated[
        float | None, typer.Option(help="Breach: above base by more than this share of it, same trial.")
    ] = None,
    quarter: Annotated[
        str | None, typer.Option(help="Forecast quarter from 1, or any; default: the whole horizon.")
    ] = None,
    max_scale: Annotated[float, typer.Option(help="Greatest scale tried.")] = 8.0,
    trials: Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of trials.")] = 512,
    first_trial: Annotated[int, typer.Option(min=0, help="Number of the first trial.")] = 0,
    quarters: Annotated[int, typer.Option(min=1, max=12, help="Horizon in quarters.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random address.")] = 1,
    engine: Annotated[str, typer.Option(help="compiled or simpy.")] = "compiled",
    workers: Annotated[int, typer.Option(min=0, help="Threads; 0: one per core.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Find the smallest scale of a driver's shocks at which a metric breaches with a given probability."""
    from engine.breaking import break_metric
    from engine.plan.load import load_plan
    from engine.progress import progress_bar

    plan = load_plan(path)
    with progress_bar() as report:
        point = break_metric(
            plan,
            metric,
            scenario=scenario,
            driver=driver,
            probability=probability,
            threshold=threshold,
            drop=drop,
            rise=rise,
            quarter=quarter,
            max_scale=max_scale,
            trials=trials,
            first_trial=first_trial,
            quarters=quarters,
            seed=seed,
            engine=engine,
            workers=workers,
            progress=report,
        )
    if as_json:
        _print_json(point.to_dict())
        return
    print(_printable(point.headline()))
    for note in point.notes:
        print(_printable(note))
    print("\nscales tried, on the same trials")
    _print_table(point.table())


@app.command()
def backtest(
    path: PlanPath,
    origins: Annotated[int, typer.Option(min=1, help="Past months to forecast from, at most.")] = 6,
    months: Annotated[int, typer.Option(min=1, max=36, help="Months ahead of each origin.")] = 6,
    trials: Annotated[int, typer.Option(min=2, max=100_000, help="Paths of each forecast.")] = 256,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random address.")] = 1,
    page: Annotated[Path | None, typer.Option(help="Also write the backtest as an HTML page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Forecast from past months with what was known then, and score it against what happened."""
    from engine.backtest import backtest_plan
    from engine.plan.load import load_plan
    from engine.progress import progress_bar

    plan = load_plan(path)
    with progress_bar() as report:
        found = backtest_plan(plan, origins=origins, months=months, trials=trials, seed=seed, progress=report)
    if page is not None:
        from engine.backtest.page import write_backtest

        write_backtest(page, found, plan.config.company.name)
        _complain(f"page {page}")
    if as_json:
        _print_json(found.to_dict())
        return
    for measure in found.measures:
        for grain in ("window", "month"):
            print(f"\n{measure}, company, {found.grain(grain)}")
            _print_table(found.table(measure=measure, grain=grain))
        print(f"\n{measure}, by market, {found.grain('month')}, ours")
        _print_table(found.market_table(measure=measure))
    print()
    for line in (*found.verdicts(), *found.notes):
        print(_printable(line))


@app.command()
def placement(
    path: PlanPath,
    candidates: Annotated[
        Path | None,
        typer.Option(help="File of sites that could be opened; default: the plan's candidates.yaml, if any."),
    ] = None,
    best: Annotated[int, typer.Option(min=1, max=50, help="Layouts to find, cheapest first.")] = 3,
    most: Annotated[int | None, typer.Option(min=1, help="Most open nodes.")] = None,
    service: Annotated[
        float | None,
        typer.Option(help="Least share of units delivered as promised; default: policy.yaml, else today's."),
    ] = None,
    trials: Annotated[int, typer.Option(min=0, max=100_000, help="Trials of base; 0: program only.")] = 64,
    first_trial: Annotated[int, typer.Option(min=0, help="Number of the first trial.")] = 0,
    quarters: Annotated[int, typer.Option(min=1, max=12, help="Horizon in quarters.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random address.")] = 1,
    engine: Annotated[str, typer.Option(help="compiled or simpy.")] = "compiled",
    workers: Annotated[int, typer.Option(min=0, help="Threads; 0: one per core.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Which nodes to keep and whom to serve from where: the cheapest layouts, then simulated under base."""
    from engine.placement import place
    from engine.plan.load import load_plan
    from engine.progress import progress_bar

    plan = load_plan(path)
    with progress_bar() as report:
        found = place(
            plan,
            candidates,
            best=best,
            most=most,
            service=service,
            trials=trials,
            first_trial=first_trial,
            quarters=quarters,
            seed=seed,
            engine=engine,
            workers=workers,
            progress=report,
        )
    if as_json:
        _print_json(found.to_dict())
        return
    print(_printable(found.headline()))
    print(f"\nlayouts, {found.currency}; ± standard error, differences on the same trials")
    _print_table(found.table())
    print(f"\ncost a year by the program, {found.currency}")
    _print_table(found.parts_table())
    print()
    for note in found.notes:
        print(_printable(note))


@app.command()
def report(
    path: Annotated[
        Path, typer.Argument(help="Run folder, or plan folder: its newest run. Default: this folder.")
    ] = Path(),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write report and workbook of a run anew from its cube and manifest; print where the report is."""
    from engine.chain import find_run

    found = find_run(path)
    page = found.report()
    if as_json:
        places = {"run": str(found.path), "page": str(page), "workbook": str(found.workbook)}
        _print_json({"run_id": found.id, **places})
    else:
        print(page)
    if show and typer.launch(page.resolve().as_uri()) != 0:
        _complain(f"{page}: could not be opened | no browser was found | open the file yourself")


@app.command()
def schema() -> None:
    """Print the JSON Schema of plan.yaml."""
    from engine.plan.json_schema import plan_schema

    _print_json(plan_schema())


@scenarios_app.command("list")
def scenarios_list(
    path: Annotated[Path | None, typer.Argument(help="Plan folder whose own scenarios are added.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the scenarios of the library and of a plan."""
    from engine.scenarios import list_scenarios

    rows = list_scenarios(path)
    if as_json:
        _print_json(rows)
    else:
        _print_table([{k: _text(v) for k, v in row.items()} for row in rows])


@scenarios_app.command("show")
def scenarios_show(
    name: Annotated[str, typer.Argument(help="Scenario name.")],
    path: Annotated[Path | None, typer.Argument(help="Plan folder: roles are resolved on it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a scenario: its shocks, why, source and, given a plan, what its roles mean there."""
    from engine.scenarios import show_scenario

    shown = show_scenario(name, path)
    if as_json:
        _print_json(shown)
    else:
        print(_printable(shown["text"]))


@scenarios_app.command("check")
def scenarios_check(
    path: Annotated[Path, typer.Argument(help="Scenario file or plan folder.")],
) -> None:
    """Check scenario files against the grammar and, given a plan folder, against its plan; all faults at
    once.
    """
    from engine.responses import playbook_problems
    from engine.scenarios import check_scenarios

    checked = check_scenarios(path, playbook_problems)
    for name in checked:
        print(_printable(name))
    _complain("ok")


if __name__ == "__main__":
    main()
