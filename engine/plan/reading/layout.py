"""A layout: what one tool's export (or one kind of export) means, as its YAML file says."""

from __future__ import annotations

from functools import cached_property, lru_cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.plan.faults import Faults
from engine.plan.reading.text import fold
from engine.plan.yaml_file import parse_yaml
from models.errors import InputError

Condition = str | tuple[str, ...]
"""Words of which a cell is one, or ``blank``, ``filled``, ``negative``, ``zero``, ``~regular expression``."""

Meaning = Literal[
    "sold", "unpaid", "refunded", "returned", "cancelled", "refused", "never_paid", "failed", "pending",
    "draft", "test", "other_channel", "head", "total", "heading", "footer", "not_goods", "repeated",
    "not_stocked", "personal", "supplier_return", "after_through", "rejected",
]  # fmt: skip
"""What a row is; the first four count as sales."""

RIGHT_OF = "right_of: "
"""Before a field: the column beside that field's."""
COUNTED = frozenset(("sold", "unpaid", "refunded", "returned"))
STRUCTURAL = frozenset(("head", "total", "heading", "footer"))


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Frozen):
    """Rows that a layout treats apart, the first rule that fits a row wins."""

    reason: str
    means: Meaning
    when: dict[str, Condition]
    """Field to condition; all must hold. A field that the file lacks never fits."""


class Packed(_Frozen):
    """Several lines in the cells of one row: ``name:…|sku:…|quantity:…``."""

    columns: str
    """Regular expression of the headers that hold a line each."""
    line: str = ""
    """Separator of lines in one cell, none where a cell holds one line."""
    part: str = "|"
    pair: str = ":"
    fields: dict[str, str] = {}
    """Name of a part to the field that it fills."""


class Extract(_Frozen):
    """A field that stands inside the text of a column; several finds in one cell are added."""

    header: str
    pattern: str
    """Regular expression whose group is the value."""


class Part(_Frozen):
    """A named sum over rows that fit, as a settlement has them."""

    when: dict[str, Condition]
    sign: Literal["1", "-1"] = "1"


