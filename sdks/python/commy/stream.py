"""A stream of items that the runtime queues: what watches and subscriptions have in common.

Owns that no item is lost when a task that waits for one is cancelled, and that each is given to
one task only. Knows nothing of what the items are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from commy import process
from commy.errors import RAW_ERRORS, lift

T = TypeVar("T")
S = TypeVar("S", bound="Stream[Any]")


class Source(Protocol):
    """What items come from. An item is not lost when whoever waits for it is cancelled."""

    async def next(self) -> Any: ...

    def close(self) -> None: ...


class Waited:
    """A raw object that items come from, which loses the one that a cancelled task waited for: so
    the wait goes on, and the next task has what comes of it."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self._coming: asyncio.Task[Any] | None = None

    async def next(self) -> Any:
        if self._coming is None:
            self._coming = asyncio.ensure_future(self._inner.next())
        coming = self._coming
        try:
            item = await asyncio.shield(coming)
        except asyncio.CancelledError:
            if coming.cancelled():
                self._coming = None
            raise
        except RAW_ERRORS:
            self._coming = None
            raise
        self._coming = None
        return item

    def close(self) -> None:
        self._inner.close()

    def __del__(self) -> None:
        # Whoever waited has given up, but the wait itself goes on: it would keep the object open.
        if self._coming is not None and not self._coming.done() and not process.is_forked():
            self._inner.close()


class Stream(AsyncIterator[T], Generic[T]):
    """An async iterator and context manager; use it from one event loop."""

    def __init__(self) -> None:
        self._source: Source | None = None
        self._closed = False
        self._turn: asyncio.Lock | None = None

    async def next(self) -> T | None:
        """Waits for the next item; None when this is closed or its mesh is stopped.

        Cancelling it loses nothing: the item that it waited for is given to the next call.
        """
        process.guard()
        async with self._in_turn():
            source = self._source or await self._begin()
            if source is None:
                return None
            try:
                item = await source.next()
            except RAW_ERRORS as error:
                raise lift(error) from None
            return None if item is None else self._lift(item)

    def close(self) -> None:
        """Ends it; whoever waits for an item gets none. Doing it twice does nothing."""
        self._closed = True
        if self._source is not None and not process.is_forked():
            self._source.close()

    def __aiter__(self: S) -> S:
        return self

    async def __anext__(self) -> T:
        item = await self.next()
        if item is None:
            raise StopAsyncIteration
        return item

    async def __aenter__(self: S) -> S:
        process.guard()
        async with self._in_turn():
            await self._begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _in_turn(self) -> asyncio.Lock:
        if self._turn is None:
            # Made here, not at the start: in Python 3.9 a lock belongs to the loop it is made in.
            self._turn = asyncio.Lock()
        return self._turn

    async def _begin(self) -> Source | None:
        """The source, opened when it is first needed; None when this was closed before that."""
        if self._source is None and not self._closed:
            self._source = await self._open()
        return self._source

    async def _open(self) -> Source:
        raise NotImplementedError

    def _lift(self, item: Any) -> T:
        raise NotImplementedError
