"""Commands that ask something else than a run: what breaks a metric, how good past forecasts were, where to
keep nodes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import AsJson, Engine, FirstTrial, PlanPath, Quarters, Seed, Trials, Workers
from engine.cli.printing import complain, print_json, print_table, printable


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
    trials: Trials = 512,
    first_trial: FirstTrial = 0,
    quarters: Quarters = 8,
    seed: Seed = 1,
    engine: Engine = "compiled",
    workers: Workers = 0,
    as_json: AsJson = False,
) -> None:
    """Find the smallest scale of a driver's shocks at which a metric breaches with a given probability."""
    from engine.breaking import BreachTarget, break_metric
    from engine.plan.load import load_plan
    from engine.progress import progress_bar
    from engine.settings import Execution, RunSettings

    plan = load_plan(path)
    with progress_bar() as report:
        point = break_metric(
            plan,
            BreachTarget(metric, threshold, drop, rise, quarter, probability, max_scale),
            scenario=scenario,
            driver=driver,
            settings=RunSettings(trials=trials, first_trial=first_trial, quarters=quarters, seed=seed),
            execution=Execution(engine=engine, workers=workers),
            progress=report,
        )
    if as_json:
        print_json(point.to_dict())
        return
    print(printable(point.headline()))
    for note in point.notes:
        print(printable(note))
    print("\nscales tried, on the same trials")
    print_table(point.table())


def backtest(
    path: PlanPath,
    origins: Annotated[int, typer.Option(min=1, help="Past months to forecast from, at most.")] = 6,
    months: Annotated[int, typer.Option(min=1, max=36, help="Months ahead of each origin.")] = 6,
    trials: Annotated[int, typer.Option(min=2, max=100_000, help="Paths of each forecast.")] = 256,
    seed: Seed = 1,
    page: Annotated[Path | None, typer.Option(help="Also write the backtest as an HTML page.")] = None,
    as_json: AsJson = False,
) -> None:
    """Forecast from past months with what was known then, and score it against what happened."""
    from engine.backtest import backtest_plan
    from engine.plan.load import load_plan
    from engine.progress import progress_bar
    from engine.settings import RunSettings

    plan = load_plan(path)
    with progress_bar() as report:
        found = backtest_plan(
            plan,
            RunSettings(trials=trials, seed=seed),
            origins=origins,
            months=months,
            progress=report,
        )
    if page is not None:
        from engine.backtest.page import write_backtest

        write_backtest(page, found, plan.config.company.name)
        complain(f"page {page}")
    if as_json:
        print_json(found.to_dict())
        return
    for measure in found.measures:
        for grain in ("window", "month"):
            print(f"\n{measure}, company, {found.grain(grain)}")
            print_table(found.table(measure=measure, grain=grain))
        print(f"\n{measure}, by market, {found.grain('month')}, ours")
        print_table(found.market_table(measure=measure))
    print()
    for line in (*found.verdicts(), *found.notes):
        print(printable(line))


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
    first_trial: FirstTrial = 0,
    quarters: Quarters = 8,
    seed: Seed = 1,
    engine: Engine = "compiled",
    workers: Workers = 0,
    as_json: AsJson = False,
) -> None:
    """Which nodes to keep and whom to serve from where: the cheapest layouts, then simulated under base."""
    from engine.placement import LayoutSearch, place
    from engine.plan.load import load_plan
    from engine.progress import progress_bar
    from engine.settings import Execution, RunSettings

    plan = load_plan(path)
    with progress_bar() as report:
        found = place(
            plan,
            candidates,
            LayoutSearch(best=best, most=most, service=service),
            settings=RunSettings(trials=trials, first_trial=first_trial, quarters=quarters, seed=seed),
            execution=Execution(engine=engine, workers=workers),
            progress=report,
        )
    if as_json:
        print_json(found.to_dict())
        return
    print(printable(found.headline()))
    print(f"\nlayouts, {found.currency}; ± standard error, differences on the same trials")
    print_table(found.table())
    print(f"\ncost a year by the program, {found.currency}")
    print_table(found.parts_table())
    print()
    for note in found.notes:
        print(printable(note))
