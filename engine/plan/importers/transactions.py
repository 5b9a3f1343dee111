"""A plain transaction ledger: a row per line of an invoice, cancellations and bookings among the sales.

What each line is stands in ``ledger_lines``; here its cells are typed and the sales become canonical orders.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from engine.plan.faults import Faults
from engine.plan.importers.imported import FILE, ROW, Imported, Vocabulary, hash_customers, translated
from engine.plan.importers.ledger_lines import Lines, Treated, account, treat
from engine.plan.importers.ledger_notes import notes
from engine.plan.mappings import Source, ledger_columns
from engine.plan.parsing import convert, series, unknown_keys
from engine.plan.plan import Amount, Tie
from engine.plan.readers import TextTable
from engine.plan.reading.countries import country_code
from engine.plan.tables import ORDERS, Column
from models.arrays import BoolArray, TextArray
from models.errors import did_you_mean

_REQUIRED = ("order_id", "item", "quantity", "ordered_at", "net_price")
_PRICE = Column("net_price", "number", "price of a unit, excluding tax")
_QUANTITY = Column("quantity", "integer", "units; below zero: taken back")
_NEEDED = {name: ORDERS.column(name) for name in ("order_id", "item", "ordered_at")}
_TEXT = Column("text", "key", "a text", required=False, blank=True)
_DATE = re.compile(
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)
_WHOLE = re.compile(r"(\d+)\.0+", re.ASCII)
_TIE = 0.005


def import_transactions(text: TextTable, source: Source, vocabulary: Vocabulary, faults: Faults) -> Imported:
    """Canonical order lines of a transaction ledger, and what became of every other line."""
    headers = ledger_columns(text.header) | source.mapping.columns
    used = {name for column, name in headers.items() if column not in source.mapping.constants}
    unknown = tuple(name for name in text.header if name not in used | {"Description"})
    rejected: Counter[str] = Counter({"blank row": text.blank_rows} if text.blank_rows else {})
    if not _columns_present(text, source, headers, unknown, faults):
        empty = pd.DataFrame({column.name: series([], column) for column in ORDERS.columns})
        empty[ROW], empty[FILE] = np.empty(0, np.int64), ""
        return Imported("orders", empty, text.rows_in_file, rejected, unknown, ())
    reading = _Reading(text, source, vocabulary, faults, headers)
    kept = reading.kept(rejected)
    lines, sound = reading.lines(kept)
    treated = treat(lines, source.mapping.ledger, vocabulary.known("item"))
    frame, sound_orders = reading.orders(lines, treated)
    currency = reading.currency()
    amounts = account(lines, treated, np.asarray(currency, dtype=object))
    for entry in amounts:
        if not entry.used:
            rejected[entry.treatment] += entry.rows
    frame = frame[sound_orders & sound[treated.sold]].reset_index(drop=True)
    return Imported(
        "orders",
        frame,
        text.rows_in_file,
        rejected,
        unknown,
        tuple(name for name in ("customer_key", "currency") if not reading.has(name)),
        tuple(notes(lines, treated, source.mapping.ledger, vocabulary.known("item"), reading.filled)),
        sum(entry.rows for entry in amounts if entry.used),
        amounts,
        _ties(text.file, amounts, frame) if sound.all() and sound_orders.all() else (),
    )


def _columns_present(
    text: TextTable, source: Source, headers: dict[str, str], unknown: Sequence[str], faults: Faults
) -> bool:
    present = True
    for column in (*_REQUIRED, "market"):
        if column in source.mapping.constants or headers.get(column, "") in text.cells:
            continue
        header = headers.get(column, column)
        guess = did_you_mean(header, unknown) if unknown else ""
        faults.add(
            text.file,
            1,
            header,
            problem="a column is missing",
            got=", ".join(text.header),
            remedy=guess if "did you mean" in guess else f"columns: {{{column}: HEADER}} of a mapping",
        )
        present = False
    return present


class _Reading:
    """Cells of one ledger, typed column by column; every cell that does not fit is a fault."""

    def __init__(
        self,
        text: TextTable,
        source: Source,
        vocabulary: Vocabulary,
        faults: Faults,
        headers: dict[str, str],
    ) -> None:
        self.text, self.source, self.vocabulary, self.faults = text, source, vocabulary, faults
        self.headers = headers
        self.constants = source.mapping.constants
        self.filled = 0

    def has(self, column: str) -> bool:
        """Whether the file or a constant gives a column."""
        return column in self.constants or self.headers.get(column, "") in self.text.cells

    def cells(self, column: str) -> list[str]:
        """Cells of a column with the mapping's values in place of the file's texts; blank where absent."""
        if column in self.constants:
            return [self.constants[column]] * len(self.text)
        raw = self.text.cells.get(self.headers.get(column, ""))
        if raw is None:
            return [""] * len(self.text)
        cells = translated(raw, column, self.source.mapping)
        return self._named_markets(cells) if column == "market" else cells

    def _named_markets(self, cells: list[str]) -> list[str]:
        """Names of countries as the one market that each has; everything else as it is."""
        known = self.vocabulary.known("market") or frozenset()
        named: dict[str, str] = {}
        for cell in set(cells) - known:
            markets = self.vocabulary.markets_of_country.get(country_code(cell) or "", ())
            if len(markets) == 1:
                named[cell] = markets[0]
        return [named.get(cell, cell) for cell in cells]

    def kept(self, rejected: Counter[str]) -> BoolArray:
        """Mask of the lines that the mapping does not refuse; the refused are counted."""
        kept = np.ones(len(self.text), np.bool_)
        for column, texts in self.source.mapping.reject.items():
            raw = np.asarray(
                self.text.cells.get(self.headers.get(column, ""), [""] * len(kept)), dtype=object
            )
            for refused in texts:
                out = (raw == refused) & kept
                if out.any():
                    rejected[f"{column} {refused} is rejected by {self.source.by}"] += int(out.sum())
                kept &= ~out
        return kept

    def lines(self, kept: BoolArray) -> tuple[Lines, BoolArray]:
        """Typed lines and a mask of the sound ones."""
        sound = np.ones(len(self.text), np.bool_)

        def typed(name: str, column: Column, cells: Sequence[str]) -> pd.Series:
            values, fits = convert(
                cells, self.text.row, column, self.text.file, self.faults, header=self.address(name)
            )
            sound[~fits] = False
            return values

        invoice = typed("order_id", _NEEDED["order_id"], self.cells("order_id"))
        item = typed("item", _NEEDED["item"], self.cells("item"))
        quantity = typed("quantity", _QUANTITY, self.cells("quantity"))
        price = typed("net_price", _PRICE, self.cells("net_price"))
        moments = typed("ordered_at", _NEEDED["ordered_at"], self._moments())
        customer = typed("customer_key", _TEXT, self._customers())
        names = invoice.to_numpy(dtype=object)
        return (
            Lines(
                invoice=names,
                item=item.to_numpy(dtype=object),
                customer=self._of_invoice(names, customer.to_numpy(dtype=object)),
                moment=moments.to_numpy().astype("datetime64[s]").astype(np.int64),
                quantity=quantity.to_numpy(np.int64),
                price=price.to_numpy(np.float64),
                repeated=self._repeated(),
                out=~kept | ~sound,
            ),
            sound | ~kept,
        )

    def _customers(self) -> list[str]:
        """Customer numbers; a number that a spreadsheet kept as 17850.0 is 17850."""
        cells = self.cells("customer_key")
        plain = {cell: _WHOLE.sub(r"\1", cell) for cell in set(cells)}
        return [plain[cell] for cell in cells]

    def address(self, column: str) -> str:
        """Header that an error names."""
        return column if column in self.constants else self.headers.get(column, column)

    def _moments(self) -> list[str]:
        """Dates as ISO text; the order of day and month is the mapping's, never a guess."""
        cells, order = self.cells("ordered_at"), self.source.mapping.ledger.dates
        if order == "ymd":
            return cells
        known: dict[str, str] = {}
        for cell in set(cells):
            found = _DATE.fullmatch(cell)
            if found is None:
                known[cell] = cell
                continue
            first, second, year, hour, minute, second_of = (int(part or 0) for part in found.groups())
            month, day = (first, second) if order == "mdy" else (second, first)
            year += 2000 if year < 100 else 0
            known[cell] = f"{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second_of:02d}"
        return [known[cell] for cell in cells]

    def _of_invoice(self, invoice: TextArray, customer: TextArray) -> TextArray:
        """Customers with the blanks of an invoice filled in where its other lines name exactly one."""
        named = customer != ""
        pairs = pd.DataFrame({"invoice": invoice[named], "customer": customer[named]}).drop_duplicates()
        single = pairs[~pairs["invoice"].duplicated(keep=False)].set_index("invoice")["customer"].to_dict()
        blank = np.flatnonzero(~named)
        result = customer.copy()
        for at in blank:
            result[at] = single.get(invoice[at], "")
        self.filled = int((result[blank] != "").sum())
        return result

    def _repeated(self) -> BoolArray:
        """Lines that an earlier line repeats in every column of the file."""
        codes = {
            name: pd.factorize(np.asarray(self.text.cells[name], dtype=object))[0] for name in self.text.cells
        }
        return pd.DataFrame(codes).duplicated().to_numpy() if codes else np.zeros(0, np.bool_)

    def currency(self) -> list[str]:
        """Currency of every line: the file's, the mapping's, else the company's."""
        if self.has("currency"):
            return self.cells("currency")
        return [self.vocabulary.company_currency] * len(self.text)

    def orders(self, lines: Lines, treated: Treated) -> tuple[pd.DataFrame, BoolArray]:
        """Canonical lines of the sales, and a mask of those whose keys the plan knows."""
        at = np.flatnonzero(treated.sold)
        rows = self.text.row[at]
        market = self._markets(at)
        channel = self._channels(lines.customer[at], at)
        currency = np.asarray(self.currency(), dtype=object)[at]
        item = self._items(lines, at)
        sound = np.ones(len(at), np.bool_)
        for kind, name, values in (
            ("market", "market", market),
            ("sales_channel", "sales_channel", channel),
            ("currency", "currency", currency),
            ("item", "item", item),
        ):
            typed, fits = convert(
                list(values),
                rows,
                ORDERS.column(name),
                self.text.file,
                self.faults,
                header=self.address(name),
            )
            sound &= fits
            known = self.vocabulary.known(kind)  # type: ignore[arg-type]
            if known is not None:
                what = kind.replace("_", " ")
                sound &= unknown_keys(
                    typed, rows, known, what, self.text.file, self.address(name), self.faults
                )
        keyed = hash_customers(lines.customer[at], self.vocabulary.salt)
        columns = {
            "order_id": lines.invoice[at],
            "customer_key": keyed,
            "ordered_at": lines.moment[at].astype("datetime64[s]"),
            "market": market,
            "sales_channel": channel,
            "currency": currency,
            "item": item,
            "quantity": treated.quantity[at],
            "net_price": lines.price[at],
            "shipping": treated.shipping[at],
            "tax": np.zeros(len(at)),
            "refunded": treated.refunded[at],
        }
        frame = pd.DataFrame({column.name: series(columns[column.name], column) for column in ORDERS.columns})
        frame[ROW], frame[FILE] = rows, self.text.file
        return frame, sound

    def _markets(self, at: np.ndarray) -> TextArray:
        known = self.vocabulary.known("market")
        found: dict[str, str] = {}
        cells = self.cells("market")
        result = np.empty(len(at), object)
        for position, row in enumerate(at):
            text = cells[row]
            if text not in found:
                markets = self.vocabulary.markets_of_country.get(text, ())
                alone = markets[0] if len(markets) == 1 else text
                found[text] = text if known is None or text in known else alone
            result[position] = found[text]
        return result

    def _channels(self, customer: TextArray, at: np.ndarray) -> TextArray:
        given = self.cells("sales_channel") if self.has("sales_channel") else None
        only = self.vocabulary.known_channels[0] if len(self.vocabulary.known_channels) == 1 else ""
        channel = np.asarray([given[row] if given is not None else only for row in at], dtype=object)
        guests = self.source.mapping.ledger.anonymous_channel
        return channel if guests is None else np.where(customer == "", guests, channel)

    def _items(self, lines: Lines, at: np.ndarray) -> TextArray:
        """Items of the sales: the plan's own, else the price band of the line."""
        item = lines.item[at].copy()
        bands, known = self.source.mapping.ledger.price_bands, self.vocabulary.known("item")
        if bands is None or known is None:
            return item
        names = np.asarray(bands.items, dtype=object)
        band = names[np.searchsorted(np.asarray(bands.edges), lines.price[at], side="right")]
        own = np.fromiter((code in known for code in item), np.bool_, len(item))
        return np.where(own, item, band)


def _ties(file: str, amounts: tuple[Amount, ...], frame: pd.DataFrame) -> tuple[Tie, ...]:
    """Lines that were used against the orders that they became, by currency."""
    ties = []
    for currency in sorted({entry.currency for entry in amounts}):
        used = sum(entry.amount for entry in amounts if entry.used and entry.currency == currency)
        own = frame[frame["currency"] == currency]
        worth = float((own["quantity"] * own["net_price"] + own["shipping"] - own["refunded"]).sum())
        name = f"{file}: lines used = orders with shipping less refunds"
        ties.append(Tie(name, used, worth, _TIE + 1e-9 * abs(used), currency))
    return tuple(ties)
