"""The fulfilment network: suppliers, ports with customs, nodes and markets, in two engines with the same
bytes.

Sequence of a day: (0) calendars; (1) receive what is available, returns and transfers included; (2) serve
backlog, oldest first; (3) serve today's demand; (4) send stock between nodes, then review the inventory
position after demand; (5) orders leave the buyer, suppliers make the day's units; (6) record. The exposure of
a review that follows demand is max(1, ceil(lead time)) days: a textbook that reviews before demand calls our
L its L - 1. README.md describes the fields of a network and the limits of the model.
"""

from models.network.controls import Controls
from models.network.draws import Draws, daily_capacity, quantise
from models.network.laws import Law, read_law
from models.network.movements import Movements, concatenate
from models.network.parts import GRADES, UNLIMITED
from models.network.policy import POLICIES, Policy
from models.network.sampling import draw
from models.network.simulation import advance, event_log, opening_stock, simulate
from models.network.spec import Network
from models.network.state import OpenOrders, State, initial_state

__all__ = [
    "GRADES",
    "POLICIES",
    "UNLIMITED",
    "Controls",
    "Draws",
    "Law",
    "Movements",
    "Network",
    "OpenOrders",
    "Policy",
    "State",
    "advance",
    "concatenate",
    "daily_capacity",
    "draw",
    "event_log",
    "initial_state",
    "opening_stock",
    "quantise",
    "read_law",
    "simulate",
]
