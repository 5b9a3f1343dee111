"""The command ``tradewind``: its commands in the order of its help, and what errors become."""

from __future__ import annotations

import gc
import io
import sys
from typing import Annotated

import typer

from engine.cli import plans, questions, runs, scenarios
from engine.cli.exits import EXIT_DATA, EXIT_ERROR, EXIT_USAGE
from engine.cli.printing import complain
from models.errors import InputError, TradewindError, UsageError

LISTED_FAULTS = 100
"""Faults that are printed one by one; the rest is counted."""

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


def main() -> None:
    """Run the command line; turn errors into messages and exit codes, tracebacks only with ``--debug``."""
    gc.set_threshold(100_000, 20, 100)  # a run makes many long-lived objects and hardly a cycle
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a sign gets its code
            stream.reconfigure(errors="backslashreplace")
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    try:
        app()
    except Exception as error:
        if debug and not isinstance(error, InputError | UsageError):
            raise
        code, lines = _told(error)
        complain(*lines)
        sys.exit(code)


def _told(error: Exception) -> tuple[int, tuple[str, ...]]:
    """Exit code of an error and the lines that tell it."""
    if isinstance(error, InputError):
        listed = (str(fault) for fault in error.faults[:LISTED_FAULTS])
        return EXIT_DATA, (*listed, _fault_count(len(error.faults)))
    if isinstance(error, UsageError):
        return EXIT_USAGE, (str(error),)
    if isinstance(error, MemoryError):
        return EXIT_ERROR, ("not enough memory | fewer --trials, fewer --workers or smaller files would do",)
    if isinstance(error, TradewindError | OSError):
        return EXIT_ERROR, (str(error),)
    internal = f"internal error: {type(error).__name__}: {error}"
    return EXIT_ERROR, (internal, "run again with --debug for the traceback")


def _fault_count(count: int) -> str:
    listed = f", the first {LISTED_FAULTS} are listed" if count > LISTED_FAULTS else ""
    return f"{count} {'fault' if count == 1 else 'faults'}{listed}; nothing was written"


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


app.command()(plans.init)
app.command()(plans.add)
app.command()(plans.check)
app.command()(runs.run)
app.command()(runs.compare)
app.command("break")(questions.break_)
app.command()(questions.backtest)
app.command()(questions.placement)
app.command()(runs.report)
app.command()(plans.schema)
scenarios_app.command("list")(scenarios.list_)
scenarios_app.command("show")(scenarios.show)
scenarios_app.command("check")(scenarios.check)
