"""Commands on runs: make one, compare two, write a report anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from engine.cli.exits import EXIT_BREACH
from engine.cli.options import AsJson, Engine, FirstTrial, PlanPath, Quarters, Seed, Trials, Workers
from engine.cli.printing import complain, print_json, print_table, text
from models.errors import UsageError


def run(
    path: PlanPath,
    trials: Trials = 1024,
    first_trial: FirstTrial = 0,
    quarters: Quarters = 8,
    scenarios: Annotated[str, typer.Option(help="all, or names separated by commas.")] = "all",
    seed: Seed = 1,
    engine: Engine = "compiled",
    workers: Workers = 0,
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
    from engine.settings import Execution, RunSettings

    if fail_on not in {"", "breach"}:
        raise UsageError(f"--fail-on: unknown | got {fail_on!r} | write breach")
    plan = load_plan(path)
    with progress_bar() as report:
        result = chain.run(
            plan,
            RunSettings(trials=trials, first_trial=first_trial, quarters=quarters, seed=seed),
            scenarios,
            execution=Execution(engine=engine, workers=workers, always_simulate=always_simulate),
            progress=report,
        )
        result.report()
    complain(*result.unseen(), *_left_out(result.manifest))
    if as_json:
        print_json(result.to_dict())
    else:
        print_table(result.table())
        _print_plausibility(result.manifest["plausibility"], result.manifest["currency"])
        print(f"\npage {result.page}\nworkbook {result.workbook}")
        print(f"cube {result.path / 'cube.zarr'}\nmanifest {result.path / 'run.json'}")
    if fail_on == "breach" and result.breaches():
        complain(*(f"breach: {line}" for line in result.breaches()))
        raise typer.Exit(EXIT_BREACH)


def _left_out(record: dict[str, Any]) -> list[str]:
    """What of the scenarios found nothing to act on in this plan."""
    return [line for entry in record["scenarios"].values() for line in entry.get("left_out", ())]


def _print_plausibility(rows: list[dict[str, Any]], currency: str) -> None:
    """Each market's next twelve months beside its last twelve; nothing where either is shorter."""
    if not rows:
        return
    print(f"\nnet revenue of twelve months, {currency}: last and next (median of base)")
    print_table(
        [
            {
                "market": row["market"],
                "last": f"{row['last']:,.0f}",
                "next": f"{row['next']:,.0f}",
                "next/last": "" if row["ratio"] is None else f"{row['ratio']:.2f}",
                "within a factor 2": text(row["within"]),
                "what moves it": row["cause"],
            }
            for row in rows
        ]
    )


def compare(
    first: Annotated[Path, typer.Argument(help="Run folder A, or plan folder: its newest run.")],
    second: Annotated[Path, typer.Argument(help="Run folder B, or plan folder: its newest run.")],
    page: Annotated[Path | None, typer.Option(help="Also write the comparison as an HTML page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put two runs beside each other: every headline metric, B minus A, with its error."""
    from engine.finished import find_run
    from engine.report.compare import compare_runs, write_comparison

    one, other = find_run(first), find_run(second)
    rows = compare_runs(one, other)
    if page is not None:
        write_comparison(page, one, other, rows)
        complain(f"page {page}")
    if as_json:
        print_json(rows)
    else:
        print_table([{k: text(v) for k, v in row.items()} for row in rows])


def report(
    path: Annotated[
        Path, typer.Argument(help="Run folder, or plan folder: its newest run. Default: this folder.")
    ] = Path(),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write report and workbook of a run anew from its cube and manifest; print where the report is."""
    from engine.finished import find_run

    found = find_run(path)
    page = found.report()
    if as_json:
        places = {"run": str(found.path), "page": str(page), "workbook": str(found.workbook)}
        print_json({"run_id": found.id, **places})
    else:
        print(page)
    if show and typer.launch(page.resolve().as_uri()) != 0:
        complain(f"{page}: could not be opened | no browser was found | open the file yourself")
