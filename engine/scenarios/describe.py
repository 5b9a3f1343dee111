"""What the commands ``scenarios list``, ``show`` and ``check`` say.

A path is a plan folder or its ``scenarios`` folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.scenarios.grammar import Shock
from engine.scenarios.library import load_library, load_scenario_file
from engine.scenarios.record import shown_change, shown_time


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
    lines.extend(
        f"  response: {use.name} {dict(use.parameters) or ''}".rstrip() for use in composed.responses
    )
    return {
        "name": composed.name,
        "why": composed.why,
        "source": composed.source,
        "includes": list(composed.includes),
        "shocks": shocks,
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


def check_scenarios(path: Path | str) -> list[str]:
    """Names of the scenarios of a file or folder; every fault of any in one ``InputError``."""
    target = Path(path)
    if target.is_file():
        library = load_scenario_file(target)
    else:
        library = load_library(scenario_folder(target))
    return sorted(library.own) if library.own else list(library.names)
