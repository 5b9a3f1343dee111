"""Stage 5: from plan, calibration and drivers to the arrays that finance prices with.

No arithmetic of money happens here beyond putting terms into their unit: the books are kept by
``engine.finance``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.drivers import Paths
from engine.finance.books import Books, Lines, MonthInputs, open_books
from engine.finance.spec import (
    TITLE_AT_RECEIPT,
    TITLE_AT_SHIPPING,
    TRIGGERS,
    CompanyTerms,
    FinanceSpec,
    MarketTerms,
    NodeTerms,
    SegmentTerms,
    SupplyTerms,
    Terms,
    terms_of,
)
from engine.plan.plan import Plan
from engine.stages.calibrate import Calibration
from engine.stages.inputs import PricingInputs
from engine.stages.opening import opening_books
from engine.stages.shipping import shipping_per_order
from models.arrays import FloatArray, IntArray
from models.calendar import Calendar
from models.network.movements import Movements

SALES_TAX_LAG_DAYS = 20
"""Days from month end to the remittance of the month's sales tax: no plan says it, so it is listed here."""

REFURBISHED_SHARE = 1.0
"""Cash for a refurbished unit as a share of landed cost: no plan says it, so it is listed here."""

BUYER_PAYS_FREIGHT = ("EXW", "FCA", "FOB")
TITLE_PASSES_AT_RECEIPT = ("DAP", "DDP")


def finance_spec(plan: Plan, calibration: Calibration, calendar: Calendar) -> FinanceSpec:
    """Terms and opening books of the plan, everything in key order."""
    terms = Terms(
        markets=_market_terms(plan, calibration),
        segments=_segment_terms(plan, calibration),
        nodes=_node_terms(plan),
        supply=_supply_terms(plan),
        company=_company_terms(plan, calendar),
    )
    keys = {
        "segment": plan.segment_keys,
        "market": plan.market_keys,
        "node": plan.node_keys,
        "supplier": plan.supplier_keys,
        "item": plan.item_keys,
        "currency": (plan.currency, *plan.currencies),
        "origin": plan.origins,
        "territory": plan.territory_keys,
        "acquisition_channel": plan.acquisition_channel_keys,
    }
    return FinanceSpec(terms=terms, opening=opening_books(plan, calibration, terms, calendar), keys=keys)


def open_block_books(inputs: PricingInputs, trials: int) -> Books:
    """Books of a block of trials at the opening balance."""
    return open_books(inputs.finance, trials)


def month_inputs(
    inputs: PricingInputs,
    paths: Paths,
    month: int,
    moved: Movements,
    *,
    price_level: FloatArray,
    fx: FloatArray,
    spend: FloatArray,
) -> MonthInputs:
    """One month for ``close_month``: movements, and the scenario's drivers on the month's days.

    ``price_level`` (R, market, day) and ``fx`` (T, currency, day) cover the run; ``spend`` (R, market,
    acquisition channel) the month.
    """
    starts = inputs.finance.terms.company.month_start
    window = slice(int(starts[month]), int(starts[month + 1]))
    days = window.stop - window.start
    supply = inputs.finance.terms.supply
    lanes = (1, *supply.freight_per_kg.shape, days)
    table = moved.lines
    return MonthInputs(
        shipped=moved.shipped,
        on_hand=moved.on_hand,
        returns=moved.returns,
        returns_count=moved.returns_count,
        lines=Lines(
            table.day_ordered,
            table.node,
            table.supplier,
            table.item,
            table.units,
            table.left,
            table.port,
            table.cleared,
            table.received,
            table.count,
        ),
        price_level=_solid(price_level[..., window]),
        fx=_solid(_in_window(paths, "fx", fx[..., window], window)),
        duty_rate=_solid(_in_window(paths, "duty_rate", inputs.duty_rate[..., window], window)),
        freight=_solid(_in_window(paths, "freight", np.ones(lanes), window)),
        unit_cost=_solid(_in_window(paths, "unit_cost", np.ones((1, lanes[1], days)), window)),
        spend=_solid(spend),
    )


def _in_window(paths: Paths, name: str, base: FloatArray, window: slice) -> FloatArray:
    """Bounded value of a driver on the days of a window, from its base values there."""
    if paths.is_identity(name):
        return base
    multiplier, offset = paths.effect(name)
    return replace(paths, effects={name: (multiplier[..., window], offset[..., window])}).value(name, base)


def _solid(values: FloatArray) -> FloatArray:
    """The array in one piece, as compiled code reads it."""
    return np.ascontiguousarray(values, dtype=np.float64)


def _positions(keys: Sequence[str]) -> dict[str, int]:
    return {key: position for position, key in enumerate(keys)}


def _days(values: Sequence[float]) -> IntArray:
    """Whole days, halves up."""
    return np.floor(np.asarray(values, dtype=np.float64) + 0.5).astype(np.int64)


