"""Countries as ledgers name them: ISO code, currency, and the customs territory of the ledger's years."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Country:
    """A country that can become a market of its own."""

    code: str
    name: str
    currency: str
    territory: str


_EURO = """Netherlands NL, Germany DE, France FR, Spain ES, Belgium BE, Portugal PT, Italy IT, Finland FI,
Austria AT, Cyprus CY, Greece GR, Malta MT"""
_OWN = """Switzerland CH CHF ROW, Sweden SE SEK EU, Japan JP JPY ROW, Norway NO NOK ROW, Denmark DK DKK EU,
Poland PL PLN EU, Singapore SG SGD ROW, Canada CA CAD ROW, USA US USD US, Australia AU AUD ROW,
Israel IL ILS ROW, Brazil BR BRL ROW"""


def _known() -> dict[str, Country]:
    found = {
        "United Kingdom": Country("GB", "United Kingdom", "GBP", "EU"),
        "EIRE": Country("IE", "Ireland", "EUR", "EU"),
        "Channel Islands": Country("JE", "Channel Islands", "GBP", "EU"),
        "Hong Kong": Country("HK", "Hong Kong", "HKD", "ROW"),
        "RSA": Country("ZA", "South Africa", "ZAR", "ROW"),
        "Czech Republic": Country("CZ", "Czech Republic", "CZK", "EU"),
    }
    for text in _EURO.split(","):
        name, code = text.split()
        found[name] = Country(code, name, "EUR", "EU")
    for text in _OWN.split(","):
        name, code, currency, territory = text.split()
        found[name] = Country(code, name, currency, territory)
    return found


COUNTRIES = _known()
"""Country by the name that the ledger gives it."""
OTHER = "OTHER"
"""Key of the market that holds every other country."""


def largest(revenue: pd.Series, count: int) -> tuple[str, ...]:
    """Names of the countries with most net revenue that can be a market, largest first; names break ties."""
    own = revenue[[name in COUNTRIES for name in revenue.index]]
    ranked = sorted(own.index, key=lambda name: (-float(own[name]), str(name)))
    return tuple(str(name) for name in ranked[:count] if float(own[name]) > 0.0)
