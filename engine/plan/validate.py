"""A YAML document against a frozen model: whatever does not fit is a fault with row, column, remedy."""

from __future__ import annotations

import typing
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.plan.faults import Faults
from engine.plan.yaml_file import Document, Place, spell
from models.errors import did_you_mean

AnyModel = TypeVar("AnyModel", bound=BaseModel)


def validate(model: type[AnyModel], document: Document, faults: Faults) -> AnyModel | None:
    """The validated model, None (and every fault) if the document does not fit."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _note(model, document, detail, faults)
        return None


def _note(model: type[BaseModel], document: Document, detail: Any, faults: Faults) -> None:
    place: Place = tuple(detail["loc"])
    kind, name = detail["type"], str(place[-1]) if place else ""
    if kind == "missing":
        owner = _model_at(model, place[:-1])
        meaning = _meaning(owner, name)
        row, column = document.mark(place[:-1])
        faults.add(
            document.file,
            row,
            str(column),
            problem=f"{spell(place)}: a field is missing",
            got="",
            remedy=f"add {name}:{f' {meaning}' if meaning else ''}",
        )
        return
    if kind == "extra_forbidden":
        owner = _model_at(model, place[:-1])
        known = list(owner.model_fields) if owner else []
        row, column = document.key_marks.get(place, document.mark(place))
        faults.add(
            document.file,
            row,
            str(column),
            problem=f"{spell(place)}: unknown field",
            got=name,
            remedy=did_you_mean(name, known),
        )
        return
    got = detail["input"]
    got = (
        "a mapping"
        if isinstance(got, dict)
        else "a list"
        if isinstance(got, list)
        else "null"
        if got is None
        else got
    )
    # pydantic puts the members of a union into the location; the document has no such node
    document.fault(
        faults,
        tuple(place),
        problem=_plain(detail),
        got=got,
        remedy=_remedy(_model_at(model, place[:-1]), name, detail),
    )


def _plain(detail: Any) -> str:
    kinds = {
        "float_parsing": "text in a number",
        "int_parsing": "text in a whole number",
        "finite_number": "not a finite number",
        "date_from_datetime_parsing": "not a date",
        "date_parsing": "not a date",
        "value_error": "not a date",
        "string_pattern_mismatch": "not allowed as a key or code",
        "literal_error": "not one of the choices",
    }
    text: str = detail["msg"]
    return kinds.get(detail["type"], text[:1].lower() + text[1:])


def _remedy(owner: type[BaseModel] | None, name: str, detail: Any) -> str:
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "literal_error":
        return did_you_mean(
            str(detail["input"]),
            [part.strip("' ") for part in str(context["expected"]).replace(" or ", ", ").split(",")],
        )
    if kind == "string_pattern_mismatch":
        return f"text matching {context['pattern']}"
    if kind in ("float_parsing", "finite_number"):
        return "a plain number such as 0.15"
    if kind == "int_parsing":
        return "a whole number such as 2"
    if kind.startswith("date") or kind == "value_error":
        return "a date such as 2026-12-31"
    for bound, word in (("ge", "at least"), ("gt", "more than"), ("le", "at most"), ("lt", "less than")):
        if bound in context:
            return f"{word} {context[bound]}"
    return _meaning(owner, name) or "see tradewind schema"


def _meaning(owner: type[BaseModel] | None, name: str) -> str:
    if owner is None or name not in owner.model_fields:
        return ""
    return owner.model_fields[name].description or ""


def _model_at(model: type[BaseModel], place: Place) -> type[BaseModel] | None:
    current: Any = model
    for step in place:
        if isinstance(current, type) and issubclass(current, BaseModel):
            if step not in current.model_fields:
                return None
            current = current.model_fields[str(step)].annotation
        else:
            current = next((part for part in typing.get_args(current) if part is not Ellipsis), None)
        current = _inner(current)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _inner(annotation: Any) -> Any:
    """The model inside ``X | None``; anything else unchanged."""
    choices = [part for part in typing.get_args(annotation) if part is not type(None)]
    if type(None) in typing.get_args(annotation) and len(choices) == 1:
        return choices[0]
    return annotation
