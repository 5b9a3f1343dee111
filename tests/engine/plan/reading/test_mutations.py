"""Damaged exports end in a reading that accounts for every row or in faults, never in an error."""

from __future__ import annotations

import random  # seeded by the name of the file
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.plan.faults import Faults
from engine.plan.reading.combine import combine
from engine.plan.reading.reader import read_export

FILES = [path for path in sorted(Path(__file__).with_name("siblings").iterdir()) if path.suffix != ".yaml"]
Mutation = Callable[[list[bytes], random.Random], list[bytes]]


def cut(lines: list[bytes], chance: random.Random) -> list[bytes]:
    text = b"\n".join(lines)
    return [text[: chance.randrange(1, len(text))]]


def flip(lines: list[bytes], chance: random.Random) -> list[bytes]:
    text = bytearray(b"\n".join(lines))
    for _ in range(chance.randrange(1, 20)):
        text[chance.randrange(len(text))] = chance.randrange(256)
    return [bytes(text)]


def drop(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return [line for line in lines if chance.random() > 0.3]


def repeat(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return lines + lines[chance.randrange(len(lines)) :]


def shuffle(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return chance.sample(lines, len(lines))


def spoil(lines: list[bytes], chance: random.Random) -> list[bytes]:
    words = [b"abc", b"-", b"1e9", b"9" * 40, b"31/02/2025", b"[/a]", b"", b"NaN", b'"']
    spoiled = []
    for line in lines:
        mark = b";" if line.count(b";") > line.count(b",") else b","
        cells = line.split(mark)
        cells[chance.randrange(len(cells))] = chance.choice(words)
        spoiled.append(mark.join(cells) if chance.random() < 0.3 else line)
    return spoiled


@pytest.mark.parametrize("mutation", [cut, flip, drop, repeat, shuffle, spoil], ids=lambda how: how.__name__)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_damaged_export_never_ends_in_an_error(path: Path, mutation: Mutation) -> None:
    chance = random.Random(f"{path.name} {mutation.__name__}")
    content = b"\n".join(mutation(path.read_bytes().split(b"\n"), chance))
    faults = Faults()
    reading = read_export(content, path.name, faults)
    assert (reading is None) == bool(list(faults))
    if reading is not None:
        assert reading.rows_total == reading.rows_records + sum(t.rows for t in reading.treatments)
        assert combine([reading, reading]).files == (path.name, path.name)
