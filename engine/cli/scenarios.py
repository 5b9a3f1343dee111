"""Commands on the scenario library: list, show, check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import AsJson
from engine.cli.printing import complain, print_json, print_table, printable, text


def list_(
    path: Annotated[Path | None, typer.Argument(help="Plan folder whose own scenarios are added.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the scenarios of the library and of a plan."""
    from engine.scenarios import list_scenarios

    rows = list_scenarios(path)
    if as_json:
        print_json(rows)
    else:
        print_table([{k: text(v) for k, v in row.items()} for row in rows])


def show(
    name: Annotated[str, typer.Argument(help="Scenario name.")],
    path: Annotated[Path | None, typer.Argument(help="Plan folder: roles are resolved on it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a scenario: its shocks, why, source and, given a plan, what its roles mean there."""
    from engine.scenarios import show_scenario

    shown = show_scenario(name, path)
    if as_json:
        print_json(shown)
    else:
        print(printable(shown["text"]))


def check(
    path: Annotated[Path, typer.Argument(help="Scenario file or plan folder.")],
) -> None:
    """Check scenario files against the grammar and, given a plan folder, against its plan; all faults at
    once.
    """
    from engine.responses import playbook_problems
    from engine.scenarios import check_scenarios

    checked = check_scenarios(path, playbook_problems)
    for name in checked:
        print(printable(name))
    complain("ok")
