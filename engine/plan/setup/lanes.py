"""Entries of suppliers and lanes: capacity and terms by default, stages from receipts, freight from costs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from engine.plan.reading.countries import country_of_currency
from engine.plan.setup.defaults import default, number
from engine.plan.setup.noted import Noted, asked, found
from engine.plan.setup.supply import ONE_SUPPLIER, Lead, Supply


def stages(lead: Lead | None, files: list[str]) -> dict[str, Any]:
    """Production, transit and inland of a lane: the total from receipts, split by defaults."""
    clearance = number("clearance_days")
    mean = lead.mean if lead else number("lead_days")
    sd = lead.sd if lead else mean * number("lead_spread")
    rest = max(mean - clearance, 0.3)
    production, transit = number("production_share"), number("transit_share")
    how = (
        found(0, files, f"{lead.mean:.1f} days from order to receipt, split by defaults").note
        if lead
        else default("lead_days").note
    )
    parts = {"production": production, "transit": transit, "inland": max(1.0 - production - transit, 0.02)}
    scale = sd / float(np.sqrt(sum(part**2 for part in parts.values())))
    return {
        name: {"mean": Noted(round(rest * part, 2), how), "sd": round(scale * part, 2)}
        for name, part in parts.items()
    }


def freight(bought: pd.DataFrame, sold: pd.Series, catalogue: list[str]) -> Noted:
    """Freight and duty by kg: what landed costs of the catalogue hold beyond the price of purchases."""
    both = bought[bought["bought"] & bought["cost_told"] & bought["weight_told"]]
    if both.empty:
        return Noted(
            0.0, "default: no landed costs in the files: freight is taken as part of the unit cost; ASK"
        )
    units = np.asarray([float(sold.get(item, 0.0)) for item in both["item"]]) + 1e-9
    more = float(((both["landed"] - both["goods"]) * units).sum())
    weight = float((both["weight_kg"] * units).sum())
    return found(
        round(max(more / max(weight, 1e-9), 0.0), 4),
        catalogue,
        "landed cost less price of purchases, freight and duty together",
    )


def _guessed_country(currency: str) -> Noted:
    """Country of a supplier that no file tells: where its invoices' currency is at home, else China."""
    home = country_of_currency(currency)
    if home is not None:
        return asked(home, f"no file tells the country of origin; it invoices in {currency}")
    return asked("CN", "no file tells the country of origin")


def supplier_entries(result: Supply, weekly: dict[str, float], base: str) -> list[dict[str, Any]]:
    """Entries of the plan, one listed supplier where no purchase list names any."""
    texts = {key: text for text, key in result.keys.items()} or {ONE_SUPPLIER: "The only supplier (assumed)"}
    entries = []
    for key, text in sorted(texts.items()):
        named = (
            found(key, result.files)
            if result.files
            else Noted(key, "default: no purchase list names a supplier")
        )
        capacity = max(round(number("capacity_times") * weekly.get(key, 0.0)), 100)
        entries.append(
            {
                "key": named,
                "label": text,
                "country": result.country.get(key, _guessed_country(result.currency.get(key, ""))),
                "currency": found(result.currency[key], result.files)
                if key in result.currency
                else Noted(base, "default: the company's"),
                "capacity_per_week": Noted(capacity, default("capacity_times").note),
                "outages_per_year": default("outages_per_year"),
                "outage_days": default("outage_days"),
                "deposit_share": default("deposit_share"),
                "net_days": default("net_days"),
            }
        )
    return entries
