"""The counters of a mesh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from commy.library import raw


@dataclass(frozen=True)
class MeshStats:
    """Counters of one mesh since it was created. All but the gauges only rise."""

    calls_ok: int
    """Calls made that got a reply."""
    calls_failed: Mapping[str, int] = field(hash=False)
    """Calls made that failed, by status name, such as ``UNAVAILABLE``."""
    calls_in_flight: int
    """Gauge: calls made that have no answer yet."""
    requests_handled: int
    """Requests that handlers of this mesh were given."""
    requests_in_flight: int
    """Gauge: requests that handlers of this mesh are at work on."""
    events_published: int
    """Events published."""
    events_delivered: int
    """Events put into queues of this mesh's subscriptions."""
    events_dropped: int
    """Events that this mesh's subscriptions lost by their overflow policy."""
    registrations: int
    """Gauge: registrations of this mesh."""
    peers: int
    """Gauge: other nodes of the mesh that are connected."""
    fabric_messages: int
    """Messages that went over the fabric, either way; one within this process never does."""
    bytes_sent: int
    """Payload bytes handed to the fabric, by all meshes of this name in this process."""
    bytes_received: int
    """Payload bytes that came from the fabric, for all meshes of this name in this process."""


def lift(stats: raw.MeshStats) -> MeshStats:
    return MeshStats(**vars(stats))
