"""The sampler: exact in law, monotone in the multipliers, local in time, the same bytes however it is cut."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from models.errors import UsageError
from models.ltv import (
    ArrivalSettings,
    BetaGeoNBD,
    Customers,
    ModifiedBetaGeoNBD,
    NewCustomer,
    NormalPrior,
    new_customer_path,
)
from models.streams import key_of

_SPEC = importlib.util.spec_from_file_location("ltv_generate", Path(__file__).with_name("generate.py"))
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)

MODELS = [BetaGeoNBD, ModifiedBetaGeoNBD]
CLOCK = np.concatenate([[0.0], np.cumsum(np.tile([20.0, 31.0, 45.0, 28.0], 9))])
SEED = 20
LIMIT = 4.5


def _model(kind, r=0.5, alpha=60.0, a=0.8, b=2.5):
    return kind.from_parameters(r, alpha, a, b)


def _base(count=400, seed=3):
    return generate.customers(np.random.default_rng(seed), count, 0.6, 45.0, 0.9, 3.2)


def _arrivals(model, customers, trials, **more):
    settings = {"seed": SEED, "name": "test", "clock": CLOCK, "envelope": 2.0, "parameters": "fitted"} | more
    return model.sample_arrivals(customers, ArrivalSettings(**settings), trials)


def _orders(arrivals, customers, demand):
    """Orders by (trial, customer, month) counted from the arrivals by the rule mark < multiplier."""
    trial = np.repeat(np.arange(arrivals.offset.size - 1), np.diff(arrivals.offset))
    counts = np.zeros((arrivals.offset.size - 1, len(customers), 36), dtype=np.int64)
    kept = arrivals.mark < demand[arrivals.month]
    np.add.at(counts, (trial[kept], arrivals.customer[kept], arrivals.month[kept]), 1)
    return counts


GRID = [
    (0, 0, 0),
    (0, 0, 30),
    (0, 0, 900),
    (1, 5, 40),
    (1, 5, 700),
    (3, 200, 210),
    (12, 300, 500),
    (400, 690, 700),
]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("envelope", [1.0, 2.5])
@pytest.mark.parametrize(("x", "recency", "age"), GRID)
def test_sampled_mean_is_the_quadrature(kind, envelope, x, recency, age):
    model = _model(kind)
    copies, trials = 500, range(40 if x < 100 else 8)
    customers = Customers(np.full(copies, x), np.full(copies, float(recency)), np.full(copies, float(age)))
    arrivals = _arrivals(model, customers, trials, envelope=envelope)
    counts = _orders(arrivals, customers, np.ones(36)).reshape(-1, 36).astype(float)
    expected = model.expected_orders_by_month(customers, CLOCK) / copies
    # quarters of the horizon, and the total: z against the sampled spread
    for months in (slice(0, 2), slice(2, 12), slice(12, 36), slice(0, 36)):
        sample = counts[:, months].sum(axis=1)
        error = max(sample.std(ddof=1), np.sqrt(expected[months].sum())) / np.sqrt(sample.size)
        assert abs(sample.mean() - expected[months].sum()) < LIMIT * error


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0.0, 100.0), (4, 150.0, 200.0), (300, 395.0, 400.0)])
@pytest.mark.parametrize("churned", [False, True])
def test_law_equals_event_by_event_simulation_under_demand_and_churn(kind, x, recency, age, churned):
    model, draws = _model(kind), 20_000 if x < 100 else 5_000
    demand = np.where(np.arange(36) % 5 < 2, 0.4, 1.6)
    churn = (
        np.where(np.arange(36) < 6, 1.0, np.where(np.arange(36) < 20, 3.5, 0.0)) if churned else np.ones(36)
    )
    customers = Customers(np.full(500, x), np.full(500, recency), np.full(500, age))
    arrivals = _arrivals(model, customers, range(draws // 500), churn=churn if churned else None)
    ours = _orders(arrivals, customers, demand).reshape(-1, 36)
    truth = generate.futures(
        np.random.default_rng(x + 1),
        draws,
        list(model.params.values()),
        (x, recency, age),
        generate.Months(CLOCK, demand, churn, 2.0),
        shift=model.shift,
    )
    for months in (slice(0, 4), slice(4, 20), slice(20, 36), slice(0, 36)):
        a, b = ours[:, months].sum(axis=1).astype(float), truth[:, months].sum(axis=1).astype(float)
        for transform in (lambda v: v, np.square, lambda v: (v == 0).astype(float)):
            one, other = transform(a), transform(b)
            error = np.sqrt(one.var() / one.size + other.var() / other.size) + 1e-12
            assert abs(one.mean() - other.mean()) < LIMIT * error
    early, late = ours[:, :6].sum(axis=1), ours[:, 6:12].sum(axis=1)
    truth_early, truth_late = truth[:, :6].sum(axis=1), truth[:, 6:12].sum(axis=1)
    assert np.corrcoef(early, late)[0, 1] == pytest.approx(
        np.corrcoef(truth_early, truth_late)[0, 1], abs=0.06
    )


def test_the_number_of_orders_has_the_published_distribution():
    model = _model(BetaGeoNBD)
    new = Customers(np.zeros(500), np.zeros(500), np.zeros(500))
    counts = _orders(_arrivals(model, new, range(60)), new, np.ones(36)).sum(axis=2).ravel()
    n = np.arange(8)
    expected = model.probability_of_orders(n, days=CLOCK[-1])
    observed = np.array([(counts == k).mean() for k in n])
    assert np.all(np.abs(observed - expected) < LIMIT * np.sqrt(expected / counts.size))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize(("r", "start", "end"), [(0.5, 0.0, 900.0), (0.5, 400.0, 1100.0), (12.0, 0.0, 900.0)])
def test_a_new_customers_path_has_the_expected_repeat_orders(kind, r, start, end):
    model = _model(kind, r=r, alpha=20.0)
    key, draws = key_of(SEED, "new"), 10_000
    customer = NewCustomer(tuple(model.params.values()), model.shift, start, end, 1.5)
    counts, none = np.empty(draws), np.empty(0)
    times, marks = np.empty(20_000), np.empty(20_000)
    for i in range(draws):
        n = new_customer_path(customer, 0, np.uint64(i), key, none, none, times, marks)
        assert np.all(np.diff(times[:n]) >= 0)
        assert n == 0 or (times[0] > start and times[n - 1] < end)
        counts[i] = (marks[:n] < 1.0).sum()
    expected = float(model.expected_orders_new(end - start))
    assert abs(counts.mean() - expected) < LIMIT * counts.std() / np.sqrt(draws)


@pytest.mark.parametrize("kind", MODELS)
def test_new_customers_order_again_as_expected_month_by_month(kind):
    model, trials = _model(kind), 400
    counts = np.zeros(36, dtype=np.int64)
    counts[[0, 1, 7]] = [40, 25, 60]
    paths = model.sample_new_customers(
        counts, trials=trials, seed=6, clock=CLOCK, parameters="fitted", envelope=1.4
    )
    # the first order is uniform within its month: average the elapsed time over the month
    shares = (np.arange(400) + 0.5) / 400
    expected = np.zeros(36)
    for cohort in (0, 1, 7):
        start = CLOCK[cohort] + shares * (CLOCK[cohort + 1] - CLOCK[cohort])
        elapsed = np.maximum(CLOCK[:, None] - start[None, :], 0.0)
        expected += counts[cohort] * np.diff(model.expected_orders_new(elapsed).mean(axis=1))
    error = np.sqrt(np.maximum(paths.var("trial").to_numpy(), 1e-12) / trials)
    assert np.all(np.abs(paths.mean("trial").to_numpy() - expected) < LIMIT * np.maximum(error, 0.005))


def test_more_new_customers_in_one_month_add_orders_from_then_on_only():
    model = _model(BetaGeoNBD)
    few, many = np.full(36, 20), np.full(36, 20)
    many[5] = 50
    one, other = (
        model.sample_new_customers(counts, trials=30, seed=6, clock=CLOCK) for counts in (few, many)
    )
    assert np.array_equal(one[:, :5], other[:, :5])
    assert (other >= one).all()
    assert other.sum() > one.sum()


@pytest.mark.parametrize("kind", MODELS)
def test_more_churn_brings_new_customers_fewer_orders_and_changes_nothing_before(kind):
    churn = np.ones(36)
    churn[10:16] = 4.0
    base, more = (
        _model(kind).sample_new_customers(np.full(20, 10), trials=40, seed=6, clock=CLOCK, churn=path)
        for path in (1.0, churn)
    )
    assert np.array_equal(base[:, :10], more[:, :10])
    assert (more <= base).all()
    assert more.sum() < base.sum()


def test_ranks_of_the_truth_among_posterior_draws_are_uniform():
    # simulation-based calibration of the 12-month total in short: the long one is in tests/verify
    prior = NormalPrior(np.log([0.6, 45.0, 0.9, 3.2]), 0.09 * np.eye(4))
    year, ranks = np.array([0.0, 365.25]), []
    for seed in range(60):
        rng = np.random.default_rng(900 + seed)
        truth = np.exp(rng.multivariate_normal(prior.mean, prior.covariance))
        customers, after = generate.customers_and_orders(rng, 400, *truth, ahead=365.25)
        paths = BetaGeoNBD.fit(customers, prior=prior).sample_paths(
            customers, trials=99, seed=seed, clock=year
        )
        total = paths[:, 0].to_numpy() + 0.5 * rng.random(99)
        ranks.append((total < after + 0.25).sum() / 99)
    counts = np.histogram(ranks, bins=6, range=(0.0, 1.0))[0]
    assert ((counts - 10) ** 2 / 10).sum() < 20.5  # 99.9% point of chi-squared(5)


def test_a_path_longer_than_the_buffer_says_so_and_starts_alike():
    key = key_of(SEED, "long")
    long_times, long_marks = np.empty(5000), np.empty(5000)
    customer, none = NewCustomer((5.0, 1.0, 1e-3, 5.0), 0, 0.0, 200.0, 1.0), np.empty(0)
    arguments = (customer, 7, np.uint64(11), key, none, none)
    n = new_customer_path(*arguments, long_times, long_marks)
    times, marks = np.empty(10), np.empty(10)
    assert n > 10
    assert new_customer_path(*arguments, times, marks) == n
    assert np.array_equal(times, long_times[:10])


@pytest.mark.parametrize("kind", MODELS)
def test_a_slump_of_six_months_leaves_all_other_months_as_they_are(kind):
    model, customers = _model(kind), _base()
    slump = np.ones(36)
    slump[8:14] = 0.5
    paths = {
        name: model.sample_paths(
            customers, trials=64, seed=1, clock=CLOCK, demand=demand, envelope=1.5
        ).to_numpy()
        for name, demand in {"base": 1.0, "slump": slump, "boom": 2.0 - slump}.items()
    }
    outside = np.r_[0:8, 14:36]
    assert np.array_equal(paths["base"][:, outside], paths["slump"][:, outside])
    assert np.array_equal(paths["base"][:, outside], paths["boom"][:, outside])
    assert np.all(paths["slump"][:, 8:14] <= paths["base"][:, 8:14])
    assert np.all(paths["base"][:, 8:14] <= paths["boom"][:, 8:14])
    assert paths["slump"][:, 8:14].sum() == pytest.approx(0.5 * paths["base"][:, 8:14].sum(), rel=0.1)


def test_orders_never_fall_when_a_multiplier_rises():
    model, customers = _model(BetaGeoNBD), _base(100)
    arrivals = _arrivals(model, customers, range(20))
    before = np.zeros((20, 100, 36), dtype=np.int64)
    for level in (0.0, 0.3, 0.9, 1.0, 1.7, 2.0):
        counts = _orders(arrivals, customers, np.full(36, level))
        assert np.all(counts >= before)
        before = counts
    assert before.sum() == arrivals.mark.size


def test_more_churn_never_brings_an_order_and_changes_nothing_before():
    model, customers = _model(BetaGeoNBD), _base(300)
    churn = np.ones(36)
    churn[10:16] = 4.0
    base = _orders(_arrivals(model, customers, range(30), churn=np.ones(36)), customers, np.ones(36))
    more = _orders(_arrivals(model, customers, range(30), churn=churn), customers, np.ones(36))
    assert np.array_equal(base[..., :10], more[..., :10])
    assert np.all(more <= base)
    assert more.sum() < base.sum()
    assert np.array_equal(base, _orders(_arrivals(model, customers, range(30)), customers, np.ones(36)))


def test_no_churn_at_all_keeps_everyone():
    model = _model(BetaGeoNBD, a=3.0, b=0.5)
    customers = Customers(np.full(400, 3), np.full(400, 80.0), np.full(400, 80.001))
    counts = _orders(_arrivals(model, customers, range(50), churn=np.zeros(36)), customers, np.ones(36))
    alive = float(model.p_alive(customers)[0])
    expected = alive * (0.5 + 3) / (60 + 80) * CLOCK[-1] * 400
    totals = counts.sum(axis=(1, 2))
    assert abs(totals.mean() - expected) < LIMIT * totals.std() / np.sqrt(50)


@pytest.mark.parametrize("parameters", ["fitted", "draw"])
def test_any_split_of_the_trials_gives_the_same_bytes(parameters):
    customers = _base()
    model = BetaGeoNBD.fit(_base(3000, seed=8))
    whole = _arrivals(model, customers, range(100), parameters=parameters)
    for cut in (1, 37, 64):
        parts = [
            _arrivals(model, customers, part, parameters=parameters) for part in (range(cut), range(cut, 100))
        ]
        for name in ("month", "mark", "customer", "parameters"):
            joined = np.concatenate([getattr(part, name) for part in parts])
            assert joined.tobytes() == getattr(whole, name).tobytes()
        assert np.array_equal(np.concatenate([np.diff(part.offset) for part in parts]), np.diff(whole.offset))


def test_paths_are_the_counted_arrivals():
    customers = _base()
    model = BetaGeoNBD.fit(_base(3000, seed=8))
    arrivals = _arrivals(model, customers, range(5, 80), parameters="draw")
    demand = np.linspace(0.2, 1.9, 36)
    paths = model.sample_paths(
        customers, trials=range(5, 80), seed=SEED, name="test", clock=CLOCK, envelope=2.0, demand=demand
    )
    assert np.array_equal(paths.to_numpy(), _orders(arrivals, customers, demand).sum(axis=1))
    assert paths.dims == ("trial", "month")
    assert paths["trial"].to_numpy().tolist() == list(range(5, 80))


def test_fewer_months_are_the_first_months():
    customers = _base(50)
    model = _model(BetaGeoNBD)
    longer = model.sample_paths(customers, trials=10, seed=2, months=24)
    assert np.array_equal(longer[:, :9], model.sample_paths(customers, trials=10, seed=2, months=9))


def test_a_customer_keeps_its_path_when_others_come_or_the_order_changes():
    base = _base(60)
    keyed = Customers(base.frequency, base.recency, base.age, key=tuple(f"c{i:03d}" for i in range(60)))
    model = _model(BetaGeoNBD)
    whole = _orders(_arrivals(model, keyed, range(12)), keyed, np.ones(36))
    picked = np.array([40, 3, 17])
    some = keyed.select(picked)
    assert np.array_equal(_orders(_arrivals(model, some, range(12)), some, np.ones(36)), whole[:, picked])


def test_drawn_parameters_have_the_fitted_mean_and_covariance():
    model = BetaGeoNBD.fit(_base(3000, seed=8))
    logs = np.log(model.parameters_by_trial(trials=range(20_000), seed=5, name="x"))
    deviation = np.sqrt(np.diag(model.draw_covariance))
    assert np.all(np.abs(logs.mean(axis=0) - model.mean) < LIMIT * deviation / np.sqrt(20_000))
    sampled = np.cov(logs.T) / np.outer(deviation, deviation)
    assert sampled == pytest.approx(model.draw_covariance / np.outer(deviation, deviation), abs=0.05)


def test_customers_who_cannot_leave_are_sampled_too():
    model = BetaGeoNBD.from_parameters(0.8, 50.0, 1e-300, 1.0)
    customers = _base(300)
    totals = (
        model.sample_paths(customers, trials=300, seed=4, clock=CLOCK, parameters="fitted")
        .sum("month")
        .to_numpy()
    )
    expected = ((0.8 + customers.frequency) / (50 + customers.age)).sum() * CLOCK[-1]
    assert abs(totals.mean() - expected) < LIMIT * totals.std() / np.sqrt(300)


def test_nobody_gives_no_arrivals():
    arrivals = _arrivals(_model(BetaGeoNBD), Customers([], [], []), range(3))
    assert arrivals.offset.tolist() == [0, 0, 0, 0]
    assert arrivals.mark.size == 0
    assert arrivals.parameters.shape == (3, 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"envelope": 0.5}, "envelope"),
        ({"clock": np.array([0.0, 5.0, 4.0])}, "clock"),
        ({"clock": np.array([1.0, 5.0])}, "clock"),
        ({"churn": np.full(36, -1.0)}, "churn"),
        ({"churn": np.ones(5)}, "churn"),
        ({"parameters": "guessed"}, "parameters"),
    ],
)
def test_calls_that_cannot_be_meant_are_refused(change, message):
    with pytest.raises(UsageError, match=message):
        _arrivals(_model(BetaGeoNBD), _base(10), range(2), **change)
