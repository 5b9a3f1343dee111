"""Fitted demand as JSON: every number comes back to the bit, nothing is pickled."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any

import numpy as np

from models.demand.basket import Basket
from models.demand.residual import Residual
from models.demand.season import Season
from models.ltv import BetaGeoNBD, Customers

_READABLE = 512
"""Arrays up to this size are written as lists of numbers, longer ones as base64 of their little-endian
bytes."""
_RECORDS = {kind.__name__: kind for kind in (Season, Residual, Basket)}


def dump(content: dict[str, Any]) -> str:
    """JSON text of fields: numbers, strings, tuples, arrays, fitted parts, customers and customer models."""
    return json.dumps({name: _encode(value) for name, value in content.items()}, sort_keys=True)


def load(text: str) -> dict[str, Any]:
    """Fields written by ``dump``."""
    return {name: _decode(value) for name, value in json.loads(text).items()}


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
        held = {"dtype": little.dtype.str, "shape": list(value.shape)}
        if value.size <= _READABLE and np.all(np.isfinite(value)):
            return {"kind": "array", **held, "values": little.reshape(-1).tolist()}
        return {"kind": "array", **held, "base64": base64.b64encode(little.tobytes()).decode("ascii")}
    if isinstance(value, BetaGeoNBD):
        return {"kind": "model", "json": value.to_json()}
    if isinstance(value, Customers):
        columns = {name: _encode(getattr(value, name)) for name in ("frequency", "recency", "age")}
        return {"kind": "customers", "key": list(value.key or ()), **columns}
    if type(value).__name__ in _RECORDS:
        fields = {field.name: _encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"kind": "record", "name": type(value).__name__, "fields": fields}
    if isinstance(value, tuple):
        return {"kind": "tuple", "items": [_encode(item) for item in value]}
    if isinstance(value, dict):
        return {"kind": "dict", "items": {name: _encode(item) for name, item in value.items()}}
    if isinstance(value, np.generic):
        return value.item()
    return value


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kind = value["kind"]
    if kind == "array":
        dtype = np.dtype(value["dtype"])
        if "base64" in value:
            flat = np.frombuffer(base64.b64decode(value["base64"]), dtype=dtype)
        else:
            flat = np.array(value["values"], dtype=dtype)
        return flat.reshape(value["shape"]).astype(dtype.newbyteorder("="))
    if kind == "model":
        return BetaGeoNBD.from_json(value["json"])
    if kind == "customers":
        columns = {name: _decode(value[name]) for name in ("frequency", "recency", "age")}
        return Customers(**columns, key=tuple(value["key"]), operational=True)
    if kind == "record":
        fields = {name: _decode(item) for name, item in value["fields"].items()}
        return _RECORDS[value["name"]](**fields)
    if kind == "tuple":
        return tuple(_decode(item) for item in value["items"])
    return {name: _decode(item) for name, item in value["items"].items()}
