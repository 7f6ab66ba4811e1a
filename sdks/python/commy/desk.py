"""A mesh's desk in one event loop: calls and events are handed over in one crossing each, and
replies, failures and requests taken many at a time.

The runtime never calls into Python for any of it, so none of its threads waits for the
interpreter's lock: it wakes the loop by a descriptor that the loop watches. Owns the native
functions for it and their encoding; knows nothing of services or of what a reply means.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import ctypes
import itertools
import struct
import sys
import threading
import weakref
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple, Protocol

from commy import buffers, process
from commy.library import raw

_library = raw._UniffiLib
_HEAD = struct.Struct("<B3xIQQQQQII")
_REPLIED, _FAILED, _ASKED, _CANCELLED, _GONE, _PUBLISHED, _READY = range(1, 8)
DONE, MALFORMED, WAITING, ENDED = range(4)

TURN = 64
"""How many events are published or taken without waiting before it is the other tasks' turn."""

TEXTS_MAX = 1024
"""How many combinations of names, content types and ids are remembered, so that they are decoded
once: callers from elsewhere choose them, so there may be any number."""


class Page(ctypes.Structure):
    """What was taken, which is the native library's."""

    _fields_ = [("data", ctypes.c_void_p), ("len", ctypes.c_size_t)]


def _native(name: str, result: Any, *arguments: Any) -> Any:
    function = getattr(_library, f"commyffi_desk_{name}")
    function.restype, function.argtypes = result, arguments
    return function


_U64, _BYTES, _SIZE = ctypes.c_uint64, ctypes.c_char_p, ctypes.c_size_t
_open = _native("open", _U64, _U64, ctypes.POINTER(ctypes.c_int32))
_close = _native("close", None, _U64)
_free = _native("free", None, _U64)
_handler = _native("handler", _U64, _U64, _U64)
_call = _native("call", ctypes.c_int32, _U64, _U64, _BYTES, _SIZE, _BYTES, _SIZE)
_cancel = _native("cancel", None, _U64, _U64)
_reply = _native("reply", ctypes.c_int32, _U64, _U64, _BYTES, _SIZE, _BYTES, _SIZE)
_fail = _native("fail", ctypes.c_int32, _U64, _U64, _BYTES, _SIZE)
_publish = _native("publish", ctypes.c_int32, _U64, _U64, _BYTES, _SIZE, _BYTES, _SIZE)
_follow = _native("follow", _U64, _U64, _U64, _U64)
take = _native("next", ctypes.c_int32, _U64, ctypes.c_void_p)
unfollow = _native("unfollow", None, _U64)
_wait = _native("wait", _U64, _U64, _U64)
_take = _native("take", ctypes.c_int32, _U64, ctypes.c_void_p)


class Asked(NamedTuple):
    """A request to a handler of the loop."""

    number: int
    service: str
    method: str
    content_type: str
    caller: str
    headers: dict[str, str]
    payload: bytes
    time_left_ms: int
    attempt: int


class Answered(NamedTuple):
    """The reply to a call."""

    served_by: str
    content_type: str
    headers: dict[str, str]
    payload: bytes


class Published(NamedTuple):
    """An event as its subscriber takes it."""

    topic: str
    content_type: str
    publisher: str
    headers: dict[str, str]
    payload: bytes
    sequence: int
    missed: int


News = tuple[int, int, int, bytes, "dict[str, str]", bytes, int, int]
"""Kind, ticket or invocation, handler, texts, headers, payload, milliseconds left, attempt."""


class Answering(Protocol):
    """A handler of the loop."""

    def asked(self, desk: Desk, request: Asked) -> None: ...

    def cancel(self, invocation_id: int) -> None: ...


