"""Whose orders a run brings: counted again by other means, and against the law of the second order."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.demand import RETURN_DAYS, DemandBank, DemandModel, cohort_orders, count_month, demand_multiplier
from models.demand.categories import several_categories
from models.demand.cohort_orders import CohortOrders, pair_of
from models.demand.model import best_of

TRIALS, MONTHS = 12, 14
ONE = np.ones((1, 2))


@pytest.fixture(scope="module")
def bank(model: DemandModel) -> DemandBank:
    return model.draw(range(TRIALS), seed=5, months=MONTHS)


def played(
    bank: DemandBank, effect: np.ndarray, level: np.ndarray
) -> tuple[CohortOrders, np.ndarray, np.ndarray, np.ndarray]:
    """Cohorts, orders (T, month, C), customers won (T, month, Mk, Aq) and multipliers (T, Mk, month)."""
    multipliers = [
        demand_multiplier(bank, j, ONE, np.full((1, bank.markets), effect[j])) for j in range(bank.months)
    ]
    counted = [count_month(bank, j, multipliers[j], level[..., : j + 1]) for j in range(bank.months)]
    orders, won = (np.stack(parts, axis=1) for parts in zip(*counted, strict=True))
    multiplier = np.stack(multipliers, axis=2)
    return cohort_orders(bank, multiplier, level, orders), orders, won, multiplier


@pytest.fixture(scope="module", params=["plan", "shocked"])
def run(bank: DemandBank, request: pytest.FixtureRequest) -> tuple:
    effect = np.ones(MONTHS)
    level = np.ones((TRIALS, bank.markets, bank.channels, MONTHS))
    if request.param == "shocked":
        effect[3:7], effect[9] = 0.5, 1.6
        level[:, 0, :, 2:5], level[:, :, 1, 8:] = 0.4, 1.3
    return (*played(bank, effect, level), level)


def test_customers_won_are_those_of_the_monthly_count(bank: DemandBank, run: tuple) -> None:
    cohorts, _, won, _, _ = run
    paid = np.flatnonzero(bank.stream_channel >= 0)
    grid = cohorts.won[:, paid].reshape(TRIALS, bank.markets, bank.channels, MONTHS)
    assert np.array_equal(np.moveaxis(grid, -1, 1), won)


def test_the_orders_of_everybody_are_all_orders(bank: DemandBank, run: tuple) -> None:
    cohorts, orders, _, multiplier, _ = run
    total = cohorts.known.astype(np.int64)
    for s, c in enumerate(bank.stream_segment):
        for j in range(MONTHS):
            total[:, j, c] += cohorts.orders[:, s, pair_of(j, 0) : pair_of(j, j) + 1].sum(axis=1)
    nobody = np.zeros_like(total)
    per_market = bank.segments // bank.markets
    for t in range(TRIALS):
        for c in range(bank.segments):
            for j in range(MONTHS):
                at = (t * bank.segments + c) * MONTHS + j
                start = bank.steady.offset[at]
                stop = start + bank.whose.anonymous[t, c, j]
                below = bank.steady.mark[start:stop] < np.float32(multiplier[t, c // per_market, j])
                nobody[t, j, c] = below.sum()
    assert np.array_equal(total + nobody, orders)
    assert np.all(cohorts.best <= cohorts.known)
    assert cohorts.best.sum() > 0
    assert nobody.sum() > 0


def test_who_came_back_is_counted_customer_by_customer(bank: DemandBank, run: tuple) -> None:
    cohorts, _, _, multiplier, level = run
    streams, pairs = len(bank.stream_segment), MONTHS * (MONTHS + 1) // 2
    per_market = bank.segments // bank.markets
    for t in (0, TRIALS - 1):
        for s in range(streams):
            market, q = bank.stream_segment[s] // per_market, bank.stream_channel[s]
            for c in range(0, MONTHS, 4):
                reach = np.float32(level[t, market, q, c] if q >= 0 else 1.0)
                first: dict[int, int] = {}
                for j in range(c, MONTHS):
                    at = (t * streams + s) * pairs + pair_of(j, c)
                    for i in range(bank.later.offset[at], bank.later.offset[at + 1]):
                        kept = bank.later.mark[i] < np.float32(multiplier[t, market, j])
                        if kept and bank.later.won[i] < reach:
                            who, age = int(bank.returning.customer[i]), int(bank.returning.age[i])
                            first[who] = min(first.get(who, age), age)
                expected = [sum(age <= days for age in first.values()) for days in RETURN_DAYS]
                assert cohorts.returned[t, s, c].tolist() == expected


def test_returns_grow_with_the_days_and_never_exceed_the_customers(run: tuple) -> None:
    cohorts = run[0]
    assert np.all(np.diff(cohorts.returned, axis=-1) >= 0)
    assert np.all(cohorts.returned[..., -1] <= cohorts.won)
    assert np.all(cohorts.first <= cohorts.orders.sum(axis=2)[..., None])


def test_fewer_orders_are_the_same_cohorts_thinned(bank: DemandBank) -> None:
    level = np.ones((TRIALS, bank.markets, bank.channels, MONTHS))
    base, slump = (played(bank, np.full(MONTHS, effect), level)[0] for effect in (1.0, 0.6))
    assert np.array_equal(base.won, slump.won)
    for name in ("first", "orders", "returned", "known", "best"):
        assert np.all(getattr(slump, name) <= getattr(base, name))
        assert getattr(slump, name).sum() < getattr(base, name).sum()


def test_a_shorter_run_counts_the_same(model: DemandModel) -> None:
    short, long = (model.draw(range(3), seed=5, months=months) for months in (6, MONTHS))
    cohorts = [
        played(bank, np.ones(bank.months), np.ones((3, bank.markets, bank.channels, bank.months)))[0]
        for bank in (short, long)
    ]
    assert np.array_equal(cohorts[0].won, cohorts[1].won[..., :6])
    assert np.array_equal(cohorts[0].orders, cohorts[1].orders[..., : pair_of(6, 0)])
    assert np.array_equal(cohorts[0].known, cohorts[1].known[:, :6])
    assert np.array_equal(cohorts[0].best, cohorts[1].best[:, :6])


def test_the_second_order_comes_with_the_probability_of_the_model(company, model: DemandModel) -> None:
    """BG/NBD: nobody leaves before a second order, so P(second within t) = 1 - (alpha / (alpha + t))^r
    (Fader, Hardie and Lee 2005: the exponential of each, mixed over the gamma law)."""
    flat = dataclasses.replace(
        model,
        parameters="fitted",
        season=dataclasses.replace(
            model.season,
            factor=np.ones_like(model.season.factor),
            log_sd=np.zeros_like(model.season.log_sd),
        ),
        residual=dataclasses.replace(model.residual, on=False),
    )
    trials = 60
    bank = flat.draw(range(trials), seed=3, months=MONTHS)
    level = np.ones((trials, bank.markets, bank.channels, MONTHS))
    multiplier = np.ones((trials, bank.markets, MONTHS))
    none = np.zeros((trials, MONTHS, bank.segments), dtype=np.int64)
    cohorts = cohort_orders(bank, multiplier, level, none)
    large = [
        (s, segment)
        for s, segment in enumerate(bank.stream_segment)
        if flat.known[segment] and cohorts.won[:, s].sum() > 1000
    ]
    assert len(large) >= 4
    for s, segment in large:
        r, alpha, _, _ = (float(flat.fits[segment].params[name]) for name in ("r", "alpha", "a", "b"))
        for place, (days, last) in enumerate(zip(RETURN_DAYS, (10, 7, 1), strict=True)):
            came = int(cohorts.returned[:, s, :last, place].sum())
            whole = int(cohorts.won[:, s, :last].sum())
            expected = 1.0 - (alpha / (alpha + days)) ** r
            assert came / whole == pytest.approx(
                expected, abs=4.0 * np.sqrt(expected * (1 - expected) / whole) + 0.003
            )


def test_the_best_tenth_is_a_tenth_and_orders_most(model: DemandModel) -> None:
    for fit, customers, best in zip(model.fits, model.customers, model.best_customers, strict=True):
        assert best.sum() == np.ceil(0.1 * len(customers) - 1e-9)
        if len(customers):
            expected = fit.expected_orders(customers, days=float(model.clock()[24])).to_numpy()
            assert expected[best].min() >= expected[~best].max()
    assert best_of(np.array([1.0, 2.0, 2.0]), 0.34).tolist() == [False, True, True]


def test_orders_of_two_categories_come_with_the_chance_of_their_lines(bank: DemandBank) -> None:
    category = np.arange(bank.items) % 3
    chance = several_categories(bank, category)
    assert chance.shape == (TRIALS, MONTHS, bank.segments)
    rng = np.random.default_rng(4)
    t, c, draws = 2, 0, 200_000
    lines, mix = bank.lines, bank.mix

    def outcomes(threshold: np.ndarray, other: np.ndarray, count: int) -> np.ndarray:
        at = rng.integers(len(threshold), size=count)
        return np.where(rng.random(count) < threshold[at], at, other[at])

    number = 1 + outcomes(lines.threshold[t, 0, c], lines.other[t, 0, c], draws)
    items = outcomes(mix.threshold[t, 0, c], mix.other[t, 0, c], int(number.sum()))
    order = np.repeat(np.arange(draws), number)
    kinds = np.unique(np.stack([order, category[items]]), axis=1)
    wide = (np.bincount(kinds[0], minlength=draws) >= 2).mean()
    assert chance[t, 0, c] == pytest.approx(wide, abs=4.0 * np.sqrt(wide * (1 - wide) / draws))
    assert np.all(several_categories(bank, np.zeros(bank.items, dtype=np.int64)) < 1e-12)
