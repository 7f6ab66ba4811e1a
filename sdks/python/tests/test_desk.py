"""The desk through which calls and requests pass: loops that come and go, or are unlike others."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from commy import Mesh, errors

DESCRIPTORS = Path("/dev/fd")


def descriptors() -> int:
    return len(os.listdir(DESCRIPTORS))


async def echo(value: Any) -> Any:
    return value


async def test_calls_of_many_loops_at_once_each_come_back_to_their_own(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        results: dict[int, list[Any]] = {}

        async def calls(thread: int) -> list[Any]:
            return await asyncio.gather(*(mesh.call("echo", payload=[thread, number]) for number in range(200)))

        def run(thread: int) -> None:
            results[thread] = asyncio.run(calls(thread))

        threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                await asyncio.sleep(0.001)
        assert results == {thread: [[thread, number] for number in range(200)] for thread in range(4)}


async def test_a_request_runs_in_a_copy_of_the_registrations_context(name: str) -> None:
    variable = contextvars.ContextVar("variable", default="none")

    async def look() -> str:
        seen = variable.get()
        variable.set("the request's own")
        return seen

    async with Mesh(name) as mesh:
        variable.set("the registration's")
        await mesh.register("look", look)
        variable.set("the caller's")
        assert await mesh.call("look") == "the registration's"
        assert await mesh.call("look") == "the registration's"


async def test_a_mesh_that_is_gone_leaves_no_descriptor(name: str) -> None:
    async def use(number: int) -> None:
        async with Mesh(f"{name}-{number}", local_only=True) as mesh:
            await mesh.register("echo", echo)
            assert await mesh.call("echo", payload=number) == number

    await use(0)
    gc.collect()
    await asyncio.sleep(0)
    before = descriptors()
    for number in range(1, 20):
        await use(number)
    gc.collect()
    for _ in range(2000):
        if descriptors() <= before:
            break
        await asyncio.sleep(0.001)
    assert descriptors() <= before


async def test_a_desk_goes_with_its_loop(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)

        def run() -> Any:
            async def call() -> Any:
                assert await mesh.call("echo", payload=1) == 1
                return weakref.ref(mesh._desks.here())

            return asyncio.run(call())

        desk = await asyncio.get_running_loop().run_in_executor(None, run)
        for _ in range(2000):
            gc.collect()
            if desk() is None:
                break
            await asyncio.sleep(0.001)
        assert desk() is None
        assert await mesh.call("echo", payload=2) == 2


async def test_what_waits_at_a_desk_when_its_loop_ends_is_told(name: str) -> None:
    async with Mesh(name) as mesh:
        entered, may_end = threading.Event(), threading.Event()

        async def stuck() -> None:
            entered.set()
            await asyncio.Event().wait()

        def run() -> None:
            async def host() -> None:
                await mesh.register("stuck", stuck)
                while not may_end.is_set():
                    await asyncio.sleep(0.001)

            asyncio.run(host())

        thread = threading.Thread(target=run)
        thread.start()
        while not mesh.discover("stuck"):
            await asyncio.sleep(0.001)
        call = asyncio.ensure_future(mesh.call("stuck"))
        while not entered.is_set():
            await asyncio.sleep(0.001)
        may_end.set()
        with pytest.raises(errors.Internal):
            await call
        while thread.is_alive():
            await asyncio.sleep(0.001)
        with pytest.raises(errors.Internal, match="loop is closed"):
            await mesh.call("stuck")


class Unwatching(asyncio.SelectorEventLoop):
    """A loop that cannot watch a descriptor, as that of Windows cannot."""

    def add_reader(self, *_: Any) -> None:  # type: ignore[override]
        raise NotImplementedError


def test_a_loop_that_cannot_watch_a_descriptor_is_woken_by_a_thread(name: str) -> None:
    def watchers() -> int:
        return sum(thread.name == "commy-desk" for thread in threading.enumerate())

    async def main() -> None:
        async with Mesh(name) as mesh:
            await mesh.register("echo", echo)
            assert watchers() == 1
            for number in range(100):
                assert await mesh.call("echo", payload=number) == number
            assert await asyncio.gather(*(mesh.call("echo", payload=number) for number in range(100))) == [*range(100)]
            with pytest.raises(errors.NotFound):
                await mesh.call("nobody")

    loop = Unwatching()
    try:
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    del loop
    gc.collect()
    for thread in threading.enumerate():
        if thread.name == "commy-desk":
            thread.join(30)
    assert watchers() == 0
