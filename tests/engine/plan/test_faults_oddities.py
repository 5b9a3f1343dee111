"""Figures that look like a slip: faults where they cannot be meant, else warnings with the figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.load import load_plan
from models.errors import InputError
from tests.minimal_plan import minimal_files
from tests.tiny_plan import tiny_files, write_plan


def faults_of(folder: Path, files: dict[str, str]) -> str:
    with pytest.raises(InputError) as raised:
        load_plan(write_plan(folder, files))
    return str(raised.value)


def warned(folder: Path, files: dict[str, str]) -> str:
    return "\n".join(map(str, load_plan(write_plan(folder, files)).warnings))


def changed(file: str, old: str, new: str) -> dict[str, str]:
    files = minimal_files()
    assert old in files[file]
    return files | {file: files[file].replace(old, new)}


def test_fault_R11_fees_that_leave_nothing_are_a_fault(tmp_path):
    text = "{key: shop, marketplace_fee_share: 1, payment_fee_share: 1}"
    assert "together 2" in faults_of(tmp_path / "a", changed("plan.yaml", "{key: shop}", text))
    text = "{key: shop, marketplace_fee_share: 0.6, payment_fee_share: 0.4}"
    assert "fees that leave nothing" in faults_of(tmp_path / "b", changed("plan.yaml", "{key: shop}", text))


def test_fault_R11_a_price_of_zero_everywhere_is_a_fault_and_often_a_warning(tmp_path):
    files = changed("data/orders.csv", ",20\n", ",0\n")
    assert "nothing was ever sold for money" in faults_of(tmp_path / "a", files)
    files = changed("data/orders.csv", ",A,2,20\n", ",A,2,0\n")
    assert "net_price 0 on 50% of 400 lines" in warned(tmp_path / "b", files)


def test_fault_R11_swapped_weight_and_cost_are_a_warning_with_the_figure(tmp_path):
    files = changed("data/items.csv", "0.2,6,maker,20", "600,0.2,maker,20")
    assert "an item that costs more to ship than its list price | got A: 600.00 against 20.00 EUR" in warned(
        tmp_path / "a", files
    )
    files = changed("data/items.csv", "0.2,6,maker,20", "0.2,20,maker,6")
    assert "costs more to buy than its list price | got A: 20.00 against 6.00 EUR" in warned(
        tmp_path / "b", files
    )
    assert warned(tmp_path / "c", minimal_files()) == ""


def test_fault_R11_a_refund_above_the_sale_is_a_fault_unless_accepted(tmp_path):
    files = minimal_files()
    head, *rows = files["data/orders.csv"].splitlines()
    rows = [f"{row},{99_999 if k == 3 else 0}" for k, row in enumerate(rows)]
    files["data/orders.csv"] = "\n".join([f"{head},refunded", *rows])
    assert "data/orders.csv:5:refunded | more refunded than the line cost" in faults_of(tmp_path / "a", files)
    files["plan.yaml"] += "accept: [refund_above_sale]\n"
    assert "99,999.00 of 40.00 EUR" in warned(tmp_path / "b", files)


def test_fault_R11_every_absent_duty_is_an_assumption(tmp_path):
    def assumed(folder, tariffs):
        files = tiny_files() | {"data/tariffs.csv": tariffs}
        return {each.id: each.why for each in load_plan(write_plan(folder, files)).assumptions}

    full = tiny_files()["data/tariffs.csv"]
    head = full.split("\n")[0] + "\n"
    assert "without rows" in assumed(tmp_path / "a", head)["tariffs"]
    found = assumed(tmp_path / "b", full)
    assert {name for name in found if name.startswith("tariffs.")} == {
        "tariffs.CN.nordic",
        "tariffs.KR.nordic",
    }
    assert "1 of 3 items from CN into nordic: 007" in found["tariffs.CN.nordic"]
