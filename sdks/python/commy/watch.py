"""Watching the instances that match a query."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from commy import instance
from commy.instance import ServiceInstance
from commy.library import raw
from commy.stream import Source, Stream, Waited


class ChangeKind(str, enum.Enum):
    """What happened to an instance, as seen through a query."""

    ADDED = "added"
    """It began to match the query."""
    UPDATED = "updated"
    """It still matches, and something about it changed."""
    REMOVED = "removed"
    """It is gone, or no longer matches the query."""

    __str__ = str.__str__


@dataclass(frozen=True)
class Change:
    """A change to the instances that a watch sees."""

    kind: ChangeKind
    instance: ServiceInstance
    """The instance after the change; for ``removed``, as it was last seen."""
    revision: int
    """The revision of this node's service table in which the change was seen."""


class Watch(Stream[Change]):
    """The changes to the instances that match a query: first those that match now, as ``added``.

    An instance that changes faster than its changes are taken is told of once. ``async for`` ends
    when the watch is closed or its mesh is stopped. ``async with`` closes it.
    """

    def __init__(self, inner: raw.Watch) -> None:
        super().__init__()
        self._source = Waited(inner)

    async def _open(self) -> Source:
        raise AssertionError("a watch is open from the start")

    def _lift(self, item: Any) -> Change:
        return Change(ChangeKind[item.kind.name], instance.lift(item.instance), item.revision)

    def __repr__(self) -> str:
        return f"<commy.Watch {'closed' if self._closed else 'open'}>"
