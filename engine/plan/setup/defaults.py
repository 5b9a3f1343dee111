"""The defaults of a plan, each with unit, range and source: read from ``engine/plan/defaults.yaml``."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

from engine.plan.setup.noted import Noted

CURRENCIES_OF_RATES = "monthly_means"


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    text = resources.files("engine.plan").joinpath("defaults.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return data


def default(name: str) -> Noted:
    """A default by name, with its range and source as its note."""
    entry = _file()["figures"][name]
    spread = f", {entry['lo']} to {entry['hi']}" if "lo" in entry else ""
    return Noted(entry["value"], f"default: {entry['unit']}{spread}; {entry['source']}")


def number(name: str) -> float:
    """The figure of a default."""
    return float(_file()["figures"][name]["value"])


def standard_tax(country: str) -> Noted | None:
    """Standard rate of consumption tax of a country; None where none is listed."""
    table = _file()["consumption_tax"]
    found = table["rates"].get(country)
    return None if found is None else Noted(float(found), f"default: {table['source']}")


def rate(base: str, currency: str) -> Noted | None:
    """Units of a currency per unit of another from the shipped monthly means; None where one is not there."""
    rates = _file()["rates"]
    per_euro = {"EUR": 1.0, **rates[CURRENCIES_OF_RATES]}
    if base not in per_euro or currency not in per_euro:
        return None
    value = round(per_euro[currency] / per_euro[base], 8)
    return Noted(value, f"default: {rates['month']}; {rates['source']}")
