"""Data quality: what was read, used and rejected and why; what ties; every assumption."""

from __future__ import annotations

from typing import Any

from engine.report.content import Block, Cell, Heading, Missing, Section, Text, table, words
from engine.report.formats import NONE, number
from engine.report.reading import Source


def quality(source: Source) -> Section:
    """The section on data quality."""
    record = source.record
    blocks: list[Block] = [Heading("Files"), *_files(record["files"])]
    blocks += _ledgers(record["files"])
    blocks += [Heading("Ties between files"), _ties(record)]
    blocks += [Heading("Assumptions: stated, not guessed"), _assumptions(record)]
    blocks += [Heading("Listed figures: nobody measured them here"), _listed(record)]
    blocks += [Heading("Customers in the orders"), _customers(record)]
    blocks += [Heading("Forecast beside the past"), _plausibility(record)]
    blocks += [
        Heading("Inputs"),
        words(
            "sha256 of every file that was read",
            ("File", "sha256"),
            [[name, digest] for name, digest in sorted(record["inputs"].items())],
        ),
        Missing(
            "Review dates and owners of assumptions", "the plan keeps value, unit, source and reason of each"
        ),
    ]
    return Section("quality", "Data quality", tuple(blocks))


def _files(files: list[dict[str, Any]]) -> list[Block]:
    rows: list[list[str | Cell]] = []
    for entry in files:
        rejected = sum(count for _, count in entry["rejected"])
        balanced = entry["rows"] == entry["used"] + rejected
        notes = [*entry["notes"]]
        if entry["unknown_columns"]:
            notes.append("unknown columns: " + ", ".join(entry["unknown_columns"]))
        if entry["defaulted_columns"]:
            notes.append("absent columns: " + ", ".join(entry["defaulted_columns"]))
        rows.append(
            [
                entry["file"],
                entry["table"] or "not recognised, not read",
                entry["layout"],
                number(entry["rows"]),
                number(entry["used"]),
                Cell(
                    number(rejected),
                    "" if balanced else "alarm",
                    tuple(f"{reason}: {count:,}" for reason, count in entry["rejected"]),
                ),
                Cell("", lines=tuple(notes) or ("none",)),
            ]
        )
    total = [sum(entry[key] for entry in files) for key in ("rows", "used")]
    rows.append(["all files", "", "", number(total[0]), number(total[1]), number(total[0] - total[1]), ""])
    return [
        Text("Every row of every file is either used or rejected with a reason: rows = used + rejected."),
        table(
            "Files recognised, rows",
            ("File", "Read as", "Layout", "Rows", "Used", "Rejected", "Notes"),
            rows,
            text_columns=3,
            strong=(len(rows) - 1,),
            stacked=True,
            dense=True,
        ),
    ]


def _ledgers(files: list[dict[str, Any]]) -> list[Block]:
    """What became of every line of a transaction ledger, with its amount."""
    blocks: list[Block] = []
    for entry in files:
        for currency in sorted({part["currency"] for part in entry.get("amounts", ())}):
            parts = [part for part in entry["amounts"] if part["currency"] == currency]
            rows: list[list[str | Cell]] = [
                [
                    part["treatment"],
                    "used" if part["used"] else "left out",
                    number(part["rows"]),
                    number(part["amount"], 2),
                ]
                for part in parts
            ]
            lines, amount = sum(part["rows"] for part in parts), sum(part["amount"] for part in parts)
            rows.append(["all lines: net revenue before exclusions", "", number(lines), number(amount, 2)])
            title = f"{entry['file']}: every line and its amount, {currency}"
            names = ("Treatment", "", "Lines", "Amount")
            blocks.append(table(title, names, rows, text_columns=2, strong=(len(rows) - 1,), dense=True))
    return blocks


def _plausibility(record: Any) -> Block:
    rows = record.get("plausibility")
    if not rows:
        return Missing(
            "Forecast beside the past", "twelve whole months are needed before and after the close"
        )
    return table(
        f"Net revenue of twelve months by market, {record['currency']}: last, and next (median of base)",
        ("Market", "Last 12 months", "Next 12 months", "Next / last", "Within a factor 2", "What moves it"),
        [
            [
                row["market"],
                number(row["last"]),
                number(row["next"]),
                NONE if row["ratio"] is None else number(row["ratio"], 2),
                Cell("yes" if row["within"] else "no", "" if row["within"] else "alarm"),
                Cell("", lines=(row["cause"],)),
            ]
            for row in rows
        ],
        text_columns=1,
    )


def _ties(record: Any) -> Block:
    if "ties" not in record:
        return Missing("Ties", "the manifest of this run does not hold them; tradewind check prints them")
    return table(
        "Two files, or two parts of one, held against each other",
        ("What", "Unit", "Expected", "Got", "Tolerance", "Holds"),
        [
            [
                tie["name"],
                tie["unit"],
                number(tie["expected"], 2),
                number(tie["got"], 2),
                number(tie["tolerance"], 2),
                Cell("yes" if tie["holds"] else "no", "" if tie["holds"] else "alarm"),
            ]
            for tie in record["ties"]
        ]
        or [["none: no two files could be held against each other", "", "", "", "", ""]],
        stacked=True,
        text_columns=2,
    )


def _assumptions(record: Any) -> Block:
    return words(
        "What stands in for data that no file gave",
        ("Assumption", "Value", "Unit", "Source", "Why"),
        [
            [row["id"], row["value"], row["unit"] or NONE, row["source"], row["why"]]
            for row in record["assumptions"]
        ]
        or [["none", "", "", "", ""]],
    )


def _listed(record: Any) -> Block:
    if "listed_figures" not in record:
        return Missing(
            "Listed figures", "the manifest of this run does not hold them; tradewind check prints them"
        )
    return words(
        "Figures of plan.yaml with their source",
        ("Figure", "Mean", "sd", "Source"),
        [
            [row["id"], f"{row['mean']:g}", f"{row['sd']:g}", row["source"]]
            for row in record["listed_figures"]
        ],
    )


def _customers(record: Any) -> Block:
    if "customers" not in record:
        return Missing("Customers in the orders", "the manifest of this run does not hold their count")
    return table(
        "Orders and known customers by sales channel, count",
        ("Sales channel", "Orders", "With customer", "Customers", "Lifetime value can be modelled"),
        [
            [
                row["sales_channel"],
                number(row["orders"]),
                number(row["orders_with_customer"]),
                number(row["customers"]),
                row["lifetime_value"],
            ]
            for row in record["customers"]
        ],
    )
