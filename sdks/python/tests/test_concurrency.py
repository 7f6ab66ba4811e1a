"""Many calls at once, from many tasks, loops and threads, each handler on the loop it belongs to."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from commy import Mesh, blocking


async def test_a_thousand_calls_at_once_each_get_their_own_answer(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("double")
        class Double:
            async def on_loop(self, value: int) -> int:
                await asyncio.sleep(0)
                return 2 * value

            def plain(self, value: int) -> int:
                return 2 * value

        for method in ("on_loop", "plain"):
            calls = [mesh.call("double", method, number) for number in range(500)]
            assert await asyncio.gather(*calls) == [2 * number for number in range(500)]
        assert mesh.stats().calls_in_flight == 0


async def test_plain_handlers_run_at_once_and_in_no_more_threads_than_allowed(name: str) -> None:
    async with Mesh(name) as mesh:
        together = threading.Barrier(4)
        seen = set()

        def meet(value: int) -> int:
            seen.add(threading.current_thread().name)
            together.wait(10.0)
            return value

        await mesh.register("meet", meet, threads=4)
        assert await asyncio.gather(*(mesh.call("meet", payload=number) for number in range(8))) == list(range(8))
        assert len(seen) == 4


async def test_a_plain_handler_may_call_through_a_blocking_mesh(name: str) -> None:
    with blocking.Mesh(name) as mesh:
        mesh.register("inner", lambda value: value + 1)
        mesh.register("outer", lambda value: mesh.call("inner", payload=value) * 10)
        assert mesh.call("outer", payload=4) == 50


def test_each_of_several_loops_in_several_threads_runs_its_own_handlers(name: str) -> None:
    """One mesh, registered into from four loops, called from all of them."""
    mesh = Mesh(name)
    ready = threading.Barrier(4)
    done = threading.Barrier(4)

    async def member(number: int) -> list[int]:
        loop, thread = asyncio.get_running_loop(), threading.current_thread()

        async def which(value: int) -> int:
            await asyncio.sleep(0)
            assert asyncio.get_running_loop() is loop
            assert threading.current_thread() is thread
            return 100 * number + value

        await mesh.register(f"member-{number}", which)
        await loop.run_in_executor(None, ready.wait, 10.0)
        calls = [mesh.call(f"member-{other}", payload=value) for other in range(4) for value in range(25)]
        answers = await asyncio.gather(*calls)
        await loop.run_in_executor(None, done.wait, 10.0)
        return answers

    asyncio.run(mesh.start())
    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(lambda number: asyncio.run(member(number)), range(4)))
    expected = [100 * other + value for other in range(4) for value in range(25)]
    assert results == [expected] * 4
    asyncio.run(mesh.stop())


def test_several_threads_share_a_blocking_mesh(name: str) -> None:
    with blocking.Mesh(name) as mesh, ThreadPoolExecutor(8) as threads:
        mesh.register("square", lambda value: value * value)
        answers = list(threads.map(lambda number: mesh.call("square", payload=number), range(200)))
        assert answers == [number * number for number in range(200)]


def test_a_mesh_outlives_the_loop_that_started_it(name: str) -> None:
    mesh = Mesh(name)

    async def serve_plainly() -> None:
        await mesh.start()
        await mesh.register("plain", lambda value: value)

    async def use() -> None:
        assert await mesh.call("plain", payload=1) == 1

        @mesh.service("on-the-second-loop")
        async def second(value: int) -> int:
            return value + 1

        assert await mesh.call("on-the-second-loop", payload=1) == 2
        await mesh.stop()

    asyncio.run(serve_plainly())
    asyncio.run(use())


async def test_meshes_start_and_stop_in_numbers(name: str) -> None:
    async def live(number: int) -> object:
        async with Mesh(f"{name}-{number}") as mesh:
            await mesh.register("echo", lambda value: value)
            return await mesh.call("echo", payload=number)

    assert await asyncio.gather(*(live(number) for number in range(20))) == list(range(20))


async def test_registering_and_deregistering_amid_calls_fails_none(name: str) -> None:
    async with Mesh(name) as mesh:
        stable = await mesh.register("echo", lambda value: value)

        async def churn() -> None:
            for _ in range(30):
                async with await mesh.register("echo", lambda value: value):
                    await asyncio.sleep(0)

        async def calls() -> int:
            answers = [await mesh.call("echo", payload=number) for number in range(150)]
            return sum(answers)

        total, *_ = await asyncio.gather(calls(), churn(), churn())
        assert total == sum(range(150))
        assert mesh.registrations == (stable,)
