"""Thin lanes: shrunk between their own few orders and the group, better out of sample than either."""

import numpy as np
import pytest

from models.lead_time.pooling import ThinLane, pool

LISTED = (30.0, 12.0)


def lane(days, observed=None):
    days = np.asarray(days, dtype=np.float64)
    return ThinLane(
        days, np.ones(days.size, dtype=bool) if observed is None else np.asarray(observed), *LISTED
    )


def test_sixty_thin_lanes_predict_new_orders_better_pooled_than_alone_or_merged():
    generator = np.random.default_rng(12)
    means = generator.normal(np.log(33.0), 0.35, 60)
    spreads = np.exp(generator.normal(np.log(0.3), 0.25, 60))
    samples = [
        generator.lognormal(m, s, generator.integers(3, 16)) for m, s in zip(means, spreads, strict=True)
    ]
    fresh = [generator.lognormal(m, s, 200) for m, s in zip(means, spreads, strict=True)]
    pooled = pool([lane(days) for days in samples], range(60))
    everything = np.log(np.concatenate(samples))

    def score(m, s, days):
        return float(np.mean(-0.5 * ((np.log(days) - m) / s) ** 2 - np.log(s)))

    own = np.mean(
        [
            score(np.log(x).mean(), max(np.log(x).std(), 0.05), new)
            for x, new in zip(samples, fresh, strict=True)
        ]
    )
    merged = np.mean([score(everything.mean(), everything.std(), new) for new in fresh])
    ours = np.mean(
        [score(pooled[i].components[0].first, pooled[i].components[0].second, fresh[i]) for i in range(60)]
    )
    assert ours > own + 0.1
    assert ours > merged + 0.1


def test_more_orders_pull_a_lane_less_towards_its_group():
    others = [lane(np.random.default_rng(i).lognormal(np.log(30.0), 0.3, 11)) for i in range(6)]
    far = np.exp(np.log(60.0) + 0.3 * np.array([-1.0, 0.0, 1.0]))
    few = pool([*others, lane(far)], [6])[6]
    many = pool([*others, lane(np.tile(far, 4))], [6])[6]
    assert 31.0 < few.mean < many.mean < 70.0
    assert few.source == "pooled"


def test_a_lane_of_equal_orders_gets_the_spread_of_its_group():
    others = [lane(np.random.default_rng(i).lognormal(np.log(30.0), 0.3, 11)) for i in range(6)]
    law = pool([*others, lane([25.0, 25.0, 25.0])], [6])[6]
    assert law.sd / law.mean > 0.15
    assert law.mean == pytest.approx(27.0, abs=3.5)


def test_an_open_order_older_than_all_finished_ones_lengthens_a_thin_lane():
    done = [28.0, 30.0, 33.0]
    without = pool([lane(done)], [0])[0]
    with_open = pool([lane([*done, 60.0], [True, True, True, False])], [0])[0]
    assert with_open.mean > without.mean + 1.0
    assert with_open.open_orders == 1


def test_a_lane_without_orders_informs_nobody():
    some = [lane([25.0, 31.0, 40.0]), lane([50.0, 61.0, 44.0, 52.0])]
    assert pool(some, [0])[0] == pool([*some, lane([])], [0])[0]
