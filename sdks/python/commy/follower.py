"""Taking a subscription's events at the desk of the loop that runs.

Owns that each event takes one crossing, and that none is lost when a task that waits is cancelled.
Knows nothing of what an event means.
"""

from __future__ import annotations

import asyncio
import ctypes
import weakref

from commy import process
from commy.desk import DONE, ENDED, TURN, Desk, Page, Published, take, unfollow
from commy.desks import Desks
from commy.library import raw


class Follower:
    """What the events of a subscription come from."""

    def __init__(self, desks: Desks, subscription: raw.Subscription) -> None:
        self._desks = desks
        self._subscription = subscription
        self._desk: Desk | None = None
        self._handle = self._number = 0
        self._leave: weakref.finalize[..., Follower] | None = None
        self._page = Page()
        self._page_address = ctypes.addressof(self._page)
        self._turn = 0

    async def next(self) -> Published | None:
        """Waits for the next event; None when there comes no more. It is taken only when it is
        given, so cancelling this loses none."""
        self._turn += 1
        if self._turn % TURN == 0:
            # A flood of events must not keep the loop from its other tasks.
            await asyncio.sleep(0)
        while True:
            desk = self._at_desk()
            code = take(self._handle, self._page_address)
            if code == DONE:
                return desk.taken(self._page)
            if code == ENDED:
                return None
            await desk.ready(self._number)

    def _at_desk(self) -> Desk:
        """The desk of the loop that runs, which a subscription's reader may change."""
        desk = self._desks.here()
        if desk is not self._desk:
            if self._leave is not None:
                self._leave()
            self._handle, self._number = desk.follow(self._subscription)
            self._leave = weakref.finalize(self, _leave, self._handle)
            # At the end of the interpreter all of it ends.
            self._leave.atexit = False  # type: ignore[misc]  # a property, whatever the stubs say
            self._desk = desk
        return desk

    def dropped(self) -> int:
        return int(self._subscription.dropped())

    def close(self) -> None:
        self._subscription.close()


def _leave(handle: int) -> None:
    if not process.is_forked():
        unfollow(handle)
