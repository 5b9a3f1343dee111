"""Levels that wander, spells of congestion: recovered where they are, not found where they are not."""

import numpy as np
import pytest
from scipy import special

from models.congestion import congestion_effect
from models.errors import FitError, UsageError
from models.lead_time import (
    LISTED_CONGESTION,
    Congestion,
    LeadTime,
    fit_congestion,
    fit_drift,
    follow,
    order_scores,
)


def wandering(seed, *, months=90, each=20, share=0.3, persistence=0.95, level=None):
    generator = np.random.default_rng(seed)
    path = np.zeros(months)
    path[0] = generator.normal(0.0, share**0.5)
    for k in range(1, months):
        path[k] = persistence * path[k - 1] + generator.normal(0.0, (share * (1.0 - persistence**2)) ** 0.5)
    day = np.repeat(np.arange(-months + 1, 1) * 30.4375, each)
    return np.repeat(path, each) + generator.normal(0.0, (1.0 - share) ** 0.5, day.size), day, path


def test_level_and_its_variance_are_followed():
    scores, day, path = wandering(2)
    drift = fit_drift(scores, day)
    assert drift.level == pytest.approx(path[-1], abs=0.4)
    assert drift.own_variance == pytest.approx(0.7, abs=0.05)
    assert drift.persistence >= 0.8
    longer = follow(drift, scores[: -20 * 30], day[: -20 * 30], last_day=float(day[-20 * 30 - 1]))
    assert longer.level == pytest.approx(path[-31], abs=0.4)
    assert longer.step_variance == drift.step_variance


def test_intervals_widen_with_the_distance_and_cover_under_drift():
    law = LeadTime.listed(40.0, 20.0)
    inside = []
    for seed in range(10):
        scores, day, _ = wandering(seed, months=72)
        past = day <= -360.0
        drift = fit_drift(scores[past], day[past], last_day=-360.0)
        low, high = drift.interval(law, day[~past])
        days = law.quantile(special.ndtr(scores[~past]))
        inside.append(np.mean((days >= low) & (days <= high)))
        near, far = (np.diff(drift.interval(law, when), axis=0)[0] for when in (-360.0, 300.0))
        assert drift.score(-360.0)[1] <= drift.score(300.0)[1] + 1e-9
        assert near > 0.0
        assert far > 0.0
    assert np.mean(inside) == pytest.approx(0.8, abs=0.08)


def test_scores_of_open_orders_lie_beyond_their_age():
    law = LeadTime.listed(40.0, 20.0)
    done, still = order_scores(law, [60.0, 60.0], [True, False])
    assert still > done
    assert order_scores(law, [1e-9], [False])[0] == pytest.approx(0.0, abs=1e-4)


def test_short_or_broken_histories_are_refused():
    with pytest.raises(FitError, match="months with orders"):
        fit_drift([0.1, 0.2], [-40.0, 0.0])
    with pytest.raises(FitError, match="one finite score"):
        fit_drift([0.1, np.nan], [-40.0, 0.0])


def congested(seed, *, switch):
    generator = np.random.default_rng(seed)
    state, states, level = False, [], [0.0]
    for _ in range(1_500):
        state ^= bool(generator.random() < (1.0 / 50.0 if state else 1.0 / 250.0))
        states.append(state)
        level.append(0.97 * level[-1] + generator.normal(0.0, 0.15 * (1.0 - 0.97**2) ** 0.5))
    day = np.sort(generator.integers(0, 1_500, 500))
    shift = np.log(1.7) * np.array(states)[day] if switch else np.array(level)[day]
    return np.exp(generator.normal(0.0, 0.25, 500) + shift), day, float(np.mean(states))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_switch_is_found_with_its_share_and_size(seed):
    ratio, day, share = congested(seed, switch=True)
    found = fit_congestion(ratio, day)
    assert found.source == "fitted"
    assert found.ratio == pytest.approx(1.7, abs=0.2)
    assert found.share == pytest.approx(share, abs=0.07)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_wandering_level_is_not_a_switch(seed):
    ratio, day, _ = congested(seed, switch=False)
    assert fit_congestion(ratio, day) is LISTED_CONGESTION
    assert fit_congestion(ratio[:9], day[:9]) is LISTED_CONGESTION


def test_congestion_is_a_shock_of_the_listed_share_on_its_port_alone():
    multiplier, offset = congestion_effect(
        {"LA": Congestion(100.0, 50.0, 1.6, "listed")}, ("LA", "RT"), range(400), 3, 300
    )
    assert set(np.unique(multiplier[:, 0])) == {1.0, 1.6}
    assert np.all(multiplier[:, 1] == 1.0)
    assert not offset.any()
    for day in (0, 299):
        assert (multiplier[:, 0, day] > 1.0).mean() == pytest.approx(1.0 / 3.0, abs=0.08)
    with pytest.raises(UsageError, match="unknown ports"):
        congestion_effect({"XX": LISTED_CONGESTION}, ("LA",), range(2), 1, 10)
