"""Threads in which plain handlers run, so that none of them blocks an event loop.

Not concurrent.futures: that joins its threads when the interpreter ends, so one handler that never
returns would keep the process from ending. Knows nothing of requests.
"""

from __future__ import annotations

import queue
import threading
from typing import Callable

Work = Callable[[], None]


class Workers:
    """At most ``threads_max`` threads, started when there is work and none is idle."""

    def __init__(self, name: str, threads_max: int, waiting_max: int) -> None:
        self._name = name
        self._threads_max = threads_max
        self._waiting_max = waiting_max
        # Bounded by `submit`: the queue's own bound would make the runtime's thread wait.
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads = 0

    def submit(self, work: Work) -> None:
        """Has a thread do the work soon; never waits. RuntimeError says why it cannot be done."""
        if self._queue.qsize() >= self._waiting_max:
            raise RuntimeError(f"all {self._threads} threads are busy and {self._waiting_max} requests wait")
        if not self._idle.acquire(blocking=False):
            self._grow()
        self._queue.put(work)

    def close(self) -> None:
        """Ends every thread as soon as it has nothing left to do."""
        for _ in range(self._threads):
            self._queue.put(None)

    def _grow(self) -> None:
        with self._lock:
            if self._threads == self._threads_max:
                return
            name = f"commy-{self._name}-{self._threads}"
            # A thread must not keep these workers alive: it is given what it needs, not `self`.
            thread = threading.Thread(target=_work, args=(self._queue, self._idle), name=name, daemon=True)
            thread.start()
            self._threads += 1


def _work(waiting: queue.SimpleQueue[Work | None], idle: threading.Semaphore) -> None:
    while True:
        try:
            work = waiting.get_nowait()
        except queue.Empty:
            idle.release()
            work = waiting.get()
        if work is None:
            return
        work()
        del work  # else the last request would live as long as the thread is idle
