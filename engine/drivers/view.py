"""What scenarios and drivers know of a plan: its keys, how they belong together, and who fills which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.plan.schema import PlanConfig
from models import names
from models.arrays import FloatArray

ROLE_DIMS: Mapping[str, str] = MappingProxyType(
    {
        "top_market": names.MARKET,
        "top_origin": names.ORIGIN,
        "top_supplier": names.SUPPLIER,
        "top_node": names.NODE,
        "top_item": names.ITEM,
        "top_currency": names.CURRENCY,
        "top_acquisition_channel": names.ACQUISITION_CHANNEL,
        "busiest_port": names.PORT,
    }
)
"""Dim of every role a scenario may name; the plan says who fills it."""

SELECTORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        names.MARKET: (names.TERRITORY,),
        names.SUPPLIER: (names.ORIGIN, names.CURRENCY),
        names.ITEM: ("hs", "category"),
        names.TERRITORY: (names.MARKET,),
        names.NODE: (names.PORT, names.TERRITORY, names.MARKET),
        names.PORT: (names.NODE, names.MARKET),
        names.CURRENCY: (names.SUPPLIER, names.ORIGIN),
    }
)
"""Other words by which a scenario may choose members of a dim: ``where: {origin: CN}`` for a driver with
suppliers, say.
"""

_EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class PlanView:
    """Keys of a plan by dim (sorted), how they belong together, and its roles.

    ``base`` may hold base values of drivers (dims of the catalogue, without trial and day); they only serve
    the record ``path: old -> new``.
    """

    markets: tuple[str, ...]
    acquisition_channels: tuple[str, ...]
    suppliers: tuple[str, ...]
    ports: tuple[str, ...]
    nodes: tuple[str, ...]
    items: tuple[str, ...]
    currencies: tuple[str, ...]
    """Foreign currencies."""
    territories: tuple[str, ...]
    origin_of_supplier: Mapping[str, str]
    currency_of_supplier: Mapping[str, str]
    port_of_node: Mapping[str, str]
    territory_of_node: Mapping[str, str]
    territory_of_market: Mapping[str, str]
    nodes_of_market: Mapping[str, tuple[str, ...]]
    hs_of_item: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    category_of_item: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    roles: Mapping[str, str] = field(default_factory=lambda: _EMPTY)
    has_backup: bool = True
    """Whether any supplier has a backup, which failover needs."""
    base: Mapping[str, FloatArray] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def from_config(
        cls,
        config: PlanConfig,
        *,
        items: Sequence[str],
        hs_of_item: Mapping[str, str] = _EMPTY,
        category_of_item: Mapping[str, str] = _EMPTY,
        roles: Mapping[str, str] = _EMPTY,
        base: Mapping[str, FloatArray] | None = None,
    ) -> PlanView:
        """View of a ``plan.yaml`` and the item keys of its item table.

        ``base``: base values by driver, in its unit and with the dims of ``DRIVERS`` less trial and day.
        """
        foreign = {market.currency for market in config.markets} | {s.currency for s in config.suppliers}
        return cls(
            markets=tuple(sorted(market.key for market in config.markets)),
            acquisition_channels=tuple(sorted(channel.key for channel in config.acquisition_channels)),
            suppliers=tuple(sorted(supplier.key for supplier in config.suppliers)),
            ports=tuple(sorted(port.key for port in config.ports)),
            nodes=tuple(sorted(node.key for node in config.nodes)),
            items=tuple(sorted(items)),
            currencies=tuple(sorted(foreign - {config.company.currency})),
            territories=tuple(sorted(territory.key for territory in config.territories)),
            origin_of_supplier={supplier.key: supplier.country for supplier in config.suppliers},
            currency_of_supplier={supplier.key: supplier.currency for supplier in config.suppliers},
            port_of_node={node.key: node.port for node in config.nodes},
            territory_of_node={node.key: node.territory for node in config.nodes},
            territory_of_market={market.key: market.territory for market in config.markets},
            nodes_of_market={market.key: market.nodes for market in config.markets},
            hs_of_item=hs_of_item,
            category_of_item=category_of_item,
            roles=roles,
            has_backup=any(supplier.backup is not None for supplier in config.suppliers),
            base=MappingProxyType(dict(base or {})),
        )

    @property
    def origins(self) -> tuple[str, ...]:
        """Countries of origin, sorted."""
        return tuple(sorted(set(self.origin_of_supplier.values())))

    def members(self, dim: str) -> tuple[str, ...]:
        """Keys along a dim, sorted: the order of every axis of that dim."""
        table = {
            names.MARKET: self.markets,
            names.ACQUISITION_CHANNEL: self.acquisition_channels,
            names.SUPPLIER: self.suppliers,
            names.ORIGIN: self.origins,
            names.PORT: self.ports,
            names.NODE: self.nodes,
            names.ITEM: self.items,
            names.CURRENCY: self.currencies,
            names.TERRITORY: self.territories,
        }
        return table[dim]

    def shape(self, dims: Sequence[str]) -> tuple[int, ...]:
        """Lengths of the dims."""
        return tuple(len(self.members(dim)) for dim in dims)

    def entry_nodes(self, market: str) -> tuple[str, ...]:
        """Nodes through which goods for a market enter: its nodes in its own territory, else its
        first node.
        """
        nodes = self.nodes_of_market[market]
        inside = tuple(n for n in nodes if self.territory_of_node[n] == self.territory_of_market[market])
        return inside or nodes[:1]

    def labels(self, dim: str) -> dict[str, dict[str, frozenset[str]]]:
        """Other words a member of a dim may be chosen by: word → member → its labels.

        A market chooses the territory its goods enter, the nodes they enter through and those nodes' ports.
        """
        if dim == names.MARKET:
            return {names.TERRITORY: _single(self.territory_of_market)}
        if dim == names.CURRENCY:
            owed = {
                c: [s for s in self.suppliers if self.currency_of_supplier[s] == c] for c in self.currencies
            }
            made = {c: [self.origin_of_supplier[s] for s in suppliers] for c, suppliers in owed.items()}
            return {names.SUPPLIER: _sets(owed), names.ORIGIN: _sets(made)}
        if dim == names.SUPPLIER:
            return {
                names.ORIGIN: _single(self.origin_of_supplier),
                names.CURRENCY: _single(self.currency_of_supplier),
            }
        if dim == names.ITEM:
            return {"hs": _prefixes(self.hs_of_item), "category": _single(self.category_of_item)}
        if dim == names.TERRITORY:
            markets = {
                t: [m for m in self.markets if self.territory_of_market[m] == t] for t in self.territories
            }
            return {names.MARKET: _sets(markets)}
        if dim == names.NODE:
            served = {node: [m for m in self.markets if node in self.entry_nodes(m)] for node in self.nodes}
            return {
                names.PORT: _single(self.port_of_node),
                names.TERRITORY: _single(self.territory_of_node),
                names.MARKET: _sets(served),
            }
        if dim == names.PORT:
            behind = {port: [n for n in self.nodes if self.port_of_node[n] == port] for port in self.ports}
            served = {
                port: [m for m in self.markets if set(nodes) & set(self.entry_nodes(m))]
                for port, nodes in behind.items()
            }
            return {names.NODE: _sets(behind), names.MARKET: _sets(served)}
        return {}


def _single(table: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {member: frozenset((label,)) for member, label in table.items()}


def _sets(table: Mapping[str, Sequence[str]]) -> dict[str, frozenset[str]]:
    return {member: frozenset(labels) for member, labels in table.items()}


def _prefixes(table: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {item: frozenset(code[:n] for n in range(2, len(code) + 1)) for item, code in table.items()}
