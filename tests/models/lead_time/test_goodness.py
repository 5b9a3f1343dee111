"""Kaplan-Meier by hand, PIT, and the bootstrap's verdict on right and wrong laws."""

import numpy as np
import pytest

from models.lead_time import fit_lane, goodness_of_fit, kaplan_meier, probability_scores


def test_kaplan_meier_of_the_classical_leukaemia_remissions():
    """Freireich et al. 1963, treated arm, as printed in Kalbfleisch & Prentice (2002) table 1.1."""
    days = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = kaplan_meier(days, [True] * 9 + [False] * 12)
    assert curve.days.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert curve.error[:2] == pytest.approx([0.0764, 0.0869], abs=1e-4)
    assert curve.quantile(0.5) == 23.0
    assert curve.quantile(0.9) == np.inf


def test_without_open_orders_kaplan_meier_is_the_empirical_law():
    days = np.array([3.0, 1.0, 2.0, 2.0, 8.0])
    curve = kaplan_meier(days)
    assert curve.at([0.5, 1.0, 2.0, 7.9, 8.0]) == pytest.approx([1.0, 0.8, 0.4, 0.2, 0.0])
    assert curve.mean() == pytest.approx(days.mean())


def test_late_entries_are_at_risk_only_after_entry():
    curve = kaplan_meier([5.0, 8.0, 9.0], entered=[0.0, 6.0, 0.0])
    assert curve.at_risk.tolist() == [2.0, 2.0, 1.0]
    assert curve.survival == pytest.approx([0.5, 0.25, 0.0])


def right_and_wrong(kind, seed):
    generator = np.random.default_rng(seed)
    right = generator.lognormal(3.4, 0.4, 150)
    wrong = np.where(
        generator.random(150) < 0.5, generator.normal(20.0, 2.0, 150), generator.normal(40.0, 3.0, 150)
    )
    age = generator.uniform(5.0, 120.0, 150)
    for days in (right, wrong):
        observed, entered = np.ones(150, dtype=bool), None
        if kind == "open":
            days, observed = np.minimum(days, age), days <= age
        if kind == "whole days":
            days = np.maximum(np.floor(days + generator.random(150)), 1.0)
        if kind == "late":
            entered = generator.uniform(0.0, 20.0, 150)
            kept = days > entered
            days, observed, entered = days[kept], observed[kept], entered[kept]
        law = fit_lane(days, observed=observed, entered=entered, mixture=False)
        yield goodness_of_fit(law, days, observed=observed, entered=entered, replicates=99, seed=seed)


@pytest.mark.parametrize("kind", ["finished", "open", "whole days", "late"])
def test_the_right_family_passes_and_two_heaps_do_not(kind):
    verdicts = [tuple(right_and_wrong(kind, seed)) for seed in range(5)]
    assert np.median([right.p_value for right, _ in verdicts]) > 0.15
    assert all(wrong.p_value <= 0.03 for _, wrong in verdicts)


def test_pit_values_of_the_right_law_are_uniform():
    days = np.random.default_rng(3).gamma(4.0, 6.0, 2_000)
    scores = probability_scores(fit_lane(days), days)
    assert np.abs(np.sort(scores) - (np.arange(2_000) + 0.5) / 2_000).max() < 0.02


def test_the_verdict_depends_on_the_address_and_on_nothing_else():
    days = np.random.default_rng(3).gamma(4.0, 6.0, 60)
    law = fit_lane(days)
    assert goodness_of_fit(law, days, replicates=40) == goodness_of_fit(law, days, replicates=40)
    assert goodness_of_fit(fit_lane([0.0, 0.0, 3.0, 4.0]), [0.0, 0.0, 3.0, 4.0]).orders == 2
