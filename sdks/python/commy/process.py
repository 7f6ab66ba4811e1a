"""What becomes of commy when its process forks, and when its interpreter ends.

The runtime's threads do not survive a fork, and they must not call into an interpreter that is
being torn down. Owns both cases; knows of meshes only that they can be stopped.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Coroutine
from typing import Any, Callable, Protocol, TypeVar

from commy.errors import FailedPrecondition
from commy.library import raw

T = TypeVar("T")

EXIT_SECONDS_MAX = 10.0
"""How long the end of the interpreter waits for meshes that were left running."""


class Stoppable(Protocol):
    """What is stopped when the interpreter ends."""

    def abandon(self) -> Awaitable[None]:
        """Stops at once, without waiting for requests whose event loop is gone."""


_running: weakref.WeakSet[Stoppable] = weakref.WeakSet()
_used = False
_forked_from: int | None = None


def guard() -> None:
    """Refuses to touch the native library in the child of a fork, where it would hang."""
    if _forked_from is not None:
        raise FailedPrecondition(
            f"process {os.getpid()} was forked from process {_forked_from}, in which commy was in use, and its "
            "threads did not come along; start child processes by the method 'spawn' or 'forkserver'"
        )


def is_forked() -> bool:
    """Whether this is the child of a fork in which the native library must not be touched."""
    return _forked_from is not None


def adopt(mesh: Stoppable) -> None:
    """Remembers a mesh that is about to start, to stop it when the interpreter ends."""
    global _used
    guard()
    _used = True
    _running.add(mesh)


def release(mesh: Stoppable) -> None:
    """Forgets a mesh that has stopped."""
    _running.discard(mesh)


def outside_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine in a thread and an event loop of its own, and returns what it returns.

    For synchronous code that must wait for the runtime even where an event loop is running.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work()))
        except BaseException as error:  # handed over to the thread that waits
            errors.append(error)

    variables = contextvars.copy_context()
    thread = threading.Thread(target=variables.run, args=(run,), name="commy-wait", daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _stop_all() -> None:
    """Stops what still runs, and waits until the runtime has let go of every Python object.

    A thread of the runtime that called into the interpreter after its end would crash the process.
    """
    if _forked_from is not None or not _used:
        return
    meshes = list(_running)

    async def stop() -> None:
        await asyncio.wait([asyncio.ensure_future(mesh.abandon()) for mesh in meshes], timeout=EXIT_SECONDS_MAX)

    deadline = time.monotonic() + EXIT_SECONDS_MAX
    if meshes:
        asyncio.run(stop())
    while len(raw._UniffiFfiConverterTypeHandler._handle_map) and time.monotonic() < deadline:
        time.sleep(0.001)


def _after_fork() -> None:
    global _forked_from
    if not _used:
        return
    _forked_from = os.getppid()
    # Finalizers of objects that were copied by the fork would reach into locks that nobody will
    # ever release: what they own belongs to the parent, and goes with this process.
    raw._uniffi_rust_call = lambda *_: None


atexit.register(_stop_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
