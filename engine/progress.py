"""Progress on stderr: a bar with rate and time left on a terminal, a plain line elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""

QUIET_SECONDS = 2.0


def silent(what: str, done: int, total: int) -> None:
    """No progress at all: for library use."""


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Progress reporter for the command line; shows nothing in the first two seconds off a terminal."""
    if not sys.stderr.isatty():
        yield _plain()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, rate="")
        started = time.monotonic()

        def report(what: str, done: int, total: int) -> None:
            seconds = max(time.monotonic() - started, 1e-9)
            rate = f"{done / seconds:,.1f}/s"
            bar.update(task, description=escape(what), completed=done, total=total, rate=rate)

        yield report


def _plain() -> Progress:
    started = time.monotonic()
    last = [started]

    def report(what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - started < QUIET_SECONDS or (now - last[0] < 5.0 and done < total):
            return
        last[0] = now
        print(f"{what}: {done} of {total}, {now - started:.0f} s", file=sys.stderr)

    return report
