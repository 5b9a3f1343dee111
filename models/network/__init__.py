"""The fulfilment network: suppliers, ports with customs, nodes and markets, in two engines with the same
bytes.

Sequence of a day: (0) calendars; (1) receive what is available, returns included; (2) serve backlog, oldest
first; (3) serve today's
demand; (4) review the inventory position after demand; (5) orders leave the buyer, suppliers make the
day's units; (6) record. The
exposure of a review that follows demand is max(1, ceil(lead time)) days: a textbook that reviews before
demand calls our L its L - 1.
"""

from models.network.controls import Controls
from models.network.draws import Draws, daily_capacity, quantise
from models.network.movements import Movements, concatenate
from models.network.simulation import advance, simulate
from models.network.spec import GRADES, UNLIMITED, Network
from models.network.state import OpenOrders, State, initial_state

__all__ = [
    "GRADES",
    "UNLIMITED",
    "Controls",
    "Draws",
    "Movements",
    "Network",
    "OpenOrders",
    "State",
    "advance",
    "concatenate",
    "daily_capacity",
    "initial_state",
    "quantise",
    "simulate",
]
