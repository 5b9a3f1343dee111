"""The network's decisions of a month: levels of the purchasing brain, cut and capped by the playbooks."""

from __future__ import annotations

import numpy as np

from engine.responses import MonthControl, NetworkControl
from models.arrays import IntArray
from models.network.controls import Controls
from models.network.purchasing import PurchasingModel
from models.network.spec import UNLIMITED


def month_controls(
    model: PurchasingModel,
    levels: tuple[IntArray, IntArray],
    window: tuple[int, int],
    asked: MonthControl,
    control: NetworkControl,
) -> Controls:
    """Controls of a month whose first day and day after the last are ``window``, from reorder and order-up-to
    ``levels`` in units, each (trial, node, item).

    One period per state of the responses, and a last one without orders for the days between reviews.
    """
    reorder, up_to = levels
    start, stop = window
    cuts = (*asked.change_days, stop - start)
    open_periods = len(cuts) - 1
    period_of_day = np.zeros(stop, dtype=np.int64)
    for period in range(open_periods):
        period_of_day[start + cuts[period] : start + cuts[period + 1]] = period
    period_of_day[np.arange(stop) % model.review_days != 0] = open_periods
    reorder_level = np.full((len(reorder), open_periods + 1, *reorder.shape[1:]), -UNLIMITED, dtype=np.int64)
    reorder_level[:, :open_periods] = reorder[:, None]
    return Controls(
        reorder_level=reorder_level,
        order_up_to=np.repeat(up_to[:, None], open_periods + 1, axis=1),
        period_of_day=period_of_day,
        share=np.repeat(model.share[None, None], open_periods + 1, axis=1),
        purchase_cap=_purchase_cap(model, reorder_level.shape, up_to - reorder, asked),
        failover_on=np.array([control.failover_on]),
        failover_delay=control.failover_delay,
    )


def _purchase_cap(
    model: PurchasingModel, shape: tuple[int, ...], cycle_units: IntArray, asked: MonthControl
) -> IntArray:
    """Most units a review may order: the capped share of the demand expected until the next review."""
    cap = np.full(shape, UNLIMITED, dtype=np.int64)
    if np.any(np.isfinite(asked.purchase_share)):
        expected = cycle_units * (model.review_days / model.cycle_days)
        for period, first in enumerate(asked.change_days):
            share = asked.purchase_share[:, first]
            capped = np.flatnonzero(np.isfinite(share))
            cap[capped, period] = np.ceil(share[capped, None, None] * expected[capped])
    return cap
