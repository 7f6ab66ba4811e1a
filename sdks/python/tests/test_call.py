"""A call reaches one instance that its caller's options allow, and brings back its answer."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from commy import CircuitBreaker, Context, Mesh, Message, errors


def echo(value: object) -> object:
    return value


async def test_values_travel_both_ways(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        assert await mesh.call("echo", "any", {"id": 1, "items": ["ä", None, 1.5, True]}) == {
            "id": 1,
            "items": ["ä", None, 1.5, True],
        }
        assert await mesh.call("echo") is None


async def test_headers_travel_both_ways(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("headers")
        async def headers(value: object, context: Context) -> Message:
            return Message(value, headers={"seen": context.headers["trace"], "method": context.method})

        reply = await mesh.request("headers", "read", "hi", headers={"trace": "abc-ü"})
        assert reply.value == "hi"
        assert reply.headers == {"seen": "abc-ü", "method": "read"}
        assert reply.content_type == "application/json"
        assert reply.served_by == mesh.discover("headers")[0].id


async def test_a_handler_learns_of_the_call(name: str) -> None:
    contexts: list[Context] = []
    async with Mesh(name) as mesh:

        @mesh.service("learn")
        async def learn(value: object, context: Context) -> None:
            contexts.append(context)
            assert 0 < context.time_left <= 5.0

        await mesh.call("learn", "now", timeout=5.0)
        (context,) = contexts
        assert (context.service, context.method, context.caller) == ("learn", "now", mesh.node_id)
        assert (context.attempt, context.cancelled, context.content_type) == (1, False, "application/json")
        assert context.deadline <= time.monotonic() + 5.0
        assert repr(context).startswith("Context(service='learn', method='now', headers={}")


async def test_without_a_timeout_the_meshs_own_holds(name: str) -> None:
    async with Mesh(name, call_timeout=0.05) as mesh:

        @mesh.service("stuck")
        async def stuck(value: object) -> None:
            await asyncio.Event().wait()

        with pytest.raises(errors.DeadlineExceeded):
            await mesh.call("stuck")


async def test_a_timeout_of_zero_is_exceeded_at_once_and_nothing_is_sent(name: str) -> None:
    calls: list[object] = []
    async with Mesh(name) as mesh:
        await mesh.register("count", calls.append)
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await mesh.call("count", timeout=0)
        assert isinstance(caught.value, TimeoutError)
        assert await mesh.call("count", timeout=5) is None
        assert len(calls) == 1


@pytest.mark.parametrize("bad", [-1, -0.001, float("nan"), float("inf")])
async def test_a_timeout_that_is_no_time_is_refused(name: str, bad: float) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument, match="timeout must be a finite number of seconds"):
            await mesh.call("echo", timeout=bad)
        with pytest.raises(TypeError, match="timeout must be a number of seconds"):
            await mesh.call("echo", timeout="2")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["async", "plain"])
async def test_a_handler_that_hangs_exceeds_the_deadline_and_its_service_goes_on(name: str, kind: str) -> None:
    async with Mesh(name) as mesh:
        may_end = threading.Event()

        class Hangs:
            async def hang(self) -> None:
                await asyncio.Event().wait()

            def block(self) -> None:
                may_end.wait()

            async def fine(self) -> str:
                return "fine"

        await mesh.register("hangs", Hangs)
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await mesh.call("hangs", "hang" if kind == "async" else "block", timeout=0.05)
        assert (caught.value.service, caught.value.method) == ("hangs", "hang" if kind == "async" else "block")
        assert await mesh.call("hangs", "fine") == "fine"
        may_end.set()


async def test_an_unknown_service_is_not_found_and_named(name: str) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.NotFound, match="nobody") as caught:
            await mesh.call("nobody", "method")
        assert (caught.value.service, caught.value.attempts) == ("nobody", 0)
        assert isinstance(caught.value, LookupError)


async def test_a_requirement_that_no_instance_meets_is_not_found(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("orders", echo, version="1.0.0", tags=["eu"], metadata={"tier": "gold"})
        assert await mesh.call("orders", version="^1", tags=["eu"], metadata={"tier": "gold"}) is None
        unmet: list[dict[str, Any]] = [{"version": "^2"}, {"tags": ["us"]}, {"metadata": {"tier": "lead"}}]
        for options in unmet:
            with pytest.raises(errors.NotFound):
                await mesh.call("orders", **options)


@pytest.mark.parametrize("bad", ["", "s" * 129, "has space", "größe", "a/b", "\udcff"])
async def test_a_bad_service_name_is_refused(name: str, bad: str) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument):
            await mesh.call(bad)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("m" * 129, {}),
        ("has space", {}),
        ("\udcff", {}),
        ("m", {"headers": {"": "value"}}),
        ("m", {"headers": {"key": "v" * 4097}}),
        ("m", {"headers": {"key": "\udcff"}}),
        ("m", {"headers": {str(number): "" for number in range(65)}}),
        ("m", {"content_type": "c" * 257}),
        ("m", {"routing_key": "k" * 1025}),
        ("m", {"balance": "luck"}),
        ("m", {"version": "not a version"}),
        ("m", {"tags": [""]}),
    ],
)
async def test_a_call_that_breaks_a_rule_is_refused(name: str, method: str, options: dict[str, Any]) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        with pytest.raises(errors.InvalidArgument):
            await mesh.call("echo", method, **options)
        assert await mesh.call("echo", "m", 1) == 1


async def test_round_robin_takes_each_in_turn(name: str) -> None:
    async with Mesh(name, balance="round_robin") as mesh:
        for _ in range(3):
            await mesh.register("echo", echo)
        served = [(await mesh.request("echo")).served_by for _ in range(6)]
        assert len(set(served[:3])) == 3
        assert served[:3] == served[3:]


async def test_one_routing_key_reaches_one_instance(name: str) -> None:
    async with Mesh(name) as mesh:
        for _ in range(5):
            await mesh.register("echo", echo)

        async def served(key: str) -> str:
            return (await mesh.request("echo", routing_key=key, balance="consistent_hash")).served_by

        for key in "abc":
            assert len({await served(key) for _ in range(5)}) == 1
        assert len({await served(f"key-{number}") for number in range(50)}) > 1


async def test_an_instance_in_the_meshs_own_zone_is_preferred(name: str) -> None:
    async with Mesh(name, zone="here", balance="round_robin") as mesh:
        near = await mesh.register("echo", echo)
        await mesh.register("echo", echo, zone="there")
        for _ in range(4):
            assert (await mesh.request("echo")).served_by == near.instance.id
        assert len({(await mesh.request("echo", zone_first=False)).served_by for _ in range(4)}) == 2


async def test_an_in_flight_limit_that_is_reached_refuses_one_more(name: str) -> None:
    async with Mesh(name) as mesh:
        may_end = asyncio.Event()
        begun = asyncio.Semaphore(0)

        async def slow(value: int) -> int:
            begun.release()
            await may_end.wait()
            return value

        await mesh.register("slow", slow, max_in_flight=2)
        calls = [asyncio.ensure_future(mesh.call("slow", payload=number)) for number in range(2)]
        for _ in calls:
            await begun.acquire()
        with pytest.raises(errors.ResourceExhausted) as caught:
            await mesh.call("slow", payload=3)
        assert caught.value.service == "slow"
        may_end.set()
        assert await asyncio.gather(*calls) == [0, 1]
        assert await mesh.call("slow", payload=4) == 4


async def test_a_circuit_breaker_refuses_calls_to_what_fails(name: str) -> None:
    async with Mesh(name, breaker=CircuitBreaker(requests_min=2, pause=600)) as mesh:
        asked: list[object] = []

        @mesh.service("broken")
        async def broken(value: object) -> object:
            asked.append(value)
            return object()

        for _ in range(2):
            with pytest.raises(errors.Internal):
                await mesh.call("broken")
        with pytest.raises(errors.Unavailable, match="circuit"):
            await mesh.call("broken")
        assert len(asked) == 2


async def test_a_handler_may_call_on(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("countdown")
        async def countdown(number: int, context: Context) -> list[int]:
            if number == 0:
                return [0]
            return [number, *await mesh.call("countdown", payload=number - 1, timeout=context.time_left)]

        assert await mesh.call("countdown", payload=20) == list(range(20, -1, -1))


async def test_counters_tell_of_calls(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        before = mesh.stats()
        for _ in range(3):
            await mesh.call("echo")
        with pytest.raises(errors.NotFound):
            await mesh.call("nobody")
        while mesh.stats().requests_in_flight:  # it falls just after the reply is sent
            await asyncio.sleep(0.001)
        after = mesh.stats()
        assert after.calls_ok - before.calls_ok == 3
        assert after.calls_failed == {"NOT_FOUND": 1}
        assert after.requests_handled == 3
        assert (after.calls_in_flight, after.requests_in_flight, after.registrations) == (0, 0, 1)
        assert (after.peers, after.fabric_messages) == (0, 0)
