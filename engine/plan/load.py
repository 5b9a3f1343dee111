"""From a plan folder to a plan: read all, list every fault of every file at once, assume nothing silently."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from engine.plan.account_lines import carried_flat, placed, read_account_map
from engine.plan.assumptions import assume
from engine.plan.check_context import Context
from engine.plan.checks import check_tables
from engine.plan.complete import figures, structure
from engine.plan.content import content_hash, sorted_config, sorted_table
from engine.plan.defaults.exchange import has_default
from engine.plan.doubts import check_left_out
from engine.plan.faults import Faults
from engine.plan.files import Folder, read_bytes
from engine.plan.importers.balances import TABLE as BALANCE
from engine.plan.importers.balances import Books, read_balances
from engine.plan.importers.canonical import import_canonical
from engine.plan.importers.imported import Imported, Vocabulary
from engine.plan.importers.shopify import import_shopify
from engine.plan.importers.transactions import import_transactions
from engine.plan.mappings import ENDINGS, Source, read_mappings, recognise
from engine.plan.plan import Assumption, Plan, Recognised
from engine.plan.plan_checks import actuals_through, check_plan_file, end_of_month, read_vocabulary
from engine.plan.policy import check_policy
from engine.plan.readers import TextTable
from engine.plan.register import read_register
from engine.plan.schema import PlanConfig
from engine.plan.table_file import read_table
from engine.plan.tables import OBLIGATORY, TABLES
from engine.plan.validate import validate
from engine.plan.yaml_file import Document, read_yaml
from models.errors import InputError

PLAN_FILE = "plan.yaml"
SALT_FILE = "data/.salt"
LARGEST_SCENARIO = 1 << 20
"""Bytes of a scenario file that is still read; its own reader asks for less."""
_SHORTEST_SALT = 16


@dataclass(frozen=True)
class _Read:
    """One file of the data folder, read and recognised."""

    text: TextTable
    source: Source
    imported: Imported | None = None
    """Its rows, where reading and importing it is one: balances as exported."""


def load_plan(path: str | Path) -> Plan:
    """Load a plan folder.

    Parameters
    ----------
    path
        The folder, or the ``plan.yaml`` in it.

    Raises
    ------
    InputError
        With every fault of every file; nothing is written.
    """
    faults = Faults()
    folder = Folder.open(path)
    if not folder.root.is_dir():
        faults.add(
            str(path),
            problem="the plan folder does not exist",
            got=str(path),
            remedy="tradewind init demo makes one",
        )
        raise InputError(faults)
    salt = _read_salt(folder, faults)
    document = read_yaml(folder, PLAN_FILE, faults)
    faults.accept(_accepted(document))
    scenario_files = _read_scenarios(folder, faults)
    closed = actuals_through(document)
    # a day within a month is its own fault; the other files are held against that month's end
    closed = None if closed is None else end_of_month(closed)
    books = Books(closed, _company_currency(document), read_account_map(folder, faults))
    files, unread = _read_files(folder, books, faults)
    written = document
    whole = None if document is None else structure(document.data)
    policy = check_policy(folder, faults)
    register = read_register(folder, document, faults)
    if document is not None and not isinstance(document.data, dict):
        document = None  # the model has said so; nothing else can be read from it
    # without a salt the keys only tell customers apart within this load, and are replaced below
    vocabulary = read_vocabulary(document, salt or secrets.token_bytes(32))
    if document is not None:
        check_plan_file(document, vocabulary, faults)
    vocabulary = _with_data_keys(vocabulary, files)
    imported = [_import(file, vocabulary, books, faults) for file in files]
    for file, part in zip(files, imported, strict=True):
        check_left_out(file.text.file, part.amounts, faults)
    tables = _joined(imported)
    if whole is not None:
        figures(whole, tables)
    config = None if written is None else validate(PlanConfig, written, faults)
    short = whole is not None and bool(whole.short)
    _check_obligatory(files, tables, unread, faults, short=short)
    ties = check_tables(Context(tables, document, vocabulary, closed, _company_currency(document), faults))
    if faults or config is None:
        raise InputError(faults)
    for name in faults.unused:
        faults.warn(
            PLAN_FILE, problem="accept: names what is not there", got=name, remedy="remove it from accept:"
        )
    flat = carried_flat(tables.get(BALANCE), config.company.currency)
    config = sorted_config(config)
    tables = {name: frame[list(TABLES[name].names)].reset_index(drop=True) for name, frame in tables.items()}
    tables["orders"] = _distinct_order_ids(tables["orders"])
    if not salt:
        tables["orders"] = _numbered_customers(tables["orders"])
    assumptions = assume(tables, config, salted=bool(salt))
    tables = {name: sorted_table(name, frame) for name, frame in tables.items()}
    completed = tuple(whole.listed) if whole is not None else ()
    recognised = tuple(_account(file, part) for file, part in zip(files, imported, strict=True))
    return Plan(
        path=folder.root,
        config=config,
        **tables,
        hash=content_hash(config, tables),
        policy=policy,
        recognised=tuple(sorted((*recognised, *unread), key=lambda entry: entry.file)),
        assumptions=(*register, *completed, *_defaulted_columns(recognised), *flat, *assumptions),
        warnings=faults.warnings,
        scenario_files=scenario_files,
        ties=(*(tie for part in imported for tie in part.ties), *ties),
        input_hashes=dict(sorted(folder.hashes.items())),
    )


def _accepted(document: Document | None) -> tuple[str, ...]:
    """Names of faults that the company accepts, as far as the document can be read."""
    data = document.data if document is not None and isinstance(document.data, dict) else {}
    names = data.get("accept")
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _read_scenarios(folder: Folder, faults: Faults) -> tuple[tuple[str, bytes], ...]:
    """Name and content of the plan's own scenario files; what they say is read with the library."""
    names = folder.list("scenarios", (".yaml", ".yml"))
    contents = ((name, read_bytes(folder, name, faults, largest=LARGEST_SCENARIO)) for name in names)
    return tuple((name, content) for name, content in contents if content is not None)


