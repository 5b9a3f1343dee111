"""Risk: free functions of arrays. Losses are positive; NaN raises; quantiles are linear between order
statistics (type 7).
"""

from engine.risk.concentration import Concentration, concentration, effective_number, herfindahl, top_share
from engine.risk.decisions import maximin, minimax_regret, regret, satisficing_share
from engine.risk.errors import Estimate, estimate, section_bounds, section_count
from engine.risk.measures import (
    breach_probability,
    cash_trough,
    conditional_value_at_risk,
    expected_shortfall_below,
    mean_depth_of_breach,
    quantile,
    time_to_breach,
    time_to_recovery,
    value_at_risk,
)
from engine.risk.mixture import Mixture, mixture
from engine.risk.paired import paired_difference
from engine.risk.scoring import (
    Coverage,
    bias,
    coverage,
    crps,
    crps_normal,
    pinball,
    pit,
    skill,
    wilson_interval,
)

__all__ = [
    "Concentration",
    "Coverage",
    "Estimate",
    "Mixture",
    "bias",
    "breach_probability",
    "cash_trough",
    "concentration",
    "conditional_value_at_risk",
    "coverage",
    "crps",
    "crps_normal",
    "effective_number",
    "estimate",
    "expected_shortfall_below",
    "herfindahl",
    "maximin",
    "mean_depth_of_breach",
    "minimax_regret",
    "mixture",
    "paired_difference",
    "pinball",
    "pit",
    "quantile",
    "regret",
    "satisficing_share",
    "section_bounds",
    "section_count",
    "skill",
    "time_to_breach",
    "time_to_recovery",
    "top_share",
    "value_at_risk",
    "wilson_interval",
]
