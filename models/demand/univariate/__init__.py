"""Forecasts of one series of counts or amounts: no customers, no markets, only its past.

- ``fit_smoothing``    exponential smoothing (ETS), every admissible form, several starts, guarded
- ``fit_theta``        the theta method, standard or dynamic optimised
- ``fit_structural``   a structural state space model by statsmodels
- ``fit_naive``        last value, or last cycle: what has to be beaten
- ``fit_combination``  their mean
- ``sample_paths``     sampled futures of any of them, by addressed numbers
"""

from __future__ import annotations

from models.demand.univariate.combination import Combination, fit_combination
from models.demand.univariate.decomposition import is_seasonal, season_indices
from models.demand.univariate.fitted import FittedSeries, sample_paths
from models.demand.univariate.naive import Naive, fit_naive
from models.demand.univariate.smoothing import Smoothing, fit_smoothing
from models.demand.univariate.structural import Structural, fit_structural
from models.demand.univariate.theta import Theta, fit_theta

__all__ = [
    "Combination",
    "FittedSeries",
    "Naive",
    "Smoothing",
    "Structural",
    "Theta",
    "fit_combination",
    "fit_naive",
    "fit_smoothing",
    "fit_structural",
    "fit_theta",
    "is_seasonal",
    "sample_paths",
    "season_indices",
]
