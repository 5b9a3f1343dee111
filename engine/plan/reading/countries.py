"""Countries as exports spell them: code, currency and calling code."""

from __future__ import annotations

from functools import lru_cache

from engine.plan.reading.text import fold

_TABLE = """
US USD 1 united states|usa|vereinigte staaten|etats unis|estados unidos|united states of america
CA CAD 1 canada|kanada
GB GBP 44 united kingdom|uk|great britain|england|vereinigtes konigreich|grossbritannien|royaume uni
IE EUR 353 ireland|irland|irlande
DE EUR 49 germany|deutschland|allemagne|alemania|germania|duitsland
AT EUR 43 austria|osterreich|autriche
CH CHF 41 switzerland|schweiz|suisse|svizzera
FR EUR 33 france|frankreich|francia|frankrijk
IT EUR 39 italy|italien|italia|italie
ES EUR 34 spain|spanien|espana|espagne
PT EUR 351 portugal
NL EUR 31 netherlands|the netherlands|niederlande|pays bas|nederland|holland
BE EUR 32 belgium|belgien|belgique|belgie
LU EUR 352 luxembourg|luxemburg
DK DKK 45 denmark|danemark|danmark
SE SEK 46 sweden|schweden|sverige|suede
NO NOK 47 norway|norwegen|norge|norvege
FI EUR 358 finland|finnland|suomi|finlande
PL PLN 48 poland|polen|polska|pologne
CZ CZK 420 czech republic|czechia|tschechien|cesko
SK EUR 421 slovakia|slowakei
HU HUF 36 hungary|ungarn
RO RON 40 romania|rumanien
BG BGN 359 bulgaria|bulgarien
GR EUR 30 greece|griechenland
AU AUD 61 australia|australien|australie
NZ NZD 64 new zealand|neuseeland
JP JPY 81 japan|日本
CN CNY 86 china
HK HKD 852 hong kong
TW TWD 886 taiwan
KR KRW 82 south korea|korea|republic of korea
SG SGD 65 singapore|singapur
MY MYR 60 malaysia
TH THB 66 thailand
VN VND 84 vietnam|viet nam
ID IDR 62 indonesia|indonesien
PH PHP 63 philippines
IN INR 91 india|indien
PK PKR 92 pakistan
BD BDT 880 bangladesh
LK LKR 94 sri lanka
AE AED 971 united arab emirates|uae
SA SAR 966 saudi arabia
EG EGP 20 egypt
MA MAD 212 morocco
KE KES 254 kenya
NG NGN 234 nigeria
ZA ZAR 27 south africa|sudafrika
TR TRY 90 turkey|turkiye|turkei
IL ILS 972 israel
MX MXN 52 mexico|mexiko
BR BRL 55 brazil|brasil|brasilien
AR ARS 54 argentina
CL CLP 56 chile
CO COP 57 colombia
NA NAD 264 namibia
"""
_ROWS = [line.split(" ", 3) for line in _TABLE.strip().splitlines()]
_CODES = {fold(name): row[0] for row in _ROWS for name in (row[0], *row[3].split("|"))}
_CURRENCY = {row[0]: row[1] for row in _ROWS}
CALLING = {row[0]: row[2] for row in _ROWS}
"""Calling code of a country."""


@lru_cache(maxsize=4096)
def country_code(text: str) -> str | None:
    """Code of a country by its code or name, None where it is not known."""
    return _CODES.get(fold(text)) if text else None


def currency_of_country(text: str) -> str | None:
    """Currency of a country, None where it is not known."""
    code = country_code(text)
    return _CURRENCY.get(code) if code else None


_NAMED = {
    "usdollar": "USD", "usdollars": "USD", "dollar": "USD", "dollars": "USD", "unitedstatesdollar": "USD",
    "euro": "EUR", "euros": "EUR", "britishpound": "GBP", "poundsterling": "GBP", "sterling": "GBP",
    "gbpound": "GBP", "yen": "JPY", "japaneseyen": "JPY", "yuan": "CNY", "renminbi": "CNY", "rmb": "CNY",
    "chineseyuan": "CNY", "chineseyuanrenminbi": "CNY", "indianrupee": "INR", "indianrupees": "INR",
    "pakistanirupee": "PKR", "canadiandollar": "CAD", "australiandollar": "AUD", "swissfranc": "CHF",
    "schweizerfranken": "CHF", "swedishkrona": "SEK", "danishkrone": "DKK", "norwegiankrone": "NOK",
    "zloty": "PLN", "hongkongdollar": "HKD", "singaporedollar": "SGD", "vietnamesedong": "VND", "baht": "THB",
}  # fmt: skip


def currency_code(text: str) -> str:
    """Code of a currency by its code or name; what nobody knows is taken as written, in capitals."""
    return _NAMED.get(fold(text), text.strip().upper())


def country_of_currency(code: str) -> str | None:
    """The one country that uses a currency; None for one that several share or nobody knows, and for the
    dollar, in which everybody invoices.
    """
    users = [country for country, own in _CURRENCY.items() if own == code]
    return users[0] if len(users) == 1 and code != "USD" else None


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """Currency codes of the known countries."""
    return frozenset(_CURRENCY.values())
