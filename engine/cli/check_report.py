"""The check of a plan folder as people read it."""

from __future__ import annotations

from typing import Any

from engine.cli.printing import print_table, printable, text


def print_check(report: dict[str, Any]) -> None:
    """The check report as people read it."""
    columns = ("file", "table", "layout", "recognised_by", "rows", "used", "rejected")
    print_table([{name: text(row[name]) for name in columns} for row in report["files"]])
    for row in report["files"]:
        for name in ("unknown_columns", "absent_columns", "notes"):
            if row[name]:
                print(printable(f"{row['file']}: {name.replace('_', ' ')}: {text(row[name])}"))
        for table in row["amounts"]:
            _print_amounts(row["file"], table)
    print("\nties")
    tie_columns = ("name", "expected", "got", "tolerance", "unit", "holds")
    print_table([{name: text(row[name]) for name in tie_columns} for row in report["ties"]])
    print("\ncustomers")
    print_table([{name: text(value) for name, value in row.items()} for row in report["customers"]])
    _print_lead_times(report["lead_times"])
    print("\nassumptions (stated, not guessed)")
    for row in report["assumptions"]:
        print(printable(f"  {row['id']} = {row['value']} {row['unit']} ({row['source']}): {row['why']}"))
    print("\nlisted figures (nobody measured them here)")
    for row in report["listed_figures"]:
        print(printable(f"  {row['id']} = {row['mean']:g} ± {row['sd']:g}: {row['source']}"))
    if report["thresholds"]:
        print("\nthresholds of policy.yaml")
        print_table([{name: text(value) for name, value in row.items()} for row in report["thresholds"]])
    _print_findings(report)


def _print_findings(report: dict[str, Any]) -> None:
    """Warnings and notes, and how many of each level."""
    print("\nfindings")
    for row in report["findings"]:
        if row["level"] == "note":
            print(printable(f"  note: {row['problem']}"))
            continue
        address = f"{row['file']}:{row['row'] or ''}:{row['column']}"
        print(
            printable(f"  {row['level']}: {address} | {row['problem']} | got {row['got']} | {row['remedy']}")
        )
    if report["findings_not_listed"]:
        print(f"  … and {report['findings_not_listed']:,} more")
    print(
        "  "
        + ", ".join(
            f"{count:,} {level}{'' if count == 1 else 's'}" for level, count in report["counts"].items()
        )
    )


def _print_amounts(file: str, table: dict[str, Any]) -> None:
    """What became of every line of a transaction ledger, and what it was worth, to the cent."""
    currency = table["currency"]
    print(printable(f"\n{file}: every line and its amount, {currency}"))
    rows = [
        ("before exclusions", "", sum(p["rows"] for p in table["by_treatment"]), table["before_exclusions"])
    ]
    rows += [
        (part["treatment"], "used" if part["used"] else "left out", part["rows"], part["amount"])
        for part in table["by_treatment"]
    ]
    names = ("treatment", "", "lines", f"amount {currency}")
    print_table([dict(zip(names, (n, u, f"{r:,}", f"{a:,.2f}"), strict=True)) for n, u, r, a in rows])


def _print_lead_times(fitted: dict[str, Any]) -> None:
    """Fitted lead times: the families and their weights by lane and stage, then order to receipt."""
    figures = ("source", "orders", "open", "mean", "sd", "p90", "zero_share", "own_weight", "p_value")
    tables = (
        (
            "stages",
            "lead times by lane and stage (days; customs once per port)",
            ("lane", "mode", "stage"),
            (),
        ),
        ("lanes", "order to receipt by lane", ("lane",), ("late_share",)),
        ("modes", "order to receipt by mode", ("mode",), ("late_share",)),
        ("suppliers", "order to receipt by supplier", ("supplier",), ("late_share",)),
    )
    for name, title, keys, more in tables:
        print(f"\n{title}")
        columns = (*keys, *figures, *more)
        print_table(
            [
                {column: text(row.get(column)) for column in columns}
                | {"families": " ".join(f"{k} {w:.2f}" for k, w in row.get("families", {}).items())}
                for row in fitted[name]
            ]
        )
