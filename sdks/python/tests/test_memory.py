"""Nothing grows: not the process, nor what it holds for the runtime."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import weakref
from pathlib import Path

import pytest

from commy import Mesh, errors
from commy.library import raw

CALLS = 100_000
TASKS = 64


def handlers() -> int:
    return len(raw._UniffiFfiConverterTypeHandler._handle_map)


def resident_kib() -> int:
    """The memory that this process has in RAM, by Linux' own account; elsewhere its peak."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


async def eventually_equal(expected: int, found: object) -> None:
    """Waits until the runtime has let go of what it drops on threads of its own."""
    assert callable(found)
    for _ in range(2000):
        gc.collect(0)
        if found() == expected:
            return
        await asyncio.sleep(0.001)
    assert found() == expected


async def test_a_hundred_thousand_calls_leave_no_growth(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("echo")
        async def echo(value: bytes) -> bytes:
            return value

        async def calls(count: int) -> None:
            for _ in range(count):
                assert await mesh.call("echo", payload=b"0123456789abcdef") == b"0123456789abcdef"

        async def round_of(count: int) -> int:
            await asyncio.gather(*(calls(count // TASKS) for _ in range(TASKS)))
            gc.collect()
            return resident_kib()

        # The first calls fill caches and the allocator's arenas; growth shows after them.
        before = await round_of(CALLS // 5)
        held = handlers()
        after = await round_of(CALLS * 4 // 5)
        assert after - before < 3 * 1024, f"{before} KiB grew to {after} KiB"
        assert handlers() == held
        assert len(raw._UniffiContinuationHandleMap) == 0
        assert mesh.stats().calls_in_flight == 0


@pytest.mark.parametrize(
    "how", ["raises", "plain", "cancelled", "timeout", "large", "unknown", "subscribe", "register"]
)
async def test_the_less_usual_ways_leave_no_growth_either(
    name: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "commy")
    async with Mesh(name) as mesh:

        @mesh.service("service")
        class Service:
            async def raises(self) -> None:
                raise KeyError("mine")

            def plain(self, value: bytes) -> bytes:
                return value

            async def stuck(self) -> None:
                await asyncio.Event().wait()

        async def once() -> None:
            if how == "raises":
                with pytest.raises(errors.HandlerFailed):
                    await mesh.call("service", "raises")
            elif how == "plain":
                await mesh.call("service", "plain", bytes(1000))
            elif how == "cancelled":
                call = asyncio.ensure_future(mesh.call("service", "stuck"))
                await asyncio.sleep(0)
                call.cancel()
                await asyncio.wait([call])
            elif how == "timeout":
                with pytest.raises(errors.DeadlineExceeded):
                    await mesh.call("service", "stuck", timeout=0.001)
            elif how == "large":
                with pytest.raises(errors.ResourceExhausted):
                    await mesh.call("service", "plain", bytes(9 * 2**20))
            elif how == "unknown":
                with pytest.raises(errors.NotFound):
                    await mesh.call("nobody")
            elif how == "subscribe":
                async with mesh.subscribe("topic") as events:
                    await mesh.publish("topic", bytes(1000))
                    await events.next()
            elif how == "register":
                async with await mesh.register("passing", lambda value: value):
                    pass

        count = 40 if how == "large" else 400
        for _ in range(count):
            await once()
        gc.collect()
        before = resident_kib()
        for _ in range(2 * count):
            await once()
        gc.collect()
        assert resident_kib() - before < 2 * 1024
        await eventually_equal(1, handlers)
        await eventually_equal(0, lambda: len(raw._UniffiContinuationHandleMap))


async def test_a_deregistered_handler_is_let_go(name: str) -> None:
    class Held:
        def method(self) -> None:
            pass

    async with Mesh(name) as mesh:
        held = Held()
        gone = weakref.ref(held)
        registration = await mesh.register("held", held)
        await mesh.call("held", "method")
        del held
        assert gone() is not None
        await registration.deregister()
        await eventually_equal(True, lambda: gone() is None)


async def test_a_stopped_mesh_is_let_go_with_all_that_it_held(name: str) -> None:
    await eventually_equal(0, handlers)
    mesh = Mesh(name)
    async with mesh:
        for number in range(10):
            await mesh.register(f"service-{number}", lambda value: value)
        watch, events = mesh.watch(), await mesh.subscribe("**")
        assert handlers() == 10
    gone = weakref.ref(mesh)
    del mesh, watch, events
    await eventually_equal(True, lambda: gone() is None)
    await eventually_equal(0, handlers)
