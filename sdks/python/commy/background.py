"""An event loop in a thread of its own, in which blocking code has its coroutines run.

Knows nothing of what they do.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import weakref
from collections.abc import Coroutine
from typing import Any, TypeVar

from commy import process
from commy.errors import Cancelled, FailedPrecondition

T = TypeVar("T")


class Background:
    """The thread is started when it is first needed, and again after it was closed."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._end: weakref.finalize[Any, Any] | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Waits until the coroutine is done, and returns what it returns. Ctrl-C cancels it."""
        if process.is_forked():
            work.close()
            process.guard()
        if threading.current_thread() is self._thread:
            work.close()
            raise FailedPrecondition(
                "a blocking call from an async handler would wait for itself: make the handler a "
                "plain function, or use commy.Mesh"
            )
        with self._lock:
            # Under the lock, so that a close comes either before or after, and then cancels this.
            future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise Cancelled("the mesh was closed by another thread") from None
        finally:
            future.cancel()

    def close(self) -> None:
        """Cancels what still runs and ends the thread."""
        with self._lock:
            thread, self._thread, self._loop = self._thread, None, None
            if self._end is not None:
                self._end()
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_serve, args=(loop,), name=self._name, daemon=True)
            self._thread.start()
            self._end = weakref.finalize(self, loop.call_soon_threadsafe, loop.stop)
            # The end of the interpreter is for commy.process: it still needs this thread.
            self._end.atexit = False  # type: ignore[misc]  # a property, whatever the stubs say
            self._loop = loop
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
