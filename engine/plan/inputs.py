"""``plan.yaml`` as a flat list: every figure with its path, unit, source and what may stand there.

The list goes into the run's manifest and from there into the workbook; a path names one value of the plan, so
that an edited value finds its way back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

import annotated_types as bounds
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.plan.schema import PlanConfig

GIVEN, DEFAULT = "plan.yaml", "default of tradewind"
LIST_SEPARATOR = "; "

UNITS: Mapping[str, str] = {
    "Market.priority": "rank",
    "Market.backlog_share": "share",
    "Market.last_mile_days": "days",
    "Market.sla_days": "days",
    "Market.consumption_tax": "share",
    "Market.outbound_cost_per_order": "{currency} per order",
    "Market.shipping_income_per_order": "market currency per order",
    "Market.shipping_refund_share": "share",
    "Market.return_handling_per_unit": "{currency} per unit",
    "Market.refusal_share": "share",
    "PriceRule.share": "share",
    "PriceRule.lag": "days",
    "PriceRule.floor": "share",
    "Elasticity.mean": "elasticity",
    "Elasticity.sd": "elasticity",
    "SpendResponse.mean": "elasticity",
    "SpendResponse.sd": "elasticity",
    "SalesChannel.payout_lag_days": "days",
    "SalesChannel.reserve_share": "share",
    "SalesChannel.reserve_days": "days",
    "SalesChannel.marketplace_fee_share": "share",
    "SalesChannel.payment_fee_share": "share",
    "SalesChannel.payment_fee_per_order": "{currency} per order",
    "AcquisitionChannel.payment_days": "days",
    "Territory.import_vat": "share",
    "Territory.import_vat_recovery_days": "days",
    "Territory.de_minimis": "{currency}",
    "Territory.entry_fee": "{currency} per entry",
    "Port.servers": "count",
    "Port.closures_per_year": "closures a year",
    "Port.closure_days": "days",
    "Port.clearance_days": "days",
    "Node.pick_capacity": "units a day",
    "Node.storage_capacity": "units",
    "Node.pick_cost_per_unit": "{currency} per unit",
    "Node.pick_cost_per_order": "{currency} per order",
    "Node.storage_cost_per_unit_month": "{currency} per unit and month",
    "Supplier.capacity_per_week": "units a week",
    "Supplier.outages_per_year": "outages a year",
    "Supplier.outage_days": "days",
    "Supplier.deposit_share": "share",
    "Supplier.net_days": "days",
    "Lane.freight_per_kg": "{currency} per kg",
    "Lane.insurance_share": "share",
    "Stage.mean": "days",
    "Stage.sd": "days",
    "StockPolicy.service_level": "share",
    "StockPolicy.review_days": "days",
    "StockPolicy.order_cycle_days": "days",
    "Returns.resale": "share",
    "Returns.refurbish": "share",
    "Returns.liquidate": "share",
    "Returns.scrap": "share",
    "Returns.refurbish_cost_share": "share",
    "Returns.liquidation_value_share": "share",
    "FixedCost.monthly": "{currency} a month",
    "Finance.depreciation_monthly": "{currency} a month",
    "Finance.contributions": "{currency}",
    "Finance.term_debt_rate": "share a year",
    "Finance.discount_rate": "share a year",
    "Finance.net_realisable_share": "share",
    "Capex.amount": "{currency}",
    "Capex.life_months": "months",
    "Credit.limit": "{currency}",
    "Credit.rate": "share a year",
    "Tax.rate": "share",
    "Tax.payment_lag_days": "days",
    "Season.profile": "x",
    "PlanConfig.demand_envelope": "x",
    "PlanConfig.acquisition_envelope": "x",
    "PlanConfig.scenario_weights": "weight",
}
"""Unit of every number of the plan by model and field; a test fails when a field has none."""


@dataclass(frozen=True)
class PlanInput:
    """One value of ``plan.yaml``, ready for people: plain data only."""

    path: str
    value: str | float | int | bool | None
    unit: str
    source: str
    """A citation, ``plan.yaml``, or the default where the plan is silent."""
    meaning: str
    kind: str
    """number | integer | yes/no | date | choice | list | text."""
    low: float | None = None
    high: float | None = None
    strict: bool = False
    """Whether the bounds themselves are excluded."""
    choices: tuple[str, ...] = ()


def plan_inputs(config: PlanConfig) -> tuple[PlanInput, ...]:
    """Every value of a plan in the order of the schema; keys are part of the paths."""
    return tuple(_of_model(config, "", config.company.currency, None))


def _of_model(model: BaseModel, path: str, currency: str, source: str | None) -> Iterator[PlanInput]:
    """Values of one model; ``source`` is set where a default brought the whole model in."""
    for name, field in type(model).model_fields.items():
        if name in _address_fields(model):
            continue
        value = getattr(model, name)
        place = f"{path}.{name}" if path else name
        origin = source or (GIVEN if name in model.model_fields_set else DEFAULT)
        cited = getattr(model, "source", "") if {"mean", "sd"} <= type(model).model_fields.keys() else ""
        if isinstance(value, BaseModel):
            yield from _of_model(value, place, currency, DEFAULT if origin == DEFAULT else None)
        elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            for position, each in enumerate(value):
                inside = f"{place}[{_address(each, position)}]"
                yield from _of_model(each, inside, currency, DEFAULT if origin == DEFAULT else None)
        elif not (cited and name == "source"):
            unit = UNITS.get(f"{type(model).__name__}.{name}", "").format(currency=currency)
            yield from _leaves(place, value, field, unit, str(cited) or origin)


def _address_fields(model: BaseModel) -> tuple[str, ...]:
    """Fields that say which entry of a list this is."""
    fields = type(model).model_fields
    return (
        ("key",) if "key" in fields else ("supplier", "node") if {"supplier", "node"} <= fields.keys() else ()
    )


def _address(model: BaseModel, position: int) -> str:
    names = _address_fields(model)
    if not names:
        return str(position)
    if len(names) == 1:
        return str(getattr(model, names[0]))
    return ", ".join(f"{name}={getattr(model, name)}" for name in names)


def _leaves(path: str, value: Any, field: FieldInfo, unit: str, source: str) -> Iterator[PlanInput]:
    meaning = " ".join((field.description or "").split())
    low, high, strict = _bounds(field)

    def leaf(place: str, each: Any, listed: bool = False) -> PlanInput:
        kind = _kind(each, None if listed else field.annotation)
        shown = each.isoformat() if isinstance(each, dt.date) else each
        choices = tuple(str(c) for c in get_args(field.annotation)) if kind == "choice" else ()
        return PlanInput(
            place, shown, "" if kind == "date" else unit, source, meaning, kind, low, high, strict, choices
        )

    if isinstance(value, Mapping):
        yield from (leaf(f"{path}[{key}]", each, True) for key, each in value.items())
    elif isinstance(value, tuple) and value and isinstance(value[0], tuple):
        for position, (day, amount) in enumerate(value):
            yield leaf(f"{path}[{position}].day", day, True)
            yield leaf(f"{path}[{position}].amount", amount, True)
    elif isinstance(value, tuple) and value and isinstance(value[0], float):
        yield from (leaf(f"{path}[{position}]", each, True) for position, each in enumerate(value))
    elif isinstance(value, tuple):
        yield PlanInput(path, LIST_SEPARATOR.join(map(str, value)), "", source, meaning, "list")
    else:
        yield leaf(path, value)


def _kind(value: Any, annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return "choice"
    kinds = ((bool, "yes/no"), (int, "integer"), (float, "number"), (dt.date, "date"))
    return next((kind for python, kind in kinds if isinstance(value, python)), "text")


def _bounds(field: FieldInfo) -> tuple[float | None, float | None, bool]:
    """Lowest and highest value of a field, and whether they are excluded."""
    low = high = None
    strict = False
    for each in field.metadata:
        if isinstance(each, (bounds.Ge, bounds.Gt)):
            low = float(each.ge if isinstance(each, bounds.Ge) else each.gt)  # type: ignore[arg-type]
            strict |= isinstance(each, bounds.Gt)
        if isinstance(each, (bounds.Le, bounds.Lt)):
            high = float(each.le if isinstance(each, bounds.Le) else each.lt)  # type: ignore[arg-type]
            strict |= isinstance(each, bounds.Lt)
    return low, high, strict
