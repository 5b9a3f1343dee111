"""Stage 2: from the plan's history to frozen fitted models; runs once, in the parent, and nothing in it is
random.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from engine.plan.content import content_hash
from engine.plan.plan import Plan
from engine.plan.tables import TABLES
from engine.stages.lead_times import customs_servers, listed_lanes
from engine.stages.wiring import planned_shares, primary_nodes
from models.calendar import Calendar
from models.demand import (
    AcquisitionSettings,
    DemandModel,
    DemandSettings,
    MarketSettings,
    Prior,
    SalesChannelSettings,
    fit_demand,
)
from models.demand.settings import EXPECTED_MONTHS
from models.errors import UsageError
from models.fx import FxModel, fit_fx
from models.lead_time import fit_lanes, port_congestion
from models.network.purchasing import PurchasingModel
from models.quantiles import normal_quantile
from models.returns import ReturnsModel, fit_returns
from models.supply import SupplyModel, SupplySpec, open_shipments


@dataclass(frozen=True, eq=False)
class Calibration:
    """Fitted models of a plan, with parameter uncertainty and diagnostics."""

    demand: DemandModel
    supply: SupplyModel
    returns: ReturnsModel
    fx: FxModel
    dispersion: float
    """Variance over mean of units in a day, from the sizes of order lines: compound Poisson."""
    forecast_cv: float
    """Coefficient of variation of the demand forecast, from the residuals of the markets by their orders."""

    def restricted_to(self, plan: Plan) -> Calibration:
        """The same frozen calibration for a plan with some of its markets, nodes, suppliers, ports and
        currencies.

        Nothing is fitted anew, so what is drawn for those that stay does not change; items and channels must
        be the same.
        """
        demand = self.demand
        for name, mine, theirs in (
            ("items", demand.item_keys, plan.item_keys),
            ("sales_channels", demand.sales_channel_keys, plan.sales_channel_keys),
            ("acquisition_channels", demand.channel_keys, plan.acquisition_channel_keys),
            ("actuals_through", demand.start, plan.forecast_start.isoformat()),
        ):
            if mine != theirs:
                raise UsageError(f"calibration: {name} of another plan | got {theirs} | fitted were {mine}")
        return replace(
            self,
            demand=demand.select(plan.market_keys),
            supply=self.supply.select(_supply_spec(plan)),
            returns=self.returns.select(plan.segment_keys),
            fx=self.fx.select(plan.currencies),
        )

    @property
    def digest(self) -> str:
        """Sha256 of the fitted models: two calibrations with the same digest draw the same numbers."""
        parts = (
            self.demand.to_json(),
            self.supply.lead_time.to_json(),
            self.returns.to_json(),
            self.fx.to_json(),
        )
        congestion = repr(sorted(self.supply.congestion.items()))
        text = "|".join((*parts, congestion, repr(self.dispersion)))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def diagnostics(self) -> Mapping[str, Any]:
        """What was fitted, from how much, how well: for the report and the manifest."""
        return {
            "demand": self.demand.diagnostics,
            "lead_time": self.supply.lead_time.diagnostics(),
            "congestion": {port: each.to_dict() for port, each in sorted(self.supply.congestion.items())},
            "fx": {
                "currencies": list(self.fx.currencies),
                "annual_volatility": [float(v) for v in self.fx.annual_volatility],
                "returns": list(self.fx.returns),
            },
            "returns": {"company_share": self.returns.company_share},
            "units_dispersion": self.dispersion,
        }


@dataclass(frozen=True)
class _Fittable:
    """A plan, equal to another of the same content."""

    content: tuple[str, str]
    """The whole configuration, labels included, and the digest of configuration and tables."""
    plan: Plan = field(repr=False, compare=False)

    @classmethod
    def of(cls, plan: Plan) -> _Fittable:
        """Take the content as it stands now: a plan's own ``hash`` is that of its files."""
        tables = {name: getattr(plan, name) for name in TABLES}
        return cls((plan.config.model_dump_json(), content_hash(plan.config, tables)), plan)


def calibrate(plan: Plan) -> Calibration:
    """Fit everything the plan's history can tell; where it is silent the plan's listed figures stand.

    Nothing in it is random, so within a process the last contents are fitted once.
    """
    return _fitted(_Fittable.of(plan))


@lru_cache(maxsize=2)
def _fitted(fittable: _Fittable) -> Calibration:
    plan = fittable.plan
    as_of = plan.config.company.actuals_through
    demand = fit_demand(
        plan.orders,
        plan.spend,
        plan.spend_plan if len(plan.spend_plan) else None,
        settings=demand_settings(plan),
    )
    return Calibration(
        demand=demand,
        supply=_fit_supply(plan),
        returns=fit_returns(plan.orders, segments=plan.segment_keys, items=plan.item_keys, as_of=as_of),
        fx=_fit_fx(plan),
        dispersion=_dispersion(plan.orders),
        forecast_cv=_forecast_cv(demand),
    )


