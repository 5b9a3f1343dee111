"""A plan.yaml of ten lines and a file of orders: what it leaves out is taken, listed, and runs."""

from __future__ import annotations

import pytest

from engine.plan.load import load_plan
from engine.plan.setup.defaults import number
from engine.rehearsal import rehearse
from models.errors import InputError
from tests.minimal_plan import orders_text
from tests.tiny_plan import write_plan

TEN_LINES = """\
company:
  name: Ten lines
  currency: EUR
  actuals_through: 2026-06-30
markets:
  - key: DE
    country: DE
sales_channels:
  - key: shop
"""


def ten_lines(folder, plan=TEN_LINES, orders=None, **files):
    text = orders_text() if orders is None else orders
    return write_plan(folder, {"plan.yaml": plan, "data/orders.csv": text, **files})


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return load_plan(ten_lines(tmp_path_factory.mktemp("ten") / "plan"))


def test_ten_lines_are_a_plan(plan):
    assert len(TEN_LINES.splitlines()) <= 10
    assert [supplier.key for supplier in plan.config.suppliers] == ["SUPPLIER"]
    assert plan.config.markets[0].territory == "EU"
    assert plan.config.markets[0].nodes == ("WAREHOUSE",)
    assert list(plan.items["item"]) == ["A"]
    assert plan.items["list_price"].item() == pytest.approx(20.0)
    assert plan.items["unit_cost"].item() == pytest.approx(20.0 * number("unit_cost"))


def test_every_value_that_is_taken_is_listed_with_its_source(plan):
    listed = {assumption.id: assumption for assumption in plan.assumptions}
    named = ("suppliers", "nodes", "territories", "lanes.*", "items", "items.unit_cost")
    named += ("finance.fixed_costs", "markets.DE.elasticity", "markets.DE.outbound_cost_per_order")
    assert [name for name in named if not listed[name].why] == []


def test_every_shipped_scenario_can_be_played_on_it(plan):
    rehearse(plan)  # raises with every fault


def test_what_is_written_is_never_filled(tmp_path):
    text = TEN_LINES + "suppliers:\n  - {key: CN1, country: VN, currency: EUR, capacity_per_week: 7}\n"
    plan = load_plan(ten_lines(tmp_path / "plan", text))
    assert [(s.key, s.country, s.capacity_per_week) for s in plan.config.suppliers] == [("CN1", "VN", 7)]
    assert list(plan.items["suppliers"]) == ["CN1"]
    assert [(lane.supplier, lane.node) for lane in plan.config.lanes] == [("CN1", "WAREHOUSE")]


def test_an_empty_list_is_a_fault_not_a_default(tmp_path):
    with pytest.raises(InputError, match="suppliers"):
        load_plan(ten_lines(tmp_path / "plan", TEN_LINES + "suppliers: []\n"))


HEADER = "order_id,customer_key,ordered_at,market,sales_channel,currency,item,quantity,net_price\n"


def month(line):
    """Orders of June, a day each; ``{k}`` is the number, ``{c}`` one of three customers."""
    return "".join(line.format(k=k, c=k % 3) + "\n" for k in range(1, 28))


SIBLINGS = {
    "one order": "O1,a@x.org,2026-06-03,DE,shop,EUR,A,1,20\n",
    "nobody comes back": month("O{k},p{k}@x.org,2026-06-{k:02d},DE,shop,EUR,A,1,20"),
    "odd codes": month("O{k},p{c}@x.org,2026-06-{k:02d},DE,shop,EUR,Ä/ß 1,1,9"),
    "no customer is known": month("O{k},,2026-06-{k:02d},DE,shop,EUR,A,1,9"),
    "another currency": month("O{k},p{c}@x.org,2026-06-{k:02d},DE,shop,USD,A,1,9"),
}


@pytest.mark.parametrize("name", SIBLINGS)
def test_a_sibling_runs(name, tmp_path):
    rehearse(load_plan(ten_lines(tmp_path / "plan", orders=HEADER + SIBLINGS[name])))


def test_goods_that_were_never_sold_for_money_are_one_fault_that_says_what_would_do(tmp_path):
    free = month("O{k},p{c}@x.org,2026-06-{k:02d},DE,shop,EUR,A,1,0")
    with pytest.raises(InputError, match="map the column of the price"):
        load_plan(ten_lines(tmp_path / "plan", orders=HEADER + free))


def test_a_pair_without_a_shipped_rate_is_a_fault(tmp_path):
    pakistan = month("O{k},p{c}@x.org,2026-06-{k:02d},DE,shop,PKR,A,1,9")
    with pytest.raises(InputError, match="currency"):
        load_plan(ten_lines(tmp_path / "plan", orders=HEADER + pakistan))
