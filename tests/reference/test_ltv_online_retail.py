"""Online Retail (UCI 352): 53 weeks do not show whether customers leave."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.ltv import BetaGeoNBD, Customers, ModifiedBetaGeoNBD, ParetoNBD

_DATA = Path(os.environ.get("TRADEWIND_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


@pytest.fixture(scope="module")
def customers():
    path = _DATA / "online_retail.parquet"
    if not path.exists():
        pytest.skip(f"{path.name} is not in the data folder (TRADEWIND_DATA)")
    frame = pd.read_parquet(path, columns=["CustomerID", "InvoiceDate", "Quantity", "UnitPrice"])
    frame = frame[(frame["Quantity"] > 0) & (frame["UnitPrice"] > 0) & frame["CustomerID"].notna()]
    return Customers.from_orders(
        frame, customer="CustomerID", date="InvoiceDate", observation_end="2011-12-09"
    )


def test_dropout_is_not_identified_and_the_result_says_so(customers):
    fitted = BetaGeoNBD.fit(customers)
    assert len(customers) == 4338
    assert fitted.boundary
    assert "leaving is not identified" in fitted.message
    assert np.isnan(list(fitted.standard_errors.values())).all()


def test_weakly_identified_interior_optimum_and_nbd_limit(customers):
    fitted = BetaGeoNBD.fit(customers)
    assert fitted.params["r"] == pytest.approx(0.82654, abs=5e-5)
    assert fitted.alpha_in("week") == pytest.approx(9.8436, abs=5e-4)
    assert fitted.params["a"] == pytest.approx(0.003437, abs=2e-5)
    assert fitted.params["b"] == pytest.approx(6.7451, abs=0.05)
    assert fitted.loglik_in("week") == pytest.approx(-37645.5376, abs=5e-5)
    weeks = fitted.orders * np.log(7)
    assert fitted.nbd_loglik + weeks == pytest.approx(-37645.6573, abs=5e-5)


def test_the_forecast_is_usable(customers):
    fitted = BetaGeoNBD.fit(customers)
    expected = fitted.expected_orders(customers, days=91.0).sum().item()
    sampled = fitted.sample_paths(customers, trials=200, clock=np.array([0.0, 91.0]))[:, 0].to_numpy()
    assert np.isfinite(expected)
    assert sampled.std() > 0
    assert sampled.mean() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("kind", [BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD])
def test_every_model_gives_a_finite_forecast_without_a_warning(kind, customers):
    fitted = kind.fit(customers)
    assert np.isfinite(fitted.expected_orders(customers, days=365.0).to_numpy()).all()
    assert np.isfinite(fitted.draw_covariance).all()