class Layout(_Frozen):
    """What a file of one layout means; a child's words go before its parent's."""

    name: str = ""
    kind: str
    tool: str
    source: str
    extends: str = ""
    generic: bool = False
    marks: tuple[str, ...] = ()
    """Headers that together tell the tool."""
    against: tuple[str, ...] = ()
    """Headers that speak against the kind."""
    titles: tuple[str, ...] = ()
    """Words of title rows that tell the kind."""
    required: tuple[str, ...] = ()
    """Fields without which the kind makes no sense; ``item|item_name`` is one of both."""
    telling: tuple[str, ...] = ()
    """Fields that tell the kind from others."""
    columns: dict[str, tuple[str, ...]] = {}
    """Field to the headers that may hold it, best first; ``right_of: field`` is the column beside another."""
    unused: tuple[str, ...] = ()
    """Headers that no alias may take."""
    types: dict[str, tuple[str, ...]] = {}
    """Type (number, count, day, share) to its fields; every other field is text."""
    statuses: dict[str, dict[Meaning, tuple[str, ...]]] = {}
    """Status field to what its words mean."""
    rules: tuple[Rule, ...] = ()
    fill_down: tuple[str, ...] = ()
    """Fields whose blank cells repeat the row above."""
    fill_by: str = ""
    """Field that tells which rows belong together."""
    fill_within: tuple[str, ...] = ()
    """Fields that one row of those that belong together says for all."""
    packed: Packed | None = None
    extract: dict[str, Extract] = {}
    options: dict[str, str] = {}
    """Choices of the kind: ``line: price_each``, ``discount: share``."""
    sums: dict[str, tuple[str, ...]] = {}
    """Field to the fields that make it together where it has no column; ``-field`` comes off."""
    parts: dict[str, Part] = {}
    accounts: dict[str, tuple[str, ...]] = {}
    """Line of the books to patterns of account numbers and names."""
    sections: dict[str, tuple[str, ...]] = {}
    """Section of a profit and loss to the headings that open it."""
    identity: tuple[str, ...] = ()
    """Fields that tell whether a record of another file is the same."""
    currency: str = ""
    """Currency where no column tells it, because the tool is of one country."""
    currency_by_header: dict[str, str] = {}
    """Regular expression on the headers to the currency of the country whose language they are in."""
    price_basis: str = ""

    def type_of(self, field: str) -> str:
        """The type of a field."""
        return self.kinds.get(field, "text")

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Type of every field that has one; the first that names a field wins."""
        return {field: kind for kind, fields in reversed(self.types.items()) for field in fields}

    @cached_property
    def words(self) -> dict[str, tuple[tuple[int, int, str], ...]]:
        """Folded header to the fields that it may hold: rank of the header, place of the field, field."""
        found: dict[str, list[tuple[int, int, str]]] = {}
        for where, (field, headers) in enumerate(self.columns.items()):
            for rank, header in enumerate(headers):
                if not header.startswith(RIGHT_OF) and (fold(header) or not header):
                    found.setdefault(fold(header), []).append((rank, where, field))
        return {word: tuple(places) for word, places in found.items()}

    @cached_property
    def beside(self) -> tuple[tuple[str, str], ...]:
        """Fields that stand right of another, with the other."""
        return tuple(
            (field, header.removeprefix(RIGHT_OF))
            for field, headers in self.columns.items()
            for header in headers
            if header.startswith(RIGHT_OF)
        )


@lru_cache(maxsize=1)
def layouts() -> dict[str, Layout]:
    """Every shipped layout by name, with what it extends."""
    faults = Faults()
    found: dict[str, Layout] = {}
    folder = resources.files("engine.plan") / "layouts"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            name = entry.name.removesuffix(".yaml")
            layout = parse_layout(entry.read_text(encoding="utf-8"), name, faults)
            if layout is not None:
                found[name] = layout
    complete = {name: _extended(layout, found, faults) for name, layout in found.items()}
    if faults:
        raise InputError(faults)
    return complete


def parse_layout(text: str, name: str, faults: Faults) -> Layout | None:
    """A layout from YAML text; None and faults where it says what no layout may."""
    file = f"layouts/{name}.yaml"
    document = parse_yaml(text, file, faults)
    if document is None:
        return None
    try:
        return Layout.model_validate({**document.data, "name": name})
    except (ValidationError, TypeError) as error:
        problems: list[dict[str, Any]] = (
            [dict(item) for item in error.errors()]
            if isinstance(error, ValidationError)
            else [{"loc": (), "msg": str(error)}]
        )
        for problem in problems:
            place = tuple(step for step in problem["loc"] if isinstance(step, (str, int)))
            document.fault(faults, place, problem=problem["msg"], remedy="see engine/plan/reading/README.md")
        return None


def _extended(layout: Layout, found: dict[str, Layout], faults: Faults) -> Layout:
    if not layout.extends:
        return layout
    if layout.extends not in found:
        faults.add(
            f"layouts/{layout.name}.yaml",
            problem="extends an unknown layout",
            got=layout.extends,
            remedy="name a layout",
        )
        return layout
    return merge(layout, _extended(found[layout.extends], found, faults))


def merge(child: Layout, parent: Layout) -> Layout:
    """A layout with what its parent says where it is silent."""
    given = child.model_dump(exclude_unset=True)
    merged = parent.model_dump() | {k: v for k, v in given.items() if k not in ("extends",)}
    merged["generic"] = child.generic
    merged["marks"] = child.marks
    merged["columns"] = {
        field: (*child.columns.get(field, ()), *parent.columns.get(field, ()))
        for field in (*child.columns, *(f for f in parent.columns if f not in child.columns))
    }
    merged["statuses"] = _merged_statuses(child, parent)
    merged["rules"] = (*child.rules, *parent.rules)
    merged["types"] = {
        kind: (*child.types.get(kind, ()), *(f for f in parent.types.get(kind, ()) if f not in _typed(child)))
        for kind in {**parent.types, **child.types}
    }
    for key in ("options", "accounts", "parts", "sections", "extract", "sums"):
        merged[key] = {**getattr(parent, key), **getattr(child, key)}
    for key in ("unused", "fill_down"):
        merged[key] = (*getattr(child, key), *getattr(parent, key))
    return Layout.model_validate(merged)


def _typed(layout: Layout) -> set[str]:
    return {field for fields in layout.types.values() for field in fields}


def _merged_statuses(child: Layout, parent: Layout) -> dict[str, dict[Meaning, tuple[str, ...]]]:
    merged = {}
    for field in {**child.statuses, **parent.statuses}:
        own = child.statuses.get(field, {})
        said = {fold(word) for words in own.values() for word in words}
        inherited = {
            means: tuple(word for word in words if fold(word) not in said)
            for means, words in parent.statuses.get(field, {}).items()
        }
        merged[field] = {
            means: (*own.get(means, ()), *inherited.get(means, ())) for means in {**own, **inherited}
        }
    return merged


@lru_cache(maxsize=1)
def known_headers() -> frozenset[str]:
    """Folded headers that any layout knows."""
    return frozenset(
        fold(header)
        for layout in layouts().values()
        for headers in (layout.marks, *layout.columns.values())
        for header in headers
    ) - {""}
