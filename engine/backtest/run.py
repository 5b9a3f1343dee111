"""The backtest: every contender at every origin, then the scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.backtest.contenders import CONTENDERS, OURS, REFERENCES, Forecast
from engine.backtest.ledger import Ledger, Origins, choose_origins
from engine.backtest.result import Backtest, Path
from engine.backtest.scores import MONTH, WINDOW, Cases, Score, score
from engine.plan.plan import Plan
from engine.progress import Progress, silent
from engine.settings import RunSettings
from engine.stages.calibrate import demand_settings
from models.calendar import MONTHS_IN_YEAR
from models.errors import UsageError

SETTINGS = RunSettings(trials=256)
SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)


def backtest_plan(
    plan: Plan,
    settings: RunSettings = SETTINGS,
    *,
    origins: int = 6,
    months: int = 6,
    progress: Progress = silent,
) -> Backtest:
    """Backtest of the demand side on a plan's own ledger.

    Money is company currency at the rates of actuals-through for all months: demand is judged, not fx.
    """
    ledger = Ledger.of(
        plan.orders,
        plan.spend,
        demand_settings(plan),
        rates=plan.base_rates,
        currency=plan.currency,
    )
    return backtest(ledger, settings, origins=origins, months=months, progress=progress)


def backtest(
    ledger: Ledger,
    settings: RunSettings = SETTINGS,
    *,
    origins: int = 6,
    months: int = 6,
    progress: Progress = silent,
) -> Backtest:
    """Refit at each origin with what was known there, forecast, and score against what happened.

    Parameters
    ----------
    settings : trials (paths of each forecast, from trial 0) and seed; how far ahead ``months`` say, not its
        quarters.
    origins : past months to forecast from, at most.
    months : months ahead of each origin.

    Raises
    ------
    UsageError : a setting that cannot be meant, or a ledger too short or empty.
    """
    trials, seed = settings.trials, settings.seed
    if trials < 2:
        raise UsageError(f"--trials: at least 2 are needed for a distribution | got {trials}")
    if not ledger.markets:
        raise UsageError("orders: the ledger has no usable order | nothing to forecast | add orders")
    chosen = choose_origins(ledger, origins, months)
    made: dict[tuple[str, int], Forecast] = {}
    steps = len(chosen.positions) * len(CONTENDERS)
    for origin in chosen.positions:
        for contender in CONTENDERS:
            progress(f"origin {ledger.month(origin)}, {contender.name}", len(made), steps)
            made[contender.name, origin] = contender.make(ledger, origin, months, trials, seed)
    progress("backtest", steps, steps)
    return Backtest(
        markets=ledger.markets,
        labels={market.key: market.key for market in ledger.settings.markets},
        currency=ledger.currency,
        first_month=ledger.month(ledger.history.complete_from),
        ledger_months=ledger.whole_months,
        origins=chosen,
        origin_days=tuple(ledger.month(origin) for origin in chosen.positions),
        trials=trials,
        seed=seed,
        measures=tuple(ledger.actual),
        scores=tuple(_scores(ledger, chosen, made)),
        paths=tuple(_paths(ledger, chosen, made)),
        absent=_absent(chosen, made),
        notes=tuple(_notes(ledger, chosen, made)),
    )


def _scores(ledger: Ledger, chosen: Origins, made: Mapping[tuple[str, int], Forecast]) -> list[Score]:
    out: list[Score] = []
    for measure in ledger.actual:
        for market in (None, *ledger.markets):
            for grain in (WINDOW, MONTH):
                cases = {
                    contender.name: _cases(ledger, chosen, made, contender.name, measure, market, grain)
                    for contender in CONTENDERS
                }
                known = {name: each for name, each in cases.items() if each is not None}
                out.extend(score(measure, market, grain, known, REFERENCES))
    return out


def _cases(
    ledger: Ledger,
    chosen: Origins,
    made: Mapping[tuple[str, int], Forecast],
    name: str,
    measure: str,
    market: str | None,
    grain: str,
) -> Cases | None:
    draws, actual, place = [], [], []
    for origin in chosen.positions:
        paths = made[name, origin].paths.get((measure, market))
        if paths is None:
            continue
        truth = _actual(ledger, measure, market, origin, chosen.months)
        if grain == WINDOW:
            draws.append(paths.sum(axis=1))
            actual.append(math.fsum(truth))
            place.append((origin, -1))
            continue
        draws.extend(paths.T)
        actual.extend(truth.tolist())
        place.extend((origin, month) for month in range(chosen.months))
    return Cases(np.stack(draws), np.array(actual), tuple(place)) if draws else None


def _actual(ledger: Ledger, measure: str, market: str | None, origin: int, months: int) -> Any:
    seen = ledger.actual[measure][:, origin : origin + months]
    return seen.sum(axis=0) if market is None else seen[ledger.row(market)]


def _paths(ledger: Ledger, chosen: Origins, made: Mapping[tuple[str, int], Forecast]) -> list[Path]:
    """Quantiles of our monthly forecasts beside what happened, for the plots."""
    out = []
    for measure in ledger.actual:
        for market in (None, *ledger.markets):
            for origin in chosen.positions:
                paths = made[OURS, origin].paths.get((measure, market))
                if paths is None:
                    continue
                truth = _actual(ledger, measure, market, origin, chosen.months)
                bands = np.quantile(paths, SHOWN, axis=0)
                out.append(Path(measure, market, ledger.month(origin), bands, np.asarray(truth, np.float64)))
    return out


def _absent(chosen: Origins, made: Mapping[tuple[str, int], Forecast]) -> dict[str, tuple[int, str]]:
    """Contenders that could not forecast from every origin: how many origins are missing, and why."""
    out = {}
    for contender in CONTENDERS:
        without = [o for o in chosen.positions if not made[contender.name, o].paths]
        if without:
            out[contender.name] = (len(without), made[contender.name, without[0]].reason)
    return out


def _notes(ledger: Ledger, chosen: Origins, made: Mapping[tuple[str, int], Forecast]) -> list[str]:
    count = len(chosen.positions)
    notes = []
    if count < chosen.asked:
        notes.append(
            f"{count} of {chosen.asked} origins: the ledger has {ledger.whole_months} whole months; every "
            "score rests on few forecasts"
        )
    if chosen.overlap:
        notes.append(
            f"origins are {chosen.step} months apart and look {chosen.months} ahead: windows overlap, their "
            "errors are related, and the intervals of the coverage are narrower than they should be"
        )
    notes.append("months of one window are related too: read the coverage of months with that in mind")
    facts = [made[OURS, origin].facts or {} for origin in chosen.positions]
    flat = [fact for fact in facts if fact.get("season") == "none"]
    if flat:
        notes.append(f"season: none used at {len(flat)} of {count} origins: {flat[0].get('season_note')}")
    if ledger.whole_months < 2 * MONTHS_IN_YEAR + chosen.months:
        notes.append(
            "season is not identified from less than two full cycles before an origin: a forecast of a month "
            "that is always strong is too low, whoever makes it"
        )
    for name, (missing, reason) in _absent(chosen, made).items():
        notes.append(f"{name}: no forecast from {missing} of {count} origins: {reason}")
    return notes
