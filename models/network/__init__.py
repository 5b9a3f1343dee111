"""The fulfilment network: suppliers, ports with customs, nodes and markets, in two engines with the same bytes.

Sequence of a day: (0) calendars; (1) receive what is available, returns included; (2) serve backlog, oldest first; (3) serve today's
demand; (4) review the inventory position after demand; (5) orders leave the buyer, suppliers make the day's units; (6) record. The
exposure of a review that follows demand is max(1, ceil(lead time)) days: a textbook that reviews before demand calls our L its L - 1.
"""
