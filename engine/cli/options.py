"""Arguments and options that several commands have: one place for their limits and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

PlanPath = Annotated[Path, typer.Argument(help="Plan folder (with plan.yaml).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Trials = Annotated[int, typer.Option(min=1, max=1_000_000, help="Number of trials.")]
FirstTrial = Annotated[int, typer.Option(min=0, help="Number of the first trial.")]
Quarters = Annotated[int, typer.Option(min=1, max=12, help="Horizon in quarters.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random address.")]
Engine = Annotated[str, typer.Option(help="compiled or simpy.")]
Workers = Annotated[int, typer.Option(min=0, help="Threads; 0: one per core.")]