def _read_salt(folder: Folder, faults: Faults) -> bytes | None:
    path = folder.find(SALT_FILE, faults)
    if path is None or not path.exists():
        return None
    salt = (read_bytes(folder, SALT_FILE, faults, largest=1024) or b"").strip()
    if 0 < len(salt) < _SHORTEST_SALT:
        faults.add(
            SALT_FILE,
            problem="the salt is too short",
            got=f"{len(salt)} bytes",
            remedy=f"at least {_SHORTEST_SALT} random characters",
        )
    return salt


def _read_files(folder: Folder, books: Books, faults: Faults) -> tuple[list[_Read], list[Recognised]]:
    """Every table file of the folder; files that nothing recognises are handed back as unread."""
    sources = read_mappings(folder, faults)
    names = sorted({*folder.list("data", ENDINGS), *sources})
    files, unread = [], []
    for name in names:
        told = len(list(faults))
        balances = None if name in sources else read_balances(folder, name, books, faults)
        if balances is not None:
            files.append(_Read(*balances))
        if balances is not None or len(list(faults)) > told:
            continue
        text = read_table(folder, name, faults)
        if text is None:
            continue
        source = sources.get(name) or recognise(name, text.header)
        if source is None:
            note = "not recognised by mapping, name or header: not read"
            unread.append(
                Recognised(
                    name,
                    "",
                    encoding=text.encoding,
                    rows=text.rows_in_file,
                    rejected=((note, text.rows_in_file),),
                )
            )
        else:
            files.append(_Read(text, source))
    return files, unread


def _with_data_keys(vocabulary: Vocabulary, files: Iterable[_Read]) -> Vocabulary:
    """The vocabulary with the items and currencies that data files declare, faulty rows included."""
    keys = dict(vocabulary.keys)
    items: set[str] = set()
    for file in files:
        columns = file.source.mapping.columns
        if file.source.mapping.table == "items":
            items |= set(file.text.cells.get(columns.get("item", "item"), ()))
        if file.source.mapping.table == "orders" and "currency" in keys:
            used = set(file.text.cells.get(columns.get("currency", "currency"), ()))
            keys["currency"] |= {
                code for code in used if has_default(vocabulary.company_currency, code.strip())
            }
        if file.source.mapping.table == "fx" and "currency" in keys:
            keys["currency"] |= set(file.text.cells.get(columns.get("currency", "currency"), ()))
    if items:
        keys["item"] = frozenset(items)
    return replace(vocabulary, keys=keys)


