"""Lead times: censored fits per lane and stage, pooling, dependence, residual life of open orders.

What the part assumes: stages depend on each other only through the port and supplier factors; durations are
continuous although dates are whole days; a finished order of zero days is a point mass; past outages and
closures stay in the durations they lengthened.
"""

from models.lead_time.dependence import LISTED, LISTED_STAGE_LINK, Dependence, fit_dependence, fit_stage_link
from models.lead_time.distribution import NEVER, SCORES, Component, LeadTime
from models.lead_time.fit import fit_lane
from models.lead_time.history import RECEIPT_WAIT, STAGES, service_starts, shipments, stage_days
from models.lead_time.lanes import THIN, ListedLane, fit_lanes
from models.lead_time.model import Lane, LeadTimeModel

__all__ = [
    "LISTED",
    "LISTED_STAGE_LINK",
    "NEVER",
    "RECEIPT_WAIT",
    "SCORES",
    "STAGES",
    "THIN",
    "Component",
    "Dependence",
    "Lane",
    "LeadTime",
    "LeadTimeModel",
    "ListedLane",
    "fit_dependence",
    "fit_lane",
    "fit_lanes",
    "fit_stage_link",
    "service_starts",
    "shipments",
    "stage_days",
]
