"""Customer lifetime value: fit, expect and sample the orders and the spend of customers."""

from models.ltv.beta_geo import BetaGeoNBD, ModifiedBetaGeoNBD
from models.ltv.customers import Customers
from models.ltv.gamma_gamma import GammaGamma
from models.ltv.horizon import ArrivalSettings
from models.ltv.order_model import OrderModel
from models.ltv.pareto import ParetoNBD
from models.ltv.paths import NewCustomer, new_customer_path
from models.ltv.priors import NormalPrior, WeakParetoPrior, WeakPrior
from models.ltv.sampling import Arrivals

__all__ = [
    "ArrivalSettings",
    "Arrivals",
    "BetaGeoNBD",
    "Customers",
    "GammaGamma",
    "ModifiedBetaGeoNBD",
    "NewCustomer",
    "NormalPrior",
    "OrderModel",
    "ParetoNBD",
    "WeakParetoPrior",
    "WeakPrior",
    "new_customer_path",
]
