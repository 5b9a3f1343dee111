"""Lead times: censored fits per lane and stage, pooling, dependence, residual life of open orders.

What the part assumes: stages depend on each other only through the port and supplier factors; durations are
continuous although dates are whole days; a finished order of zero days is a point mass; past outages and
closures stay in the durations they lengthened.
"""

from models.lead_time.dependence import LISTED, LISTED_STAGE_LINK, Dependence, fit_dependence, fit_stage_link
from models.lead_time.distribution import NEVER, SCORES, Component, LeadTime, Predictive
from models.lead_time.drift import Drift, fit_drift, follow, order_scores
from models.lead_time.fit import fit_lane
from models.lead_time.goodness import Goodness, goodness_of_fit, probability_scores
from models.lead_time.history import RECEIPT_WAIT, STAGES, service_starts, shipments, stage_days
from models.lead_time.kaplan_meier import KaplanMeier, kaplan_meier
from models.lead_time.kpis import lead_time_kpis
from models.lead_time.lanes import THIN, ListedLane, fit_lanes
from models.lead_time.model import Lane, LeadTimeModel
from models.lead_time.ports import CONGESTED_STAGES, port_congestion
from models.lead_time.regimes import LISTED_CONGESTION, Congestion, fit_congestion
from models.lead_time.samples import fit_samples
from models.lead_time.summary import lead_time_summary
from models.lead_time.tail import Tail, fit_tail

__all__ = [
    "CONGESTED_STAGES",
    "LISTED",
    "LISTED_CONGESTION",
    "LISTED_STAGE_LINK",
    "NEVER",
    "RECEIPT_WAIT",
    "SCORES",
    "STAGES",
    "THIN",
    "Component",
    "Congestion",
    "Dependence",
    "Drift",
    "Goodness",
    "KaplanMeier",
    "Lane",
    "LeadTime",
    "LeadTimeModel",
    "ListedLane",
    "Predictive",
    "Tail",
    "fit_congestion",
    "fit_dependence",
    "fit_drift",
    "fit_lane",
    "fit_lanes",
    "fit_samples",
    "fit_stage_link",
    "fit_tail",
    "follow",
    "goodness_of_fit",
    "kaplan_meier",
    "lead_time_kpis",
    "lead_time_summary",
    "order_scores",
    "port_congestion",
    "probability_scores",
    "service_starts",
    "shipments",
    "stage_days",
]
