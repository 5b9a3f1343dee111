"""The slow validation: what is held against truth, in order of printing."""

from __future__ import annotations

from tests.verify.backtests import cdnow_backtest_rows, online_retail_backtest_rows
from tests.verify.competition import m3_rows
from tests.verify.customers import calibration_rows, cdnow_rows, recovery_rows, spend_rows
from tests.verify.demand_truth import band_rows, parameter_rows
from tests.verify.generated_companies import company_rows
from tests.verify.networks import fuzz_rows
from tests.verify.real_data import fx_rows, lead_time_rows, ledger_rows, online_retail_rows
from tests.verify.registry import Verification
from tests.verify.safety_stock import safety_rows
from tests.verify.scms import fit_rows, interval_rows
from tests.verify.supply import lane_rows

VERIFICATIONS: tuple[Verification, ...] = (
    Verification("customers_cdnow", cdnow_rows),
    Verification("spend_cdnow", spend_rows),
    Verification("customers_recovery", recovery_rows),
    Verification("customers_calibration", calibration_rows),
    Verification("customers_truth", parameter_rows),
    Verification("demand_bands", band_rows),
    Verification("generated_companies", company_rows),
    Verification("series_m3", m3_rows),
    Verification("backtest_cdnow", cdnow_backtest_rows),
    Verification("backtest_online_retail", online_retail_backtest_rows),
    Verification("network_fuzz", fuzz_rows),
    Verification("supply_lanes", lane_rows),
    Verification("safety_stock", safety_rows),
    Verification("lead_times_scms", lead_time_rows),
    Verification("lead_time_families_scms", fit_rows),
    Verification("lead_time_intervals_scms", interval_rows),
    Verification("fx_ecb", fx_rows),
    Verification("ledger_online_retail", ledger_rows),
    Verification("plan_online_retail", online_retail_rows),
)
