from __future__ import annotations

import datetime as dt
import itertools
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.plan.load import load_plan
from engine.plan.tariffs import rates_by_day, tariff_rates
from models.calendar import Calendar
from models.errors import InputError
from tests.tiny_plan import tiny_files, write_plan

START, DAYS = dt.date(2026, 7, 1), 60
COLUMNS = ("hs", "origin", "territory", "rule", "rate", "valid_from", "valid_to", "source")


def table(*rows: tuple[object, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS)[:7])
    for column in ("valid_from", "valid_to"):
        frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
    return frame.assign(rate=frame["rate"].astype(float), source="")


def rate(frame: pd.DataFrame, hs: str, origin: str, day: int, territory: str = "us") -> float:
    rates = rates_by_day(frame, hs=[hs], origins=[origin], territories=[territory], start=START, days=DAYS)
    return float(rates[0, 0, 0, day])


def test_no_row_means_no_duty() -> None:
    assert rate(table(("33", "CN", "eu", "duty", 0.1, "2020-01-01", None)), "330499", "CN", 0) == 0.0


def test_the_longest_prefix_of_a_rule_wins_and_a_named_origin_goes_before_any() -> None:
    frame = table(
        ("*", "*", "us", "duty", 0.01, "2020-01-01", None),
        ("33", "CN", "us", "duty", 0.02, "2020-01-01", None),
        ("3304", "*", "us", "duty", 0.03, "2020-01-01", None),
        ("3304", "CN", "us", "duty", 0.04, "2020-01-01", None),
    )
    assert rate(frame, "330499", "CN", 0) == 0.04
    assert rate(frame, "330499", "KR", 0) == 0.03
    assert rate(frame, "330300", "CN", 0) == 0.02
    assert rate(frame, "961511", "CN", 0) == 0.01


def test_rules_of_different_name_add_up_each_by_its_own_longest_prefix() -> None:
    frame = table(
        ("330499", "*", "us", "mfn", 0.05, "2020-01-01", None),
        ("33", "CN", "us", "surcharge", 0.25, "2020-01-01", None),
    )
    assert rate(frame, "330499", "CN", 0) == pytest.approx(0.30)
    assert rate(frame, "330499", "KR", 0) == 0.05


def test_a_rate_holds_from_its_first_to_its_last_day() -> None:
    frame = table(
        ("33", "*", "us", "duty", 0.10, "2026-07-03", "2026-07-05"),
        ("33", "*", "us", "duty", 0.2, "2026-07-06", None),
    )
    found = [rate(frame, "330499", "CN", day) for day in range(7)]
    assert found == [0.0, 0.0, 0.10, 0.10, 0.10, 0.20, 0.20]


def test_leading_zeros_of_a_tariff_number_count() -> None:
    frame = table(
        ("0105", "*", "us", "duty", 0.1, "2020-01-01", None),
        ("10", "*", "us", "duty", 0.5, "2020-01-01", None),
    )
    assert rate(frame, "0105110040", "CN", 0) == 0.1


ROWS = st.tuples(
    st.sampled_from(["*", "33", "3304", "330499", "96"]),
    st.sampled_from(["*", "CN", "KR"]),
    st.sampled_from(["us", "eu"]),
    st.sampled_from(["mfn", "extra"]),
    st.integers(1, 99).map(lambda points: points / 100),
    st.integers(-10, 40),
    st.integers(0, 40),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=12, unique_by=lambda row: row[:4]))
