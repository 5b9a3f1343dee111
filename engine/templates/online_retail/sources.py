"""The files of the data folder that the plan is made from; all that is missing or wrong is told at once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import Fault, InputError

DEFAULT = Path("../shared/data")
VARIABLE = "TRADEWIND_DATA"
FILES = {
    "ledger": "online_retail.parquet",
    "shipments": "scms_delivery_history.parquet",
    "rates": "ecb_eurofxref_hist_daily.parquet",
    "tariffs": "usitc_tariff_database_2017.parquet",
    "china_tariffs": "us_tariffs_on_china_hs6_2018_2020.parquet",
}
_COLUMNS = {
    "ledger": (
        "InvoiceNo",
        "StockCode",
        "Description",
        "Quantity",
        "InvoiceDate",
        "UnitPrice",
        "CustomerID",
        "Country",
    ),
    "shipments": (
        "ID",
        "ASN/DN #",
        "Shipment Mode",
        "PO Sent to Vendor Date",
        "Scheduled Delivery Date",
        "Delivered to Client Date",
    ),
    "rates": ("Date", "GBP", "EUR"),
    "tariffs": ("hts8", "mfn_ad_val_rate"),
    "china_tariffs": ("hs6", "time_of_tariff", "tariff"),
}
_OPTIONAL = {"EUR"}
"""Rates are per euro, so the euro has no column of its own."""


@dataclass(frozen=True, eq=False)
class Sources:
    """The data folder, read; the ledger stays a file, which the plan's own importer reads."""

    ledger: Path
    shipments: pd.DataFrame
    rates: pd.DataFrame
    tariffs: pd.DataFrame
    china_tariffs: pd.DataFrame


def data_folder(given: Path | None) -> Path:
    """The data folder: the one given, else the environment's, else ``../shared/data``."""
    return given or Path(os.environ.get(VARIABLE, DEFAULT))


def read_sources(folder: Path) -> Sources:
    """Every file of the data folder.

    Raises
    ------
    InputError
        With every file that is absent or not what it should be.
    """
    if not folder.is_dir():
        remedy = f"--data FOLDER or {VARIABLE}: the folder with {', '.join(FILES.values())}"
        raise InputError([Fault(str(folder), 0, "", "the data folder does not exist", "", remedy)])
    faults: list[Fault] = []
    tables: dict[str, pd.DataFrame] = {}
    for name, file in FILES.items():
        path = folder / file
        wanted = [column for column in _COLUMNS[name] if column not in _OPTIONAL]
        if not path.is_file():
            faults.append(
                Fault(file, 0, "", "the file is not in the data folder", "", f"put it into {folder}")
            )
            continue
        try:
            columns = pq.read_schema(path).names
            absent = [column for column in wanted if column not in columns]
            if absent:
                got = ", ".join(columns[:8])
                faults += [
                    Fault(file, 1, c, "a column is missing", got, "the file of data/README") for c in absent
                ]
            elif name != "ledger":
                tables[name] = pd.read_parquet(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = (str(error).splitlines() or ["unknown"])[0]
            faults.append(Fault(file, 0, "", "not a readable Parquet file", reason, "copy it again"))
    if faults:
        raise InputError(faults)
    return Sources(ledger=folder / FILES["ledger"], **tables)
