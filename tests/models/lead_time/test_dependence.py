"""Loadings and persistence recovered from scores; guards where orders are few."""

import numpy as np
import pytest

from models.lead_time import LISTED, Dependence, fit_dependence, fit_stage_link


def path(generator, days, persistence):
    out = np.empty(days)
    out[0] = generator.standard_normal()
    for day in range(1, days):
        out[day] = persistence * out[day - 1] + np.sqrt(1.0 - persistence**2) * generator.standard_normal()
    return out


def scores(port_share, supplier_share, factor, own, *, days=6_000, every=4, seed=1):
    """Scores of 3 suppliers x 2 ports ordering every few days."""
    generator = np.random.default_rng(seed)
    ports = {p: path(generator, days, factor) for p in "xy"}
    suppliers = {s: path(generator, days, factor) for s in "abc"}
    parts = []
    for s, sup in suppliers.items():
        for p, por in ports.items():
            z = np.sqrt(port_share) * por + np.sqrt(supplier_share) * sup
            z = z + np.sqrt(1.0 - port_share - supplier_share) * path(generator, days, own)
            parts += [(z[d], d, s, p) for d in range(0, days, every)]
    return tuple(np.array(column) for column in zip(*parts, strict=True))


def test_squared_loadings_and_persistence_are_recovered():
    found = fit_dependence("transit", *scores(0.4, 0.25, 0.95, 0.5))
    assert found.source == "fitted"
    assert found.port_share == pytest.approx(0.4, abs=0.08)
    assert found.supplier_share == pytest.approx(0.25, abs=0.08)
    assert found.factor_persistence == pytest.approx(0.95, abs=0.021)


def test_independent_orders_give_small_loadings():
    found = fit_dependence("transit", *scores(0.0, 0.0, 0.9, 0.0))
    assert found.port_share + found.supplier_share < 0.06


def test_a_stage_keeps_out_the_factor_it_does_not_have():
    found = fit_dependence("production", *scores(0.5, 0.2, 0.95, 0.5, days=1_500))
    assert found.port_share == 0.0
    assert found.supplier_share > 0.0


def test_few_pairs_keep_the_listed_figures_and_iid_is_never_the_default():
    z, day, supplier, port = scores(0.4, 0.25, 0.95, 0.5, days=8)
    assert fit_dependence("transit", z[:4], day[:4], supplier[:4], port[:4]) is LISTED["transit"]
    assert all(d.port_share + d.supplier_share > 0.0 and d.factor_persistence > 0.5 for d in LISTED.values())


def test_the_order_of_the_orders_means_nothing():
    z, day, supplier, port = scores(0.4, 0.25, 0.95, 0.5, days=600)
    mixed = np.random.default_rng(0).permutation(z.size)
    one = fit_dependence("transit", z, day, supplier, port)
    other = fit_dependence("transit", z[mixed], day[mixed], supplier[mixed], port[mixed])
    assert one.port_share == pytest.approx(other.port_share, rel=1e-9)
    assert one.pairs == other.pairs


@pytest.mark.parametrize("shares", [(0.7, 0.4), (-0.1, 0.2)])
def test_squared_loadings_that_cannot_sum_to_one_are_refused(shares):
    with pytest.raises(ValueError, match="squared loadings"):
        Dependence(*shares, 0.9, 0.5)


def test_stage_link_is_the_share_of_the_factor_that_stages_have_in_common():
    generator = np.random.default_rng(6)
    common, one, other = generator.standard_normal((3, 20_000))
    a = np.sqrt(0.6) * (np.sqrt(0.7) * common + np.sqrt(0.3) * one) + np.sqrt(
        0.4
    ) * generator.standard_normal(20_000)
    b = np.sqrt(0.6) * (np.sqrt(0.7) * common + np.sqrt(0.3) * other) + np.sqrt(
        0.4
    ) * generator.standard_normal(20_000)
    assert fit_stage_link(a * b, np.full(20_000, 0.6)) == pytest.approx(0.7, abs=0.03)
    assert fit_stage_link([], []) == 0.5
