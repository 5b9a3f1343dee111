"""Commands on a plan folder: write one, check one, print its schema."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.check_report import print_check
from engine.cli.options import AsJson, PlanPath
from engine.cli.printing import complain, print_json
from models.errors import InputError, UsageError


def init(
    template: Annotated[
        str, typer.Argument(help="demo, demo-diversified or online-retail; with --from: the folder to write.")
    ],
    path: Annotated[
        Path | None, typer.Argument(help="Folder to write; default: the template's name.")
    ] = None,
    more: Annotated[list[Path] | None, typer.Argument(hidden=True)] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="online-retail: folder of the real data; default: TRADEWIND_DATA, ../shared/data."),
    ] = None,
    sources: Annotated[
        list[Path] | None,
        typer.Option("--from", help="Your own exports: files and folders, as many as you like, after PATH."),
    ] = None,
) -> None:
    """Write a runnable plan folder from a template, or from your own exports; refuses to overwrite."""
    if sources:
        _init_from(Path(template), [*sources, *([path] if path else []), *(more or [])], data)
        return
    if more:
        raise UsageError(f"too many arguments | got {str(more[0])!r} | own files stand behind --from")
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
        _refuse_taken(folder)
    if template == TEMPLATE:
        write_online_retail(target, data)
        print(target)
        complain(f"plan folder written to {target}; what is assumed stands in {target / 'assumptions.yaml'}")
        return
    write_demo(target, template=template, continuation=continuation)
    print(target)
    complain(
        f"plan folder written to {target}, its own continuation (for truth tests only) to {continuation}"
    )


def add(
    path: Annotated[Path, typer.Argument(help="A plan folder that init --from made.")],
    sources: Annotated[
        list[Path], typer.Option("--from", help="Newer exports: files and folders, as many as you like.")
    ],
    more: Annotated[list[Path] | None, typer.Argument(hidden=True)] = None,
) -> None:
    """Bring newer exports into a plan made by init --from: overlaps are recognised, your edits stay."""
    from engine.plan.setup.setup import add_files

    complain(add_files(path, [*sources, *(more or [])]).rstrip())
    print(path)


def _refuse_taken(folder: Path) -> None:
    """Refuse a folder that holds something: nothing is overwritten."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise UsageError(f"{folder}: exists already | nothing was written | choose another folder")


def _init_from(target: Path, sources: list[Path], data: Path | None) -> None:
    """Write a plan folder from a company's own exports."""
    from engine.plan.setup.setup import set_up

    if data is not None:
        raise UsageError(f"--data: belongs to online-retail | got {str(data)!r} | leave it out")
    _refuse_taken(target)
    complain(set_up(target, sources).rstrip())
    print(target)
    complain(f"plan folder written to {target}; what no file told stands in {target / 'assumptions.yaml'}")


def check(path: PlanPath, as_json: AsJson = False) -> None:
    """Read a plan folder and try all that run does: faults, warnings and notes; what was read and assumed."""
    from engine.plan.findings import faulty, findings_of
    from engine.plan.load import load_plan
    from engine.plan.report import check_report
    from engine.rehearsal import rehearse
    from engine.stages.lead_times import lead_time_report

    try:
        plan = load_plan(path)
        rehearsed = rehearse(plan)
        report = check_report(plan) | {"lead_times": lead_time_report(plan)}
    except InputError as error:
        if as_json:
            print_json(faulty(error.faults))
        raise
    report |= findings_of(plan.warnings, rehearsed.left_out)
    if as_json:
        print_json(report)
        return
    print_check(report)
    complain("ok")


def schema() -> None:
    """Print the JSON Schema of plan.yaml."""
    from engine.plan.json_schema import plan_schema

    print_json(plan_schema())
