"""Playbooks: what the company does when something goes wrong, when it sees it and how long it takes.

A physical response (``failover``) is a control of the network, which sees its own stock and suppliers day by
day. A money response (``cash_floor``) looks at the figures of closed months only: what is decided at a
month's close acts ``detection + reaction`` days later, never before, so a run month by month and a run in one
go agree.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.scenarios import Problem, ResponseUse, Scenario
from models.arrays import BoolArray, FloatArray
from models.calendar import Calendar
from models.errors import Fault, InputError, did_you_mean

Days = Annotated[int, Field(ge=0, le=3650)]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Money = Annotated[float, Field(allow_inf_nan=False)]

WATCHED = ("net_cash", "headroom", "cm2", "ebitda")
"""Figures of a closed month that a money response may watch, company currency."""

NO_CAP = np.inf
"""Purchase share that means no cap."""


class Response(BaseModel):
    """A playbook: trigger, detection, delay, action. It costs what it moves; nothing else is charged."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: ClassVar[str]
    kind: ClassVar[Literal["money", "physical"]]
    trigger: ClassVar[str]
    action: ClassVar[str]

    detection_days: Days = 0
    """From the event, or the month's close, until somebody knows."""
    reaction_days: Days = 0
    """From knowing to acting."""

    @property
    def delay(self) -> int:
        """Days from the trigger to the action."""
        return self.detection_days + self.reaction_days


class CashFloor(Response):
    """Net cash below a floor at a month's close: cut acquisition spend and cap purchases until it is back."""

    name: ClassVar[str] = "cash_floor"
    kind: ClassVar[Literal["money", "physical"]] = "money"
    trigger: ClassVar[str] = "net cash at a month's close below floor; over when it is at or above recovery"
    action: ClassVar[str] = (
        "cut acquisition spend by spend_cut, cap purchases at purchase_share of expected demand"
    )

    figure: str = "net_cash"
    """Figure of the closed month that is watched, company currency."""
    floor: Money = 0.0
    """Below this the playbook starts; 0: as soon as the company lives on its credit line."""
    recovery: Money | None = None
    """At or above this it ends; omitted: the floor."""
    spend_cut: Share = 0.5
    """Share of acquisition spend that is cut."""
    purchase_share: Annotated[float, Field(ge=0.0, le=10.0, allow_inf_nan=False)] = 0.7
    """Purchases per day at most this share of expected demand."""
    detection_days: Days = 5
    reaction_days: Days = 10

    @property
    def release(self) -> float:
        """Net cash at or above which the playbook ends."""
        return self.floor if self.recovery is None else max(self.recovery, self.floor)


class Failover(Response):
    """A supplier is down: after detection and reaction, orders go to its backup."""

    name: ClassVar[str] = "failover"
    kind: ClassVar[Literal["money", "physical"]] = "physical"
    trigger: ClassVar[str] = "supplier down for detection + reaction days"
    action: ClassVar[str] = "order from the backup supplier while it lasts"

    detection_days: Days = 7
    reaction_days: Days = 7


RESPONSES: Mapping[str, type[Response]] = MappingProxyType(
    {entry.name: entry for entry in (CashFloor, Failover)}
)
"""Every playbook by name."""


def responses_of(uses: Sequence[ResponseUse], where: str = "responses") -> tuple[Response, ...]:
    """Playbooks that are on, with their parameters, sorted by name; every fault in one ``InputError``."""
    found, problems = _read_uses(uses)
    if problems:
        raise InputError(Fault(where, 0, "", each.problem, each.got, each.remedy) for each in problems)
    return tuple(sorted(found, key=lambda response: response.name))


def playbook_problems(scenario: Scenario) -> tuple[Problem, ...]:
    """What is wrong with the playbooks that a scenario names, each at its place in the file."""
    return tuple(_read_uses(scenario.responses)[1])


def _read_uses(uses: Sequence[ResponseUse]) -> tuple[list[Response], list[Problem]]:
    found: list[Response] = []
    problems: list[Problem] = []
    for position, use in enumerate(uses):
        place = ("responses", position)
        if use.name not in RESPONSES:
            remedy = did_you_mean(use.name, RESPONSES)
            problems.append(Problem(place, "unknown response", use.name, remedy))
            continue
        model = RESPONSES[use.name]
        figure = use.parameters.get("figure", WATCHED[0])
        if "figure" in model.model_fields and figure not in WATCHED:
            remedy = did_you_mean(str(figure), WATCHED)
            problems.append(Problem((*place, "figure"), "no such figure to watch", str(figure), remedy))
            continue
        try:
            found.append(model.model_validate(dict(use.parameters)))
        except ValidationError as error:
            for entry in error.errors():
                key = str(entry["loc"][0]) if entry["loc"] else ""
                unknown = entry["type"] == "extra_forbidden"
                remedy = did_you_mean(key, model.model_fields) if unknown else entry["msg"]
                problem = (
                    f"{use.name} has no such parameter" if unknown else f"{use.name}.{key} cannot be that"
                )
                got = key if unknown else str(entry["input"])
                problems.append(Problem((*place, key), problem, got, remedy))
    return found, problems


