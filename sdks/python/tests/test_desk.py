"""The desk through which calls and requests pass: loops that come and go, or are unlike others."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import os
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest

from commy import Event, Mesh, errors

DESCRIPTORS = Path("/dev/fd")


def descriptors() -> int:
    return len(os.listdir(DESCRIPTORS))


async def echo(value: Any) -> Any:
    return value


def value(event: Event | None) -> Any:
    assert event is not None
    return event.value


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


async def test_neither_publishing_nor_taking_all_the_time_keeps_the_loop_from_other_tasks(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("flood", capacity=4096) as events:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        other = asyncio.ensure_future(others())
        for number in range(2048):
            await mesh.publish("flood", number)
        assert turns >= 2048 // 128
        turns = 0
        for number in range(2048):
            event = await events.next()
            assert value(event) == number
        assert turns >= 2048 // 128
        other.cancel()


async def test_a_publisher_that_gives_up_waiting_has_offered_its_event_once(name: str) -> None:
    async with Mesh(name) as mesh, contextlib.AsyncExitStack() as stack:
        full = await stack.enter_async_context(mesh.subscribe("topic", capacity=1, overflow="block"))
        roomy = await stack.enter_async_context(mesh.subscribe("topic"))
        await mesh.publish("topic", 0)
        for number in range(1, 4):
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(mesh.publish("topic", number), 0.01)
        first = await full.next()
        assert value(first) == 0
        await mesh.publish("topic", 4)
        second = await full.next()
        assert value(second) == 4
        seen = [await roomy.next() for _ in range(5)]
        assert [event.value for event in seen if event] == [0, 1, 2, 3, 4]


def test_a_subscription_is_read_in_one_loop_after_another(name: str) -> None:
    mesh = Mesh(name, local_only=True)

    async def begin() -> Any:
        await mesh.start()
        events = await mesh.subscribe("topic")
        await mesh.publish("topic", "first")
        event = await events.next()
        assert value(event) == "first"
        await mesh.publish("topic", "second")
        return events

    async def go_on(events: Any) -> None:
        event = await events.next()
        assert value(event) == "second"
        waiting = asyncio.ensure_future(events.next())
        await asyncio.sleep(0.01)
        await mesh.publish("topic", "third")
        event = await waiting
        assert value(event) == "third"
        await mesh.stop()
        assert await events.next() is None

    events = asyncio.run(begin())
    asyncio.run(go_on(events))


async def test_an_event_that_nobody_waits_for_any_more_is_the_next_ones(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("topic") as events:
        for number in range(50):
            waiting = asyncio.ensure_future(events.next())
            await asyncio.sleep(0)
            await mesh.publish("topic", number)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                event = await waiting
                assert value(event) == number
                continue
            event = await events.next()
            assert value(event) == number


async def test_events_bring_all_there_is_and_names_that_were_never_seen(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("**") as events:
        for number in range(1100):
            headers = {"number": str(number)} if number % 2 else {}
            await mesh.publish(f"topic/{number}", b"\x00" * number, headers=headers)
            event = await events.next()
            assert event is not None
            assert (event.topic, len(event.payload)) == (f"topic/{number}", number)
            assert event.headers == headers
            assert event.publisher == mesh.node_id


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
            async with mesh.subscribe("topic") as events:
                waiting = asyncio.ensure_future(events.next())
                await asyncio.sleep(0.01)
                await mesh.publish("topic", 1)
                assert value(await waiting) == 1
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
