"""Accounts of the books on lines of the opening balance: ``mappings/accounts.yaml`` decides, then names."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from engine.finance.accounts import FLAT
from engine.plan.faults import Faults
from engine.plan.files import Folder
from engine.plan.importers.imported import FILE, ROW, Imported
from engine.plan.mappings import ACCOUNT_FILES
from engine.plan.plan import Assumption
from engine.plan.schema import Model
from engine.plan.setup.accounts import account_of, named_line, on_side
from engine.plan.tables import ACCOUNTS
from engine.plan.validate import validate
from engine.plan.yaml_file import read_yaml

OWN, UNMAPPED = "_own", "_unmapped"
"""Columns of a balance: accounts of the books behind a line, and those that the mapping does not name."""
_LIKE = 0.85
"""From this likeness on an unknown name is a slip of a line's own name, not an account of the books."""
_CENT = 0.01
_SUM_ROW = re.compile(r"(?i)^\s*(total|sum|summe|gesamt|subtotal)\b")
LineName = Literal[
    "cash", "receivables", "inventory", "inventory_in_transit", "prepayments", "import_vat_recoverable",
    "fixed_assets", "other_assets", "payables", "accrued_marketing", "sales_tax_payable",
    "income_tax_payable", "credit_line", "term_debt", "other_liabilities", "share_capital",
    "retained_earnings",
]  # fmt: skip


class AccountMap(Model):
    """Which account of the books is which line of the opening balance."""

    accounts: dict[str, LineName] = Field(default_factory=dict)
    """Account, or pattern in which ``*`` stands for any text: line. A whole name goes before patterns, and
    of patterns the first that fits."""

    def line(self, account: str) -> str:
        """The line of an account, blank where the file does not name it."""
        name = _folded(account)
        whole = {_folded(key): line for key, line in self.accounts.items() if "*" not in key}
        if name in whole:
            return whole[name]
        patterns = ((key, line) for key, line in self.accounts.items() if "*" in key)
        return next((line for key, line in patterns if _fits(_folded(key), name)), "")


@dataclass(frozen=True)
class Entry:
    """An account of the books with its amount: debit less credit where ``signed``."""

    account: str
    amount: float
    row: int = 0
    section: str = ""
    signed: bool = False


@dataclass
class _Placed:
    """Amounts by line, and what became of each account."""

    entry: Entry
    line: str
    amount: float
    mapped: bool = True


