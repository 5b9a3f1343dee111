from __future__ import annotations

from pathlib import Path

import pytest

from engine.plan.faults import Faults
from engine.plan.files import Folder
from engine.plan.yaml_file import DEEPEST, MOST_ALIASES, parse_yaml, read_yaml
from models.errors import Fault


def parse(text: str) -> tuple[object, list[Fault]]:
    faults = Faults()
    document = parse_yaml(text, "plan.yaml", faults)
    return (None if document is None else document.data), list(faults)


def test_scalars_stay_the_text_that_was_written() -> None:
    data, faults = parse("[NO, NA, off, 0105110040, 6109.10, 1E10, 12:30, 2026-06-30, '', null, ~]")
    assert data == ["NO", "NA", "off", "0105110040", "6109.10", "1E10", "12:30", "2026-06-30", "", None, None]
    assert not faults


def test_every_node_knows_its_row_and_column() -> None:
    document = parse_yaml("a:\n  - key: x\n    nodes: [p, q]\n", "plan.yaml", Faults())
    assert document is not None
    assert document.mark(("a", 0, "nodes", 1)) == (3, 16)
    assert document.key_marks["a", 0, "nodes"] == (3, 5)
    assert document.mark(("a", 0, "nodes", 7)) == (3, 12)


def test_a_duplicate_key_is_a_fault_with_its_line_and_the_first_value_stays() -> None:
    data, faults = parse("a: 1\nb:\n  c: 2\n  d: 3\n  c: 4\n")
    assert data == {"a": "1", "b": {"c": "2", "d": "3"}}
    assert [(f.row, f.column, f.problem, f.got) for f in faults] == [
        (5, "3", "b.c: duplicate key", "c (first in line 3)")
    ]


@pytest.mark.parametrize(
    ("text", "row", "problem"),
    [
        ("a: [1,\nb: 2\n", 3, "not valid YAML"),
        ("a: *x\n", 1, "not valid YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not valid YAML"),
        ("a: !!python/object:os.system x\n", 1, "a: tags are refused"),
        ("a: !secret x\n", 1, "a: tags are refused"),
        ("? [x, y]\n: 1\n", 1, "the file: a key must be plain text"),
        ("# nothing\n", 0, "the file is empty"),
        ("a: \x07\n", 0, "not valid YAML"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), 1, "nested too deep"),
        ("[" * 100_000, 1, "nested too deep"),
        ("a: &x 1\nb: [" + ", ".join(["*x"] * (MOST_ALIASES + 1)) + "]\n", 2, "too many aliases"),
        ("a: &x [*x]\n", 1, "aliases unfold too far"),
    ],
)
def test_what_yaml_must_not_do_is_a_fault(text: str, row: int, problem: str) -> None:
    _, faults = parse(text)
    assert len(faults) == 1
    assert faults[0].row == row
    assert problem in faults[0].problem


def test_aliases_that_double_at_every_level_are_stopped() -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 9):
        text += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    _, faults = parse(text)
    assert [fault.problem.split(": ")[-1] for fault in faults] == ["aliases unfold too far"]


def test_a_file_over_the_cap_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("# " + "x" * (1 << 20))
    faults = Faults()
    assert read_yaml(Folder.open(tmp_path), "plan.yaml", faults) is None
    assert [fault.problem for fault in faults] == ["the file is too large"]
