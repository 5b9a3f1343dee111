"""Numbers as people read them: one scale of money for a whole report, errors beside every figure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.finance.metrics import Metric
from engine.risk.errors import Estimate

MISSING = "n/a"
NOT_DEFINED = "not defined"
NONE = "\N{EN DASH}"
"""Nothing to show, by its nature."""
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Money:
    """Money in units of ``divisor`` of a currency."""

    currency: str
    divisor: float

    @property
    def unit(self) -> str:
        """Unit in words: thousand USD."""
        return {1.0: "", 1e3: "thousand ", 1e6: "million "}[self.divisor] + self.currency

    @property
    def digits(self) -> int:
        """Decimals shown: two of a million, none otherwise."""
        return 2 if self.divisor == 1e6 else 0

    def __call__(self, value: float) -> str:
        """An amount in this unit."""
        return number(value / self.divisor, self.digits)

    def signed(self, value: float) -> str:
        """An amount in this unit with its sign."""
        return signed(value / self.divisor, self.digits)


def money_of(currency: str, largest: float) -> Money:
    """The unit in which an amount of this size has four to six digits."""
    size = abs(largest) if math.isfinite(largest) else 0.0
    return Money(currency, 1e6 if size >= 1e9 else 1e3 if size >= 1e6 else 1.0)


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands separators and a true minus sign; "n/a" where it is not one.

    >>> number(-1234.5), number(float("nan")), number(-0.2)
    ('−1,234', 'n/a', '0')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.{digits}f}"
    if not any(digit in text for digit in "123456789"):
        return text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, digits: int = 0) -> str:
    """A number that carries its sign, unless it is shown as nothing.

    >>> signed(12.0), signed(-12.0), signed(0.001)
    ('+12', '−12', '0')
    """
    text = number(value, digits)
    positive = math.isfinite(value) and value > 0.0 and text.strip("0.,") != ""
    return f"+{text}" if positive else text


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage; "n/a" where it is not one."""
    return MISSING if value is None or not math.isfinite(value) else f"{number(100.0 * value, digits)}%"


def whole_percent(value: float) -> str:
    """A probability in a few characters; what is rare or nearly certain is never shown as 0% or 100%.

    >>> whole_percent(0.004), whole_percent(0.0), whole_percent(0.997)
    ('<1%', '0%', '>99%')
    """
    if 0.0 < value < 0.005:
        return "<1%"
    if 0.995 < value < 1.0:
        return ">99%"
    return percent(value, 0)


def bare(value: float, unit: str, money: Money, *, sign: bool = False) -> str:
    """A figure of a metric in its unit, without its error."""
    show = signed if sign else number
    if unit == "currency":
        return show(value / money.divisor, money.digits)
    if unit == "share":
        return show(100.0 * value, 1) + "%" if math.isfinite(value) else MISSING
    return show(value, {"days": 1, "months": 1, "x": 2, "count": 0, "units": 0, "index": 3}.get(unit, 2))


def amount(each: Estimate | None, unit: str, money: Money, *, sign: bool = False) -> str:
    """An estimate of a metric in its unit, ± the half-width of its interval (points for shares)."""
    if each is None:
        return NOT_DEFINED
    value, error = bare(each.value, unit, money, sign=sign), bare(each.half_width, unit, money)
    if unit == "share" and sign:
        return f"{value.rstrip('%')} pp ± {error.rstrip('%')}"
    if unit == "share" and each.available:
        return f"{value} ± {error.rstrip('%')} pp"
    return f"{value} ± {error}"


def unbroken(text: str) -> str:
    """A figure and its error that stay on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def unit_of(metric: Metric) -> str:
    """The unit in which a metric is read: that of the registry, but an index for Herfindahl's (0.465, not
    46.5%).
    """
    return "index" if metric.name.endswith("_hhi") else metric.unit


def unit_text(unit: str, money: Money) -> str:
    """The unit of a metric in words."""
    words = {"currency": money.unit, "share": "%", "x": "times"}
    return words.get(unit) or unit.replace("currency", money.currency, 1)


def probability(each: Estimate | None, trials: int = 0, *, short: bool = False) -> str:
    """A probability with its error; where no trial (or every trial) of ``trials`` breached, the bound that so
    many allow (``short``: the bound alone).

    One-sided 95% bound of Clopper and Pearson 1934 for no success in n trials: 1 − 0.05^(1/n).
    """
    if each is None:
        return ""
    if trials and each.value in (0.0, 1.0):
        bound = 100.0 * (1.0 - 0.05 ** (1.0 / trials))
        if short:
            return f"≤ {bound:.2g}%" if each.value == 0.0 else f"≥ {100.0 - bound:.3g}%"
        return f"0% (at most {bound:.2g}%)" if each.value == 0.0 else f"100% (at least {100.0 - bound:.3g}%)"
    text = f"{100.0 * each.value:.1f}%"
    return f"{text} ± {100.0 * each.half_width:.1f} pp" if each.available else f"{text} ± {MISSING}"