def _market_terms(plan: Plan, calibration: Calibration) -> MarketTerms:
    currency, territory = _positions((plan.currency, *plan.currencies)), _positions(plan.territory_keys)
    markets = plan.config.markets
    made: MarketTerms = terms_of(
        MarketTerms,
        currency=[currency[market.currency] for market in markets],
        territory=[territory[market.territory] for market in markets],
        consumption_tax=[market.consumption_tax for market in markets],
        outbound_per_order=[market.outbound_cost_per_order for market in markets],
        return_handling=[market.return_handling_per_unit for market in markets],
        shipping_refund_share=[market.shipping_refund_share for market in markets],
        base_price=calibration.demand.base_price,
    )
    return made


def _segment_terms(plan: Plan, calibration: Calibration) -> SegmentTerms:
    markets, channels = plan.config.markets, plan.config.sales_channels
    node = _positions(plan.node_keys)
    pairs = [(market, channel) for market in markets for channel in channels]
    per_order = calibration.demand.units_per_order
    arcs = [(segment, node[key]) for segment, (market, _) in enumerate(pairs) for key in market.nodes]
    made: SegmentTerms = terms_of(
        SegmentTerms,
        market=np.repeat(np.arange(len(markets)), len(channels)),
        return_node=[node[market.return_node] for market, _ in pairs],
        orders_per_unit=1.0 / np.where(per_order > 0.0, per_order, 1.0),
        expected_units=calibration.demand.expected_units[:, :12].sum(axis=(1, 2)),
        shipping_per_order=shipping_per_order(plan),
        payout_lag=_days([channel.payout_lag_days for _, channel in pairs]),
        reserve_share=[channel.reserve_share for _, channel in pairs],
        reserve_lag=_days([channel.reserve_days for _, channel in pairs]),
        payment_fee_share=[channel.payment_fee_share for _, channel in pairs],
        payment_fee_per_order=[channel.payment_fee_per_order for _, channel in pairs],
        marketplace_fee_share=[channel.marketplace_fee_share for _, channel in pairs],
        arc_segment=[segment for segment, _ in arcs],
        arc_node=[at for _, at in arcs],
    )
    return made


def _node_terms(plan: Plan) -> NodeTerms:
    at = _positions(plan.territory_keys)
    territories, nodes = plan.config.territories, plan.config.nodes
    of_node = [territories[at[node.territory]] for node in nodes]
    made: NodeTerms = terms_of(
        NodeTerms,
        territory=[at[node.territory] for node in nodes],
        pick_per_unit=[node.pick_cost_per_unit for node in nodes],
        pick_per_order=[node.pick_cost_per_order for node in nodes],
        storage_per_unit_month=[node.storage_cost_per_unit_month for node in nodes],
        cif_value=[territory.valuation == "CIF" for territory in of_node],
        entry_fee=[territory.entry_fee for territory in of_node],
        vat_lag=_days([territory.import_vat_recovery_days for territory in of_node]),
        de_minimis=[territory.de_minimis for territory in territories],
    )
    return made


def _supply_terms(plan: Plan) -> SupplyTerms:
    suppliers, nodes = plan.config.suppliers, plan.config.nodes
    currency, origin = _positions((plan.currency, *plan.currencies)), _positions(plan.origins)
    supplier_at, node_at = _positions(plan.supplier_keys), _positions(plan.node_keys)
    freight, insurance = np.zeros((2, len(suppliers), len(nodes)))
    for lane in plan.config.lanes:
        freight[supplier_at[lane.supplier], node_at[lane.node]] = lane.freight_per_kg
        insurance[supplier_at[lane.supplier], node_at[lane.node]] = lane.insurance_share
    first = [plan.suppliers_of_item[item][0] for item in plan.item_keys]
    made: SupplyTerms = terms_of(
        SupplyTerms,
        currency=[currency[supplier.currency] for supplier in suppliers],
        origin=[origin[supplier.country] for supplier in suppliers],
        deposit_share=[supplier.deposit_share for supplier in suppliers],
        trigger=[TRIGGERS.index(supplier.balance_trigger) for supplier in suppliers],
        net_days=_days([supplier.net_days for supplier in suppliers]),
        title=[
            TITLE_AT_RECEIPT if supplier.incoterm in TITLE_PASSES_AT_RECEIPT else TITLE_AT_SHIPPING
            for supplier in suppliers
        ],
        buyer_pays_freight=[supplier.incoterm in BUYER_PAYS_FREIGHT for supplier in suppliers],
        buyer_pays_duty=[supplier.incoterm != "DDP" for supplier in suppliers],
        unit_cost=unit_costs(plan),
        freight_per_kg=freight,
        insurance_share=insurance,
        import_vat=_import_vat(plan),
        weight=plan.items["weight_kg"].to_numpy(dtype=np.float64),
        item_origin=[origin[plan.origin_of_supplier[supplier]] for supplier in first],
    )
    return made


