"""Write the plan folder: beside its place first, then one rename."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from engine.plan.faults import Faults
from engine.plan.files import Folder
from engine.plan.importers.imported import Imported, Vocabulary
from engine.plan.importers.transactions import import_transactions
from engine.plan.mappings import CODES, Source
from engine.plan.mappings import Mapping as FileMapping
from engine.plan.readers import TextTable
from engine.plan.table_file import read_table
from engine.templates.online_retail import config, figures
from engine.templates.online_retail.books import close_books
from engine.templates.online_retail.countries import COUNTRIES, OTHER, largest
from engine.templates.online_retail.goods import make_goods
from engine.templates.online_retail.purchases import Purchases, make_purchases
from engine.templates.online_retail.rates import rates_table, tariff_rows
from engine.templates.online_retail.sources import FILES, Sources, data_folder, read_sources
from models.errors import InputError

TEMPLATE = "online-retail"
_LEDGER = f"data/{FILES['ledger']}"
_FEES = "no product: fee of a bank or marketplace"
_YEAR = 365


def write_online_retail(path: Path, data: Path | None = None) -> None:
    """Write a plan folder of Online Retail's orders to ``path`` from the files of a data folder.

    Raises
    ------
    InputError
        With every file of the data folder that is absent or wrong; nothing is written.
    """
    sources = read_sources(data_folder(data))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        _write(beside, sources)
        beside.chmod(0o755)
        if path.exists():
            path.rmdir()
        beside.replace(path)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _write(folder: Path, sources: Sources) -> None:
    for part in ("data", "mappings", "scenarios"):
        (folder / part).mkdir()
    shutil.copyfile(sources.ledger, folder / _LEDGER)
    text, ledger = _read_ledger(folder)
    orders = ledger.frame
    net = orders["quantity"] * orders["net_price"] - orders["refunded"]
    names = largest(net.groupby(orders["market"]).sum(), figures.MARKETS)
    orders = orders.assign(
        country=orders["market"],
        market=[COUNTRIES[name].code if name in names else OTHER for name in orders["market"]],
    )
    markets = [COUNTRIES[name] for name in names]
    currencies = {market.currency for market in markets} | set(figures.SUPPLIER_CURRENCY.values())
    first = orders["ordered_at"].min().date()
    fx = rates_table(sources.rates, currencies, first)
    per_base = fx.groupby("currency")["per_base"].last().to_dict() | {figures.CURRENCY: 1.0}
    goods = make_goods(orders, _labels(text), per_base)
    orders = orders.assign(item=goods.of_line)
    year = orders[orders["ordered_at"] >= pd.Timestamp(figures.AS_OF) - pd.Timedelta(days=_YEAR - 1)]
    late = orders[
        orders["ordered_at"] >= pd.Timestamp(figures.AS_OF) - pd.Timedelta(days=figures.PACE_DAYS - 1)
    ]
    daily = (late.groupby("item")["quantity"].sum() / figures.PACE_DAYS).to_dict()
    revenue = float((year["quantity"] * year["net_price"] - year["refunded"]).sum())
    bought = make_purchases(sources.shipments, goods.table, daily)
    books = close_books(orders, goods.table, bought.table, daily, revenue, per_base)
    facts = config.Facts(
        ledger=_LEDGER,
        names=names,
        edges=goods.edges,
        revenue=revenue,
        weekly_units=_weekly(goods.table, daily),
        production=_production(bought),
        fee_share=_fee_share(ledger, orders),
        kept_share=goods.kept_share,
        sold_codes=goods.codes,
        codes=CODES,
        scms=bought.account,
        days=bought.mean_days,
    )
    tables = {
        "items": goods.table,
        "purchase_orders": bought.table,
        "inventory": books.inventory,
        "open_receivables": books.receivables,
        "open_payables": books.payables,
        "opening_balance": books.balance,
        "spend": _spend(year),
        "tariffs": tariff_rows(sources.tariffs, sources.china_tariffs, goods.table["hs"]),
        "fx": fx,
    }
    for name, table in tables.items():
        table.to_csv(folder / "data" / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")
    # the ledger is public and its customers are numbers: a salt made from the file keeps the plan the same
    salt = hashlib.sha256((folder / _LEDGER).read_bytes()).hexdigest() + "\n"
    for name, content in {**config.texts(facts), "data/.salt": salt}.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")


def _read_ledger(folder: Path) -> tuple[TextTable, Imported]:
    """The ledger as the plan will read it, with its own codes and countries."""
    faults = Faults()
    text = read_table(Folder.open(folder), _LEDGER, faults)
    mapping = FileMapping.model_validate(
        {
            "file": _LEDGER,
            "table": "orders",
            "layout": "transactions",
            "constants": {"sales_channel": figures.TRADE, "currency": figures.CURRENCY},
            "ledger": {"through": figures.AS_OF.isoformat(), "anonymous_channel": figures.WEB},
        }
    )
    if text is None:
        raise InputError(faults)
    ledger = import_transactions(text, Source(mapping, "template"), Vocabulary(), faults)
    if not faults and ledger.frame.empty:
        faults.add(
            _LEDGER, problem="no orders at all", got="every row is left out", remedy="the file of data/README"
        )
    if faults:
        raise InputError(faults)
    return text, ledger


def _labels(text: TextTable) -> dict[str, str]:
    """The description that each code has most often; names break ties."""
    frame = pd.DataFrame({"item": text.cells["StockCode"], "label": text.cells["Description"]})
    counts = (
        frame[frame["label"] != ""].groupby(["item", "label"], sort=True).size().reset_index(name="count")
    )
    best = counts.sort_values(["item", "count", "label"], ascending=[True, False, True]).drop_duplicates(
        "item"
    )
    return dict(zip(best["item"], best["label"], strict=True))


def _weekly(items: pd.DataFrame, daily: Mapping[str, float]) -> dict[str, float]:
    weekly: dict[str, float] = {}
    for item, suppliers in zip(items["item"], items["suppliers"], strict=True):
        maker = suppliers.split(";")[0]
        weekly[maker] = weekly.get(maker, 0.0) + 7.0 * daily.get(item, 0.0)
    return weekly


def _production(bought: Purchases) -> dict[str, tuple[float, float]]:
    """Days from order to leaving by supplier, for the stages of the lanes; what is fitted is the log."""
    table = bought.table[bought.table["received_on"] != ""]
    days = (pd.to_datetime(table["shipped_on"]) - pd.to_datetime(table["ordered_on"])).dt.days
    found = days.groupby(table["supplier"]).agg(["mean", "std"]).fillna(0.0)
    return {s: tuple(found.loc[s]) if s in found.index else (30.0, 10.0) for s in figures.SUPPLIERS}


def _fee_share(ledger: Imported, orders: pd.DataFrame) -> float:
    fees = -sum(entry.amount for entry in ledger.amounts if entry.treatment == _FEES)
    web = orders[orders["sales_channel"] == figures.WEB]
    sales = float((web["quantity"] * web["net_price"]).sum())
    return min(max(fees / sales, 0.0), 0.5) if sales > 0.0 else 0.0


def _spend(year: pd.DataFrame) -> pd.DataFrame:
    """The same spend in every month, by the markets' net revenue."""
    net = (year["quantity"] * year["net_price"] - year["refunded"]).groupby(year["market"]).sum()
    first = figures.AS_OF.replace(day=1)
    months = [
        dt.date(first.year - (first.month <= back), (first.month - back - 1) % 12 + 1, 1)
        for back in range(12)
    ]
    rows = [
        (month.isoformat(), market, "catalogue", round(figures.SPEND_SHARE * float(amount) / 12.0, 2))
        for month in sorted(months)
        for market, amount in net.items()
        if amount > 0.0
    ]
    return pd.DataFrame(rows, columns=["day", "market", "acquisition_channel", "amount"])
