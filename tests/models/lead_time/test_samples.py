"""fit_lanes on plain durations: own fits, pooled thin lanes with a predictive t, all faults at once."""

import numpy as np
import pytest
from scipy import special, stats

from models.errors import FitError, UsageError
from models.lead_time import Predictive, fit_lane, fit_lanes


def generated(seed):
    generator = np.random.default_rng(seed)
    means = generator.normal(np.log(33.0), 0.35, 60)
    spreads = np.exp(generator.normal(np.log(0.3), 0.25, 60))
    samples = {
        f"{i:02}": generator.lognormal(means[i], spreads[i], generator.integers(3, 16)) for i in range(60)
    }
    fresh = {f"{i:02}": generator.lognormal(means[i], spreads[i], 300) for i in range(60)}
    return samples, fresh


def log_score(log_density, fresh):
    """Mean log density of the log days, a scale on which lanes compare."""
    return float(np.mean([np.mean(log_density(key, days) + np.log(days)) for key, days in fresh.items()]))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_predictive_t_of_thin_lanes_scores_better_than_alone_and_than_merged(seed):
    samples, fresh = generated(seed)
    laws = fit_lanes(samples, thin=99)
    logs = {key: np.log(days) for key, days in samples.items()}
    merged = np.concatenate(list(logs.values()))
    pooled = log_score(lambda key, days: laws[key].predictive.log_density(days), fresh)
    alone = log_score(
        lambda key, days: (
            stats.norm(logs[key].mean(), logs[key].std(ddof=1)).logpdf(np.log(days)) - np.log(days)
        ),
        fresh,
    )
    together = log_score(
        lambda key, days: stats.norm(merged.mean(), merged.std()).logpdf(np.log(days)) - np.log(days), fresh
    )
    assert pooled > alone + 0.05
    assert pooled > together + 0.1


def test_predictive_t_covers_new_orders_as_it_says():
    samples, fresh = generated(4)
    laws = fit_lanes(samples, thin=99)
    inside = [
        (days >= laws[key].predictive.quantile(0.1)) & (days <= laws[key].predictive.quantile(0.9))
        for key, days in fresh.items()
    ]
    assert np.mean(inside) == pytest.approx(0.8, abs=0.05)


def test_the_predictive_is_the_student_t_of_the_log():
    law = Predictive(3.4, 0.4, 6.0)
    theirs = stats.t(6.0, 3.4, 0.4)
    days = np.array([5.0, 30.0, 90.0])
    assert law.log_density(days) == pytest.approx(theirs.logpdf(np.log(days)) - np.log(days))
    assert law.cdf(days) == pytest.approx(theirs.cdf(np.log(days)))
    assert law.cdf(law.quantile([0.1, 0.7])) == pytest.approx([0.1, 0.7])


def test_degrees_of_freedom_match_the_variance_of_the_log_spread():
    few = fit_lanes({"a": [20.0, 30.0, 25.0], "b": [33.0, 60.0, 41.0]}, thin=9)["a"].predictive
    many = fit_lanes({"a": np.tile([20.0, 30.0, 25.0], 9), "b": [33.0, 60.0, 41.0]}, thin=99)["a"].predictive
    assert few.degrees < many.degrees
    assert special.polygamma(1, few.degrees / 2.0) > 0.0


def test_thick_lanes_keep_their_own_fit_and_order_means_nothing():
    generator = np.random.default_rng(2)
    lanes = {"thick": generator.gamma(6.0, 5.0, 80), "thin": [22.0, 31.0], "new": [], "same": [30.0] * 20}
    laws = fit_lanes(lanes)
    assert laws["thick"] == fit_lane(lanes["thick"])
    assert {key: law.source for key, law in laws.items()} == {
        "new": "pooled",
        "same": "pooled",
        "thick": "fitted",
        "thin": "pooled",
    }
    assert (laws["thick"].own_weight, laws["new"].own_weight) == (1.0, 0.0)
    assert 0.0 < laws["thin"].own_weight < 1.0
    assert fit_lanes(dict(reversed(lanes.items()))) == laws


def test_open_orders_of_a_thin_lane_count():
    base = {"a": [20.0, 30.0, 25.0, 28.0], "b": [33.0, 60.0, 41.0]}
    older = fit_lanes(base | {"b": ([33.0, 60.0, 41.0, 120.0], [True, True, True, False])})
    assert older["b"].mean > fit_lanes(base)["b"].mean
    assert older["b"].open_orders == 1


def test_faults_of_all_lanes_come_at_once_by_name():
    with pytest.raises(FitError) as caught:
        fit_lanes({"a": [1.0, -2.0, np.nan], "b": ([3.0], [True, False]), "c": [5.0, 6.0]})
    lines = str(caught.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["a", "b"]
    with pytest.raises(FitError, match="no finished order above zero days on any"):
        fit_lanes({"a": ([3.0, 4.0], [False, False]), "b": [0.0]})
    with pytest.raises(UsageError, match="belong to a purchase-order log"):
        fit_lanes({"a": [1.0, 2.0]}, servers={"LA": 1})


def test_all_faults_of_one_lane_come_at_once():
    with pytest.raises(FitError) as caught:
        fit_lane([1.0, -2.0, np.inf], observed=[False, False, False], entered=[0.0, -1.0])
    text = str(caught.value)
    assert len(text.splitlines()) == 4
    assert all(part in text for part in ("not negative", "one length", "ages at entry", "no finished order"))
    for wrong in (["a", "b"], [[1.0, 2.0], [3.0, 4.0]]):
        with pytest.raises(FitError):
            fit_lane(wrong)
    with pytest.raises(FitError, match="True or False"):
        fit_lane([1.0, 2.0], observed=[1.0, 0.5])
    with pytest.raises(FitError, match="entered at or after"):
        fit_lane([4.0, 9.0, 12.0], entered=[5.0, 0.0, 0.0])
    with pytest.raises(FitError, match="unknown or none"):
        fit_lane([4.0, 9.0, 12.0], family_names=("normal",))
    with pytest.raises(FitError, match="two different finished durations"):
        fit_lane([7.0])


@pytest.mark.parametrize(
    ("floor", "problem"), [("zz", "floor: at least 0"), (-3.0, "floor"), (50.0, "a: floor")]
)
def test_a_floor_that_cannot_be_is_a_fault_not_a_reason_to_pool(floor: float | str, problem: str) -> None:
    days = np.linspace(10.0, 30.0, 40)
    with pytest.raises(FitError, match=problem):
        fit_lanes({"a": days, "b": 2.0 * days}, floor=floor)