class Desk:
    """Used on the thread of its loop only, but for :meth:`reply`, :meth:`fail` and :meth:`close`."""

    def __init__(self, mesh: raw.Mesh, loop: asyncio.AbstractEventLoop) -> None:
        descriptor = ctypes.c_int32()
        handle = _open(mesh._uniffi_clone_handle(), ctypes.byref(descriptor))
        if not handle:
            raise OSError("the operating system gives no pipe")
        self._handle: int = handle
        self._is_closed = False
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._ready: dict[int, asyncio.Future[None]] = {}
        self._handlers: dict[int, Answering] = {}
        self._tickets = itertools.count(1)
        self._texts: dict[bytes, tuple[str, ...]] = {}
        self._news: collections.deque[News] = collections.deque()
        self._page = Page()
        self._page_address = ctypes.addressof(self._page)
        self.loop = weakref.ref(loop)
        desk = weakref.ref(self)
        watched = _watched(loop, descriptor.value, handle, desk)
        end = weakref.finalize(self, _end, self.loop, watched, handle, _guard(desk))
        # At the end of the interpreter threads may still use it; commy.process has closed it.
        end.atexit = False  # type: ignore[misc]  # a property, whatever the stubs say

    def serves(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether it is this loop's, and open."""
        return self.loop() is loop and not self._is_closed

    # Calls.

    async def call(self, head: bytes, payload: bytes) -> Answered:
        """Sends a call and waits for its reply. Cancelling it cancels the handler's work."""
        ticket = next(self._tickets)
        if _call(self._handle, ticket, head, len(head), payload, len(payload)):
            raise raw.InternalError("a call could not be read")
        answered: Answered = await self._outcome(ticket)
        return answered

    async def _outcome(self, ticket: int) -> Any:
        """What becomes of what was handed over. Its news are taken by this loop, and so not before
        this waits for them."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls[ticket] = future
        try:
            return await future
        finally:
            # Without an answer nobody waits for one any more: it was cancelled, or let go.
            if self._calls.pop(ticket, None) is not None:
                _cancel(self._handle, ticket)
            # An error that it holds has this frame in its traceback: a cycle, with the payload in it.
            del future

    # Events.

    async def publish(self, head: bytes, payload: bytes) -> None:
        """Publishes an event. Waits where there is no room for it, and otherwise only now and then,
        so that a task that publishes all the time does not keep the loop from all others."""
        ticket = next(self._tickets)
        code = _publish(self._handle, ticket, head, len(head), payload, len(payload))
        if code == WAITING:
            await self._outcome(ticket)
        elif code != DONE:
            raise raw.InternalError("an event could not be read")
        elif ticket % TURN == 0:
            await asyncio.sleep(0)

    def follow(self, subscription: raw.Subscription) -> tuple[int, int]:
        """Follows a subscription: the handle that its events are taken by, and its number here."""
        number = next(self._tickets)
        handle = _follow(self._handle, subscription._uniffi_clone_handle(), number)
        if not handle:
            raise raw.InternalError("a subscription could not be followed")
        return handle, number

    async def ready(self, number: int) -> None:
        """Waits until there may be an event for a subscription that had none."""
        self._ready[number] = future = asyncio.get_running_loop().create_future()
        try:
            await future
        finally:
            self._ready.pop(number, None)

    def taken(self, page: Page) -> Published:
        """The event on a page."""
        _, texts_size, sequence, missed, address, length, _, _, headers_size = _HEAD.unpack_from(
            written := ctypes.string_at(page.data, page.len)
        )
        end = _HEAD.size + texts_size
        texts = written[_HEAD.size : end]
        topic, content_type, publisher = self._texts.get(texts) or self._read(texts)
        headers = _headers(written[end:]) if headers_size else {}
        payload = ctypes.string_at(address, length) if length else b""
        return Published(topic, content_type, publisher, headers, payload, sequence, missed)

    # Handlers.

    def handler(self, answering: Answering) -> raw.Handler:
        """What is registered for a handler, which is asked on the loop's thread from then on."""
        number = next(self._tickets)
        self._handlers[number] = answering
        handle = _handler(self._handle, number)
        if not handle:
            raise raw.InternalError("a handler could not be made")
        made: raw.Handler = raw.HandlerImpl._uniffi_make_instance(handle)
        return made

    def reply(self, invocation: int, content_type: str, headers: dict[str, str], payload: bytes) -> None:
        """Answers a request; the first answer counts."""
        head = _PLAIN_HEADS.get(content_type)
        if head is None or headers:
            head = _reply_head(content_type, headers)
        if _reply(self._handle, invocation, head, len(head), payload, len(payload)):
            raise raw.InternalError("a reply could not be read")

    def fail(self, invocation: int, failure: raw.Failure) -> None:
        """Answers a request with a failure."""
        builder = buffers.Builder()
        raw._UniffiFfiConverterTypeFailure.write(failure, builder)
        if _fail(self._handle, invocation, bytes(builder), len(builder)):
            raise raw.InternalError("a failure could not be read")

    # News.

    def _tell(self) -> None:
        """Takes what there is and passes it on."""
        if _take(self._handle, self._page_address):
            raise raw.InternalError("the news of a mesh could not be taken")
        size = self._page.len
        page = ctypes.string_at(self._page.data, size) if size else b""
        at = 0
        while at < size:
            kind, texts_size, subject, handler, address, length, left, attempt, headers_size = _HEAD.unpack_from(
                page, at
            )
            at += _HEAD.size
            texts = page[at : at + texts_size]
            at += texts_size
            headers: dict[str, str] = {}
            if headers_size:
                headers = _headers(page[at : at + headers_size])
                at += headers_size
            # Copied now: it is the desk's only until more is taken.
            payload = ctypes.string_at(address, length) if length else b""
            self._news.append((kind, subject, handler, texts, headers, payload, left, attempt))
        self._pass_on()

    def _pass_on(self) -> None:
        try:
            while self._news:
                self._pass(*self._news.popleft())
        finally:
            # Ctrl-C may come in the middle; a program may go on with the loop after it.
            if self._news:
                asyncio.get_running_loop().call_soon(self._pass_on)

    def _pass(
        self,
        kind: int,
        subject: int,
        handler: int,
        texts: bytes,
        headers: dict[str, str],
        payload: bytes,
        left: int,
        attempt: int,
    ) -> None:
        if kind == _REPLIED:
            future = self._calls.pop(subject, None)
            if future is not None and not future.done():
                served_by, content_type = self._texts.get(texts) or self._read(texts)
                future.set_result(Answered(served_by, content_type, headers, payload))
        elif kind == _ASKED:
            answering = self._handlers.get(handler)
            if answering is not None:
                service, method, content_type, caller = self._texts.get(texts) or self._read(texts)
                asked = Asked(subject, service, method, content_type, caller, headers, payload, left, attempt)
                answering.asked(self, asked)
        elif kind == _READY:
            waiting = self._ready.get(subject)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
        elif kind == _PUBLISHED:
            future = self._calls.pop(subject, None)
            if future is not None and not future.done():
                future.set_result(None)
        elif kind == _FAILED:
            future = self._calls.pop(subject, None)
            if future is not None and not future.done():
                future.set_exception(raw._UniffiFfiConverterTypeCommyError.read(buffers.Reader(payload)))
        elif kind == _CANCELLED:
            answering = self._handlers.get(handler)
            if answering is not None:
                answering.cancel(subject)
        elif kind == _GONE:
            self._handlers.pop(handler, None)

    def _read(self, texts: bytes) -> tuple[str, ...]:
        reader = buffers.Reader(texts)
        read = []
        while reader.offset < len(texts):
            size = int.from_bytes(reader.read(4), "big")
            read.append(reader.read(size).decode("utf-8"))
        if len(self._texts) >= TEXTS_MAX:
            self._texts.clear()
        self._texts[texts] = tuple(read)
        return self._texts[texts]

    def close(self) -> None:
        """Ends it with its loop: requests are answered with a failure from now on."""
        if not self._is_closed and not process.is_forked():
            self._is_closed = True
            _close(self._handle)
            # They hold their loop, which holds this.
            self._handlers.clear()
            loop = self.loop()
            with contextlib.suppress(RuntimeError):  # nobody waits in a loop that is closed
                if loop is not None:
                    loop.call_soon_threadsafe(_wake, list(self._ready.values()))


def _wake(waiting: list[asyncio.Future[None]]) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(None)


def _headers(written: bytes) -> dict[str, str]:
    headers: dict[str, str] = raw._UniffiFfiConverterMapStringString.read(buffers.Reader(written))
    return headers


def _reply_head(content_type: str, headers: dict[str, str]) -> bytes:
    builder = buffers.Builder()
    raw._UniffiFfiConverterString.write(content_type, builder)
    raw._UniffiFfiConverterMapStringString.write(headers, builder)
    return bytes(builder)


_PLAIN_HEADS = {kind: _reply_head(kind, {}) for kind in ("application/json", "application/octet-stream")}


def _rung(desk: weakref.ref[Desk]) -> None:
    here = desk()
    if here is not None:
        here._tell()


def _watched(loop: asyncio.AbstractEventLoop, descriptor: int, handle: int, desk: weakref.ref[Desk]) -> int | None:
    """What the loop watches from now on. None if it cannot, as on Windows: then a thread does."""
    try:
        if descriptor >= 0:
            loop.add_reader(descriptor, _rung, desk)
            return descriptor
    except NotImplementedError:
        pass
    # It is given the loop weakly: a program may forget one.
    threading.Thread(target=_listen, args=(weakref.ref(loop), handle, desk), name="commy-desk", daemon=True).start()
    return None


def _listen(loop: weakref.ref[asyncio.AbstractEventLoop], handle: int, desk: weakref.ref[Desk]) -> None:
    heard = _wait(handle, 0)
    while heard:
        running = loop()
        if running is not None:
            with contextlib.suppress(RuntimeError):  # it is closed, and the desk will be
                running.call_soon_threadsafe(_rung, desk)
        del running
        heard = _wait(handle, heard)


def _guard(desk: weakref.ref[Desk]) -> AsyncGenerator[None, None]:
    """What closes the desk when its loop ends, as it does with every async generator."""

    async def guard() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            here = desk()
            if here is not None:
                here.close()

    guarding = guard()
    # With a finalizer of the loop it would keep the loop alive; it needs none, as it awaits nothing.
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(finalizer=None)
    try:
        _step(guarding.__anext__())
    finally:
        sys.set_asyncgen_hooks(finalizer=hooks.finalizer)
    return guarding


def _step(awaitable: Any) -> None:
    """Runs what does not wait for anything."""
    with contextlib.suppress(StopIteration):
        awaitable.send(None)


def _end(loop: weakref.ref[asyncio.AbstractEventLoop], watched: int | None, handle: int, guarding: Any) -> None:
    if process.is_forked():
        return
    running = loop()
    # Before the descriptor is closed it must not be watched: its number may be another's then.
    with contextlib.suppress(RuntimeError):  # the loop is closed, and watches nothing
        if running is not None:
            running.call_soon_threadsafe(_leave, running, watched, handle, guarding)
            return
    _free(handle)


def _leave(loop: asyncio.AbstractEventLoop, watched: int | None, handle: int, guarding: Any) -> None:
    if watched is not None:
        loop.remove_reader(watched)
    _step(guarding.aclose())
    _free(handle)
