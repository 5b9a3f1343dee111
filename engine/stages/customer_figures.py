"""What the customers won in a block cost and bring: the figures behind the customer variables of the cube.

An order is worth its segment's revenue and CM2 of the month over the orders placed in it, so what the orders
of a month bring is shared out in full. One trial is never read with another.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from engine.finance import unit_economics as unit
from engine.finance.channel_economics import economics, joint_economics, total, zone_codes
from engine.finance.kpis import by_quarter, ratio
from engine.finance.lines import SEGMENT_LINES
from engine.finance.statements import Statements
from engine.stages.cohort_sums import cohort_sums
from engine.stages.inputs import MeasureInputs
from engine.stages.outcome import ScenarioOutcome
from models.arrays import FloatArray
from models.demand import RETURN_DAYS

VALUE_MONTHS = 24
"""Months over which the value of a customer is counted, or those of the run if they are fewer."""
COHORT_MONTHS = 12
"""Months over which cohorts are compared: those whose first year lies within the run."""
TIED_UP = ("receivables", "inventory", "inventory_in_transit", "prepayments", "import_vat_recoverable")
OWED = ("payables", "accrued_marketing", "sales_tax_payable", "income_tax_payable")
GOODS_SOLD = ("cogs_goods", "cogs_freight", "cogs_duty", "cogs_fees")


def over_time(values: FloatArray) -> FloatArray:
    """Sum of values (trial, month, …) over the second axis, month or quarter, one entry after the other, in
    their unit: (trial, …).
    """
    return total(np.moveaxis(values, 1, -1))


class CustomerFigures:
    """One scenario and block; ``company`` holds net_revenue, cm2 and cm3 of the company, (trial, month)."""

    def __init__(
        self,
        inputs: MeasureInputs,
        played: ScenarioOutcome,
        statements: Statements,
        company: dict[str, FloatArray],
    ) -> None:
        self.inputs, self.played, self.statements = inputs, played, statements
        self.customers = played.customers
        self.markets, self.channels = len(inputs.view.markets), len(inputs.view.acquisition_channels)
        self.months = inputs.calendar.months
        self.rate = inputs.discount_rate
        self.company = {rung: total(values) for rung, values in company.items()}
        self.cm2 = self._per_order("cm2")
        self.revenue = self._per_order("net_revenue")
        self.won = played.counts.new_customers.astype(np.float64)
        self.spend = np.ascontiguousarray(played.spend)
        year = unit.discount_factors(COHORT_MONTHS, self.rate)
        self.sums = cohort_sums(self.customers, self.cm2, year)

    def _per_order(self, rung: str) -> FloatArray:
        """Of each order of a segment and month, (trial, month, segment); nothing where none was placed."""
        placed = self.played.counts.orders.astype(np.float64)
        amount = self.statements.segment_rung(rung)
        return np.divide(amount, placed, out=np.zeros_like(amount), where=placed > 0.0)

    def _paid(self, by_stream: FloatArray) -> FloatArray:
        """Of the acquisition channels, (trial, stream, …) as (trial, …, market, acquisition channel)."""
        chosen = by_stream[:, self.customers.stream_channel >= 0]
        grid = chosen.reshape(len(chosen), self.markets, self.channels, *chosen.shape[2:])
        return np.ascontiguousarray(np.moveaxis(grid, (1, 2), (-2, -1)))

    @cached_property
    def by_quarter(self) -> dict[str, FloatArray]:
        """Orders (number), net revenue and CM2 (company currency) of the customers won, (trial, quarter,
        market, acquisition channel).
        """
        placed, segment = self.sums.placed, self.customers.stream_segment
        worth = {
            "orders": placed,
            "net_revenue": placed * np.moveaxis(self.revenue[:, :, segment], 1, 2),
            "cm2": placed * np.moveaxis(self.cm2[:, :, segment], 1, 2),
        }
        return {name: by_quarter(self._paid(each)) for name, each in worth.items()}

    @cached_property
    def _sums(self) -> dict[str, FloatArray]:
        """What was won, spent and brought over the run, (trial, market, acquisition channel); the curve with
        the age behind.
        """
        revenue, cm2 = (over_time(self.by_quarter[name]) for name in ("net_revenue", "cm2"))
        won, spend = over_time(self.won), over_time(self.spend)
        curve = self._curve(self.sums.cm2_by_age, won)
        return {"won": won, "spend": spend, "net_revenue": revenue, "cm2": cm2, "curve": curve}

    @cached_property
    def by_channel(self) -> dict[str, FloatArray]:
        """Figures over the run, (trial, market, acquisition channel): shares, ratios, codes of zones, orders
        per customer; the curve in company currency per customer, (…, age).
        """
        sums = self._sums
        each = economics(**sums, yearly_rate=self.rate)
        share = ratio(sums["cm2"], sums["net_revenue"])
        company = ratio(self.company["cm2"], self.company["net_revenue"])[:, None, None]
        return {
            **each,
            "curve": sums["curve"],
            "orders_per_customer": total(self._curve(self.sums.orders_by_age, sums["won"])),
            "cm2_share": share,
            "zone": zone_codes(each["roas"], share, company),
            **{
                f"repeat_rate_{days}": ratio(*(self._paid(count) for count in counts))
                for days, counts in self._returned.items()
            },
        }

    def _curve(self, by_age: FloatArray, won: FloatArray) -> FloatArray:
        """Per customer by age, (trial, market, acquisition channel, age), over the cohorts that reach the
        age; NaN where nobody was won, 0 at an age that no customer reaches.
        """
        ages = min(self.months, VALUE_MONTHS)
        sums, base = (self._paid(each)[:, :ages] for each in (by_age, self.sums.won_by_age))
        curve = np.divide(sums, base, out=np.zeros_like(sums), where=base > 0.0)
        return np.moveaxis(np.where(won[:, None] > 0.0, curve, np.nan), 1, -1)

    @cached_property
    def _returned(self) -> dict[int, tuple[FloatArray, FloatArray]]:
        """Customers who came back, and all of the cohorts observed so long, (trial, stream), by days; nobody
        where customers are not known.
        """
        starts = self.inputs.calendar.month_start
        named = self.inputs.customer_known[self.customers.stream_segment]
        out = {}
        for place, days in enumerate(RETURN_DAYS):
            seen = int(np.count_nonzero(starts[1:] + days <= starts[-1]))
            came = self.customers.returned[:, :, :seen, place].sum(axis=2)
            everybody = self.customers.won[:, :, :seen].sum(axis=2)
            out[days] = np.where(named, came, 0.0), np.where(named, everybody, 0.0)
        return out

    def cohorts(self) -> dict[str, FloatArray]:
        """Quarterly cohorts: value over the first year, NaN where that ends after the run, and cost, company
        currency per customer, (trial, cohort, market, acquisition channel).
        """
        ends = np.arange(2, self.months, 3) + COHORT_MONTHS <= self.months
        won, spend = by_quarter(self.won), by_quarter(self.spend)
        value = ratio(by_quarter(self._paid(self.sums.cohort_cm2)), won)
        return {
            "cohort_ltv": np.where(ends[:, None, None], value, np.nan),
            "cohort_cac": unit.quotient(spend, won),
        }

    @cached_property
    def _later(self) -> FloatArray:
        """Orders by customers who had ordered before, (trial, month, segment)."""
        later = self.customers.known.astype(np.float64)
        again = self.sums.placed - self.customers.first
        for stream, segment in enumerate(self.customers.stream_segment):
            later[:, :, segment] += again[:, stream]
        return later

    def _by_market(self, by_segment: FloatArray) -> FloatArray:
        """Sum over the sales channels of each market, (trial, …, market)."""
        return total(by_segment.reshape(*by_segment.shape[:-1], self.markets, -1))

    @cached_property
    def orders(self) -> dict[str, FloatArray]:
        """Organic customers (number), share of repeat revenue, both (trial, quarter, market), and share of
        orders with several categories, (trial, market).
        """
        organic = self._organic(self.customers.won.astype(np.float64))
        everybody = by_quarter(self._by_market(self.statements.segment_rung("net_revenue")))
        placed = self.played.counts.orders.astype(np.float64)
        wide = self._by_market(over_time(placed * self.played.several_categories))
        return {
            "organic_customers": by_quarter(organic),
            "repeat_revenue_share": ratio(by_quarter(self._by_market(self._later * self.revenue)), everybody),
            "cross_sell": ratio(wide, self._by_market(over_time(placed))),
        }

    @cached_property
    def organic(self) -> dict[str, FloatArray]:
        """What customers that no spend claims bring: LTV (company currency per customer) and orders per
        customer, both (trial, market), and CM2 per customer by age, (trial, age, market); NaN where there
        are none.
        """
        ages = min(self.months, VALUE_MONTHS)
        won = total(self._organic(self.customers.won.astype(np.float64)).swapaxes(1, 2))
        base = self._organic(self.sums.won_by_age)[:, :ages]
        curves = []
        for by_age in (self.sums.cm2_by_age, self.sums.orders_by_age):
            sums = self._organic(by_age)[:, :ages]
            curve = np.divide(sums, base, out=np.zeros_like(sums), where=base > 0.0)
            curves.append(np.where(won[:, None] > 0.0, curve, np.nan))
        worth = np.ascontiguousarray(curves[0].swapaxes(1, 2))
        return {
            "organic_ltv": unit.lifetime_value(worth, 1.0, yearly_rate=self.rate),
            "organic_orders_per_customer": total(np.ascontiguousarray(curves[1].swapaxes(1, 2))),
            "organic_cm2_by_age": np.ascontiguousarray(curves[0]),
        }

    def _organic(self, by_stream: FloatArray) -> FloatArray:
        """Of the customers that no spend claims, (trial, stream, month or age) as (trial, …, market)."""
        chosen = by_stream[:, self.customers.stream_channel < 0]
        grid = chosen.reshape(len(chosen), self.markets, -1, by_stream.shape[2])
        return np.ascontiguousarray(total(np.moveaxis(grid, 2, -1)).swapaxes(1, 2))

    def _line(self, name: str) -> FloatArray:
        """A line over the run by segment, costs positive, (trial, segment)."""
        return -over_time(self.statements.segment_lines[:, :, SEGMENT_LINES.index(name)])

    @cached_property
    def _peak_capital(self) -> FloatArray:
        """Largest working capital without cash at a month's end, (trial,)."""
        tied_up = np.zeros_like(self.statements.account(TIED_UP[0]))
        for sign, accounts in ((1.0, TIED_UP), (-1.0, OWED)):
            for name in accounts:
                tied_up = tied_up + sign * self.statements.account(name)
        return np.asarray(tied_up.max(axis=1))

    def contributions(self) -> dict[str, FloatArray]:
        """CM3 over spend and over capital, ratios, (trial, market, sales channel): the company's peak shared
        by the cost of the goods sold. NaN where nothing is spent or tied up.
        """
        cost = np.zeros((len(self.won), self.markets * len(self.inputs.sales_channels)))
        for name in GOODS_SOLD:
            cost = cost + self._line(name)
        capital = ratio(cost, total(cost)[:, None]) * self._peak_capital[:, None]
        cm3 = over_time(self.statements.segment_rung("cm3"))
        shape = (len(cm3), self.markets, -1)
        return {
            "cm3_per_spend": ratio(cm3, _positive(self._line("marketing"))).reshape(shape),
            "cm3_per_capital": ratio(cm3, _positive(capital)).reshape(shape),
        }

    def metrics(self) -> dict[str, FloatArray]:
        """The company's unit economics over the run, each (trial,)."""
        sums = self._sums
        segments = {name: sums[name] for name in ("won", "spend", "net_revenue", "cm2")}
        curve = np.ascontiguousarray(np.moveaxis(sums["curve"], -1, 1))
        joint = joint_economics(**segments, curve=curve, yearly_rate=self.rate)
        spend, revenue = total(sums["spend"], 2), self.company["net_revenue"]
        everybody = total(sums["won"], 2) + total(self.orders["organic_customers"], 2)
        came, observed = self._returned[RETURN_DAYS[-1]]
        placed = self.played.counts.orders.astype(np.float64)
        return {
            **joint,
            "blended_cac": unit.quotient(spend, everybody),
            "high_value_share": ratio(total(self.customers.best * self.revenue, 2), revenue),
            "repeat_revenue_share": ratio(total(self._later * self.revenue, 2), revenue),
            "repeat_rate": ratio(total(came), total(observed)),
            "cross_sell": ratio(total(placed * self.played.several_categories, 2), total(placed, 2)),
            "cm3_per_spend": ratio(self.company["cm3"], _positive(spend)),
            "cm3_per_capital": ratio(self.company["cm3"], _positive(self._peak_capital)),
            **self._conversion(sums),
        }

    def _conversion(self, sums: dict[str, FloatArray]) -> dict[str, FloatArray]:
        """Conversions where the plan gives visitors and leads: visitors follow spend as in the last year."""
        funnel = self.inputs.funnel
        visitors = sums["spend"] * np.nan_to_num(funnel.visitors_per_spend)
        leads = visitors * np.nan_to_num(funnel.leads_per_visitor)
        seen, followed = (np.isfinite(each) for each in funnel)
        whole = unit.conversion(
            total(visitors, 2), total(leads, 2), total(np.where(seen, sums["won"], 0.0), 2)
        )
        followed = followed & seen
        of_leads = unit.conversion(
            total(np.where(followed, visitors, 0.0), 2),
            total(leads, 2),
            total(np.where(followed, sums["won"], 0.0), 2),
        )
        return {
            "lead_rate": of_leads.lead_rate,
            "lead_to_order": of_leads.lead_to_order,
            "order_conversion": whole.order_conversion,
        }


def _positive(values: FloatArray) -> FloatArray:
    """The values above zero; zero, over which nothing is a number, elsewhere."""
    return np.where(values > 0.0, values, 0.0)
