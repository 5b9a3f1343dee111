"""What a scenario file may say: frozen models, unknown keys refused, every field documented."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from engine.scenarios.values import Distribution, Duration, Model, Number, Start

Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$", strict=True)]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True, strict=True)]
Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False, strict=True)]
Then = Literal["add", "scale", "set"]


def _number(value: Any) -> Any:
    """Whole numbers of the file as floats, so that 15 is a number and true is not."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Amount = Annotated[Number | Distribution, BeforeValidator(_number)]
Members = Annotated[
    tuple[Annotated[str, Field(strict=True)], ...], BeforeValidator(_listed), Field(min_length=1)
]


class Change(Model):
    """How a driver changes: exactly one of add, scale, set, with its unit."""

    add: Amount | None = None
    """Added to base: 15 pp is +0.15, 10 % is a tenth of base, 3 days."""
    scale: Amount | None = None
    """Base times this: 1.5 x, or 150 %."""
    set: Amount | None = None
    """Replaces base, and its randomness, by this."""
    unit: Annotated[str, Field(min_length=1, strict=True)]

    @model_validator(mode="after")
    def _one(self) -> Change:
        given = [name for name in ("add", "scale", "set") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"exactly one of add, scale, set is needed; got {', '.join(given) or 'none'}")
        return self

    @property
    def kind(self) -> Then:
        """Which of the three it is."""
        if self.add is not None:
            return "add"
        return "scale" if self.scale is not None else "set"

    @property
    def amount(self) -> float | Distribution:
        """The number, or the law it is drawn from, in ``unit``."""
        value: float | Distribution = getattr(self, self.kind)
        return value


class Shape(Model):
    """How the shock comes, stays and goes, resolved by day; omitted, it comes at once and stays to
    the end.
    """

    ramp: Duration = "0d"
    """From nothing to the full shock, linearly; full on its last day."""
    hold: Duration | None = None
    """At full size; omitted: none if it recovers, else to the end."""
    recover: Duration | None = None
    """From the full shock to ``to``, linearly; there on its last day."""
    to: Annotated[Probability, BeforeValidator(_number)] | None = None
    """Share of the shock that remains; 0 when omitted."""

    @model_validator(mode="after")
    def _ends(self) -> Shape:
        if self.to is not None and self.hold is None and self.recover is None:
            raise ValueError("to needs a hold or a recover to follow")
        return self


class Tie(Model):
    """Membership in a group of shocks that tend to come together (one-factor Gaussian copula)."""

    group: Word
    loading: Annotated[Probability, BeforeValidator(_number)]
    """Correlation with the group's common factor; two members correlate by the product of their loadings."""


class Shock(Model):
    """A change of one driver: where, how much, when, for how long, how likely."""

    driver: Annotated[str, Field(strict=True)]
    where: Mapping[str, Members] = Field(default_factory=dict)
    """Dim (or another word for it) → names or roles; omitted means all."""
    change: Change
    start: Start | None = None
    """First day; omitted: the first forecast day, or with ``after`` the start of that shock."""
    shape: Shape = Shape()
    probability: Annotated[Probability, BeforeValidator(_number)] = 1.0
    """Below 1 the shock is an event drawn once per trial; after another shock, given that one."""
    name: Word | None = None
    """Address of its random numbers and word for ``after``; omitted: made of scenario, driver and where."""
    then: Then | None = None
    """How it combines with other shocks of the same cell and day."""
    after: str | None = None
    """Name of the shock that triggers this one: it happens only if that one does."""
    delay: Duration | None = None
    """From the start of the shock of ``after`` to the start of this one."""
    tied: Tie | None = None

    @model_validator(mode="after")
    def _timing(self) -> Shock:
        if self.after is not None and self.start is not None:
            raise ValueError("start and after exclude each other; use after with delay")
        if self.delay is not None and self.after is None:
            raise ValueError("delay needs after")
        return self


class Include(Model):
    """Another scenario whose shocks this one takes over."""

    scenario: Word
    then: Then | None = None
    """``then`` for those of its shocks that say none."""


def _included(value: Any) -> Any:
    return {"scenario": value} if isinstance(value, str) else value


class ResponseUse(Model):
    """A playbook that is on in a scenario, with parameters of its own where they differ from the
    definition.
    """

    name: Word
    parameters: Mapping[str, float | bool | str] = Field(default_factory=dict)


def _used(value: Any) -> Any:
    if isinstance(value, str):
        return {"name": value}
    if isinstance(value, dict) and "parameters" not in value:
        return {"name": value.get("name"), "parameters": {k: v for k, v in value.items() if k != "name"}}
    return value


class Scenario(Model):
    """A named set of shocks, as one file holds it."""

    name: Word
    why: Text
    source: Text
    includes: tuple[Annotated[Include, BeforeValidator(_included)], ...] = ()
    """Scenarios whose shocks are taken over."""
    shocks: tuple[Shock, ...] = ()
    responses: tuple[Annotated[ResponseUse, BeforeValidator(_used)], ...] = ()
    """Playbooks that are on."""
