"""Write the demo company as a plan folder, and what really happened next as a separate folder."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from engine.demo import books, config
from engine.demo.baskets import add_baskets
from engine.demo.clock import Clock
from engine.demo.company import HISTORY_DAYS, START, TEMPLATES, Company, month_starts
from engine.demo.customers import Event, acquire, monthly_spend, simulate_orders
from engine.demo.rates import FIRST_DAY, Rates, tariffs
from engine.demo.shopify import write_marketplace, write_shop
from engine.demo.sites import candidates_yaml
from engine.demo.spend import spend_table
from engine.demo.supply import purchase_lines, purchase_log, ship, unit_cost
from engine.demo.truth import truth

__all__ = ["TEMPLATES", "History", "simulate", "write_demo"]

#: A seed whose two years of history were neither lucky nor unlucky, so that the plan looks like its past;
#: truth tests take seeds of their own.
SEED = 103
PURCHASE_COLUMNS = [
    "po",
    "line",
    "supplier",
    "item",
    "node",
    "ordered_on",
    "promised_on",
    "shipped_on",
    "port_on",
    "cleared_on",
    "received_on",
    "quantity",
    "received",
    "unit_cost",
    "currency",
    "deposit_paid",
]
STAGES = ["shipped_on", "port_on", "cleared_on", "received_on"]


@dataclass(frozen=True)
class History:
    """The whole simulated time: history and continuation, days since START."""

    company: Company
    clock: Clock
    events: Event
    orders: pd.DataFrame
    spend: pd.DataFrame
    purchases: pd.DataFrame
    """Landed purchase log, every stage known."""
    rates: Rates
    books: books.Books


def simulate(
    template: str = "demo",
    *,
    seed: int = SEED,
    residual: bool = True,
    season: bool = True,
    customers_scale: float = 1.0,
) -> History:
    """Play the company from its first day to the end of the continuation and close its books at
    actuals-through.
    """
    company = Company.of(template, customers_scale)
    clock = Clock.of(company, seed, residual=residual, season=season)
    plan = monthly_spend(company, seed)
    won = acquire(company, clock, seed, plan)
    events = simulate_orders(company, clock, seed, won)
    orders = add_baskets(company, seed, events)
    spend = spend_table(clock, plan, won)
    rates = Rates(company, seed)
    shipments = ship(company, seed)
    lines = purchase_lines(company, shipments, books.unit_sales(company, orders))
    landed = books.land(company, purchase_log(company, shipments, lines, first_rates(rates)), rates)
    return History(
        company,
        clock,
        events,
        orders,
        spend,
        landed,
        rates,
        books.close(company, orders, spend, landed, rates),
    )


def write_demo(
    path: Path,
    *,
    template: str = "demo",
    seed: int = SEED,
    continuation: Path | None = None,
    residual: bool = True,
    season: bool = True,
    quarters_of_continuation: int = 8,
    customers_scale: float = 1.0,
) -> None:
    """Write a runnable plan folder to ``path`` and, if given, the truth of the following quarters to
    ``continuation``.

    A folder that already holds something is never touched: FileExistsError. Each folder is written beside
    its place and then renamed, so it is either complete or absent.
    """
    if not 1 <= quarters_of_continuation <= 8:
        raise ValueError(f"quarters_of_continuation must be 1 to 8, got {quarters_of_continuation}")
    Company.of(template, customers_scale)
    places = [path] if continuation is None else [path, continuation]
    for place in places:
        if place.is_symlink() or (place.exists() and (not place.is_dir() or any(place.iterdir()))):
            raise FileExistsError(f"{place} already holds something; name a new or empty folder")
    history = simulate(template, seed=seed, residual=residual, season=season, customers_scale=customers_scale)
    _publish(path, lambda folder: _write_plan(folder, history, seed))
    if continuation is not None:
        until = int(month_starts()[24 + 3 * quarters_of_continuation])
        _publish(
            continuation,
            lambda folder: _write_continuation(
                folder, history, seed, until, residual=residual, season=season
            ),
        )


def _publish(place: Path, write: Callable[[Path], None]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        write(beside)
        beside.chmod(0o755)
        if place.exists():
            place.rmdir()
        beside.replace(place)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


_SALT = "tradewind plan without a salt of its own"


def _write_plan(folder: Path, history: History, seed: int) -> None:
    company, data = history.company, folder / "data"
    for part in (data, folder / "mappings", folder / "scenarios"):
        part.mkdir()
    _text(folder / "plan.yaml", config.plan_yaml(company))
    _text(folder / "policy.yaml", config.policy_yaml())
    _text(folder / "candidates.yaml", candidates_yaml(company))
    _text(folder / "README.txt", config.readme(company))
    for name, text in config.mappings().items():
        _text(folder / "mappings" / name, text)
    _write_orders(data, history, seed, history.orders[history.orders["time"] < HISTORY_DAYS], HISTORY_DAYS)
    # the buyers are generated, nobody is hidden by it: the same salt gives the same figures on every machine
    _text(data / ".salt", _SALT)
    _csv(data / "items.csv", items_table(history))
    _csv(data / "purchase_orders.csv", as_known(history.purchases, HISTORY_DAYS))
    _csv(data / "spend.csv", _spend_rows(history.spend, 0, HISTORY_DAYS))
    _csv(data / "tariffs.csv", tariffs())
    _csv(data / "fx.csv", history.rates.table(FIRST_DAY, HISTORY_DAYS))
    _csv(data / "inventory.csv", history.books.inventory)
    _csv(data / "opening_balance.csv", history.books.balance)
    _csv(data / "open_receivables.csv", history.books.receivables)
    _csv(data / "open_payables.csv", history.books.payables)


def _write_continuation(
    folder: Path, history: History, seed: int, until: int, *, residual: bool, season: bool
) -> None:
    later = history.orders[(history.orders["time"] >= HISTORY_DAYS) & (history.orders["time"] < until)]
    _write_orders(folder, history, seed, later, until)
    log = as_known(history.purchases[history.purchases["received_on"] >= HISTORY_DAYS], until)
    _csv(folder / "purchase_orders.csv", log)
    _csv(folder / "clearance.csv", _clearance(history.purchases, HISTORY_DAYS, until))
    _csv(folder / "spend.csv", _spend_rows(history.spend, HISTORY_DAYS, until))
    _csv(folder / "fx.csv", history.rates.table(HISTORY_DAYS, until))
    _text(
        folder / "truth.json",
        json.dumps(
            truth(history.company, history.clock, seed, residual=residual, season=season),
            indent=1,
            sort_keys=True,
        )
        + "\n",
    )


def _write_orders(folder: Path, history: History, seed: int, orders: pd.DataFrame, until: int) -> None:
    last = dt.datetime.combine(START, dt.time()) + dt.timedelta(days=until)
    write_shop(
        folder / "shopify_orders.csv",
        history.company,
        orders[orders["sales_channel"] == "shop"],
        seed,
        last=last,
    )
    write_marketplace(folder / "orders_marketplace.csv", orders[orders["sales_channel"] == "marketplace"])


def first_rates(rates: Rates) -> dict[str, float]:
    """Foreign units per USD on the first day, at which prices and unit costs were agreed."""
    return {currency: rates.per_base(currency, 0) for currency in rates.paths}


def items_table(history: History) -> pd.DataFrame:
    """items.csv: master data; the unit cost is the first supplier's price in its currency."""
    company = history.company
    first_day = first_rates(history.rates)
    return pd.DataFrame(
        [
            (
                i.key,
                i.label,
                i.hs,
                i.category,
                f"{i.weight:.2f}",
                unit_cost(company, number, i.suppliers[0], first_day),
                ";".join(i.suppliers),
                ";".join(str(s) for s in i.shares),
                i.moq,
                i.multiple,
                f"{i.price:.2f}",
            )
            for number, i in enumerate(company.items)
        ],
        columns=[
            "item",
            "label",
            "hs",
            "category",
            "weight_kg",
            "unit_cost",
            "suppliers",
            "shares",
            "moq",
            "multiple",
            "list_price",
        ],
    )


