"""Newer exports join a drafted plan: as if it had been made from all files, with the user's edits in it."""

import json
import shutil

import pytest

from engine.plan.load import load_plan
from engine.plan.setup import setup
from engine.plan.setup.merge import merge
from engine.plan.setup.setup import NOTHING_NEW, add_files, set_up
from models.errors import InputError
from tests.engine.plan.setup.test_own_files import orders

OWN = "    payout_lag_days: 9  # our own figure"


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Exports of two halves of a year, and a plan of the first."""
    root = tmp_path_factory.mktemp("add")
    for name, months, first in (("early", ("01", "02", "03"), 1000), ("late", ("04", "05", "06"), 2000)):
        (root / name).mkdir()
        days = (2, 9, 16, 23, 28, 30) if name == "late" else (2, 9, 16, 23, 28)
        (root / name / f"{name}.csv").write_text(orders(months, first=first, days=days))
    set_up(root / "plan", [root / "early"])
    return root


@pytest.fixture
def root(made, tmp_path):
    return shutil.copytree(made, tmp_path / "copy")


def test_what_is_added_gives_the_plan_of_all_files(root):
    salt = (root / "plan" / "data" / ".salt").read_bytes()
    add_files(root / "plan", [root / "late"])
    set_up(root / "both" / "plan", [root / "early", root / "late"])
    one, other = contents(root / "plan"), contents(root / "both" / "plan")
    assert one["data/.salt"] == salt
    assert set(one) == set(other)
    same = [name for name in one if one[name] == other[name]]
    assert {"plan.yaml", "assumptions.yaml", "data/items.csv", "SETUP.txt"} <= set(same)
    first, second = load_plan(root / "plan"), load_plan(root / "both" / "plan")
    columns = [name for name in first.orders.columns if name != "customer_key"]
    assert first.orders[columns].equals(second.orders[columns])
    assert first.config.company.actuals_through.isoformat() == "2025-06-30"


def test_added_twice_changes_no_byte(root):
    add_files(root / "plan", [root / "late"])
    before = contents(root / "plan")
    shutil.copy(root / "late" / "late.csv", root / "under another name.csv")
    assert add_files(root / "plan", [root / "late", root / "under another name.csv"]) == NOTHING_NEW
    assert contents(root / "plan") == before


def test_a_later_state_of_an_order_replaces_the_earlier(root):
    early = (root / "early" / "early.csv").read_text().splitlines(keepends=True)
    changed = early[0] + early[1].replace(",0.00,web", ",20.00,web").replace(",paid,", ",refunded,")
    (root / "changed.csv").write_text(changed)
    before = load_plan(root / "plan").orders
    add_files(root / "plan", [root / "changed.csv"])
    after = load_plan(root / "plan").orders
    assert len(after) == len(before)
    assert after["refunded"].sum() > before["refunded"].sum() == 0.0


def test_the_users_values_and_comments_stay(root):
    path = root / "plan" / "plan.yaml"
    text = path.read_text().replace("    payout_lag_days: 3", f"{OWN} 3", 1)
    path.write_text("# reviewed by finance\n" + text)
    add_files(root / "plan", [root / "late"])
    joined = path.read_text()
    assert joined.startswith("# reviewed by finance\n")
    assert OWN in joined
    assert "actuals_through: 2025-06-30" in joined


@pytest.mark.parametrize("broken", [b"", b"\x00\xff" * 40])
def test_a_broken_file_leaves_the_plan_as_it_was(root, broken):
    (root / "late" / "broken.csv").write_bytes(broken)
    before = contents(root / "plan")
    with pytest.raises(InputError):
        add_files(root / "plan", [root / "late" / "late.csv", root / "late" / "broken.csv"])
    assert contents(root / "plan") == before


@pytest.mark.parametrize("moved", [0, 1, 3])
def test_a_process_killed_between_two_files_is_finished_by_the_next_call(root, monkeypatch, moved):
    finish = setup._finish
    monkeypatch.setattr(setup, "_finish", lambda path: None)
    add_files(root / "plan", [root / "late"])
    staged = root / "plan" / setup.STAGE
    assert (staged / setup.READY).exists()
    for name in ("plan.yaml", "data/orders.csv", "SETUP.txt")[:moved]:
        (staged / name).replace(root / "plan" / name)
    monkeypatch.setattr(setup, "_finish", finish)
    assert add_files(root / "plan", [root / "late"]) == NOTHING_NEW
    assert not staged.exists()
    assert load_plan(root / "plan").config.company.actuals_through.isoformat() == "2025-06-30"


def test_a_half_staged_call_is_dropped(root):
    before = contents(root / "plan")
    (root / "plan" / setup.STAGE).mkdir()
    (root / "plan" / setup.STAGE / "plan.yaml").write_text("half")
    assert add_files(root / "plan", [root / "early"]) == NOTHING_NEW
    assert contents(root / "plan") == before


def test_faults_say_what_would_do(root):
    with pytest.raises(InputError, match="not made by init --from"):
        add_files(root / "early", [root / "late"])
    (root / "plan" / "data" / "orders.csv").write_text("edited")
    (root / "early" / "early.csv").unlink()
    with pytest.raises(InputError) as raised:
        add_files(root / "plan", [root / "late"])
    assert {fault.problem for fault in raised.value.faults} == {
        "it was changed by hand since it was drafted",
        "a file that the plan was made from is gone",
    }


def test_a_file_that_moved_is_known_by_its_content(root):
    shutil.move(root / "early", root / "elsewhere")
    add_files(root / "plan", [root / "elsewhere", root / "late"])
    said = json.loads((root / "plan" / ".drafted" / "sources.json").read_text())
    assert [each["path"] for each in said["files"]] == ["../elsewhere/early.csv", "../late/late.csv"]


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "joined", "kept"),
    [
        ("a\nb\n", "a\nb\n", "a\nc\n", "a\nc\n", ()),
        ("a\nb\n", "a\nx\n", "a\nb\n", "a\nx\n", ()),
        ("a\nb\nc\n", "a\nx\nc\n", "a\nb\nd\n", "a\nx\nd\n", ()),
        ("a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", "a\nx\nc\n", ("x",)),
        ("a\nb\n", "n\na\nb\n", "a\nb\nc\n", "n\na\nb\nc\n", ()),
        ("a\nb\nc\n", "a\nc\n", "a\nb\nc\nd\n", "a\nc\nd\n", ()),
    ],
)
def test_three_texts_are_joined(base, mine, theirs, joined, kept):
    assert merge(base, mine, theirs) == (joined, kept)
