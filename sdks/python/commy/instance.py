"""Instances of services: what a registration is known by, and how instances are asked for.

Owns the records and the building of specs and queries; knows nothing of how either is answered.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Union

from commy import argument
from commy.library import raw


class Health(str, enum.Enum):
    """Whether an instance can be called. Where one is asked for, its value will do: ``"healthy"``."""

    STARTING = "starting"
    """Advertised and not probed often enough yet to say."""
    HEALTHY = "healthy"
    """It answers."""
    UNHEALTHY = "unhealthy"
    """Its owner or its probe says that it does not answer."""
    DRAINING = "draining"
    """It finishes the calls that it has and takes no new ones."""

    __str__ = str.__str__


class Reach(str, enum.Enum):
    """How this node reaches an instance."""

    IN_PROCESS = "in_process"
    """It is hosted in this process."""
    FABRIC = "fabric"
    """It is hosted by another node of the mesh."""
    ENDPOINT = "endpoint"
    """It is advertised: its users dial its endpoint themselves."""

    __str__ = str.__str__


class Balance(str, enum.Enum):
    """How a call chooses one of several instances. Where one is asked for, its value will do."""

    ROUND_ROBIN = "round_robin"
    """Each in turn."""
    WEIGHTED = "weighted"
    """At random, in proportion to the instances' weights."""
    LEAST_LOADED = "least_loaded"
    """The less loaded of two drawn at random, by calls in flight and a moving average of latency."""
    CONSISTENT_HASH = "consistent_hash"
    """Always the same instance for the same routing key, while the set of instances is the same."""

    __str__ = str.__str__


@dataclass(frozen=True)
class ServiceInstance:
    """An instance of a service, as this node knew it when it answered."""

    id: str
    """Unique in the mesh."""
    service: str
    version: str
    """By semantic versioning."""
    health: Health
    endpoint: str | None
    """The address to dial, for an advertised instance; None for a hosted one."""
    tags: tuple[str, ...]
    metadata: Mapping[str, str] = field(hash=False)
    weight: int
    zone: str | None
    region: str | None
    reach: Reach
    node_id: str
    """The id of the node that registered it."""
    revision: int
    """The revision of this node's service table at which the instance last changed."""


HealthFilter = Union[None, Health, str, Iterable[Union[Health, str]]]
"""One health, several, or None for only healthy instances."""


def lift(instance: raw.ServiceInstance) -> ServiceInstance:
    return ServiceInstance(
        id=instance.id,
        service=instance.service,
        version=instance.version,
        health=_HEALTH[instance.health],
        endpoint=instance.endpoint,
        tags=tuple(instance.tags),
        metadata=instance.metadata,
        weight=instance.weight,
        zone=instance.zone,
        region=instance.region,
        reach=Reach[instance.reach.name],
        node_id=instance.node_id,
        revision=instance.revision,
    )


def lower_health(value: Health | str) -> raw.Health:
    return raw.Health[argument.choice("health", Health, value).name]


def lower_balance(value: Balance | str) -> raw.Balance:
    return raw.Balance[argument.choice("balance", Balance, value).name]


def spec(
    service: str,
    *,
    version: str,
    tags: Iterable[str],
    metadata: Mapping[str, str] | None,
    weight: int,
    zone: str | None,
    region: str | None,
    max_in_flight: int = 1024,
) -> raw.ServiceSpec:
    return raw.ServiceSpec(
        service=argument.text("the service's name", service),
        version=argument.text("version", version),
        tags=argument.texts("tags", tags),
        metadata=argument.mapping("metadata", metadata),
        weight=argument.whole("weight", weight),
        zone=argument.optional_text("zone", zone),
        region=argument.optional_text("region", region),
        max_in_flight=argument.whole("max_in_flight", max_in_flight),
    )


def query(
    service: str | None,
    *,
    version: str | None,
    tags: Iterable[str],
    metadata: Mapping[str, str] | None,
    health: HealthFilter,
    zone: str | None,
    region: str | None,
) -> raw.Query:
    if health is not None:
        wanted = [health] if isinstance(health, str) else list(health)
        lowered = [lower_health(one) for one in wanted]
    return raw.Query(
        service=argument.optional_text("the service's name", service),
        version=argument.optional_text("version", version),
        tags=argument.texts("tags", tags),
        metadata=argument.mapping("metadata", metadata),
        health=None if health is None else lowered,
        zone=argument.optional_text("zone", zone),
        region=argument.optional_text("region", region),
    )


_HEALTH = {member: Health[member.name] for member in raw.Health}
