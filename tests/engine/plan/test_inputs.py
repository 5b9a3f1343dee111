"""``plan.yaml`` as a flat list of values."""

from __future__ import annotations

import datetime as dt
import types
import typing
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.plan.inputs import DEFAULT, GIVEN, UNITS, plan_inputs
from engine.plan.load import load_plan
from engine.plan.schema import PlanConfig
from tests.tiny_plan import write_plan


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> PlanConfig:
    return load_plan(write_plan(tmp_path_factory.mktemp("inputs"))).config


def _parts(annotation: Any) -> list[Any]:
    """The annotation and everything inside it."""
    inside = [part for argument in typing.get_args(annotation) for part in _parts(argument)]
    return [annotation, *inside]


def _numeric_fields(model: type[BaseModel], seen: set[type]) -> set[str]:
    seen.add(model)
    found = set()
    for name, field in model.model_fields.items():
        parts = _parts(field.annotation)
        models = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
        if not models and any(part in (float, int) for part in parts):
            found.add(f"{model.__name__}.{name}")
        for inner in models:
            if inner not in seen:
                found |= _numeric_fields(inner, seen)
    return found


def test_every_number_of_the_plan_has_a_unit() -> None:
    assert _numeric_fields(PlanConfig, set()) == set(UNITS)


def test_every_value_is_listed_once_under_a_path_that_finds_it(config: PlanConfig) -> None:
    listed = plan_inputs(config)
    paths = [each.path for each in listed]
    assert len(set(paths)) == len(paths)
    by_path = {each.path: each for each in listed}
    norway = next(market for market in config.markets if market.key == "NO")
    assert by_path["markets[NO].consumption_tax"].value == norway.consumption_tax
    assert by_path["markets[NO].nodes"].value == "oslo; windhoek"
    assert by_path["lanes[supplier=CN1, node=oslo].transit.mean"].value == 35.0
    assert by_path["company.actuals_through"].value == dt.date(2026, 6, 30).isoformat()
    assert by_path["finance.fixed_costs[0].monthly"].unit == "USD a month"


def test_a_default_is_told_from_what_the_plan_gives(config: PlanConfig) -> None:
    source = {each.path: each.source for each in plan_inputs(config)}
    assert source["markets[NO].consumption_tax"] == GIVEN
    assert source["markets[NO].sla_days"] == DEFAULT
    assert source["returns.resale"] == DEFAULT
    assert source["markets[NO].elasticity.mean"] == "assumed"


def test_bounds_and_choices_are_those_of_the_schema(config: PlanConfig) -> None:
    by_path = {each.path: each for each in plan_inputs(config)}
    share = by_path["markets[NA].consumption_tax"]
    assert (share.kind, share.low, share.high, share.strict) == ("number", 0.0, 1.0, False)
    assert by_path["stock_policy.service_level"].strict
    assert by_path["territories[nordic].valuation"].choices == ("FOB", "CIF")
    assert by_path["sales_channels[shop].customer_known"].kind == "yes/no"


def test_plain_data_only(config: PlanConfig) -> None:
    plain = (str, int, float, bool, types.NoneType)
    assert all(isinstance(each.value, plain) for each in plan_inputs(config))


def test_dated_contributions_have_a_day_and_an_amount(config: PlanConfig, tmp_path: Path) -> None:
    finance = config.finance.model_copy(update={"contributions": ((dt.date(2026, 8, 1), -500.0),)})
    by_path = {each.path: each for each in plan_inputs(config.model_copy(update={"finance": finance}))}
    assert by_path["finance.contributions[0].day"].kind == "date"
    assert by_path["finance.contributions[0].amount"].value == -500.0
