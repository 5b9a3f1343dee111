"""Duty: the value it is charged on and what it comes to.

This part knows ad valorem duty. Which rate holds for an item, origin and territory on a day is read from the
plan's tariff table and
moved by the driver ``duty_rate`` before it comes here.
"""

from __future__ import annotations

from models.compiled import compiled


@compiled
def dutiable_value(
    invoice: float, freight: float, insurance: float, cif_value: bool, invoice_has_freight: bool
) -> float:
    """Value that ad valorem duty is charged on, in the currency of its arguments.

    FOB value is the goods at the port of shipping, CIF value adds freight and insurance. An invoice on CIF,
    DAP or DDP terms holds
    them already: they are taken off for a FOB valuation (never below zero) and not added again for a CIF one.
    """
    if invoice_has_freight:
        return invoice if cif_value else max(invoice - freight - insurance, 0.0)
    return invoice + freight + insurance if cif_value else invoice


@compiled
def parcel_duty(retail_value: float, parcel_value: float, de_minimis: float, rate: float) -> float:
    """Duty on goods in parcels: the rate on their whole retail value where the parcel is worth more than de
    minimis.
    """
    return retail_value * rate if parcel_value > de_minimis else 0.0
