"""Events and subscriptions to them."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Callable

from commy import argument, buffers, payload, process
from commy.desk import Published
from commy.follower import Follower
from commy.library import raw
from commy.stream import Source, Stream


class Overflow(str, enum.Enum):
    """What happens to an event when a subscriber's queue is full. Its value will do, too."""

    DROP_OLDEST = "drop_oldest"
    """The oldest queued event makes room."""
    DROP_NEWEST = "drop_newest"
    """The new event is dropped."""
    BLOCK = "block"
    """The publisher waits for room, at most its mesh's ``call_timeout``."""

    __str__ = str.__str__


@dataclass(frozen=True)
class Event:
    """An event as its subscriber receives it."""

    topic: str
    """The topic that it was published on."""
    payload: bytes
    headers: Mapping[str, str] = field(hash=False)
    content_type: str
    publisher: str
    """The id of the node that published it."""
    sequence: int
    """The number of the event, rising for each event of one publisher."""
    missed: int
    """How many events this subscription lost, by its own overflow policy, just before this one."""

    @property
    def value(self) -> Any:
        """The payload: from JSON if the content type says so, else bytes.

        Raises InvalidArgument for a payload that says that it is JSON and is not; such an event is
        its publisher's error, and does not end the subscription.
        """
        return payload.decode(self.payload, self.content_type)


class Subscription(Stream[Event]):
    """A queue of events whose topics match a filter.

    Subscribed when it is awaited, entered by ``async with``, or first asked for an event. ``async
    for`` ends when it is closed or its mesh is stopped, and all that was queued has been taken.
    """

    def __init__(self, topics: str, subscribe: Callable[[], Awaitable[Follower]]) -> None:
        super().__init__()
        self._topics = topics
        self._subscribe = subscribe
        self._inner: Follower | None = None

    @property
    def dropped(self) -> int:
        """How many events this subscription has lost by its overflow policy so far."""
        process.guard()
        return 0 if self._inner is None else self._inner.dropped()

    def __await__(self) -> Generator[Any, None, Subscription]:
        return self.__aenter__().__await__()

    async def _open(self) -> Source:
        self._inner = await self._subscribe()
        return self._inner

    def _lift(self, item: Published) -> Event:
        return Event(
            item.topic, item.payload, item.headers, item.content_type, item.publisher, item.sequence, item.missed
        )

    def __repr__(self) -> str:
        state = "closed" if self._closed else "waiting to begin" if self._inner is None else "open"
        return f"<commy.Subscription to {self._topics!r}, {state}>"


def lower_options(capacity: int, overflow: Overflow | str) -> raw.SubscribeOptions:
    return raw.SubscribeOptions(
        capacity=argument.whole("capacity", capacity),
        overflow=raw.Overflow[argument.choice("overflow", Overflow, overflow).name],
    )


def lower(
    topic: str, value: object, headers: Mapping[str, str] | None, content_type: str | None
) -> tuple[bytes, bytes]:
    """An event as a desk takes it: its head, and its payload."""
    body, kind, checked = payload.content(value, headers, content_type)
    # Of exact types: what is only equal to a text may be none.
    is_plain = type(topic) is str and not checked
    key = (topic, kind)
    known = _heads.get(key) if is_plain else None
    if known is None:
        builder = buffers.Builder()
        raw._UniffiFfiConverterString.write(argument.text("the topic", topic), builder)
        raw._UniffiFfiConverterString.write(kind, builder)
        raw._UniffiFfiConverterMapStringString.write(checked, builder)
        known = bytes(builder)
        if is_plain:
            if len(_heads) >= HEADS_MAX:
                _heads.clear()
            _heads[key] = known
    return known, body


HEADS_MAX = 1024
"""How many heads of events are remembered: a program has few topics, but it may make up names."""

_heads: dict[tuple[str, str], bytes] = {}