@dataclass(frozen=True)
class NetworkControl:
    """What physical playbooks ask of the network: whether failover is on, and its delay in days."""

    failover_on: bool = False
    failover_delay: int = 0


def network_control(responses: Sequence[Response]) -> NetworkControl:
    """Controls of the network that hold for the whole run."""
    delays = [response.delay for response in responses if isinstance(response, Failover)]
    return NetworkControl(bool(delays), min(delays, default=0))


@dataclass(frozen=True)
class Alarm:
    """Memory of one money playbook: whether its trigger held at each closed month, dims (trial, closed
    month).
    """

    response: CashFloor
    breached: BoolArray

    @property
    def closed_months(self) -> int:
        """Number of months closed so far."""
        return int(self.breached.shape[1])


@dataclass(frozen=True)
class Segment:
    """Days ``first`` to ``until`` - 1 of a month, over which a playbook's state is the same; dims
    (trial,).
    """

    first: int
    until: int
    active: BoolArray


@dataclass(frozen=True)
class MonthControl:
    """What money playbooks ask of one month.

    ``spend`` (trial,): share of planned acquisition spend that is spent, the mean over the month's days.
    ``purchase_share`` (trial, day of month): purchases at most this share of expected demand, infinity where
    there is no cap.
    """

    spend: FloatArray
    purchase_share: FloatArray
    change_days: tuple[int, ...] = field(default=())
    """Days of the month (from 0) on which a playbook may change state in some trial; the same in all."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is asked of any trial."""
        return bool(np.all(self.spend == 1.0) and np.all(self.purchase_share == NO_CAP))


def no_alarms(responses: Sequence[Response], trials: int) -> tuple[Alarm, ...]:
    """Memory of the money playbooks before the first month."""
    empty = np.zeros((trials, 0), dtype=np.bool_)
    return tuple(Alarm(response, empty) for response in responses if isinstance(response, CashFloor))


def close(alarms: Sequence[Alarm], figures: Mapping[str, FloatArray]) -> tuple[Alarm, ...]:
    """Memory after one more month is closed; ``figures`` hold that month's figures by name, dims (trial,).

    Raises
    ------
    KeyError
        where no figure has the name that a playbook watches.
    ValueError
        where a figure does not have one number a trial, or is NaN: a playbook never acts on the unknown.
    """
    updated = []
    for alarm in alarms:
        response = alarm.response
        if response.figure not in figures:
            remedy = did_you_mean(response.figure, figures)
            raise KeyError(f"{response.name}.figure: no such figure | got {response.figure} | {remedy}")
        value = np.asarray(figures[response.figure], dtype=np.float64)
        if value.shape != (len(alarm.breached),) or bool(np.any(np.isnan(value))):
            raise ValueError(
                f"{response.figure}: one number per trial is needed | got shape {value.shape} or NaN"
            )
        before = alarm.breached[:, -1] if alarm.closed_months else np.zeros(len(value), dtype=np.bool_)
        now = np.where(before, value < response.release, value < response.floor)
        updated.append(Alarm(response, np.concatenate([alarm.breached, now[:, None]], axis=1)))
    return tuple(updated)


def segments(alarm: Alarm, month: int, calendar: Calendar) -> tuple[Segment, ...]:
    """States of a playbook in a month, from decisions taken at earlier closes only; the days are the same in
    all trials.
    """
    if month > alarm.closed_months:
        raise ValueError(f"month: months up to {month - 1} must be closed | got {alarm.closed_months} closed")
    first, until = int(calendar.month_start[month]), int(calendar.month_start[month + 1])
    acting = [int(calendar.month_start[closed + 1]) + alarm.response.delay for closed in range(month)]
    cuts = sorted({first, until, *(day for day in acting if first < day < until)})
    out = []
    for begin, end in itertools.pairwise(cuts):
        decided = [closed for closed, day in enumerate(acting) if day <= begin]
        active = alarm.breached[:, decided[-1]] if decided else np.zeros(len(alarm.breached), dtype=np.bool_)
        out.append(Segment(begin, end, active))
    return tuple(out)


def month_control(alarms: Sequence[Alarm], month: int, calendar: Calendar, trials: int) -> MonthControl:
    """What all money playbooks together ask of a month: spend cuts multiply, the lowest purchase
    cap holds.
    """
    start, stop = int(calendar.month_start[month]), int(calendar.month_start[month + 1])
    days = stop - start
    spend = np.ones(trials)
    purchase = np.full((trials, days), NO_CAP)
    changes: set[int] = set()
    for alarm in alarms:
        active_days = np.zeros(trials)
        for segment in segments(alarm, month, calendar):
            active_days += np.where(segment.active, float(segment.until - segment.first), 0.0)
            window = slice(segment.first - start, segment.until - start)
            cap = np.where(segment.active, alarm.response.purchase_share, NO_CAP)[:, None]
            purchase[:, window] = np.minimum(purchase[:, window], cap)
            changes.add(segment.first - start)
        share = active_days / days
        spend = spend * (1.0 - alarm.response.spend_cut * share)
    return MonthControl(spend, purchase, tuple(sorted(changes | {0})))
