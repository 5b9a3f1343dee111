"""Online Retail as a plan: its orders, SCMS lead times, ECB rates, US tariffs, and listed assumptions.

No file joins the orders, costs, rates and shipments of one company, so the plan says of every figure whether
it is data or an assumption; ``assumptions.yaml`` lists the latter and ``tradewind check`` prints them.
"""

from __future__ import annotations

from engine.templates.online_retail.write import TEMPLATE, write_online_retail

__all__ = ["TEMPLATE", "write_online_retail"]
