"""Cancelling a task that awaits a call reaches the handler, wherever it runs."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest

from commy import Context, Mesh, errors
from commy.library import raw


class Stuck:
    """Async and plain handlers that wait to be cancelled, and tell."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.begun = asyncio.Semaphore(0)
        self.ended = asyncio.Semaphore(0)
        self.contexts: list[Context] = []

    async def wait(self, value: object, context: Context) -> None:
        self.contexts.append(context)
        self.begun.release()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            assert asyncio.get_running_loop() is self.loop
            self.ended.release()
            raise

    def poll(self, value: object, context: Context) -> None:
        self.loop.call_soon_threadsafe(self.begun.release)
        while not context.cancelled:
            threading.Event().wait(0.001)
        self.loop.call_soon_threadsafe(self.ended.release)


@pytest.mark.parametrize("method", ["wait", "poll"])
async def test_a_cancelled_task_cancels_the_handler(name: str, method: str) -> None:
    async with Mesh(name) as mesh:
        stuck = Stuck()
        await mesh.register("stuck", stuck)
        call = asyncio.ensure_future(mesh.call("stuck", method))
        await stuck.begun.acquire()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await stuck.ended.acquire()
        assert mesh.stats().calls_in_flight == 0


@pytest.mark.parametrize("method", ["wait", "poll"])
async def test_a_deadline_that_passes_cancels_the_handler(name: str, method: str) -> None:
    async with Mesh(name) as mesh:
        stuck = Stuck()
        await mesh.register("stuck", stuck)
        with pytest.raises(errors.DeadlineExceeded):
            await mesh.call("stuck", method, timeout=0.03)
        await stuck.begun.acquire()
        await stuck.ended.acquire()


async def test_asyncios_own_timeout_cancels_the_handler(name: str) -> None:
    async with Mesh(name) as mesh:
        stuck = Stuck()
        await mesh.register("stuck", stuck)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(mesh.call("stuck", "wait"), 0.03)
        await stuck.begun.acquire()
        await stuck.ended.acquire()
        assert stuck.contexts[0].cancelled


async def test_cancellation_passes_through_a_chain_of_services(name: str) -> None:
    async with Mesh(name) as mesh:
        stuck = Stuck()
        await mesh.register("last", stuck)
        await mesh.register("middle", lambda: mesh.call("last", "wait"))
        await mesh.register("first", lambda: mesh.call("middle"))
        call = asyncio.ensure_future(mesh.call("first"))
        await stuck.begun.acquire()
        call.cancel()
        await stuck.ended.acquire()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_a_handler_that_cancels_itself_is_internal_to_its_caller(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("gives-up")
        async def gives_up(value: object) -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.Event().wait()

        with pytest.raises(errors.Internal, match="task was cancelled"):
            await mesh.call("gives-up", timeout=5.0)


async def test_a_handler_that_ignores_its_cancellation_harms_nobody(name: str) -> None:
    async with Mesh(name) as mesh:
        may_end, ended, begun = asyncio.Event(), asyncio.Event(), asyncio.Event()

        @mesh.service("stubborn")
        async def stubborn(value: object) -> str:
            begun.set()
            while not may_end.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await may_end.wait()
            ended.set()
            return "late"

        call = asyncio.ensure_future(mesh.call("stubborn"))
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        may_end.set()
        await ended.wait()
        assert await mesh.call("stubborn", payload="again") == "late"


async def test_calls_cancelled_at_every_moment_leave_nothing_behind(name: str) -> None:
    async with Mesh(name) as mesh:
        running = 0
        idle = asyncio.Event()

        @mesh.service("work")
        async def work(value: int) -> int:
            nonlocal running
            running += 1
            idle.clear()
            try:
                for _ in range(3):
                    await asyncio.sleep(0)
                return value
            finally:
                running -= 1
                if not running:
                    idle.set()

        async def call(number: int) -> object:
            return await mesh.call("work", payload=number)

        for steps in range(60):
            tasks = [asyncio.ensure_future(call(number)) for number in range(4)]
            for _ in range(steps % 20):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert await mesh.call("work", payload=1) == 1
        await idle.wait()
        while mesh.stats().requests_in_flight:
            await asyncio.sleep(0.001)
        assert mesh.stats().calls_in_flight == 0
        assert len(raw._UniffiContinuationHandleMap) == 0


async def test_a_plain_handler_that_was_cancelled_while_it_waited_for_a_thread_never_runs(name: str) -> None:
    async with Mesh(name) as mesh:
        entered, may_end = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        ran: list[str] = []

        def block(value: str) -> None:
            ran.append(value)
            loop.call_soon_threadsafe(entered.set)
            may_end.wait()

        await mesh.register("block", block, threads=1)
        first = asyncio.ensure_future(mesh.call("block", payload="first"))
        await entered.wait()
        with pytest.raises(errors.DeadlineExceeded):
            await mesh.call("block", payload="second", timeout=0.02)
        may_end.set()
        await first
        await mesh.call("block", payload="third")
        assert ran == ["first", "third"]
