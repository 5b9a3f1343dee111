"""A finished run: its folder, its cube and what to say of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from engine.finance.lines import RUNGS, SEGMENT_LINES, lines_to
from engine.report.notebook import run_html
from engine.report.page import PAGE, write_report
from engine.report.summary import Summary, summarise
from engine.report.workbook import WORKBOOK, write_workbook
from engine.store.cube import open_cube
from engine.store.labelled import frame_of, variable_of
from engine.store.manifest import read_manifest
from models.errors import StoreError, unknown


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run in its folder; report and workbook are written there when first asked for."""

    path: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Inputs, assumptions, seed, code version: everything that made the run."""
        return read_manifest(self.path)

    @property
    def id(self) -> str:
        """Identity of the run: the same for the same inputs, whatever the engine or the number of
        workers.
        """
        return str(self.manifest["run_id"])

    @cached_property
    def cube(self) -> xr.DataTree:
        """The cube: dims scenario, trial and a time axis first; ``units`` on every variable."""
        return open_cube(self.path)

    def variable(self, name: str) -> xr.DataArray:
        """A variable of the cube by group/name, lazily read, (scenario, trial, …); attrs ``long_name``
        says what it is, ``units`` its unit in the company's currency.

        Raises
        ------
        UsageError : no such variable; the nearest name is told.
        """
        return variable_of(self.cube, name, str(self.manifest["currency"]))

    def frame(self, name: str, **chosen: Any) -> pd.DataFrame:
        """A variable of the cube as a tidy table: a column for each dim, then the numbers; ``attrs`` as in
        ``variable``. Only what is chosen is read, such as ``run.frame("day/net_cash", day="2027-03")``.

        Parameters
        ----------
        chosen : labels by dim: one, a list or a slice; of a time axis also a part of a date.

        Raises
        ------
        UsageError : a variable, dim or label that is not there, or a table too large to be meant.
        """
        return frame_of(self.variable(name), chosen)

    def lines(self, rung: str = "ebitda") -> xr.Dataset:
        """The company's lines of the profit and loss account that add up to a rung of it, each (scenario,
        trial, month), in the company's currency.

        Raises
        ------
        UsageError : no such rung; the nearest name is told.
        """
        if rung not in RUNGS:
            raise unknown("rung", rung, RUNGS)
        return xr.Dataset({name: self._line(name) for name in lines_to(rung)})

    def _line(self, name: str) -> xr.DataArray:
        if name in SEGMENT_LINES:
            return self.variable(f"market/{name}").sum("market", keep_attrs=True)
        return self.variable(f"month/{name}")

    @property
    def page(self) -> Path:
        """The report, one HTML file; written now if nobody asked before."""
        return self._asked_for(PAGE)

    @property
    def workbook(self) -> Path:
        """Workbook, one xlsx file; written now if nobody asked before."""
        return self._asked_for(WORKBOOK)

    def report(self) -> Path:
        """Write report and workbook anew from cube and manifest, and nothing else; the report's path."""
        summary, page = self.summary(), self.path / PAGE
        write_report(page, summary, self.manifest, self.cube)
        write_workbook(self.path / WORKBOOK, self.cube, self.manifest, summary)
        return page

    def summary(self) -> Summary:
        """Quantiles, errors, breach probabilities and paired differences of the headline metrics."""
        return self._summary

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``--json``."""
        return {
            "run_id": self.id,
            "path": str(self.path),
            "currency": self.manifest["currency"],
            "trials": self.manifest["trials"],
            "seed": self.manifest["seed"],
            **self.summary().to_dict(),
        }

    def table(self) -> list[dict[str, str]]:
        """Rows for the terminal."""
        return self.summary().table()

    def unseen(self) -> list[str]:
        """Scenarios of which nothing is seen, or not all, because shocks start after the end of the run."""
        lines = []
        for name, entry in self.manifest["scenarios"].items():
            beyond, shocks = len(entry["beyond"]), len(entry["applied"])
            if beyond:
                what = "equal to base" if beyond == shocks else f"{beyond} of {shocks} shocks not seen"
                lines.append(f"{name}: {what}: they start after the end of this run; give more --quarters")
        return lines

    def breaches(self) -> list[str]:
        """Policy thresholds that are breached with more than the tolerated probability."""
        return self.summary().breaches()

    @cached_property
    def _summary(self) -> Summary:
        return summarise(self.cube, self.manifest)

    def _asked_for(self, name: str) -> Path:
        path = self.path / name
        if not path.exists():
            self.report()
        return path

    def _repr_html_(self) -> str:
        return run_html(self.manifest, self.summary())


def open_run(path: str | Path) -> Run:
    """A finished run from its folder.

    Raises
    ------
    UsageError : no such folder; the nearest run beside it is told.
    StoreError : a folder without one.
    """
    folder = Path(path)
    if not folder.exists():
        raise unknown("run", str(path), _beside(folder))
    if not (folder / "run.json").exists():
        raise StoreError(f"{folder}: no finished run here | expected run.json | give a folder under runs/")
    return Run(folder)


def _beside(folder: Path) -> list[str]:
    """Finished runs in the folder where a run was looked for, hidden ones left out."""
    return [str(each.parent) for each in folder.parent.glob("[!.]*/run.json")]


def find_run(path: str | Path) -> Run:
    """The run in a run folder, or the newest run of a plan folder.

    Raises
    ------
    StoreError : a folder without a finished run.
    """
    folder = Path(path)
    if (folder / "run.json").exists():
        return Run(folder)
    finished = [each.parent for each in (folder / "runs").glob("[!.]*/run.json")]
    if not finished:
        raise StoreError(
            f"{folder}: no finished run here | expected run.json, or runs/ with finished runs | "
            "give a run folder or a plan folder that was run"
        )
    return Run(max(finished, key=lambda each: ((each / "run.json").stat().st_mtime_ns, each.name)))
