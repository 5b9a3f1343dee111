"""A scenario written in Python: the grammar of the YAML files, one call a shock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """A scenario as its file would say it, unchecked until it is run; each call gives a new one.

    >>> strike = Scenario("strike", why="the port stands still")
    >>> late = strike.shock("lead_time", add=35, unit="days", start="+1m", hold="5w")
    >>> late.to_dict()["shocks"][0]["change"]
    {'add': 35, 'unit': 'days'}
    >>> strike.to_dict()["shocks"]
    []
    """

    name: str
    why: str
    source: str = "written in Python"
    includes: tuple[Entry, ...] = ()
    shocks: tuple[Entry, ...] = ()
    responses: tuple[Entry, ...] = ()

    def shock(  # noqa: PLR0913 (the words of the grammar, by keyword)
        self,
        driver: str,
        *,
        unit: str,
        add: float | Entry | None = None,
        scale: float | Entry | None = None,
        set: float | Entry | None = None,  # noqa: A002 (the word of the grammar)
        where: Mapping[str, str | Sequence[str]] | None = None,
        start: Any = None,
        ramp: str | Entry | None = None,
        hold: str | Entry | None = None,
        recover: str | Entry | None = None,
        to: float | None = None,
        **more: Any,
    ) -> Scenario:
        """The scenario with one more shock: a change of a driver (one of add, scale, set, in ``unit``),
        where, from when, and how it comes and goes.

        Parameters
        ----------
        more : probability, name, then, after, delay and tied, as the grammar has them.
        """
        entry = {
            "driver": driver,
            "where": where,
            "change": _given(add=add, scale=scale, set=set, unit=unit),
            "start": start,
            "shape": _given(ramp=ramp, hold=hold, recover=recover, to=to) or None,
        }
        return replace(self, shocks=(*self.shocks, deepcopy(_given(**entry, **more))))

    def respond(self, name: str, **parameters: float | bool | str) -> Scenario:
        """The scenario with a playbook on, with parameters of its own where they differ."""
        return replace(self, responses=(*self.responses, {"name": name, "parameters": parameters}))

    def include(self, scenario: str, then: str | None = None) -> Scenario:
        """The scenario with the shocks of another one."""
        return replace(self, includes=(*self.includes, _given(scenario=scenario, then=then)))

    def to_dict(self) -> dict[str, Any]:
        """The scenario as plain data: what its YAML file would hold."""
        return {
            "name": self.name,
            "why": self.why,
            "source": self.source,
            "includes": deepcopy(list(self.includes)),
            "shocks": deepcopy(list(self.shocks)),
            "responses": deepcopy(list(self.responses)),
        }


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
