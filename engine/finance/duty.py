"""Duty: which rate holds for an item, origin and territory on a day, and on which value it is charged.

This part knows ad valorem rules. Rules are effective-dated and looked up by HS prefix: of the rows with the same ``rule`` name the
longest matching prefix wins, then an origin named outright over ``*``; rows of different rule names add up (a surcharge on top of
the normal rate).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

ANY_ORIGIN = "*"
OPEN_END = np.iinfo(np.int64).max


@dataclass(frozen=True)
class DutyRule:
    """An ad valorem rule: share of customs value for an HS prefix, origin and territory from one day to another, both included."""

    hs: str
    origin: str
    territory: str
    rule: str
    rate: float
    first_day: int
    last_day: int = OPEN_END


def ad_valorem_rates(
    rules: Sequence[DutyRule],
    *,
    hs: Sequence[str],
    origins: Sequence[str],
    territories: Sequence[str],
    days: int,
) -> npt.NDArray[np.float64]:
    """Duty rate by day as a share of customs value, shape (item, origin, territory, day); 0 where no rule matches."""
    rates = np.zeros((len(hs), len(origins), len(territories), days))
    for item, code in enumerate(hs):
        matching = [rule for rule in rules if code.startswith(rule.hs)]
        for place, origin in enumerate(origins):
            for entry, territory in enumerate(territories):
                usable = [r for r in matching if r.territory == territory and r.origin in (origin, ANY_ORIGIN)]
                for name in sorted({rule.rule for rule in usable}):
                    rates[item, place, entry] += _rate_by_day([r for r in usable if r.rule == name], days)
    return rates


def _rate_by_day(rules: Sequence[DutyRule], days: int) -> npt.NDArray[np.float64]:
    """Rate by day of the rules of one name; the most specific one in force wins, of equals the one that began last."""
    rate = np.zeros(days)
    for rule in sorted(rules, key=lambda r: (len(r.hs), r.origin != ANY_ORIGIN, r.first_day, r.rate)):
        rate[min(max(rule.first_day, 0), days) : max(min(rule.last_day + 1, days), 0)] = rule.rate
    return rate


@njit(cache=True)  # type: ignore[untyped-decorator]
def dutiable_value(
    invoice: float, freight: float, insurance: float, cif_value: bool, invoice_has_freight: bool
) -> float:
    """Value that ad valorem duty is charged on, in the currency of its arguments.

    FOB value is the goods at the port of shipping, CIF value adds freight and insurance. An invoice on CIF, DAP or DDP terms holds
    them already: they are taken off for a FOB valuation (never below zero) and not added again for a CIF one.
    """
    if invoice_has_freight:
        return invoice if cif_value else max(invoice - freight - insurance, 0.0)
    return invoice + freight + insurance if cif_value else invoice


@njit(cache=True)  # type: ignore[untyped-decorator]
def parcel_duty(retail_value: float, parcel_value: float, de_minimis: float, rate: float) -> float:
    """Duty on goods in parcels: the rate on their whole retail value where the parcel is worth more than de minimis."""
    return retail_value * rate if parcel_value > de_minimis else 0.0
