"""What the commands ``scenarios list``, ``show`` and ``check`` say.

A path is a plan folder or its ``scenarios`` folder.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.drivers import DRIVERS, ROLE_DIMS, PlanView
from engine.plan.load import PLAN_FILE, load_plan
from engine.scenarios.fit import fit
from engine.scenarios.grammar import Shock
from engine.scenarios.library import Examine, Library, load_library
from engine.scenarios.record import shown_change, shown_time
from engine.scenarios.resolve import check
from models.calendar import MAXIMUM_MONTHS, Calendar
from models.errors import InputError


def scenario_folder(path: Path | str | None) -> Path | None:
    """Folder of a plan's own scenarios."""
    if path is None:
        return None
    folder = Path(path)
    return folder if folder.name == "scenarios" else folder / "scenarios"


def list_scenarios(path: Path | str | None = None) -> list[dict[str, Any]]:
    """One row per scenario, base first: name, where from, shocks, drivers, why."""
    library = load_library(scenario_folder(path))
    rows = []
    for name in library.names:
        composed = library.compose(name)
        rows.append(
            {
                "name": name,
                "from": "plan" if name in library.own else "library",
                "shocks": len(composed.shocks),
                "drivers": ", ".join(sorted({named.shock.driver for named in composed.shocks})),
                "why": composed.why,
            }
        )
    return rows


def show_scenario(name: str, path: Path | str | None = None) -> dict[str, Any]:
    """A scenario with everything it includes, as data and as ``text``."""
    composed = load_library(scenario_folder(path)).compose(name)
    shocks = [{"name": named.name, **_shown(named.shock)} for named in composed.shocks]
    lines = [composed.name, f"  why: {composed.why}", f"  source: {composed.source}"]
    if composed.includes:
        lines.append(f"  includes: {', '.join(composed.includes)}")
    lines.extend(
        f"  {shock['driver']}{shock['where']}: {shock['change']} ({shock['when']}{shock['probability']})"
        for shock in shocks
    )
    drivers = [DRIVERS[name] for name in sorted({named.shock.driver for named in composed.shocks})]
    lines.extend(f"  what {each.name} is: {each.meaning}" for each in drivers)
    lines.extend(
        f"  response: {use.name} {dict(use.parameters) or ''}".rstrip() for use in composed.responses
    )
    return {
        "name": composed.name,
        "why": composed.why,
        "source": composed.source,
        "includes": list(composed.includes),
        "shocks": shocks,
        "drivers": {each.name: {"unit": each.unit, "meaning": each.meaning} for each in drivers},
        "responses": [{"name": use.name, **use.parameters} for use in composed.responses],
        "text": "\n".join(lines),
    }


def _shown(shock: Shock) -> dict[str, str]:
    where = ", ".join(f"{word}={'|'.join(shock.where[word])}" for word in sorted(shock.where))
    return {
        "driver": shock.driver,
        "where": f"[{where}]" if where else "",
        "change": shown_change(shock),
        "when": shown_time(shock),
        "probability": f", probability {shock.probability:g}" if shock.probability < 1.0 else "",
    }


def check_scenarios(path: Path | str, examine: Examine | None = None) -> list[str]:
    """Names of the scenarios of a file or folder; every fault of any in one ``InputError``.

    In a folder with a ``plan.yaml`` the members that scenarios name are checked against that plan, too; who
    fills a role is known only when it is calibrated. ``examine`` says what is wrong beyond the grammar.
    """
    target = Path(path)
    if target.is_file():
        library = load_library(None, target, examine)
    else:
        library = load_library(scenario_folder(target), None, examine)
        if (target / PLAN_FILE).is_file():
            _check_on_plan(library, target)
    return sorted(library.own) if library.own else list(library.names)


def _check_on_plan(library: Library, folder: Path) -> None:
    plan = load_plan(folder)
    view = PlanView.from_config(
        plan.config,
        items=plan.item_keys,
        hs_of_item=dict(zip(plan.item_keys, plan.items["hs"].astype(str), strict=True)),
        category_of_item=dict(zip(plan.item_keys, plan.items["category"].astype(str), strict=True)),
    )
    # any member will do in a role: it is only asked whether the plan has somebody for it
    roles = {role: view.members(dim)[0] for role, dim in ROLE_DIMS.items() if view.members(dim)}
    view = replace(view, roles=roles)
    calendar = Calendar(plan.forecast_start, MAXIMUM_MONTHS)
    faults = {
        fault
        for name in library.names
        for fault in check(fit(library.compose(name), view, library).composition, view, calendar, library)
    }
    if faults:
        raise InputError(sorted(faults))
