"""Known answers about lead times: lead-time demand, crossing, residual life, and what dependence does to
stock.
"""

import numpy as np
import pytest
from scipy import special

from models.lead_time import LeadTime, fit_dependence, fit_lane

DAYS = 40_000
TABLE = LeadTime.listed(25.1, 9.0).table()


def test_lead_time_demand_mean_2000_sd_517_687():
    """E[L] = 20, sd 5, D 100 sd 30: sd² = E[L] var D + E[D]² var L; by simulation of a fitted law."""
    law = LeadTime.listed(20.0, 5.0)
    assert np.sqrt(law.mean * 30.0**2 + 100.0**2 * law.sd**2) == pytest.approx(517.687, abs=5e-4)
    generator = np.random.default_rng(1)
    days = law.quantile(generator.random(200_000))
    demand = 100.0 * days + 30.0 * np.sqrt(days) * generator.standard_normal(days.size)
    assert demand.mean() == pytest.approx(2_000.0, rel=0.003)
    assert demand.std() == pytest.approx(517.687, rel=0.01)


def on_order(lead, units=None):
    """Units ordered and not yet there at each day's end, one order a day."""
    last = int(lead.max()) + 1
    size = np.ones(lead.size) if units is None else units
    total = np.zeros(lead.size + last + 1)
    np.add.at(total, np.arange(lead.size), size)
    np.add.at(total, np.arange(lead.size) + lead.astype(np.int64), -size)
    return np.cumsum(total)[last : lead.size]


def test_orders_that_cross_have_variance_110_where_sequential_ones_have_230():
    """One order a day, integer L ~ U{1..5}, on order for L day-ends, D Poisson(10)."""
    generator = np.random.default_rng(2)
    lead = generator.integers(1, 6, 1_000_000)
    crossing = on_order(lead.astype(float), generator.poisson(10.0, lead.size).astype(float))
    # Sum over ages of P(L > age) E[D²] less its squares: 10 sum p + 100 sum p (1 - p).
    chance = np.array([1.0, 0.8, 0.6, 0.4, 0.2])
    assert 10.0 * chance.sum() + 100.0 * (chance * (1.0 - chance)).sum() == pytest.approx(110.0)
    assert crossing.var() == pytest.approx(110.0, rel=0.02)
    single = generator.integers(1, 6, 400_000)
    assert generator.poisson(10.0 * single).var() == pytest.approx(230.0, rel=0.02)


def test_residual_life_of_open_orders_by_stage():
    """Lognormal mean 40 cv .5: age 10/30/50/70 leaves 30.109/19.647/17.973/18.283 days."""
    law = LeadTime.listed(40.0, 20.0)
    for age, expected in ((10.0, 30.109), (30.0, 19.647), (50.0, 17.973), (70.0, 18.283)):
        assert law.mean_residual(age) == pytest.approx(expected, abs=5e-4)
        table = law.residual_table(age)
        middle = special.ndtri((np.arange(200_000) + 0.5) / 200_000)
        assert np.interp(middle, table.scores, table.values).mean() == pytest.approx(expected, rel=1e-3)


def test_dropping_the_open_third_biases_the_mean_from_40_to_35_2():
    generator = np.random.default_rng(3)
    law = LeadTime.listed(40.0, 20.0)
    days, age = law.quantile(generator.random(60_000)), generator.uniform(0.0, 120.0, 60_000)
    done = days <= age
    assert done.mean() == pytest.approx(0.67, abs=0.01)
    assert fit_lane(days[done]).mean == pytest.approx(35.2, abs=0.3)
    assert fit_lane(np.where(done, days, age), observed=done).mean == pytest.approx(40.0, abs=0.3)


def path(generator, persistence):
    noise = generator.standard_normal(DAYS) * np.sqrt(1.0 - persistence**2)
    out = np.empty(DAYS)
    out[0] = generator.standard_normal()
    for day in range(1, DAYS):
        out[day] = persistence * out[day - 1] + noise[day]
    return out


def stock_outs(scores, stock):
    """Share of day-ends on which more is on order than the base stock of daily orders holds."""
    lead = np.ceil(np.interp(scores, TABLE.scores, TABLE.values))
    return float((on_order(lead) > stock).mean()), lead


def test_correlated_lead_times_raise_the_stockout_probability_by_an_order_of_magnitude_at_equal_marginals():
    """Same law, same stock: iid about 1%, AR(1) and a shared port factor 10 to 25% (NETWORK.md, section
    1).
    """
    generator = np.random.default_rng(4)
    iid, lead = stock_outs(generator.standard_normal(DAYS), stock=31)
    own, lead_own = stock_outs(path(generator, 0.95), stock=31)
    shared = np.sqrt(0.6) * path(generator, 0.97) + np.sqrt(0.4) * path(generator, 0.5)
    port, lead_port = stock_outs(shared, stock=31)
    for other in (lead_own, lead_port):
        assert other.mean() == pytest.approx(lead.mean(), rel=0.05)
        assert other.std() == pytest.approx(lead.std(), rel=0.1)
    assert 0.002 < iid < 0.015
    assert own > 10.0 * iid
    assert port > 10.0 * iid
    assert 0.1 < own < 0.3


def test_orders_forced_not_to_cross_are_the_wrong_model():
    """A later order never before an earlier one: arrival = running maximum, the mean grows by a third and
    more.
    """
    generator = np.random.default_rng(5)
    _, lead = stock_outs(generator.standard_normal(DAYS), stock=31)
    arrival = np.maximum.accumulate(np.arange(DAYS) + lead)
    clamped = arrival - np.arange(DAYS)
    assert clamped.mean() > 1.3 * lead.mean()
    assert (on_order(clamped) > 31).mean() > 0.5


def test_the_dependence_that_causes_it_is_estimated_from_the_orders():
    generator = np.random.default_rng(6)
    scores = np.sqrt(0.6) * path(generator, 0.97) + np.sqrt(0.4) * path(generator, 0.5)
    day = np.arange(0, 6_000, 2)
    found = fit_dependence("transit", scores[day], day, np.zeros(day.size), np.zeros(day.size))
    assert found.source == "fitted"
    assert found.port_share + found.supplier_share == pytest.approx(0.6, abs=0.2)
    assert found.factor_persistence >= 0.9
