"""The desks of a mesh: one in each event loop that uses it.

Owns which desk is whose and when it is closed. Knows nothing of what is handed over at one.
"""

from __future__ import annotations

import asyncio
import weakref
from typing import Callable

from commy.desk import Desk
from commy.library import raw


class Desks:
    """The desks of one mesh."""

    def __init__(self, mesh: raw.Mesh) -> None:
        self._mesh = mesh
        self._desks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Desk] = weakref.WeakKeyDictionary()
        # The one that was used last, which is nearly always the one that is wanted.
        self._last: Callable[[], Desk | None] = lambda: None

    def here(self) -> Desk:
        """The desk in the loop that runs on this thread."""
        return self.of(asyncio.get_running_loop())

    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop that runs on this thread, if one does; it has a desk from then on."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return None
        self.of(loop)
        return loop

    def of(self, loop: asyncio.AbstractEventLoop) -> Desk:
        """The desk in a loop, which runs on this thread."""
        desk = self._last()
        if desk is None or not desk.serves(loop):
            desk = self._desks.get(loop)
            if desk is None or not desk.serves(loop):
                # A loop that was closed by hand did not close its desk.
                for other, its in list(self._desks.items()):
                    if other.is_closed():
                        its.close()
                desk = self._desks[loop] = Desk(self._mesh, loop)
            self._last = weakref.ref(desk)
        return desk

    def find(self, loop: asyncio.AbstractEventLoop | None) -> Desk | None:
        """The desk in a loop, which may run elsewhere, if it has one."""
        return None if loop is None else self._desks.get(loop)

    def close(self) -> None:
        """Ends all of them."""
        for desk in list(self._desks.values()):
            desk.close()
