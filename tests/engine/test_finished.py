"""A finished run in Python: the summary as numbers, one variable as a table, and what a wrong name gets."""

import numpy as np
import pandas as pd
import pytest

import engine
from engine.report.summary import COLUMNS, MIXTURE
from engine.store import labelled
from models.errors import StoreError, UsageError
from tests.tiny_plan import write_plan


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    plan = engine.load_plan(write_plan(tmp_path_factory.mktemp("finished") / "plan"))
    return engine.run(plan, engine.RunSettings(trials=6, quarters=2), ["tariff_15pp"])


def pairs(figures):
    """Every statistic of ``to_dict`` as (value, error), by scenario, metric and name."""
    for metric, each in figures.items():
        for stat, pair in each.items():
            if stat == "breach":
                yield (metric, "breach_probability"), pair["probability"], "share"
            elif isinstance(pair, dict):
                yield (metric, stat), pair, each["unit"]


def test_the_table_of_the_summary_holds_what_its_plain_data_holds(run):
    plain, table = run.summary().to_dict(), run.summary().to_dataframe()
    assert tuple(table.columns) == COLUMNS
    groups = plain["scenarios"] | {MIXTURE: plain["mixture"]["metrics"]}
    expected = {
        (scenario, *key): (pair["value"], pair["error"], unit)
        for scenario, figures in groups.items()
        for key, pair, unit in pairs(figures)
    }
    found = table.set_index(["scenario", "metric", "stat"])
    assert found.index.is_unique
    assert set(found.index) == set(expected)
    for key, (value, error, unit) in expected.items():
        row = found.loc[key]
        assert row["value"] == value
        assert row["unit"] == unit
        assert np.isnan(row["error"]) if error is None else row["error"] == error
    assert "currency" not in " ".join(set(table["unit"]))
    assert {"USD", "share", "days"} <= set(table["unit"])


def test_every_figure_of_the_table_is_a_number_and_has_the_period_of_the_run(run):
    table = run.summary().to_dataframe()
    assert set(table.dtypes[["value", "error", "lo", "hi"]]) == {np.dtype(float)}
    months = run.cube["month/ebitda"]["month"].dt.strftime("%Y-%m").values
    assert set(table["period"]) == {f"{months[0]}/{months[-1]}"}
    known = table[table["error"].notna()]
    assert (known["hi"] - known["lo"]).to_numpy() == pytest.approx(2.0 * known["error"].to_numpy())


@pytest.mark.parametrize("path", ["market/cm2", "horizon/ebitda", "day/net_cash", "customers/cohort_ltv"])
def test_a_frame_holds_the_numbers_of_the_cube(run, path):
    frame, stored = run.frame(path), run.cube[path]
    assert list(frame.columns) == [*stored.dims, stored.name]
    back = frame.set_index(list(map(str, stored.dims)))[stored.name].to_xarray()
    labels = {dim: stored[dim] for dim in stored.dims}
    assert np.array_equal(back.sel(labels).values, stored.values, equal_nan=True)
    assert frame.attrs["long_name"] == stored.attrs["long_name"]
    assert frame.attrs["units"] == stored.attrs["units"].replace("currency", "USD")


def test_a_frame_of_what_was_chosen_keeps_every_dim(run):
    frame = run.frame("market/cm2", scenario="base", trial=[1, 3], month=slice("2026-03", None))
    whole = run.frame("market/cm2")
    expected = whole[
        (whole["scenario"] == "base") & whole["trial"].isin([1, 3]) & (whole["month"] >= "2026-03-01")
    ]
    pd.testing.assert_frame_equal(frame, expected.reset_index(drop=True))
    first = whole["month"].min()
    for chosen in (first, f"{first:%Y-%m}", first.date(), [first]):
        assert set(run.frame("market/cm2", month=chosen)["month"]) == {first}


def test_a_variable_says_what_it_is_and_in_which_currency(run):
    found = run.variable("market/cm2")
    assert found.dims == ("scenario", "trial", "month", "market")
    assert found.attrs["units"] == "USD"
    assert found.attrs["long_name"] == run.cube["market/cm2"].attrs["long_name"]
    assert run.cube["market/cm2"].attrs["units"] == "currency"
    assert run.variable("horizon/blended_cac").attrs["units"] == "USD per customer"


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda run: run.variable("market/cm9"), "did you mean market/cm"),
        (lambda run: run.frame("markt/cm2"), "market/cm2"),
        (lambda run: run.frame("cohort_ltv"), "did you mean customers/cohort_ltv?"),
        (lambda run: run.frame("cm2"), "market/cm2"),
        (lambda run: run.frame("market"), "variable: unknown"),
        (lambda run: run.frame("market/cm2", scenari="base"), "did you mean scenario?"),
        (lambda run: run.frame("market/cm2", day="2027-01"), "dim of cm2: unknown"),
        (lambda run: run.frame("market/cm2", scenario="tarif_15pp"), "did you mean tariff_15pp?"),
        (lambda run: run.frame("market/cm2", trial=99), "trial of cm2: unknown"),
        (lambda run: run.frame("market/cm2", month="1999-01"), "month of cm2: unknown"),
        (lambda run: run.frame("market/cm2", month="soon"), "month of cm2: unknown"),
        (lambda run: run.lines("ebitd"), "did you mean ebitda?"),
        (lambda run: run.summary().figure("base", "ebitd"), "did you mean ebitda?"),
        (lambda run: run.summary().figure("bse", "ebitda"), "did you mean base?"),
    ],
)
def test_a_wrong_name_gets_the_nearest(run, ask, told):
    with pytest.raises(UsageError) as raised:
        ask(run)
    assert told in str(raised.value)


@pytest.mark.parametrize("rung", ["cm1", "cm2", "ebitda"])
def test_the_lines_of_a_rung_add_up_to_it(run, rung):
    lines = run.lines(rung)
    assert {line.attrs["units"] for line in lines.values()} == {"USD"}
    total = lines.to_array("line").sum("line")
    stored = run.cube[f"month/{rung}"]
    assert total.transpose(*stored.dims).values == pytest.approx(stored.values, rel=1e-9, abs=1e-6)


def test_a_figure_is_found_by_name(run):
    found = run.summary().figure("tariff_15pp", "ebitda")
    assert found is run.summary().figures["tariff_15pp", "ebitda"]


def test_a_run_that_is_not_there_gets_the_nearest_beside_it(run):
    with pytest.raises(UsageError, match=f"did you mean {run.path}"):
        engine.open_run(run.path.with_name(run.path.name[:-1]))
    with pytest.raises(StoreError, match="no finished run here"):
        engine.open_run(run.path.parent)


def test_an_absurd_table_is_refused_before_anything_is_read(run, monkeypatch):
    monkeypatch.setattr(labelled, "MOST_ROWS", 1_000)
    with pytest.raises(UsageError, match=r"net_cash: too large .* select along scenario \(2\), trial \(6\)"):
        run.frame("day/net_cash")
    assert len(run.frame("day/net_cash", scenario="base", trial=0, day=slice(None, "2026-02"))) < 1_000
