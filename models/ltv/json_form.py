"""Fitted models as JSON, checked when they come back."""

from __future__ import annotations

import json
from typing import Any

from models.errors import FitError


def content_of(text: str, model: str, fields: list[str]) -> dict[str, Any]:
    """The fields of a ``model`` written by its ``to_json``; anything else is refused."""
    try:
        content = json.loads(text)
    except ValueError as error:
        raise FitError(f"model: JSON written by to_json is needed | {error}") from error
    kind = content.pop("model", None) if isinstance(content, dict) else None
    if kind != model:
        raise FitError(f"model: {model} is needed | got {kind}")
    if set(content) != set(fields):
        odd = ", ".join(sorted(set(content) ^ set(fields)))
        raise FitError(f"model: the fields of {model} are needed | missing or unknown: {odd}")
    return dict(content)