@dataclass(frozen=True)
class Lines:
    """How the accounts of a file were placed."""

    frame: pd.DataFrame
    notes: tuple[str, ...] = field(default=())


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _fits(pattern: str, name: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None


def read_account_map(folder: Folder, faults: Faults) -> AccountMap:
    """The mapping file of a plan; an empty map where it has none."""
    present = set(folder.list("mappings", (".yaml", ".yml")))
    for name in ACCOUNT_FILES:
        if name in present and (document := read_yaml(folder, name, faults)) is not None:
            return validate(AccountMap, document, faults) or AccountMap()
    return AccountMap()


def placed(part: Imported, accounts: AccountMap, faults: Faults) -> Imported:
    """A balance in canonical columns whose accounts may have any name, by line of the opening balance."""
    frame = part.frame
    if frame["account"].isin(ACCOUNTS).all() and not accounts.accounts:
        return part
    is_sum = np.array([bool(_SUM_ROW.match(name)) for name in frame["account"]], dtype=np.bool_)
    rejected = part.rejected.copy()
    if is_sum.any():
        rejected["sum of other rows"] += int(is_sum.sum())
        frame = frame[~is_sum]
    for _, row in frame[frame.duplicated("account")].iterrows():
        faults.add(
            row[FILE],
            row[ROW],
            "account",
            problem="a second row of opening_balance with the same key",
            got=row["account"],
            remedy="keep one row, or add the rows up",
        )
    frame = frame.drop_duplicates("account")
    entries = [
        Entry(a, float(v), int(r))
        for a, v, r in zip(frame["account"], frame["amount"], frame[ROW], strict=True)
    ]
    lines = place(entries, accounts, "")
    if frame.empty:
        return part
    made = lines.frame.assign(**{FILE: frame[FILE].iat[0]})
    days = dict(zip(frame[ROW], frame["as_of"], strict=True))
    made["as_of"] = pd.Series([days[row] for row in made[ROW]], dtype=frame["as_of"].dtype)
    return replace(part, frame=made, rejected=rejected, used=len(frame), notes=(*part.notes, *lines.notes))


def place(entries: Sequence[Entry], accounts: AccountMap, chart: str) -> Lines:
    """Rows by line, in the order of the books; an account that nothing places keeps its own name."""
    found = [_place(entry, accounts, chart) for entry in entries]
    _settle(found)
    rows: dict[str, list[_Placed]] = {}
    for each in found:
        rows.setdefault(each.line, []).append(each)
    frame = pd.DataFrame(
        {
            "account": pd.Series(list(rows), dtype="str"),
            "amount": [sum(each.amount for each in group) for group in rows.values()],
            ROW: [group[0].entry.row for group in rows.values()],
            OWN: [_names(group) for group in rows.values()],
            UNMAPPED: [_names(each for each in group if not each.mapped) for group in rows.values()],
        }
    )
    own = [each for each in found if each.entry.account != each.line]
    return Lines(frame, tuple(f"{p.entry.account} -> {p.line} {p.amount:,.2f}" for p in own))


def _names(group: Iterable[_Placed]) -> str:
    return ", ".join(each.entry.account for each in group)


def _place(entry: Entry, accounts: AccountMap, chart: str) -> _Placed:
    line = accounts.line(entry.account) or (entry.account if entry.account in ACCOUNTS else "")
    if line:
        return _Placed(entry, line, on_side(line, entry.amount) if entry.signed else entry.amount)
    if entry.signed:
        line, amount = account_of(entry.account, entry.section, entry.amount, chart)
        return _Placed(entry, line, amount, mapped=False)
    if difflib.get_close_matches(_folded(entry.account), ACCOUNTS, n=1, cutoff=_LIKE):
        return _Placed(entry, entry.account, entry.amount, mapped=False)
    line, amount = named_line(entry.account, entry.amount) or (entry.account, entry.amount)
    return _Placed(entry, line, amount, mapped=False)


def _settle(found: list[_Placed]) -> None:
    """Carry accounts without a side flat on the side on which the balance ties, where one does."""
    unknown = [
        each
        for each in found
        if each.line not in ACCOUNTS
        and not difflib.get_close_matches(_folded(each.line), ACCOUNTS, n=1, cutoff=_LIKE)
    ]
    if not unknown or sum(each.line not in ACCOUNTS for each in found) > len(unknown):
        return
    rest = sum(on_side(each.line, each.amount) for each in found if each.line in ACCOUNTS)
    amount = sum(each.amount for each in unknown)
    for line in FLAT:
        if abs(rest + on_side(line, amount)) <= _CENT + 1e-9 * abs(amount):
            for each in unknown:
                each.line = line
            return


def carried_flat(balance: pd.DataFrame | None, currency: str) -> tuple[Assumption, ...]:
    """What stays in the balance in every month because no rule of the model moves it, by account."""
    if balance is None:
        return ()
    owned = balance[OWN] if OWN in balance else balance["account"]
    rows = zip(balance["account"], balance["amount"], owned, balance[FILE], strict=True)
    return tuple(
        Assumption(
            f"opening_balance.{line}",
            f"{amount:.2f}",
            currency,
            str(file),
            f"no movement rule, carried flat in every month: {own if isinstance(own, str) else line}",
        )
        for line, amount, own, file in rows
        if line in FLAT
    )


def nobody_mapped(balance: pd.DataFrame) -> str:
    """Accounts that the mapping file does not name, and the line each group went to."""
    if UNMAPPED not in balance:
        return ""
    pairs = zip(balance[UNMAPPED], balance["account"], strict=True)
    return "; ".join(
        f"{names} (taken as {line})" for names, line in pairs if isinstance(names, str) and names
    )


_HEAD = """\
# Which account of the books is which line of the opening balance; * stands for any text. Change a line and
# `tradewind check` maps anew. An amount on a line of assets is a debit, on every other line a credit.
# other_assets and other_liabilities have no rule that moves them: they stay in the balance in every month.
"""


def drafted(rows: Iterable[tuple[str, str, str]]) -> str:
    """Text of mappings/accounts.yaml from accounts, their lines and why."""
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {line}  # {' '.join(why.split())}"
        for name, line, why in rows
    ]
    return _HEAD + "accounts:\n" + "\n".join(lines) + "\n"
