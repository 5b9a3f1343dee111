"""JSON Schema of ``plan.yaml`` and of a mapping file, generated from the frozen models."""

from __future__ import annotations

import json
from typing import Any

from engine.plan.mappings import Mapping
from engine.plan.schema import PlanConfig

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def plan_schema() -> dict[str, Any]:
    """JSON Schema of ``plan.yaml``."""
    return {"$schema": _DIALECT, **PlanConfig.model_json_schema(), "title": "tradewind plan.yaml"}


def mapping_schema() -> dict[str, Any]:
    """JSON Schema of one file of ``mappings/``."""
    return {"$schema": _DIALECT, **Mapping.model_json_schema(), "title": "tradewind mapping"}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as text, the same for the same models."""
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
