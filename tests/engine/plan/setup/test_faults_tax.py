"""Prices that include a tax which no file names are net of the standard rate of the country."""

import pytest

from engine.plan.faults import Faults
from engine.plan.reading.reader import read_export
from engine.plan.setup.channels import sales_channels
from engine.plan.setup.defaults import number, standard_tax
from engine.plan.setup.gather import Gathered, groups_of
from engine.plan.setup.money import channel_terms
from engine.plan.setup.sales import sales

AMAZON = (
    "amazon-order-id\tpurchase-date\torder-status\tsales-channel\tproduct-name\tsku\tquantity\tcurrency\t"
    "item-price\titem-tax\tshipping-price\titem-promotion-discount\tship-promotion-discount\tship-country\n"
    "1\t2025-01-03T10:00:00+00:00\tShipped\tAmazon.de\tBrush\tB-1\t1\tEUR\t119.00\t{tax}\t\t\t\tDE\n"
    "2\t2025-01-04T10:00:00+00:00\tShipped\tAmazon.fr\tBrush\tB-1\t1\tEUR\t120.00\t\t\t\t\tFR\n"
    "3\t2025-01-05T10:00:00+00:00\tShipped\tAmazon.com\tBrush\tB-1\t1\tUSD\t100.00\t\t\t\t\tUS\n"
)


def gathered(tax):
    reading = read_export(AMAZON.format(tax=tax).encode(), "orders.txt", Faults())
    return Gathered((reading,), tuple(groups_of([reading])))


def test_prices_that_include_an_unnamed_tax_are_net_of_the_standard_rate():
    lines = sales(gathered("0.00")).set_index("order_id")
    assert lines["net"].to_dict() == pytest.approx({"1": 100.0, "2": 100.0, "3": 100.0})
    assert lines["tax_assumed"].to_dict() == {"1": True, "2": True, "3": False}


def test_where_a_file_names_some_tax_none_elsewhere_means_none():
    lines = sales(gathered("19.00")).set_index("order_id")
    assert lines["net"].to_dict() == pytest.approx({"1": 100.0, "2": 120.0, "3": 100.0})
    assert not lines["tax_assumed"].any()


def test_a_marketplace_without_settlements_takes_its_fee_by_default():
    files = gathered("0.00")
    channel = sales_channels(sales(files).assign(base=1.0), ["orders.txt"], channel_terms(files)).entries[0]
    assert channel["marketplace_fee_share"].value == number("marketplace_fee_share")
    assert channel["payment_fee_share"].value == 0.0


def test_every_listed_rate_is_a_share():
    assert standard_tax("DE").value == 0.19
    assert standard_tax("US") is None
