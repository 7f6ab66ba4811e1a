"""A mesh is created, started, stopped, started again, and refuses what it cannot do meanwhile."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path
from typing import Any, Callable

import pytest

import commy
from commy import CircuitBreaker, Mesh, TlsOptions, errors

BAD_NAMES = ["", "n" * 65, "has space", "größe", ".begins-with-dot", "ends-with-dot.", "two..dots", "nul\0", "a/b"]


def test_the_version_is_the_workspaces() -> None:
    manifest = Path(__file__).parents[3] / "Cargo.toml"
    found = re.search(r'(?m)^version = "([^"]+)"', manifest.read_text("utf-8"))
    assert found is not None
    assert commy.__version__ == found[1]


def test_creating_a_mesh_starts_nothing(name: str) -> None:
    mesh = Mesh(name)
    assert mesh.name == name
    assert mesh.node_id
    assert not mesh.is_running
    assert repr(mesh) == f"<commy.Mesh '{name}' not running>"


async def test_async_with_starts_and_stops(name: str) -> None:
    async with Mesh(name) as mesh:
        assert mesh.is_running
        assert repr(mesh) == f"<commy.Mesh '{name}' running>"
    assert not mesh.is_running


async def test_an_error_in_the_block_stops_the_mesh_and_is_passed_on(name: str) -> None:
    with pytest.raises(KeyError):
        async with Mesh(name) as mesh:
            raise KeyError("mine")
    assert not mesh.is_running


@pytest.mark.parametrize("bad", BAD_NAMES)
def test_a_bad_name_is_refused_and_named(bad: str) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        Mesh(bad)
    assert isinstance(caught.value, ValueError)
    assert caught.value.status is commy.Status.INVALID_ARGUMENT
    shown = bad.partition("\0")[0][:20]
    assert str(caught.value).startswith(f'mesh name "{shown}')


def test_a_name_that_utf_8_cannot_carry_is_refused() -> None:
    with pytest.raises(errors.InvalidArgument, match=r"'bad\\udcff' is not valid Unicode"):
        Mesh("bad\udcff")


@pytest.mark.parametrize("bad", [None, 7, b"bytes"])
def test_a_name_that_is_no_string_is_a_type_error(bad: Any) -> None:
    with pytest.raises(TypeError, match="the mesh's name must be a string"):
        Mesh(bad)


@pytest.mark.parametrize(
    "options",
    [
        {"call_timeout": 0},
        {"call_timeout": -1},
        {"call_timeout": float("nan")},
        {"drain_timeout": float("inf")},
        {"max_payload_bytes": -1},
        {"max_payload_bytes": 2**30 + 1},
        {"max_payload_bytes": 2**64},
        {"balance": "luck"},
        {"breaker": CircuitBreaker(requests_min=0)},
        {"breaker": CircuitBreaker(failure_ratio=0)},
        {"breaker": CircuitBreaker(failure_ratio=float("nan"))},
        {"breaker": CircuitBreaker(window=0)},
        {"breaker": CircuitBreaker(pause=-1)},
        {"zone": "z\udc00"},
        {"mode": "hermit"},
        {"listen": ["tcp/127.0.0.1:1", "carrier-pigeon/7"]},
        {"listen": ["tcp/\udc00:1"]},
    ],
)
def test_options_that_break_a_rule_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgument):
        Mesh(name, **options)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"local_only": 1}, "local_only must be True or False, not 1"),
        ({"shared_memory": None}, "shared_memory must be True or False, not None"),
        ({"listen": "tcp/127.0.0.1:1"}, "listen must be a list of strings, not str"),
        ({"connect": [1]}, "an entry of connect must be a string, not int"),
        ({"tls": {"ca": "ca.pem"}}, "tls must be TlsOptions or None, not dict"),
        ({"tls": TlsOptions(1, "a", "b")}, "ca must be a path, not int"),  # type: ignore[arg-type]
    ],
)
def test_options_of_the_wrong_type_are_type_errors(name: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(TypeError, match=reason):
        Mesh(name, **options)


def test_the_facades_defaults_are_the_librarys(name: str) -> None:
    from commy.library import raw

    defaults = raw.MeshOptions(name=name)
    parameters = inspect.signature(Mesh).parameters
    assert parameters["call_timeout"].default * 1000 == defaults.call_timeout_ms
    assert parameters["drain_timeout"].default * 1000 == defaults.drain_timeout_ms
    assert parameters["max_payload_bytes"].default == defaults.max_payload_bytes
    assert parameters["balance"].default.name == defaults.balance.name
    assert parameters["breaker"].default is defaults.breaker is None
    assert parameters["mode"].default.name == defaults.mode.name
    assert parameters["tls"].default is defaults.tls is None
    for flag in ("local_only", "multicast", "allow_insecure", "shared_memory"):
        assert parameters[flag].default is getattr(defaults, flag)
    for endpoints in ("listen", "connect"):
        assert list(parameters[endpoints].default) == getattr(defaults, endpoints) == []
    assert list(inspect.signature(commy.blocking.Mesh).parameters.values()) == list(parameters.values())
    facade, breaker = CircuitBreaker(), raw.CircuitBreaker()
    assert (facade.requests_min, facade.failure_ratio) == (breaker.requests_min, breaker.failure_ratio)
    assert (facade.window * 1000, facade.pause * 1000) == (breaker.window_ms, breaker.open_ms)


async def test_starting_twice_does_nothing(name: str) -> None:
    mesh = Mesh(name)
    mesh.service("echo")(lambda value: value)
    await mesh.start()
    await mesh.start()
    assert len(mesh.discover("echo")) == 1
    await mesh.stop()


async def test_stopping_twice_or_before_the_start_does_nothing(name: str) -> None:
    mesh = Mesh(name)
    await mesh.stop()
    await mesh.start()
    await mesh.stop()
    await mesh.stop()
    assert not mesh.is_running


async def test_a_stopped_mesh_starts_again_with_the_services_declared_for_it(name: str) -> None:
    mesh = Mesh(name)
    made = []

    @mesh.service("counter")
    class Counter:
        def __init__(self) -> None:
            made.append(self)
            self.count = 0

        async def next(self) -> int:
            self.count += 1
            return self.count

    async with mesh:
        assert await mesh.call("counter", "next") == 1
        assert await mesh.call("counter", "next") == 2
    async with mesh:
        assert await mesh.call("counter", "next") == 1
    assert len(made) == 2


OPERATIONS: list[tuple[str, Callable[[Mesh], Any]]] = [
    ("call", lambda mesh: mesh.call("echo")),
    ("publish", lambda mesh: mesh.publish("topic")),
    ("subscribe", lambda mesh: mesh.subscribe("topic").__aenter__()),
    ("register", lambda mesh: mesh.register("echo", lambda value: value)),
    ("advertise", lambda mesh: mesh.advertise("outside", "tcp://127.0.0.1:1")),
    ("discover", lambda mesh: mesh.discover()),
    ("watch", lambda mesh: mesh.watch()),
    ("active_service_count", lambda mesh: mesh.active_service_count()),
]


async def attempt(operation: Callable[[Mesh], Any], mesh: Mesh) -> None:
    result = operation(mesh)
    if asyncio.iscoroutine(result):
        await result


@pytest.mark.parametrize(("what", "operation"), OPERATIONS)
async def test_nothing_works_before_the_start_or_after_the_stop(
    name: str, what: str, operation: Callable[[Mesh], Any]
) -> None:
    mesh = Mesh(name)
    for _ in range(2):
        with pytest.raises(errors.FailedPrecondition, match="running"):
            await attempt(operation, mesh)
        await mesh.start()
        await mesh.stop()


async def test_stopping_waits_for_calls_in_flight(name: str) -> None:
    mesh = Mesh(name)
    begun, may_end = asyncio.Event(), asyncio.Event()

    @mesh.service("slow")
    async def slow(value: str) -> str:
        begun.set()
        await may_end.wait()
        return value

    await mesh.start()
    call = asyncio.ensure_future(mesh.call("slow", payload="done"))
    await begun.wait()
    stop = asyncio.ensure_future(mesh.stop())
    await asyncio.sleep(0)
    assert not stop.done()
    may_end.set()
    assert await call == "done"
    await stop


async def test_stopping_cancels_what_outlasts_the_drain_timeout(name: str) -> None:
    mesh = Mesh(name, drain_timeout=0.05)
    begun, cancelled = asyncio.Event(), asyncio.Event()

    @mesh.service("stuck")
    async def stuck(value: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    await mesh.start()
    call = asyncio.ensure_future(mesh.call("stuck"))
    await begun.wait()
    await mesh.stop()
    with pytest.raises((errors.Cancelled, errors.Unavailable)):
        await call
    await cancelled.wait()


async def test_stopping_ends_watches_and_subscriptions(name: str) -> None:
    mesh = Mesh(name)
    await mesh.start()
    watch, subscription = mesh.watch(), await mesh.subscribe("**")
    waiting = asyncio.gather(watch.next(), subscription.next())
    await asyncio.sleep(0)
    await mesh.stop()
    assert list(await waiting) == [None, None]
    assert [change async for change in watch] == []
    assert [event async for event in subscription] == []


async def test_a_declared_service_that_cannot_be_registered_fails_the_start(name: str) -> None:
    mesh = Mesh(name)
    mesh.service("no good")(lambda value: value)
    with pytest.raises(errors.InvalidArgument, match="no good"):
        await mesh.start()
    assert not mesh.is_running


async def test_dropping_a_running_mesh_warns_and_harms_nothing(name: str) -> None:
    held = [Mesh(name)]
    await held[0].start()
    await held[0].register("echo", lambda value: value)
    with pytest.warns(ResourceWarning, match="was not stopped"):
        held.clear()
    async with Mesh(name) as successor:
        await successor.register("echo", lambda value: value)
        assert await successor.call("echo", payload=1, timeout=5.0) == 1


async def test_two_meshes_of_different_names_do_not_see_each_other(name: str) -> None:
    async with Mesh(name) as one, Mesh(f"{name}-other") as other:
        await one.register("echo", lambda value: value)
        assert len(one.discover("echo")) == 1
        assert other.discover("echo") == []
        with pytest.raises(errors.NotFound):
            await other.call("echo", timeout=1.0)


async def test_two_meshes_of_one_name_call_each_other(name: str) -> None:
    async with Mesh(name) as one, Mesh(name) as other:
        assert one.node_id == other.node_id, "a process is one node of a mesh, however often it joins"
        async with other.watch("echo") as changes:
            await one.register("echo", lambda value: value)
            assert await changes.next() is not None
        assert await other.call("echo", payload="hi") == "hi"