def demand_settings(plan: Plan) -> DemandSettings:
    """What the demand model must know besides the tables."""
    config = plan.config
    return DemandSettings(
        actuals_through=config.company.actuals_through,
        markets=tuple(
            MarketSettings(
                key=market.key,
                currency=market.currency,
                elasticity=Prior(**market.elasticity.model_dump()),
                rate=1.0 / plan.base_rates[market.currency],
            )
            for market in config.markets
        ),
        sales_channels=tuple(
            SalesChannelSettings(channel.key, channel.customer_known) for channel in config.sales_channels
        ),
        acquisition_channels=tuple(
            AcquisitionSettings(channel.key, channel.sales_channel, Prior(**channel.response.model_dump()))
            for channel in config.acquisition_channels
        ),
        items=plan.item_keys,
        list_price=dict(zip(plan.item_keys, plan.items["list_price"].astype(float), strict=True)),
        rates=plan.base_rates,
        season_source=config.season.source,
        season_profile=config.season.profile,
        demand_envelope=config.demand_envelope,
        acquisition_envelope=config.acquisition_envelope,
    )


def _fit_supply(plan: Plan) -> SupplyModel:
    as_of = plan.config.company.actuals_through
    node_port = {node.key: node.port for node in plan.config.nodes}
    servers, lanes = customs_servers(plan), listed_lanes(plan)
    return SupplyModel(
        lead_time=fit_lanes(plan.purchase_orders, lanes, as_of=as_of, servers=servers),
        spec=_supply_spec(plan),
        open=open_shipments(plan.purchase_orders, as_of=as_of, node_port=node_port, servers=servers),
        congestion=port_congestion(plan.purchase_orders, lanes, as_of=as_of, servers=servers),
    )


def _supply_spec(plan: Plan) -> SupplySpec:
    config = plan.config
    suppliers = config.suppliers
    return SupplySpec(
        suppliers=plan.supplier_keys,
        nodes=plan.node_keys,
        ports=plan.port_keys,
        node_port=tuple(node.port for node in config.nodes),
        capacity_per_week=tuple(supplier.capacity_per_week for supplier in suppliers),
        outages_per_year=tuple(supplier.outages_per_year for supplier in suppliers),
        outage_days=tuple(supplier.outage_days for supplier in suppliers),
        closures_per_year=tuple(port.closures_per_year for port in config.ports),
        closure_days=tuple(port.closure_days for port in config.ports),
    )


def _fit_fx(plan: Plan) -> FxModel:
    past = plan.fx[plan.fx["day"] <= pd.Timestamp(plan.config.company.actuals_through)]
    return fit_fx(past, plan.currencies)


def _dispersion(orders: pd.DataFrame) -> float:
    sizes = orders["quantity"].to_numpy(np.float64)
    total = float(sizes.sum())
    return float((sizes * sizes).sum()) / total if total > 0.0 else 1.0


def _forecast_cv(demand: DemandModel) -> float:
    """Exact sums: a market without volume moves no bit."""
    weight = demand.expected_orders.sum(axis=1).reshape(len(demand.market_keys), -1).sum(axis=1)
    total = math.fsum(weight)
    spread = math.fsum(weight * demand.residual.scale()) / total if total > 0.0 else 0.0
    return math.sqrt(math.expm1(spread * spread))


def purchasing_model(plan: Plan, calibration: Calibration) -> PurchasingModel:
    """What the purchasing brain plans with: base expectation, lead times as fitted, shares, service
    target.
    """
    stages = calibration.supply.lead_time
    mean = np.zeros((len(plan.supplier_keys), len(plan.node_keys)))
    variance = np.zeros_like(mean)
    for lane in stages.lanes:
        at = plan.supplier_keys.index(lane.supplier), plan.node_keys.index(lane.node)
        mean[at] = sum(stage.mean for stage in lane.stages)
        variance[at] = sum(stage.sd**2 for stage in lane.stages)
    policy = plan.config.stock_policy
    calendar = Calendar(plan.forecast_start, EXPECTED_MONTHS)
    return PurchasingModel(
        expected_units=np.ascontiguousarray(calibration.demand.expected_units),
        month_days=np.diff(calendar.month_start).astype(np.float64),
        primary_node=primary_nodes(plan),
        lead_mean=mean,
        lead_sd=np.sqrt(variance),
        share=planned_shares(plan),
        safety_score=normal_quantile(policy.service_level),
        cycle_days=policy.order_cycle_days,
        dispersion=calibration.dispersion,
        forecast_cv=calibration.forecast_cv,
        review_days=policy.review_days,
    )
