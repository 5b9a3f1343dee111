"""Which nodes to keep: the program finds the best layouts, the chain plays the best few beside today's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.placement.candidates import Candidates, LastMile, last_mile_of, read_candidates
from engine.placement.result import Choice, PlacementResult, as_array, part_costs
from engine.placement.search import LayoutSearch
from engine.placement.simulate import Figures, simulate_layout
from engine.placement.terms import PlacementTerms, layout_service, placement_terms
from engine.placement.variant import Layout, todays_layout, with_layout, with_site_lanes, with_sites
from engine.plan.plan import Plan
from engine.progress import Progress, silent
from engine.settings import Execution, RunSettings, check
from engine.stages.calibrate import Calibration, calibrate
from models.network.placement import Placement, best_placements, placement_of

SETTINGS = RunSettings(trials=64)
SEARCH = LayoutSearch()
EXECUTION = Execution()
LATE_METRIC = "beyond_sla"
"""Metric of policy.yaml whose greatest value says how much may be late."""


def place(
    plan: Plan,
    candidates: Candidates | Path | None = None,
    search: LayoutSearch = SEARCH,
    *,
    settings: RunSettings = SETTINGS,
    execution: Execution = EXECUTION,
    calibration: Calibration | None = None,
    progress: Progress = silent,
) -> PlacementResult:
    """The cheapest sets of nodes to keep open, priced by the program and played under base.

    Parameters
    ----------
    candidates : sites that could be opened, or the file that lists them; omitted, the plan folder's own
        ``candidates.yaml`` if there is one, else only the plan's nodes.
    settings : trials of base each layout is played in (0 plays none), horizon and seed.

    Raises
    ------
    UsageError : a setting that cannot be meant.
    InputError : every fault of the candidates' file.
    """
    # without a trial the program stands alone, so none is as good as one
    check(search, settings if settings.trials else replace(settings, trials=1), execution)
    listed = candidates if isinstance(candidates, Candidates) else read_candidates(plan, candidates)
    fitted = with_site_lanes(calibrate(plan) if calibration is None else calibration, plan, listed)
    ways = last_mile_of(plan, listed)
    today = todays_layout(plan)
    terms = _terms(plan, fitted, listed, ways, search, settings.months)
    found = best_placements(terms.sites, search.best)
    layouts = [
        (today, placement_of(terms.sites, terms.shares(today))),
        *((_layout(terms, each, today), each) for each in found),
    ]
    figures: dict[tuple[tuple[str, str], ...], Figures] = {}
    for at, (layout, _) in enumerate(layouts):
        progress("layouts", at, len(layouts))
        key = tuple(sorted(layout.serves.items()))
        if key in figures or not settings.trials:
            continue
        variant = plan if layout is today else with_layout(plan, listed, layout, ways)
        costs = _node_costs(terms, layout)
        figures[key] = simulate_layout(
            variant, fitted.restricted_to(variant), layout, costs, settings, execution
        )
    progress("layouts", len(layouts), len(layouts))
    choices = [_choice(terms, *pair, figures) for pair in layouts]
    return PlacementResult(
        currency=plan.currency,
        today=choices[0],
        best=tuple(choices[1:]),
        candidates=tuple(site.key for site in listed.sites),
        service=terms.sites.service,
        settings=settings,
        notes=_notes(terms, listed, found, search.best, settings.trials),
    )


def _terms(
    plan: Plan,
    fitted: Calibration,
    listed: Candidates,
    ways: Mapping[tuple[str, str], LastMile],
    search: LayoutSearch,
    months: int,
) -> PlacementTerms:
    """The arrays of the program, with the service that is asked for or that today's layout reaches."""
    grown = with_sites(plan, listed)
    terms = placement_terms(grown, fitted, listed, ways, months=months, service=0.0, most=search.most)
    reached = layout_service(terms, terms.shares(todays_layout(plan)))
    asked = _service(plan, search.service, reached)
    return replace(terms, sites=replace(terms.sites, service=asked))


def _service(plan: Plan, asked: float | None, reached: float) -> float:
    if asked is not None:
        return asked
    threshold = plan.policy.thresholds.get(LATE_METRIC)
    if threshold is not None and threshold.max is not None:
        return min(max(1.0 - threshold.max, 0.0), 1.0)
    return reached


def _layout(terms: PlacementTerms, placement: Placement, today: Layout) -> Layout:
    """The program's answer by key; markets without demand stay where they are, if that stays open."""
    serves = {market: terms.nodes[node] for market, node in zip(terms.markets, placement.serves, strict=True)}
    nodes = tuple(sorted(set(serves.values())))
    for market, node in today.serves.items():
        serves.setdefault(market, node)
    return Layout(nodes, dict(sorted(serves.items())))


def _node_costs(terms: PlacementTerms, layout: Layout) -> float:
    """Fixed costs a year of the open nodes without their entries, which the chain books itself."""
    own = terms.sites.fixed - terms.entries
    return math.fsum(float(own[terms.nodes.index(node)]) for node in layout.nodes)


def _choice(
    terms: PlacementTerms,
    layout: Layout,
    placement: Placement,
    figures: Mapping[tuple[tuple[str, str], ...], Figures],
) -> Choice:
    shares = as_array(placement)
    parts = part_costs(shares, terms.sites.demand, terms.parts)
    entries = float(terms.entries[list(placement.open)].sum())
    parts |= {"safety_stock": placement.stock, "entries": entries, "fixed": placement.fixed - entries}
    return Choice(
        layout=layout,
        placement=placement,
        parts=parts,
        on_time=layout_service(terms, shares),
        figures=figures.get(tuple(sorted(layout.serves.items()))),
    )


def _notes(
    terms: PlacementTerms, candidates: Candidates, found: tuple[Placement, ...], best: int, trials: int
) -> tuple[str, ...]:
    """What the reader must know to judge the table."""
    notes = []
    if not candidates.sites:
        notes.append(
            "no sites are listed: only the plan's own nodes were weighed; candidates.yaml lists sites"
        )
    costless = [
        node for node, cost in zip(terms.nodes, terms.sites.fixed - terms.entries, strict=True) if cost == 0.0
    ]
    if costless:
        notes.append(f"no fixed cost is given of {', '.join(costless)}: closing them saves none")
    if len(found) < best:
        notes.append(f"{len(found)} of the {best} layouts asked for exist within the constraints")
    used = terms.sites.use * terms.sites.demand[None, :, None]
    for at, name in enumerate(terms.capacities):
        for each in found[:1]:
            taken = float((used[at] * as_array(each)).sum())
            if taken > 0.9 * terms.sites.limit[at]:
                notes.append(f"{name}: the cheapest layout uses {taken / terms.sites.limit[at]:.0%} of it")
    if trials:
        notes.append(
            "the program prices a steady year of expected demand; the simulation starts from today's stock: "
            "closing nodes sell off, opening ones begin empty, and sales lost meanwhile are in its figures"
        )
    return tuple(notes)
