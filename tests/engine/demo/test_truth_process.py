"""The generator is the process it says it is: closed forms and moments that it shares no code with."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.special import hyp2f1

from engine.demo.clock import MONTHS, Clock
from engine.demo.company import (
    ACQUISITION,
    HISTORY_DAYS,
    MARKETPLACE_ORDERS_PER_DAY,
    MARKETS,
    NODES,
    PORTS,
    RESIDUAL_SD,
    SEASON,
    SUPPLIERS,
    Company,
    MarketTruth,
)
from engine.demo.customers import acquire, monthly_spend, order_times, response_constant
from engine.demo.supply import _through_customs, ship
from tests.demo_orders import generate_orders


def _expected_repeats(r: float, alpha: float, a: float, b: float, days: float) -> float:
    """Fader, Hardie and Lee 2005, equation 9."""
    power = (alpha / (alpha + days)) ** r
    return (a + b - 1) / (a - 1) * (1 - power * hyp2f1(r, b, a + b - 1, days / (alpha + days)))


@pytest.mark.parametrize("market", MARKETS, ids=lambda m: m.key)
@pytest.mark.parametrize("days", [90, 365, 730])
def test_repeat_orders_have_the_mean_of_the_beta_geometric_nbd(market: MarketTruth, days: int) -> None:
    generator = np.random.Generator(np.random.PCG64(11))
    clock = np.arange(days + 1.0)
    repeats = np.asarray([len(order_times(market, clock, 0.0, generator)) - 1 for _ in range(12_000)])
    expected = _expected_repeats(market.r, market.alpha, market.a, market.b, days)
    assert repeats.mean() == pytest.approx(expected, abs=4.0 * repeats.std() / len(repeats) ** 0.5)


def test_a_clock_that_runs_at_another_rate_only_relabels_the_orders() -> None:
    fast = np.concatenate([np.arange(100.0), 99.0 + 3.0 * np.arange(1, 101)])
    flat = np.arange(fast[-1] + 1.0)
    for seed in range(200):
        first = order_times(MARKETS[3], flat, 0.0, np.random.Generator(np.random.PCG64(seed)))
        second = order_times(MARKETS[3], fast, 0.0, np.random.Generator(np.random.PCG64(seed)))
        assert np.allclose(np.interp(second, np.arange(len(fast)), fast), first)


def test_clock_carries_season_and_weekday_without_changing_a_months_days() -> None:
    company = Company.of("demo")
    plain = Clock.of(company, 3, residual=False, season=False)
    seasonal = Clock.of(company, 3, residual=False, season=True)
    lengths = np.diff(plain.starts)
    assert np.allclose(np.diff(plain.elapsed["US"][plain.starts]), lengths)
    expected = lengths * [SEASON[(9 + m) % 12] for m in range(MONTHS)]
    assert np.allclose(np.diff(seasonal.elapsed["US"][seasonal.starts]), expected)
    assert plain.rate("US").std() > 0.04, "weekdays differ"


def test_residual_has_its_spread_mean_one_and_a_common_factor() -> None:
    company = Company.of("demo")
    paths = np.asarray(
        [list(Clock.of(company, seed, residual=True, season=False).residual.values()) for seed in range(400)]
    )
    logs = np.log(paths) + RESIDUAL_SD**2 / 2.0
    assert paths[:, :, 0].mean() == pytest.approx(1.0, abs=0.01)
    assert logs[:, :, 20].std() == pytest.approx(RESIDUAL_SD, rel=0.1)
    assert np.corrcoef(logs[:, 0, 20], logs[:, 3, 20])[0, 1] == pytest.approx(0.5, abs=0.15)
    assert np.corrcoef(logs[:, 0, 20], logs[:, 0, 21])[0, 1] == pytest.approx(0.6, abs=0.15)


def test_new_customers_are_poisson_around_the_response_to_spend() -> None:
    company = Company.of("demo")
    z = []
    for seed in range(12):
        clock = Clock.of(company, seed, residual=False, season=True)
        spend = monthly_spend(company, seed)
        won = acquire(company, clock, seed, spend)
        assert won == sorted(won)
        for (market, channel), path in spend.items():
            expected = response_constant(company, market, channel) * path ** ACQUISITION[channel][2]
            months = clock.month_of_day[[int(t) for t, m, c in won if (m, c) == (market, channel)]]
            z.append((np.bincount(months, minlength=MONTHS) - expected) / expected**0.5)
    scores = np.concatenate(z)
    assert scores.mean() == pytest.approx(0.0, abs=4.0 / len(scores) ** 0.5)
    assert scores.var() == pytest.approx(1.0, abs=0.1)


def test_marketplace_orders_are_poisson_with_season_and_no_trend() -> None:
    history, later = generate_orders(5, residual=False)
    orders = history[history["sales_channel"] == "marketplace"].drop_duplicates("order_id")
    assert (orders["customer_key"] == "").all()
    november = orders["ordered_at"].dt.month.eq(11).sum() / 60.0
    share = sum(m.share for m in MARKETS)
    assert november == pytest.approx(MARKETPLACE_ORDERS_PER_DAY * share * 1.42, rel=0.04)
    after = later[later["sales_channel"] == "marketplace"]["order_id"].nunique()
    assert abs(after - len(orders)) < 4.0 * (after + len(orders)) ** 0.5 + 0.01 * len(orders)


def test_orders_for_truth_tests_come_in_about_a_second_and_end_where_the_continuation_begins() -> None:
    started = time.perf_counter()
    history, later = generate_orders(1)
    assert time.perf_counter() - started < 10.0
    assert history["ordered_at"].max() < later["ordered_at"].min()
    assert str(later["ordered_at"].min())[:10] == "2026-10-01"
    assert (
        set(history.columns)
        == set(later.columns)
        >= {"order_id", "customer_key", "ordered_at", "market", "quantity", "net_price"}
    )
    only = generate_orders(1, markets=("DE",))[0]
    assert only.equals(history[history["market"] == "DE"].reset_index(drop=True))


def test_lead_times_have_their_means_remember_and_share_ports() -> None:
    company = Company.of("demo")
    runs = [ship(company, seed) for seed in range(30)]
    lanes = {(n, s) for n in range(len(NODES)) for s in range(len(SUPPLIERS))}
    days = {
        lane: np.asarray([[x.port - x.shipped for x in run if (x.node, x.supplier) == lane] for run in runs])
        for lane in lanes
    }
    for (n, s), table in days.items():
        floor, mean, _ = NODES[n].transit[SUPPLIERS[s].key]
        assert table.min() > floor
        assert table.mean() == pytest.approx(floor + mean, rel=0.04)
    here = days[1, 0]
    centred = here - here.mean()
    assert (centred[:, 1:] * centred[:, :-1]).mean() / centred.var() > 0.3, "consecutive orders are alike"
    shared = np.corrcoef(days[1, 0].ravel(), days[0, 2].ravel())[0, 1]
    apart = np.corrcoef(days[1, 0].ravel(), days[2, 2].ravel())[0, 1]
    assert shared > 0.25 > 0.15 > apart, "lanes of one port move together"
    assert max(x.received for x in runs[0]) > HISTORY_DAYS


def test_customs_starts_the_first_to_come_at_the_first_free_server() -> None:
    servers = PORTS["los_angeles"][0]
    waiting = [(10.0 + k / 1024, k, 0, 2, 0, 5.0, 4.0, 1.0) for k in range(2 * servers)]
    done = _through_customs(waiting[::-1])
    for k, shipment in enumerate(sorted(done, key=lambda s: s.port)):
        start = shipment.port if k < servers else 14.0 + (k - servers) / 1024
        assert shipment.cleared == start + 4.0
