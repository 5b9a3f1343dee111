"""Backtests on real ledgers: CDNOW and Online Retail, ours beside BG/NBD alone, ETS and the naive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pandas as pd

from engine.backtest import Backtest, Ledger, backtest
from engine.backtest.contenders import CONTENDERS, CUSTOMERS, OURS
from engine.backtest.ledger import ORDERS
from engine.backtest.scores import MONTH, WINDOW
from engine.settings import RunSettings
from models.demand import DemandSettings, MarketSettings, Prior, SalesChannelSettings
from tests.verify.customers import cdnow
from tests.verify.real_data import FOLDER, ONLINE_RETAIL, _missing
from tests.verify.registry import Row

TRIALS = 1024
PRIOR = Prior(-2.0, 0.5, "listed prior")


def cdnow_ledger() -> tuple[pd.DataFrame, DemandSettings]:
    """Orders of the CDNOW sample to 1998-06-30, one market, one channel, one item."""
    frame, _ = cdnow()
    orders = pd.DataFrame(
        {
            "order_id": [f"o{k}" for k in range(len(frame))],
            "customer_key": frame["customer"],
            "ordered_at": frame["date"],
            "market": "US",
            "sales_channel": "shop",
            "currency": "USD",
            "item": "cd",
            "quantity": frame["quantity"],
            "net_price": frame["value"] / frame["quantity"].clip(lower=1),
        }
    )
    settings = DemandSettings(
        actuals_through=dt.date(1998, 6, 30),
        markets=(MarketSettings("US", "USD", PRIOR),),
        sales_channels=(SalesChannelSettings("shop"),),
        acquisition_channels=(),
        items=("cd",),
    )
    return orders, settings


def cdnow_backtest_rows() -> Iterator[Row]:
    """39 weeks from 1997-09-30: the outcome lies outside BG/NBD alone and inside ours."""
    orders, settings = cdnow_ledger()
    found = backtest(Ledger.of(orders, None, settings), RunSettings(trials=TRIALS), origins=1, months=9)
    alone, ours = found.score(CUSTOMERS), found.score(OURS)
    assert alone is not None
    assert ours is not None
    yield Row("CDNOW orders in 39 weeks", "1882", f"{alone.mean_actual:.0f}", "0", alone.mean_actual == 1882)
    yield Row("… PIT of BG/NBD alone", "> .95", f"{alone.pit[0]:.3f}", "outside 5-95%", alone.pit[0] > 0.95)
    inside = 0.05 <= ours.pit[0] <= 0.95
    yield Row("… PIT of tradewind", ".05 to .95", f"{ours.pit[0]:.3f}", "inside 5-95%", bool(inside))
    better = bool(ours.crps < alone.crps)
    yield Row(
        "… CRPS of tradewind, BG/NBD alone", "smaller", f"{ours.crps:.0f}, {alone.crps:.0f}", "", better
    )
    yield from _shown("CDNOW 9 months", found, WINDOW)
    yield from _shown("CDNOW months", found, MONTH)


def _shown(name: str, found: Backtest, grain: str) -> Iterator[Row]:
    for contender in CONTENDERS:
        each = found.score(contender.name, grain=grain)
        if each is None:
            yield Row(f"{name}: {contender.name}", "", "none", found.absent[contender.name][1][:24], True)
            continue
        held = each.coverage[1]
        got = f"{each.crps:.1f}, {held.share:.0%}"
        interval = f"[{held.low:.0%}, {held.high:.0%}] w {held.width:,.0f}"
        yield Row(f"{name}: {contender.name}, CRPS, 80% held", "", got, interval, True)


def online_retail_backtest_rows() -> Iterator[Row]:
    """Twelve whole months: season not identified, said so; every model beside each other."""
    missing = _missing(ONLINE_RETAIL)
    if missing is not None:
        yield missing
        return
    raw = pd.read_parquet(FOLDER / ONLINE_RETAIL)
    kept = raw[(raw["Quantity"] > 0) & (raw["UnitPrice"] > 0) & (raw["InvoiceDate"] < "2011-12-01")]
    known = kept["CustomerID"].notna()
    orders = pd.DataFrame(
        {
            "order_id": kept["InvoiceNo"].astype(str),
            "customer_key": kept["CustomerID"].astype("string").fillna(""),
            "ordered_at": kept["InvoiceDate"],
            "market": np.where(kept["Country"] == "United Kingdom", "GB", "abroad"),
            "sales_channel": np.where(known, "named", "unnamed"),
            "currency": "GBP",
            "item": "goods",
            "quantity": kept["Quantity"],
            "net_price": kept["UnitPrice"],
        }
    )
    settings = DemandSettings(
        actuals_through=dt.date(2011, 11, 30),
        markets=(MarketSettings("GB", "GBP", PRIOR), MarketSettings("abroad", "GBP", PRIOR)),
        sales_channels=(
            SalesChannelSettings("named"),
            SalesChannelSettings("unnamed", customer_known=False),
        ),
        acquisition_channels=(),
        items=("goods",),
    )
    found = backtest(Ledger.of(orders, None, settings), RunSettings(trials=TRIALS), origins=4, months=3)
    said = any("season is not identified" in note for note in found.notes)
    yield Row("Online Retail: says that season is not identified", "yes", "yes" if said else "no", "", said)
    finite = all(np.isfinite(each.by_case).all() for each in found.scores)
    yield Row("Online Retail: every score is finite", "yes", "yes" if finite else "no", "", finite)
    yield from _shown("Online Retail 3 months", found, WINDOW)
    yield from _shown("Online Retail months", found, MONTH)
    best = found.best(measure=ORDERS, grain=MONTH)
    yield Row("Online Retail: least CRPS of months (shown only)", "", best, "", True)
