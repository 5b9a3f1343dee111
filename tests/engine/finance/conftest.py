"""A small company in which every leg of every posting is non-zero, and made-up movements whose units add
up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from engine.finance.books import (
    DATED,
    FEE_DUE,
    FREIGHT_COST,
    FREIGHT_DUE,
    GOODS_COST,
    INSURANCE_DUE,
    INVOICE,
    LANDED,
    PREPAID,
    SHIPPED,
    TITLED,
    UNPAID,
    Books,
    Lines,
    MonthBooked,
    MonthInputs,
    open_books,
)
from engine.finance.close import close_month
from engine.finance.spec import FinanceSpec
from tests.engine.finance.neutral import neutral_inputs, neutral_spec

MONTH_START = np.array([0, 31, 59, 90, 120, 151, 181])
SIZES = {
    "market": 3,
    "channel": 2,
    "node": 2,
    "supplier": 3,
    "item": 4,
    "currency": 3,
    "origin": 2,
    "territory": 2,
    "acquisition_channel": 2,
}
ARCS = ((0, 0), (0, 1), (1, 0), (2, 0), (2, 1), (3, 0), (4, 1), (5, 1))
OPEN_STATE = [[0, -1], [SHIPPED | TITLED | DATED | LANDED, 0]]


def sample_spec(**changes: object) -> FinanceSpec:
    """A company with two borders, three currencies, all three balance triggers and both ways of passing
    title."""
    days = int(MONTH_START[-1])
    open_amounts = np.zeros((2, 10))
    open_amounts[0, [INVOICE, UNPAID, PREPAID, FEE_DUE]] = 800.0, 600.0, 210.0, 20.0
    open_amounts[1, [INVOICE, GOODS_COST, FREIGHT_COST, FREIGHT_DUE, INSURANCE_DUE, FEE_DUE]] = (
        500.0,
        510.0,
        40.0,
        40.0,
        3.0,
        25.0,
    )
    units = np.array([[400, 300, 250, 500], [200, 150, 300, 260]])
    average = np.zeros((2, 4, 4))
    average[..., 0] = np.array([8.0, 6.0, 11.0, 4.0])
    average[..., 1:] = [0.6, 0.9, 0.2]
    receivables, payables, sales_tax = (np.zeros((3, days + 1)) for _ in range(3))
    receivables[0, 5], receivables[1, 9], payables[2, 20], sales_tax[1, 19] = 2000.0, 900.0, 3000.0, 400.0
    vat, spend, tax, cost = (np.zeros(days + 1) for _ in range(4))
    vat[40], spend[29], tax[29], cost[5], cost[9] = 300.0, 700.0, 250.0, 800.0, 360.0
    rate = np.array([1.0, 0.5, 0.35])
    opening = {
        "cash": 3000.0,
        "receivables": 2000.0 + 900.0 * 0.5,
        "inventory": float((units[..., None] * average).sum()),
        "inventory_in_transit": 550.0,
        "prepayments": 210.0,
        "import_vat_recoverable": 300.0,
        "fixed_assets": 5000.0,
        "payables": 3000.0 * 0.35,
        "accrued_marketing": 700.0,
        "sales_tax_payable": 200.0,
        "income_tax_payable": 250.0,
        "credit_line": 500.0,
        "term_debt": 1500.0,
        "other_assets": 3000.0,
        "other_liabilities": 4000.0,
    }
    terms = {
        "market_currency": [0, 1, 0],
        "market_territory": [0, 1, 1],
        "consumption_tax": [0.0, 0.2, 0.19],
        "outbound_per_order": [4.0, 5.0, 6.0],
        "return_handling": [1.0, 1.5, 2.0],
        "shipping_refund_share": [0.0, 1.0, 0.4],
        "shipping_per_order": [0.0, 4.5, 6.0, 3.0, 5.0, 0.0],
        "base_price": [[30.0, 22.0, 41.0, 9.0], [58.0, 43.0, 80.0, 18.0], [31.0, 23.0, 42.0, 9.0]],
        "return_node": [0, 0, 0, 0, 1, 1],
        "orders_per_unit": [0.5, 0.6, 0.5, 0.7, 0.5, 0.6],
        "payout_lag": [3, 14, 2, 14, 4, 14],
        "reserve_share": [0.0, 0.1, 0.0, 0.1, 0.05, 0.1],
        "reserve_lag": [0, 30, 0, 40, 20, 30],
        "payment_fee_share": [0.03, 0.0, 0.02, 0.0, 0.03, 0.01],
        "payment_fee_per_order": [0.3, 0.0, 0.25, 0.0, 0.3, 0.1],
        "marketplace_fee_share": [0.0, 0.15, 0.0, 0.12, 0.0, 0.15],
        "node_territory": [0, 1],
        "pick_per_unit": [0.4, 0.5],
        "pick_per_order": [1.0, 1.2],
        "storage_per_unit_month": [0.2, 0.25],
        "cif_value": [False, True],
        "entry_fee": [90.0, 120.0],
        "vat_lag": [45, 60],
        "de_minimis": [0.0, 20.0],
        "supplier_currency": [2, 1, 0],
        "origin": [0, 1, 0],
        "deposit_share": [0.3, 0.2, 0.4],
        "trigger": [1, 0, 2],
        "net_days": [20, 12, 30],
        "title": [0, 1, 0],
        "buyer_pays_freight": [True, False, False],
        "buyer_pays_duty": [True, True, True],
        "unit_cost": [[24.0, 18.0, 32.0, 12.0], [15.0, 11.0, 20.0, 8.0], [7.5, 5.6, 10.0, 3.9]],
        "freight_per_kg": [[2.0, 2.2], [1.5, 1.7], [1.2, 1.3]],
        "insurance_share": [[0.004, 0.005]] * 3,
        "import_vat": [[0.0, 0.2]] * 3,
        "weight": [0.3, 0.2, 0.5, 0.1],
        "item_origin": [0, 1, 0, 1],
        "spend_segment": [[0, 1], [2, 3], [4, 5]],
        "spend_lag": [30, 15],
        "sales_tax_lag": 20,
        "fixed_monthly": np.full(6, 2500.0),
        "depreciation": np.full(6, 120.0),
        "capex": np.where(np.arange(days) == 44, 1800.0, 0.0),
        "contributions": np.where(np.arange(days) == 70, 2500.0, 0.0),
        "credit_limit": 6000.0,
        "credit_rate": 0.09,
        "term_debt": 1500.0,
        "term_debt_rate": 0.06,
        "tax_rate": 0.25,
        "tax_lag": 30,
        "refurbish_cost_share": 0.15,
        "refurbished_share": 1.0,
        "liquidation_share": 0.3,
        "realisable_share": 0.6,
    }
    books = {
        "rate": rate,
        "units": units,
        "average": average,
        "receivables_due": receivables,
        "payables_due": payables,
        "sales_tax_due": sales_tax,
        "receivable_cost_due": cost,
        "vat_due": vat,
        "spend_due": spend,
        "tax_due": tax,
        "line_state": np.array(OPEN_STATE),
        "line_amounts": open_amounts,
        "open_lines": 2,
    }
    return neutral_spec(MONTH_START, sizes=SIZES, arcs=ARCS, opening=opening, **{**terms, **books, **changes})


@dataclass(frozen=True)
class Story:
    """Movements of whole days, cut into months by ``month_inputs``."""

    shipped: np.ndarray
    on_hand: np.ndarray
    returns: list[list[int]]
    lines: Lines
    fx: np.ndarray
    duty: float = 0.1
    level: float = 1.0

    def lines_known(self, until: int) -> Lines:
        """The order-line table as it stands before day ``until``: later days are not known yet."""
        full = self.lines
        count = (full.day_ordered < until).sum(axis=1)
        hide = {
            name: np.where(getattr(full, name) <= until, getattr(full, name), np.inf)
            for name in ("left", "port", "cleared")
        }
        return full._replace(**hide, received=np.where(full.received < until, full.received, -1), used=count)

    def month_inputs(self, spec: FinanceSpec, month: int) -> MonthInputs:
        """One month of the story."""
        start, end = MONTH_START[month : month + 2]
        days = end - start
        rows = [row for row in self.returns if start <= row[0] < end]
        drift = 1.0 + 0.002 * np.arange(start, end)
        return neutral_inputs(
            spec,
            month,
            self.shipped[:, start:end],
            self.on_hand[:, start:end],
            self.lines_known(int(end)),
            rows,
            price_level=np.full((1, 3, days), self.level),
            fx=np.ascontiguousarray(self.fx[:, :, start:end]),
            duty_rate=np.full((1, 4, 2, 2, days), self.duty),
            freight=np.broadcast_to(drift, (1, 3, 2, days)).copy(),
            unit_cost=np.full((1, 3, days), 1.02),
            spend=np.full((1, 3, 2), 260.0),
        )


def make_story(trials: int = 3, seed: int = 7, scale: int = 3) -> Story:
    """Orders every twelve days, shipments that never exceed stock, returns on some days; each trial its
    own."""
    spec, days = sample_spec(), int(MONTH_START[-1])
    random = np.random.default_rng(seed)
    rows = [(-20, 0, 0, 1, 30, -10, np.inf), (-30, 1, 0, 0, 25, -25, -2)]
    placed = [(day, int(n), int(s)) for day in range(0, days, 12) for n in range(2) for s in range(3)]
    table = [[d, n, s, i, 40 + 10 * i] for d, n, s in placed for i in range(1 + s)]
    count = len(rows) + len(table)
    left, port, cleared, received = (np.full((trials, count), np.inf) for _ in range(4))
    for t in range(trials):
        for row in range(count):
            ordered = rows[row][0] if row < 2 else table[row - 2][0]
            stages = random.integers(0, 9 * 1024, 4) / 1024.0
            left[t, row] = rows[row][5] if row < 2 and rows[row][5] > -15 else ordered + stages[0]
            left[t, row] = rows[row][5] if row == 1 else max(left[t, row], 0.25 if row == 0 else left[t, row])
            port[t, row] = -2 if row == 1 else left[t, row] + stages[1]
            cleared[t, row] = max(port[t, row] + stages[2], 1.5)
            received[t, row] = max(np.ceil(cleared[t, row] + stages[3]), ordered + 1)
    columns = np.array([[r[0], r[1], r[2], r[3], r[4]] for r in rows] + table).T
    known = [np.repeat(column[None], trials, axis=0).astype(np.int32) for column in columns]
    lines = Lines(
        known[0],
        known[1],
        known[2],
        known[3],
        known[4].astype(np.int64),
        left,
        port,
        cleared,
        received.astype(np.int32),
        np.full(trials, count),
    )
    returns = [[day, day % 6, day % 4, 4, 1, 2, 1] for day in range(6, days, 5)]
    return _ship(spec, lines, returns, random, trials, days, scale)


def _ship(
    spec: FinanceSpec,
    lines: Lines,
    returns: list[list[int]],
    random: np.random.Generator,
    trials: int,
    days: int,
    scale: int,
) -> Story:
    segments = spec.terms.segments
    stock = np.repeat(spec.opening.units[None], trials, axis=0)
    shipped = np.zeros((trials, days, len(ARCS), 4), dtype=np.int32)
    on_hand = np.zeros((trials, days, 2, 4), dtype=np.int32)
    for day in range(days):
        for t in range(trials):
            for row in np.flatnonzero(lines.received[t] == day):
                stock[t, lines.node[t, row], lines.item[t, row]] += lines.units[t, row]
        for back in returns:
            if back[0] == day:
                stock[:, segments.return_node[back[1]], back[2]] += back[3]
        for arc, (_, node) in enumerate(ARCS):
            shipped[:, day, arc] = np.minimum(random.integers(0, scale, (trials, 4)), stock[:, node])
            stock[:, node] -= shipped[:, day, arc]
        on_hand[:, day] = stock
    walk = np.cumsum(random.normal(0.0, 0.004, (trials, 2, days)), axis=2)
    return Story(shipped, on_hand, returns, lines, spec.opening.rate[1:, None] * np.exp(walk))


@dataclass(frozen=True)
class Closed:
    """All months closed, with the books after each."""

    spec: FinanceSpec
    months: list[MonthBooked]
    books: list[Books]


def close_story(spec: FinanceSpec, story: Story, months: int = 6) -> Closed:
    """Close the months of a story one after the other."""
    books, booked, after = open_books(spec, len(story.shipped)), [], []
    for month in range(months):
        books, figures = close_month(spec, books, month, story.month_inputs(spec, month))
        booked.append(figures.booked)
        after.append(copy_books(books))
    return Closed(spec, booked, after)


def copy_books(books: Books) -> Books:
    """Books of their own."""
    return Books(*(type(group)(*(array.copy() for array in group)) for group in books))


@pytest.fixture(scope="session")
def story() -> Story:
    return make_story()


@pytest.fixture(scope="session")
def closed(story: Story) -> Closed:
    return close_story(sample_spec(), story)


@pytest.fixture(scope="session")
def close() -> Callable[..., Closed]:
    return close_story


@pytest.fixture(scope="session")
def spec_with() -> Callable[..., FinanceSpec]:
    return sample_spec


@pytest.fixture(scope="session")
def story_with(story: Story) -> Callable[..., Story]:
    return lambda **changes: replace(story, **changes)


@pytest.fixture(scope="session")
def new_story() -> Callable[..., Story]:
    return make_story
