"""The list that every check of the load stage writes to, so that one run names all faults of all files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from engine.plan.characters import one_line
from models.errors import Fault

SHOWN_PER_COLUMN = 20
"""Faults of one kind in one column that are listed one by one; the rest is counted in one more fault."""

SHOWN_CHARACTERS = 60


def shown(value: object) -> str:
    """A value as an error may print it: short, one line, quotes only where the ends matter."""
    text = str(value)
    text = "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
    if len(text) > SHOWN_CHARACTERS:
        text = text[:SHOWN_CHARACTERS] + "…"
    return f"'{text}'" if text != text.strip() or not text else text


class Faults:
    """Collector of faults; long runs of one kind in one column are cut after the first distinct values.

    A fault with a name is a figure that is surely wrong unless the company says otherwise: where plan.yaml
    lists its name under ``accept:`` it becomes a warning.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], list[Fault]] = defaultdict(list)
        self._warnings: dict[tuple[str, str, str], list[Fault]] = defaultdict(list)
        self._accept: frozenset[str] = frozenset()
        self._used: set[str] = set()

    def accept(self, names: Iterable[str]) -> None:
        """Take the names that plan.yaml accepts."""
        self._accept = frozenset(names)

    @property
    def unused(self) -> tuple[str, ...]:
        """Accepted names of which nothing was found, sorted."""
        return tuple(sorted(self._accept - self._used))

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """What is odd or accepted by name, and does not stop a run."""
        return tuple(sorted(each for found in self._warnings.values() for each in _cut(found)))

    def warn(
        self, file: str, row: int = 0, column: str = "", *, problem: str, got: object = "", remedy: str
    ) -> None:
        """Note an oddity that does not stop a run."""
        self._warnings[file, column, problem].append(_fault(file, row, column, problem, got, remedy))

    def doubt(
        self,
        name: str,
        file: str,
        row: int = 0,
        column: str = "",
        *,
        problem: str,
        got: object = "",
        remedy: str,
    ) -> None:
        """Note a fault that the company may accept by name; accepted, it is a warning."""
        if name in self._accept:
            self._used.add(name)
            self.warn(file, row, column, problem=problem, got=got, remedy=f"accepted by name: {name}")
        else:
            remedy = f"{remedy}; or accept: [{name}] in plan.yaml"
            self.add(file, row, column, problem=problem, got=got, remedy=remedy)

    def add(
        self, file: str, row: int = 0, column: str = "", *, problem: str, got: object = "", remedy: str
    ) -> None:
        """Note one fault."""
        self._found[file, column, problem].append(_fault(file, row, column, problem, got, remedy))

    def __bool__(self) -> bool:
        return bool(self._found)

    def __iter__(self) -> Iterator[Fault]:
        for faults in self._found.values():
            yield from _cut(faults)


def _fault(file: str, row: int, column: str, problem: str, got: object, remedy: str) -> Fault:
    text = shown(got) if got != "" else ""
    return Fault(file, int(row), one_line(column), one_line(problem), text, one_line(remedy))


def _cut(faults: list[Fault]) -> list[Fault]:
    if len(faults) <= SHOWN_PER_COLUMN:
        return faults
    seen: dict[str, int] = defaultdict(int)
    ranked = []
    for fault in sorted(faults):
        ranked.append((seen[fault.got], fault))
        seen[fault.got] += 1
    ranked.sort()
    kept = [fault for _, fault in ranked[:SHOWN_PER_COLUMN]]
    first_cut = ranked[SHOWN_PER_COLUMN][1]
    more = len(faults) - SHOWN_PER_COLUMN
    summary = Fault(
        first_cut.file,
        first_cut.row,
        first_cut.column,
        f"{first_cut.problem} (and {more - 1:,} more cells of this column)",
        first_cut.got,
        first_cut.remedy,
    )
    return [*kept, summary]