def unit_costs(plan: Plan) -> FloatArray:
    """Purchase price per unit in the supplier's currency, (supplier, item).

    That of the last order line of supplier and item; without one, the item's listed cost, which is in its
    first supplier's currency.
    """
    rates = plan.base_rates
    currency = {supplier.key: supplier.currency for supplier in plan.config.suppliers}
    item_at, supplier_at = _positions(plan.item_keys), _positions(plan.supplier_keys)
    costs = np.zeros((len(supplier_at), len(item_at)))
    for item, listed in zip(plan.item_keys, plan.items["unit_cost"].astype(float), strict=True):
        home = rates[currency[plan.suppliers_of_item[item][0]]]
        for supplier, row in supplier_at.items():
            own = rates[currency[supplier]]
            costs[row, item_at[item]] = listed if own == home else listed * home / own
    log = plan.purchase_orders.sort_values(["ordered_on", "po", "line"], kind="stable")
    last = log.drop_duplicates(["supplier", "item"], keep="last")
    for supplier, item, cost, paid_in in zip(
        last["supplier"], last["item"], last["unit_cost"], last["currency"], strict=True
    ):
        same = paid_in in ("", currency[supplier])
        convert = 1.0 if same else rates[paid_in] / rates[currency[supplier]]
        costs[supplier_at[supplier], item_at[item]] = float(cost) * convert
    return costs


def _import_vat(plan: Plan) -> FloatArray:
    """Import VAT by (supplier, node): none where the supplier is in the node's own territory."""
    share = {territory.key: territory.import_vat for territory in plan.config.territories}
    inside = {(node.territory, node.country) for node in plan.config.nodes}
    inside |= {(market.territory, market.country) for market in plan.config.markets}
    return np.array(
        [
            [
                0.0 if (node.territory, supplier.country) in inside else share[node.territory]
                for node in plan.config.nodes
            ]
            for supplier in plan.config.suppliers
        ]
    )


def _company_terms(plan: Plan, calendar: Calendar) -> CompanyTerms:
    config, finance = plan.config, plan.config.finance
    channels = _positions(plan.sales_channel_keys)
    amounts = dict(
        zip(plan.opening_balance["account"], plan.opening_balance["amount"].astype(float), strict=True)
    )
    capex, contributions = np.zeros((2, calendar.days))
    for investment in finance.capex:
        _put(capex, (investment.day - calendar.start).days, investment.amount)
    for day, amount in finance.contributions:
        _put(contributions, (day - calendar.start).days, amount)
    made: CompanyTerms = terms_of(
        CompanyTerms,
        month_start=calendar.month_start,
        first_month=0,
        spend_segment=np.array(
            [
                [m * len(channels) + channels[way.sales_channel] for way in config.acquisition_channels]
                for m in range(len(config.markets))
            ]
        ).reshape(len(config.markets), len(config.acquisition_channels)),
        spend_lag=_days([way.payment_days for way in config.acquisition_channels]),
        sales_tax_lag=SALES_TAX_LAG_DAYS,
        fixed_monthly=np.full(calendar.months, sum(cost.monthly for cost in finance.fixed_costs)),
        depreciation=_depreciation(plan, calendar, amounts.get("fixed_assets", 0.0)),
        capex=capex,
        contributions=contributions,
        credit_limit=finance.credit.limit,
        credit_rate=finance.credit.rate,
        term_debt=amounts.get("term_debt", 0.0),
        term_debt_rate=finance.term_debt_rate,
        tax_rate=finance.tax.rate,
        tax_lag=int(_days([finance.tax.payment_lag_days])[0]),
        refurbish_cost_share=config.returns.refurbish_cost_share,
        refurbished_share=REFURBISHED_SHARE,
        liquidation_share=config.returns.liquidation_value_share,
        realisable_share=finance.net_realisable_share,
    )
    return made


def _put(by_day: FloatArray, day: int, amount: float) -> None:
    if 0 <= day < len(by_day):
        by_day[day] += amount


def _depreciation(plan: Plan, calendar: Calendar, opening: float) -> FloatArray:
    """Straight-line by month: opening assets until they are used up, investments from the month after."""
    amounts = np.zeros(calendar.months)
    left = opening
    for month in range(calendar.months):
        amounts[month] = min(plan.config.finance.depreciation_monthly, max(left, 0.0))
        left -= amounts[month]
    for investment in plan.config.finance.capex:
        day = (investment.day - calendar.start).days
        if 0 <= day < calendar.days:
            first = int(calendar.month_of_day[day]) + 1
            amounts[first : first + investment.life_months] += investment.amount / investment.life_months
    return amounts
