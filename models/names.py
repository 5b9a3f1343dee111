"""Names, units and signs: the ONE list of dimensions and of the variables that stand in the cube.

Rules (cited by number in errors and tests):

1. sign      money is positive when it comes in and negative when it leaves; losses in risk are positive
2. currency  money is in the company's functional currency; the attribute ``currency`` of the cube names it
3. unit      every variable has a unit; ``share`` is 0.15, points are ``pp``, durations are ``days``
4. dims      every variable has the dims of this list, in this order
5. seed      a random number is addressed by (seed, name, trial, index), never drawn from a global state
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

SCENARIO = "scenario"
TRIAL = "trial"
QUARTER = "quarter"
MONTH = "month"
DAY = "day"
COHORT = "cohort"
"""Quarter in which customers were won."""
CUSTOMER_AGE = "customer_age"
"""Months since customers were won; 0 is that month."""
MARKET = "market"
SALES_CHANNEL = "sales_channel"
ACQUISITION_CHANNEL = "acquisition_channel"
ITEM = "item"
NODE = "node"
SUPPLIER = "supplier"
ORIGIN = "origin"
TERRITORY = "territory"
PORT = "port"
CURRENCY = "currency"
ACCOUNT = "account"

DIMS = (
    SCENARIO,
    TRIAL,
    QUARTER,
    MONTH,
    DAY,
    COHORT,
    CUSTOMER_AGE,
    MARKET,
    SALES_CHANNEL,
    ACQUISITION_CHANNEL,
    ITEM,
    NODE,
    SUPPLIER,
    ORIGIN,
    TERRITORY,
    PORT,
    CURRENCY,
    ACCOUNT,
)
"""Every dimension, in the order in which it may stand in an array."""

INNER_DIMS: Mapping[str, str] = MappingProxyType(
    {
        "segment": "market and sales channel",
        "demand_point": "what the network serves; in a plan its segments",
        "arc": "a demand point with a node that may serve it",
        "lane": "a supplier with a node",
        "stage": "a part of the way from order to receipt",
        "customer": "one customer",
        "order": "one order",
        "line": "one line of an order",
        "row": "one row of a table",
        "posting": "one kind of entry in the books",
        "layer": "goods, freight, duty or fees in a landed cost",
        "parameter": "one parameter of a fitted law",
        "sample": "one observation",
        "outcome": "one possible result of a draw",
        "threshold": "one limit of the policy",
        "metric": "one metric of the registry",
        "contender": "one forecast beside others",
        "case": "one forecast held against what happened",
        "word": "one word of a random stream",
        "age": "months since a customer was won",
        "stream": "an acquisition channel of a market, or its organic customers",
        "series": "one series of numbers in time",
        "period": "a day, month or quarter",
        "pair": "a month with a cohort",
        "source": "an independent error",
        "point": "a place on a grid",
        "draw": "one draw of many",
        "epoch": "the time between launches and ends of items",
        "n": "a number of orders",
        "member": "one key of whatever dim is meant",
        "option": "one choice of a decision",
        "future": "one scenario that a decision faces",
        "factor": "one common cause",
        "section": "trials whose estimates together give the Monte Carlo error",
        "level": "the level of a quantile",
        "column": "one column of a table",
    }
)
"""Dims that never stand in the cube, and what each counts."""

LETTERS = {
    "T": TRIAL,
    "R": "trial, or 1 where no scenario differs",
    "D": DAY,
    "d": "day of the month",
    "M": MONTH,
    "Mk": MARKET,
    "C": "segment; in the network demand point",
    "I": ITEM,
    "N": NODE,
    "S": SUPPLIER,
    "P": PORT,
    "A": "arc",
    "K": CURRENCY,
    "O": ORIGIN,
    "Te": TERRITORY,
    "Aq": ACQUISITION_CHANNEL,
}
"""Letters that compiled code uses for dims, in comments and docstrings of the network and the books."""

UNIT_WORDS = (
    "unit",
    "day",
    "month",
    "hour",
    "share",
    "probabilit",
    "chance",
    "rate",
    "ratio",
    "currency",
    "amount",
    "money",
    "count",
    "number",
    "position",
    "whether",
    "log",
    "bit",
    "word",
    "uniform",
    "standard normal",
    "score",
    "weight",
    "key",
    "date",
    "multiplier",
    "points",
)
"""Words by which a docstring tells the unit of its arrays; beginnings of words count."""

GRADES = ("resale", "refurbish", "liquidate", "scrap")
"""What becomes of a returned unit; the order in which plan and network hold the shares."""

LONGEST_DAYS = 1000.0
"""Longest mean of a lead-time stage that is taken for one, days; also the bound of the driver."""
FARTHEST_DAYS = 2.0**20
"""Most days that any one stage may take: beyond every horizon, and in ticks still exact."""

MONEY = "currency"
UNITS = "units"
SHARE = "share"
DAYS = "days"
COUNT = "count"
RATIO = "x"
MONTHS = "months"
MONEY_PER_CUSTOMER = "currency per customer"
PER_CUSTOMER = "count per customer"
CODE = "code"
"""A number that stands for a word of a list."""
HOURS = "hours"
MONEY_PER_ORDER = "currency per order"


@dataclass(frozen=True)
class Variable:
    """One variable of the cube: name, unit, dims (after scenario and trial) and what it means."""

    name: str
    group: str
    unit: str
    dims: tuple[str, ...]
    meaning: str

    @property
    def path(self) -> str:
        """Place in the cube: group/name."""
        return f"{self.group}/{self.name}"

    @property
    def always_defined(self) -> bool:
        """Whether a number must stand everywhere; a ratio is NaN where its denominator is nothing."""
        return self.unit in (MONEY, UNITS, COUNT)

    @property
    def all_dims(self) -> tuple[str, ...]:
        """Dims with scenario and trial in front."""
        return (SCENARIO, TRIAL, *self.dims)
