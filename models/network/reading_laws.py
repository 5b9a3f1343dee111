"""Reading the laws of chance in a description: lead-time stages, demand, outages, returns and dependence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from models.network.laws import Law, Laws, constant
from models.network.parts import LARGEST, STAGES

MOST_UNITS = LARGEST // 2
"""Units of a mean day's demand: its draws stay below what one place may hold."""


class Source(Protocol):
    """What the laws are read from: the description's entities and lanes, its small readers, its faults."""

    description: Mapping[str, Any]
    entities: dict[str, dict[str, Mapping[str, Any]]]
    keys: dict[str, tuple[str, ...]]
    lanes: Any

    def fault(self, address: str, problem: str, got: object = "", remedy: str = "") -> None:
        """Keep a fault under its address."""

    def law(self, value: Any, address: str) -> Law:
        """A law, or a fault and the constant 0."""

    def stage_law(self, value: Any, address: str) -> Law:
        """The law of a lead-time stage, days, or a fault and the constant 0."""

    def stage(self, fields: Mapping[str, Any], name: str) -> Law:
        """The law of a lane's stage; absent, it takes no time."""

    def share(self, value: Any, address: str) -> float:
        """A share, or a fault and 0."""

    def spans(self, value: Any, address: str) -> tuple[tuple[int, int], ...]:
        """First and last days, or faults."""

    def per_item(self, kind: str, field: str, key: str) -> Iterable[tuple[str, Any, str]]:
        """Item, value and address of a field that may be one value or a mapping by item."""


class LawReader:
    """Laws by key, their faults kept by the description's reader."""

    def __init__(self, reader: Source) -> None:
        self.reader = reader

    def laws(self) -> Laws:
        """All laws of the description."""
        reader = self.reader
        stages: dict[tuple[str, str], dict[str, Law]] = {}
        inspection: dict[tuple[str, str], tuple[float, Law]] = {}
        transfer: dict[tuple[str, str], Law] = {}
        for (kind, origin, to), (address, fields) in reader.lanes.items():
            if kind == "nodes":
                transfer[origin, to] = reader.stage(fields, "transit")
                for field in (*STAGES[:1], *STAGES[2:], "inspection"):
                    if fields.get(field) is not None:
                        reader.fault(f"{address}.{field}", "no such stage between nodes", "", "give transit")
                continue
            port = reader.entities["ports"].get(str(reader.entities["nodes"].get(to, {}).get("port")), {})
            own = {name: reader.stage(fields, name) for name in STAGES}
            port_address = f"ports.{port.get('key')}"
            if fields.get("service") is None and port.get("clearance") is not None:
                own["service"] = reader.stage_law(port["clearance"], f"{port_address}.clearance")
            stages[origin, to] = own
            for given, where in ((fields, address), (port, port_address)):
                if given.get("inspection") is not None:
                    inspection[origin, to] = self._inspected(given["inspection"], f"{where}.inspection")
                    break
        demand = {
            (market, item): self._units_law(value, where)
            for market in reader.keys["markets"]
            for item, value, where in reader.per_item("markets", "demand", market)
        }
        returned = {
            (market, item): reader.share(value, where)
            for market in reader.keys["markets"]
            for item, value, where in reader.per_item("markets", "return_share", market)
        }
        delay = reader.description.get("return_delay")
        return Laws(
            stages=stages,
            inspection=inspection,
            transfer=transfer,
            demand=demand,
            outages={
                k: self._outages(k)
                for k in reader.keys["suppliers"]
                if reader.entities["suppliers"][k].get("outages")
            },
            closures={
                k: reader.spans(reader.entities["ports"][k].get("closures"), f"ports.{k}.closures")
                for k in reader.keys["ports"]
            },
            down={
                k: reader.spans(reader.entities["suppliers"][k].get("down"), f"suppliers.{k}.down")
                for k in reader.keys["suppliers"]
            },
            return_share=returned,
            return_delay=None if delay is None else reader.stage_law(delay, "return_delay"),
            dependence=self._dependence(),
        )

    def _inspected(self, given: Any, address: str) -> tuple[float, Law]:
        """Share inspected and days of an inspected order."""
        if not isinstance(given, Mapping) or set(given) != {"share", "clearance"}:
            self.reader.fault(address, "not an inspection", given, "give share and clearance")
            return 0.0, constant(0.0)
        share = self.reader.share(given["share"], f"{address}.share")
        return share, self.reader.stage_law(given["clearance"], f"{address}.clearance")

    def _outages(self, key: str) -> dict[str, float]:
        given, address = self.reader.entities["suppliers"][key]["outages"], f"suppliers.{key}.outages"
        if not isinstance(given, Mapping) or set(given) != {"fail", "repair"}:
            self.reader.fault(
                address, "not an outage law", given, "give fail and repair, probabilities per day"
            )
            return {"fail": 0.0, "repair": 1.0}
        return {name: self.reader.share(given[name], f"{address}.{name}") for name in ("fail", "repair")}

    def _dependence(self) -> dict[str, float]:
        given = self.reader.description.get("dependence") or {}
        if not isinstance(given, Mapping) or set(given) - {"port", "supplier", "day"}:
            self.reader.fault("dependence", "unknown field", given, "give port, supplier, day")
            return {}
        shares = {str(name): self.reader.share(value, f"dependence.{name}") for name, value in given.items()}
        if shares.get("port", 0.0) + shares.get("supplier", 0.0) > 1.0:
            self.reader.fault("dependence", "port and supplier exceed one", given, "shares of one variance")
        return shares

    def _units_law(self, value: Any, address: str) -> Law:
        """The law of a day's demand, or a fault and the constant 0."""
        law = self.reader.law(value, address)
        if law.mean <= MOST_UNITS:
            return law
        self.reader.fault(
            address, "more units a day than can be counted", f"{law.mean:g}", f"at most {MOST_UNITS}"
        )
        return constant(0.0)
