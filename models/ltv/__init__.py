"""Customer lifetime value: fit, expect and sample the orders and the spend of customers."""

from models.ltv.beta_geo import BetaGeoNBD, ModifiedBetaGeoNBD
from models.ltv.customers import Customers
from models.ltv.gamma_gamma import GammaGamma
from models.ltv.priors import NormalPrior, WeakPrior
from models.ltv.sampling import Arrivals, new_customer_path

__all__ = [
    "Arrivals",
    "BetaGeoNBD",
    "Customers",
    "GammaGamma",
    "ModifiedBetaGeoNBD",
    "NormalPrior",
    "WeakPrior",
    "new_customer_path",
]