def _import(file: _Read, vocabulary: Vocabulary, books: Books, faults: Faults) -> Imported:
    if file.imported is not None:
        return file.imported
    if file.source.mapping.layout == "shopify_orders":
        return import_shopify(file.text, file.source, vocabulary, faults)
    if file.source.mapping.layout == "transactions":
        return import_transactions(file.text, file.source, vocabulary, faults)
    part = import_canonical(file.text, file.source, vocabulary, faults)
    return placed(part, books.accounts, faults) if part.table == BALANCE else part


def _joined(imported: list[Imported]) -> dict[str, pd.DataFrame]:
    parts: dict[str, list[pd.DataFrame]] = {}
    for part in imported:
        parts.setdefault(part.table, []).append(part.frame)
    return {
        name: frames[0] if len(frames) == 1 else pd.concat(frames, ignore_index=True)
        for name, frames in parts.items()
    }


def _check_obligatory(
    files: list[_Read],
    tables: dict[str, pd.DataFrame],
    unread: list[Recognised],
    faults: Faults,
    *,
    short: bool,
) -> None:
    given = {file.source.mapping.table for file in files}
    for name in OBLIGATORY:
        if name == "items" and name not in given and short and "orders" in given:
            continue  # a short plan takes them from its orders
        if name not in given:
            others = ", ".join(entry.file for entry in unread)
            faults.add(
                f"data/{name}.csv",
                problem=f"no {name} at all",
                got=f"no file with {name}" + (f"; not recognised: {others}" if others else ""),
                remedy=f"add data/{name}.csv, or name the file in mappings/",
            )
        elif all(not len(file.text) for file in files if file.source.mapping.table == name):
            file = next(file for file in files if file.source.mapping.table == name)
            faults.add(
                file.text.file,
                problem=f"no {name} at all",
                got="a header without rows",
                remedy="export it again",
            )
        elif tables[name].empty and not faults:
            file = next(file for file in files if file.source.mapping.table == name)
            faults.add(
                file.text.file,
                problem=f"no {name} at all",
                got="every row is rejected",
                remedy="see reject: of the mapping",
            )


def _company_currency(document: Document | None) -> str:
    data = document.data if document is not None and isinstance(document.data, dict) else {}
    company = data.get("company")
    return str(company.get("currency", "")) if isinstance(company, dict) else ""


def _distinct_order_ids(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders with numbers unique over all channels: one that two channels use gets its channel appended."""
    pairs = orders[["order_id", "sales_channel"]].drop_duplicates()
    shared = set(pairs["order_id"][pairs["order_id"].duplicated()])
    if not shared:
        return orders
    both = orders["order_id"].isin(shared)
    return orders.assign(
        order_id=orders["order_id"].where(~both, orders["order_id"] + "@" + orders["sales_channel"])
    )


def _numbered_customers(orders: pd.DataFrame) -> pd.DataFrame:
    """Orders whose customers are numbered by their first order: nothing of their keys is kept."""
    known = orders[orders["customer_key"] != ""].sort_values(["ordered_at", "order_id"], kind="stable")
    number = {key: f"customer-{k:09d}" for k, key in enumerate(known["customer_key"].unique(), start=1)}
    return orders.assign(customer_key=orders["customer_key"].map({"": ""} | number).astype("str"))


def _account(file: _Read, part: Imported) -> Recognised:
    mapping = file.source.mapping
    return Recognised(
        file.text.file,
        part.table,
        mapping.layout,
        file.source.by,
        file.text.encoding,
        part.rows,
        len(part.frame) if part.used is None else part.used,
        tuple(sorted(part.rejected.items())),
        part.unknown_columns,
        part.defaulted,
        part.notes,
        part.amounts,
    )


def _defaulted_columns(recognised: Iterable[Recognised]) -> tuple[Assumption, ...]:
    """Columns that move a figure and that a file does not have, with what fills them."""
    listed = []
    for entry in recognised:
        for name in entry.defaulted_columns:
            if entry.layout != "canonical":
                why = f"the export has no column {name}"
                listed.append(Assumption(f"{entry.file}.{name}", "blank", "", "default of the layout", why))
                continue
            column = TABLES[entry.table].column(name)
            if not column.means:
                continue
            why = f"{entry.file} has no column {name} ({column.meaning})"
            listed.append(Assumption(f"{entry.file}.{name}", column.means, "", "default of the table", why))
    return tuple(listed)
