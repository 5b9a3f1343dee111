"""The demo folder: same bytes, nothing overwritten, the layouts it promises."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import engine.demo
from engine.demo import write_demo
from engine.demo.company import SEASON
from engine.plan.schema import PlanConfig


def _files(folder: Path) -> dict[str, str]:
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(folder.rglob("*"))
        if f.is_file()
    }


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def test_no_module_of_the_demo_imports_models_or_the_plan() -> None:
    sources = sorted(Path(engine.demo.__file__).parent.glob("*.py"))
    assert len(sources) > 5
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [n for n in names if n.split(".")[0] in ("models", "scenarios")], source.name
            assert not [
                n
                for n in names
                if n.startswith("engine")
                and n != "engine"
                and not n.startswith("engine.demo")
                and n != "engine.demo"
            ], source.name


def test_same_seed_writes_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        write_demo(
            tmp_path / name,
            seed=seed,
            customers_scale=0.05,
            continuation=tmp_path / f"{name}2",
            quarters_of_continuation=1,
        )
    assert _files(tmp_path / "a") == _files(tmp_path / "b")
    assert _files(tmp_path / "a2") == _files(tmp_path / "b2")
    assert (
        _files(tmp_path / "a")["data/shopify_orders.csv"] != _files(tmp_path / "c")["data/shopify_orders.csv"]
    )


def test_history_does_not_depend_on_the_length_of_the_continuation(tmp_path: Path) -> None:
    write_demo(tmp_path / "a", customers_scale=0.05)
    write_demo(tmp_path / "b", customers_scale=0.05, continuation=tmp_path / "b2", quarters_of_continuation=2)
    assert _files(tmp_path / "a") == _files(tmp_path / "b")
    later = _read(tmp_path / "b2" / "orders_marketplace.csv")["ordered_at"]
    assert later.min() >= "2026-10-01"
    assert "2027-03-01" < later.max() < "2027-04-01"


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep", encoding="utf-8")
    for place, after in ((tmp_path / "full", None), (tmp_path / "new", tmp_path / "full")):
        with pytest.raises(FileExistsError, match="already holds something"):
            write_demo(place, continuation=after, customers_scale=0.05)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["full", "mine.txt"]


@pytest.mark.parametrize(
    "wrong", [{"template": "dmeo"}, {"customers_scale": 0.0}, {"quarters_of_continuation": 9}]
)
def test_a_call_that_cannot_be_meant_writes_nothing(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"template|customers_scale|quarters"):
        write_demo(tmp_path / "x", **wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("template", ["demo", "demo-diversified"])
def test_a_tiny_company_still_writes_a_whole_plan(tmp_path: Path, template: str) -> None:
    write_demo(tmp_path / "x", template=template, customers_scale=0.003, residual=False, season=False)
    assert len(_read(tmp_path / "x" / "data" / "items.csv")) == 40
    table = (
        _read(tmp_path / "x" / "data" / "opening_balance.csv").set_index("account")["amount"].astype(float)
    )
    assert abs(table.iloc[:7].sum() - table.iloc[7:].sum()) < 0.005


def test_plan_yaml_fits_the_schema_and_names_the_company_asked_for(folder: Path) -> None:
    config = PlanConfig.model_validate(YAML(typ="safe", pure=True).load(folder / "plan.yaml"))
    assert [m.key for m in config.markets] == ["CA", "DE", "GB", "US"]
    assert (len(config.sales_channels), len(config.acquisition_channels), len(config.suppliers)) == (2, 2, 3)
    assert (len(config.ports), len(config.nodes), len({s.country for s in config.suppliers})) == (2, 3, 2)
    assert {s.currency for s in config.suppliers}.isdisjoint(m.currency for m in config.markets)
    assert {(lane.supplier, lane.node) for lane in config.lanes} == {
        (s.key, n.key) for s in config.suppliers for n in config.nodes
    }
    assert sum(config.scenario_weights.values()) == pytest.approx(1.0)


def test_shop_export_has_shopifys_layout(folder: Path) -> None:
    frame = _read(folder / "data" / "shopify_orders.csv")
    assert list(frame.columns)[:8] == [
        "Name",
        "Email",
        "Financial Status",
        "Paid at",
        "Fulfillment Status",
        "Fulfilled at",
        "Accepts Marketing",
        "Currency",
    ]
    assert list(frame.columns)[15:21] == [
        "Created at",
        "Lineitem quantity",
        "Lineitem name",
        "Lineitem price",
        "Lineitem compare at price",
        "Lineitem sku",
    ]
    assert len(frame.columns) == 79
    head = frame["Created at"] != ""
    assert (head == ~frame["Name"].duplicated()).all()
    assert (frame.loc[~head, ["Email", "Currency", "Total", "Shipping Country", "Source"]] == "").all(
        axis=None
    )
    assert frame.loc[head, "Created at"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d -0[45]00").all()
    assert frame.loc[head, "Shipping Zip"].str.startswith("'").all()
    assert frame.loc[head, "Email"].str.endswith("@example.invalid").all()
    assert set(frame.loc[head, "Financial Status"]) == {"paid", "partially_refunded", "refunded"}
    assert 0.005 < (frame.loc[head, "Cancelled at"] != "").mean() < 0.02


def test_shop_orders_tie_total_is_lines_less_discount_plus_shipping_plus_tax(folder: Path) -> None:
    frame = _read(folder / "data" / "shopify_orders.csv")
    heads = frame[frame["Created at"] != ""].set_index("Name")
    money = {
        c: heads[c].astype(float)
        for c in ("Subtotal", "Shipping", "Taxes", "Total", "Discount Amount", "Refunded Amount")
    }
    lines = (
        (frame["Lineitem price"].astype(float) * frame["Lineitem quantity"].astype(int))
        .groupby(frame["Name"])
        .sum()
    )
    assert np.allclose(lines[heads.index] - money["Discount Amount"], money["Subtotal"], atol=0.005)
    assert np.allclose(money["Subtotal"] + money["Shipping"] + money["Taxes"], money["Total"], atol=0.005)
    assert (money["Refunded Amount"] <= money["Total"] + 0.005).all()
    assert (money["Discount Amount"] > 0).mean() == pytest.approx(0.12, abs=0.02)


def test_continuation_continues_where_the_history_ends(folder: Path) -> None:
    later = folder.with_name("plan-continuation")
    truth = json.loads((later / "truth.json").read_text(encoding="utf-8"))
    assert set(truth["markets"]) == {"CA", "DE", "GB", "US"}
    assert np.mean(truth["season"]) == pytest.approx(1.0) == np.mean(SEASON)
    assert len(truth["residual"]["path"]["US"]) == 48
    created = _read(later / "shopify_orders.csv")["Created at"]
    assert created[created != ""].min() >= "2026-10-01"
    assert created.max() >= "2028-09-29"
    log, after = _read(folder / "data" / "purchase_orders.csv"), _read(later / "purchase_orders.csv")
    still_open = log[log["received_on"] == ""].set_index(["po", "line"])
    same = after.set_index(["po", "line"]).loc[still_open.index]
    fixed = ["supplier", "item", "node", "ordered_on", "quantity", "unit_cost", "deposit_paid"]
    assert (same[fixed] == still_open[fixed]).all(axis=None)
    assert (same["received_on"] > "2026-09-30").all()
    old = _read(folder / "data" / "spend.csv")
    new = _read(later / "spend.csv")
    amounts = [
        f[(f["day"] == day) & (f["market"] == "US")]["amount"].tolist()
        for f, day in ((old, "2026-03-05"), (new, "2027-03-05"))
    ]
    assert amounts[0] == amounts[1], "spend of the continuation is last year's"
