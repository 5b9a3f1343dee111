"""What may change in a file without changing a figure, and what must never pass silently."""

from __future__ import annotations

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.plan.faults import Faults
from engine.plan.reading import dates, numbers
from engine.plan.reading.encoding import decode
from engine.plan.reading.reader import read_export

HEADER = [
    "Bestellnummer",
    "Bestelldatum",
    "E-Mail",
    "Artikelnummer",
    "Bezeichnung",
    "Anzahl",
    "Einzelpreis",
    "Rabatt",
    "Status",
]
AMOUNTS = st.integers(0, 10**9)


@st.composite
def orders(draw: st.DrawFn) -> list[list[str]]:
    """Rows of an order file with dates that tell and prices in the German form."""
    rows = [["B0", "31.01.2025", "a@example.com", "00417", "Müsli; süß", "1", "1.249,00", "0,00", "Versandt"]]
    for number in range(1, draw(st.integers(1, 8))):
        price = draw(st.integers(1, 999_999))
        day = dt.date(2025, 1, 1) + dt.timedelta(days=draw(st.integers(0, 300)))
        status = draw(st.sampled_from(["Versandt", "Storniert", "Abgeschlossen"]))
        units = draw(st.integers(1, 2000))
        text = f"{price // 100:,}".replace(",", ".") + f",{price % 100:02d}"
        customer = draw(st.sampled_from(["a@example.com", "A@Example.com ", "b@example.com"]))
        rows.append(
            [
                f"B{number}",
                day.strftime("%d.%m.%Y"),
                customer,
                f"{number:04d}",
                "Käse",
                str(units),
                text,
                "0,00",
                status,
            ]
        )
    return rows


def text_of(rows: list[list[str]], delimiter: str = ";") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def figures(content: bytes) -> dict[str, Any]:
    faults = Faults()
    reading = read_export(content, "orders.csv", faults)
    assert [str(fault) for fault in faults] == []
    assert reading is not None
    left = sorted((t.means, t.rows, t.units, tuple(t.money.items())) for t in reading.treatments)
    return {**reading.figures, "statuses": dict(sorted(reading.figures["statuses"].items())), "left": left}


@given(orders(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_order_of_rows_and_columns_blank_lines_separator_and_encoding_change_no_figure(
    rows: list[list[str]], random: Any
) -> None:
    plain = figures(text_of([HEADER, *rows]).encode())
    shuffled = random.sample(rows, len(rows))
    assert figures(text_of([HEADER, *shuffled]).encode()) == plain
    columns = random.sample(range(len(HEADER)), len(HEADER))
    moved = [[row[place] for place in columns] for row in [HEADER, *rows]]
    assert figures(text_of(moved).encode()) == plain
    blanks = [HEADER, [], *[row for pair in ((row, [""] * len(HEADER)) for row in rows) for row in pair]]
    assert figures(text_of(blanks).encode()) == plain
    for delimiter in (",", "\t", "|"):
        assert figures(text_of([HEADER, *rows], delimiter).encode()) == plain
    for encoding in ("utf-8-sig", "utf-16", "cp1252"):
        assert figures(text_of([HEADER, *rows]).encode(encoding)) == plain


def printed(value: Decimal, form: str) -> str:
    """A number in one of the forms that tools print."""
    text = f"{abs(value):,.2f}"
    if form in ("1.234,50", "1 234,50", "1'234.50"):
        thousands = form[1]
        mark = form[-3]
        text = text.replace(",", "\x00").replace(".", mark).replace("\x00", thousands)
    if value < 0:
        return f"({text})" if form.startswith("$") else f"-{text}"
    return f"${text}" if form.startswith("$") else text


FORMS = ["1,234.50", "1.234,50", "1 234,50", "1'234.50", "$1,234.50"]


@given(st.lists(st.integers(-(10**11), 10**11), min_size=1, max_size=20), st.sampled_from(FORMS))
def test_a_number_reads_back_in_every_form(cents: list[int], form: str) -> None:
    values = [Decimal(number) / 100 for number in cents]
    texts = [printed(value, form) for value in values]
    mark = numbers.marks_of(texts).decided
    assert mark is not None
    assert [numbers.parse(text, mark) for text in texts] == values


@given(
    st.lists(st.dates(dt.date(1980, 1, 1), dt.date(2060, 12, 31)), min_size=1, max_size=30),
    st.sampled_from(["dmy", "mdy"]),
    st.sampled_from("/-. "),
)
def test_a_date_column_is_never_read_under_a_wrong_order_silently(
    days: list[dt.date], order: str, separator: str
) -> None:
    form = separator.join(("%d", "%m", "%Y") if order == "dmy" else ("%m", "%d", "%Y"))
    fits = dates.fits_of([day.strftime(form) for day in days])
    assert fits.unread == ()
    assert order in fits.orders
    if fits.decided is not None:
        assert fits.decided == order
    else:
        assert all(day.day <= 12 for day in days)


WORDS = [
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%b-%d-%y",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%Y-%m-%dT%H:%M:%S+02:00",
    "%b %d, %Y %I:%M:%S %p",
]


@given(st.dates(dt.date(1980, 1, 1), dt.date(2060, 12, 31)), st.sampled_from(WORDS))
def test_a_date_with_its_month_in_words_or_its_year_first_reads_back(day: dt.date, form: str) -> None:
    stamp = dates.stamp_of(dt.datetime.combine(day, dt.time(23, 59)).strftime(form))
    assert stamp is not None
    moment = dates.moment_of(stamp, "ymd")
    assert moment is not None
    assert moment.date() == day


@given(
    st.text("ひらがなカタカナ漢字商品名注文番号東京都大阪府急須茶碗湯呑、。・", min_size=4, max_size=60),
    st.text("abc ,;0123\n", max_size=30),
)
def test_japanese_text_is_read_as_shift_jis_and_not_as_western(japanese: str, other: str) -> None:
    decoded = decode((other + "," + japanese).encode("cp932"), "a.csv", Faults())
    assert decoded is not None
    assert (decoded.encoding, decoded.text) == ("cp932", other + "," + japanese)


@given(
    st.lists(
        st.sampled_from(["Müsli", "Käse groß", "„Öl“", "Crème brûlée", "Señal", "Ærø", "weiß/grün", "12 €"]),
        min_size=1,
        max_size=9,
    )
)
def test_western_text_is_read_as_cp1252(words: list[str]) -> None:
    text = ";".join(words) + "\n"
    decoded = decode(text.encode("cp1252"), "a.csv", Faults())
    assert decoded is not None
    assert decoded.text == text


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_bytes_end_in_an_error(content: bytes) -> None:
    faults = Faults()
    reading = read_export(content, "a.csv", faults)
    assert reading is not None or list(faults)


@given(st.text("OrderID,Datety;\n\t\"' 0123456789.-/$€%()", max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_ends_in_an_error(text: str) -> None:
    assume(text.strip())
    for head in (
        "",
        "Order ID,Order Date,SKU,Quantity,Price\n",
        "Konto;Bezeichnung;Saldo;S/H\n",
        "Account,Jan 2025\n",
    ):
        faults = Faults()
        reading = read_export((head + text).encode(), "a.csv", faults)
        assert reading is not None or list(faults)