def test_any_table_agrees_with_the_rule_written_out_row_by_row(
    rows: list[tuple[str, str, str, str, float, int, int]],
) -> None:
    first = np.datetime64(START, "D")
    frame = table(*((*row[:5], first + row[5], first + row[5] + row[6]) for row in rows))
    hs, origins, territories = ["330499", "961511", "330499"], ["KR", "CN"], ["us", "eu"]
    rates = rates_by_day(frame, hs=hs, origins=origins, territories=territories, start=START, days=DAYS)
    assert rates.shape == (3, 2, 2, DAYS)
    for (i, code), (o, origin), (t, territory) in itertools.product(
        enumerate(hs), enumerate(origins), enumerate(territories)
    ):
        for day in (0, 1, 7, 30, 59):
            expected = 0.0
            for rule in ("extra", "mfn"):
                fits = [
                    (len(prefix.strip("*")), maker != "*", value)
                    for prefix, maker, where, name, value, begin, length in rows
                    if code.startswith(prefix.strip("*")) and maker in ("*", origin) and where == territory
                    if name == rule and begin <= day <= begin + length
                ]
                expected += max(fits)[2] if fits else 0.0
            assert rates[i, o, t, day] == pytest.approx(expected, abs=1e-12)


def test_a_plan_hands_out_its_rates_by_item_supplier_territory_and_day(tmp_path: Path) -> None:
    plan = load_plan(write_plan(tmp_path))
    rates = tariff_rates(plan, Calendar(plan.forecast_start, 6))
    assert rates.shape == (3, 2, 2, 184)
    comb, serum, balm = rates[:, :, :, 0]
    np.testing.assert_allclose(comb, [[0.0, 0.02], [0.0, 0.02]])
    np.testing.assert_allclose(serum, [[0.05, 0.02], [0.05, 0.02]])
    np.testing.assert_allclose(balm, [[0.065, 0.02], [0.04, 0.02]])
    assert rates[2, 0, 1, 30] == 0.02
    assert rates[2, 0, 1, 31] == pytest.approx(0.12)  # the surcharge from 1 August
    assert rates[2, 0, 1, 183] == pytest.approx(0.12)
    shorter = tariff_rates(plan, Calendar(plan.forecast_start, 3))
    np.testing.assert_array_equal(shorter, rates[..., : shorter.shape[-1]])


def test_fault_D23_a_whole_tariff_of_other_goods_costs_little_and_moves_no_rate() -> None:
    own = pd.DataFrame({
        "hs": ["33", "330499"], "origin": ["*", "CN"], "territory": ["EU", "EU"], "rule": ["mfn", "mfn"],
        "rate": [0.04, 0.065], "valid_from": pd.to_datetime(["2024-01-01"] * 2), "valid_to": [pd.NaT] * 2,
    })  # fmt: skip
    codes = [f"{100000 + 7 * k}" for k in range(11_678)]
    others = pd.DataFrame({
        "hs": codes, "origin": "*", "territory": "EU", "rule": "mfn", "rate": 0.5,
        "valid_from": pd.Timestamp("2024-01-01"), "valid_to": pd.NaT,
    })  # fmt: skip
    asked = {"hs": ["33049900"], "origins": ["CN"], "territories": ["EU"], "start": dt.date(2026, 7, 1)}
    alone = rates_by_day(own, **asked, days=900)
    began = time.process_time()
    together = rates_by_day(pd.concat([others, own], ignore_index=True), **asked, days=900)
    assert time.process_time() - began < 0.5
    assert np.array_equal(alone, together)


def test_fault_D23_check_of_a_whole_tariff_takes_under_two_seconds_more(tmp_path: Path) -> None:
    files = tiny_files()
    files["data/tariffs.csv"] += "".join(
        f"{100000 + 7 * k},*,nordic,mfn,0.05,2024-01-01,,x\n" for k in range(11_678)
    )
    folder = write_plan(tmp_path, files)
    began = time.process_time()
    assert len(load_plan(folder).tariffs) == 11_683
    assert time.process_time() - began < 3.0


def test_fault_D23_sibling_two_rates_on_a_day_are_still_found_among_many(tmp_path: Path) -> None:
    files = tiny_files()
    files["data/tariffs.csv"] += "".join(
        f"{200000 + k},*,nordic,mfn,0.05,2024-01-01,,x\n" for k in range(500)
    )
    files["data/tariffs.csv"] += "200007,*,nordic,mfn,0.06,2025-01-01,,x\n"
    with pytest.raises(
        InputError, match=r"tariffs.csv:507:valid_from \| two rates of one rule on the same day"
    ):
        load_plan(write_plan(tmp_path, files))
