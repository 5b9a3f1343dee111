"""Orders of one scenario in one block of trials, thinned from the bank of base draws."""

from __future__ import annotations

import numpy as np

from engine.stages.rates import Rates
from models.arrays import FloatArray, IntArray
from models.demand import (
    CohortOrders,
    DemandBank,
    acquisition_levels,
    clipped_share,
    cohort_orders,
    count_month,
    demand_multiplier,
)


class ScenarioOrders:
    """Orders of a scenario month by month; spend decided by a response thins only the cohorts to come.
    ``base_spend`` (market, acquisition channel, month) is the planned spend in company currency.
    """

    def __init__(self, base_spend: FloatArray, bank: DemandBank, rates: Rates) -> None:
        self.base_spend = base_spend
        self.bank = bank
        self.rates = rates
        trials = len(bank.trials)
        shape = (trials, len(bank.market_keys), len(bank.channel_keys))
        self.level = np.ones((*shape, bank.months))
        self.spend = np.zeros((trials, bank.months, *shape[1:]))
        self.multiplier = np.ones((*shape[:2], bank.months))
        self.over: list[float] = []

    def month(self, month: int, spend_share: FloatArray) -> tuple[IntArray, IntArray]:
        """Orders (trial, segment) and customers won (trial, market, acquisition channel) of a month."""
        rates, bank = self.rates, self.bank
        ratio = rates.spend[..., month] * spend_share[:, None, None]
        self.level[..., month] = acquisition_levels(
            np.ascontiguousarray(ratio), np.ascontiguousarray(rates.cac[..., month]), bank.response
        )
        self.spend[:, month] = self.base_spend[None, :, :, month] * ratio
        multiplier = demand_multiplier(
            bank,
            month,
            rates.price_by_month[..., month],
            rates.demand[..., month],
            rates.elasticity[0][..., month],
            rates.elasticity[1][..., month],
        )
        self.multiplier[..., month] = multiplier
        self.over.append(clipped_share(bank, multiplier))
        return count_month(bank, month, multiplier, self.level[..., : month + 1])

    def take(self, base: ScenarioOrders, months: int) -> None:
        """Take over what base asked for and spent in the first months."""
        self.level[..., :months] = base.level[..., :months]
        self.multiplier[..., :months] = base.multiplier[..., :months]
        self.spend[:, :months] = base.spend[:, :months]
        self.over[:] = base.over[:months]

    @property
    def asked(self) -> tuple[FloatArray, FloatArray]:
        """Multipliers (trial, market, month) and levels (trial, market, acquisition channel, month)."""
        return self.multiplier, self.level

    def customers(self, orders: IntArray) -> CohortOrders:
        """Who placed the orders (trial, month, segment) of all months."""
        return cohort_orders(self.bank, self.multiplier, self.level, orders)