def as_known(purchases: pd.DataFrame, until: int) -> pd.DataFrame:
    """The purchase log as known at the end of the day before ``until``: later stages are blank."""
    log = purchases[purchases["ordered_on"] < until][PURCHASE_COLUMNS].copy()
    open_orders = log["received_on"] >= until
    for column in ["ordered_on", "promised_on", *STAGES]:
        hidden = (log[column] >= until) & (column in STAGES)
        log[column] = np.where(hidden, "", _dates(log[column]))
    log["received"] = np.where(open_orders, 0, log["received"])
    log["deposit_paid"] = log["deposit_paid"].map("{:.2f}".format)
    return log


def _clearance(purchases: pd.DataFrame, first: int, until: int) -> pd.DataFrame:
    seen = purchases.drop_duplicates("po")
    seen = seen[(seen["cleared_on"] >= first) & (seen["cleared_on"] < until)]
    return pd.DataFrame(
        {
            "po": seen["po"],
            "supplier": seen["supplier"],
            "node": seen["node"],
            "port_on": _dates(seen["port_on"]),
            "cleared_on": _dates(seen["cleared_on"]),
            "service_days": seen["service"].round(6),
        }
    )


def _spend_rows(spend: pd.DataFrame, first: int, until: int) -> pd.DataFrame:
    rows = spend[(spend["day"] >= first) & (spend["day"] < until)].copy()
    rows["day"] = _dates(rows["day"])
    rows["amount"] = rows["amount"].map("{:.2f}".format)
    return rows


def _dates(days: pd.Series) -> np.ndarray:
    texts: np.ndarray = np.datetime_as_string(
        np.datetime64(START, "D") + days.to_numpy().astype("timedelta64[D]")
    )
    return texts


def _csv(path: Path, frame: pd.DataFrame) -> None:
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
