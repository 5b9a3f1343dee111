"""Poisson units by market, item and day."""

import numpy as np
import pytest
from scipy import stats

from models.network import Network, draw
from models.network.sampling import fill_poisson, poisson_tables
from models.streams import keys_of, sequence_word, words4

MEANS = np.array([0.0, 0.03, 2.0, 41.5, 3000.0])
KEYS = keys_of(9, [f"network/demand/m/{k}" for k in range(len(MEANS))])[None]


def drawn(trials: int, days: int, first_trial: int = 0) -> np.ndarray:
    out = np.full((trials, days, 1, len(MEANS)), -7, dtype=np.int32)
    edges, table = poisson_tables(MEANS)
    fill_poisson(out, KEYS, np.arange(len(MEANS))[None], edges, table, first_trial)
    return out


@pytest.mark.parametrize("item", range(len(MEANS)))
def test_units_are_the_inverse_of_48_addressed_bits(item: int) -> None:
    units = drawn(2, 61)[:, :, 0, item]
    for trial in range(2):
        start = np.uint64(words4(KEYS[0, item], trial, 0, 0)[0])
        for day in range(61):
            lead = int(sequence_word(start, day // 4)) >> (48 - 16 * (day % 4)) & 0xFFFF
            more = int(words4(KEYS[0, item], trial, day, 1)[0]) >> 32
            u = (lead << 32 | more) / 2.0**48
            # the distribution function in steps of 2**-48: one unit either way only within that of a step
            below, at = stats.poisson.cdf([units[trial, day] - 1, units[trial, day]], MEANS[item])
            assert below - 2.0**-46 <= u <= at + 2.0**-46


@pytest.mark.parametrize("item", [1, 2, 3])
def test_units_follow_the_law(item: int) -> None:
    units = drawn(40, 400)[:, :, 0, item].ravel()
    cut = np.unique(stats.poisson.ppf(np.linspace(0.05, 0.95, 10), MEANS[item])).astype(int)
    seen = np.bincount(np.searchsorted(cut, units), minlength=len(cut) + 1)
    expected = np.diff(np.concatenate([[0.0], stats.poisson.cdf(cut, MEANS[item]), [1.0]])) * len(units)
    assert stats.chisquare(seen, expected).pvalue > 1e-4


def test_a_block_or_a_longer_year_changes_nothing() -> None:
    whole = drawn(3, 50)
    assert np.array_equal(drawn(1, 50, first_trial=2)[0], whole[2])
    assert np.array_equal(drawn(3, 33), whole[:, :33])


def test_other_laws_stand_beside_poisson() -> None:
    network = Network.from_dict(
        {
            "suppliers": {"mill": {}},
            "ports": {"harbour": {"servers": 1}},
            "nodes": {"depot": {"port": "harbour"}},
            "lanes": [{"from": "mill", "to": "depot", "transit": 9}],
            "items": {"tea": {}, "pot": {}, "lid": {}},
            "markets": {
                "north": {
                    "nodes": ["depot"],
                    "demand": {
                        "tea": {"family": "poisson", "mean": 4},
                        "pot": {"family": "constant", "value": 3},
                        "lid": {"family": "uniform", "low": 10, "high": 12},
                    },
                }
            },
        }
    )
    demand = draw(network, days=60, trials=3).demand[:, :, 0]
    assert demand.min() >= 0
    by_item = dict(zip(network.items, np.moveaxis(demand, -1, 0), strict=True))
    assert set(np.unique(by_item["pot"])) == {3}
    assert set(np.unique(by_item["lid"])) == {10, 11, 12}
    assert 3.0 < by_item["tea"].mean() < 5.0
