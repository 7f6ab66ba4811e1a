"""The blocking twin does what the asyncio one does, and waits."""

from __future__ import annotations

import asyncio
import inspect
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import commy
from commy import blocking, errors
from commy.blocking import Mesh


def echo(value: object) -> object:
    return value


def test_every_verb_works(name: str) -> None:
    mesh = Mesh(name)

    @mesh.service("orders", version="1.0.0")
    class Orders:
        def create(self, value: str) -> str:
            return f"order {value}"

        async def on_loop(self, value: str) -> str:
            return f"async {value}"

    with mesh:
        assert mesh.call("orders", "create", "1") == "order 1"
        assert mesh.call("orders", "on_loop", "1") == "async 1"
        assert mesh.request("orders", "create", "1").served_by == mesh.discover("orders")[0].id
        with mesh.register("echo", echo) as registration:
            assert mesh.call("echo", payload=b"x") == b"x"
            registration.set_health("unhealthy")
            assert registration.instance.health == "unhealthy"
            assert registration.drain(timeout=1.0) is True
            assert [one.instance.service for one in mesh.registrations] == ["orders", "echo"]
        advertised = mesh.advertise("outside", "tcp://127.0.0.1:1")
        assert mesh.active_service_count() == 2
        advertised.deregister()
        assert mesh.stats().calls_ok == 4
        assert repr(mesh) == f"<commy.blocking.Mesh '{name}' running>"
        assert "commy.blocking.Registration" in repr(registration)
    assert not mesh.is_running
    assert mesh.name == name
    assert mesh.node_id


def test_watches_and_subscriptions_are_iterators(name: str) -> None:
    with Mesh(name) as mesh:
        with mesh.watch("echo") as changes, mesh.subscribe("numbers") as events:
            mesh.register("echo", echo)
            assert next(changes).kind == "added"
            for number in range(3):
                mesh.publish("numbers", number)
            assert [next(events).value for _ in range(3)] == [0, 1, 2]
            assert events.dropped == 0
        assert list(changes) == []
        assert list(events) == []


def test_a_wait_with_a_timeout_ends_and_loses_nothing(name: str) -> None:
    with Mesh(name) as mesh, mesh.subscribe("topic", timeout=0.01) as events:
        for number in range(10):
            with pytest.raises(errors.DeadlineExceeded, match="nothing arrived"):
                next(events)
            with pytest.raises(TimeoutError):
                events.next(timeout=0)
            mesh.publish("topic", number)
            event = events.next(timeout=5.0)
            assert event is not None
            assert event.value == number


def test_stopping_ends_iterations_in_other_threads(name: str) -> None:
    with Mesh(name) as mesh:
        seen: list[Any] = []
        events = mesh.subscribe("topic")
        thread = threading.Thread(target=lambda: seen.extend(event.value for event in events))
        thread.start()
        mesh.publish("topic", 1)
    thread.join(10.0)
    assert not thread.is_alive()
    assert seen == [1]


def test_nothing_works_before_the_start_or_after_the_stop(name: str) -> None:
    mesh = Mesh(name)
    for _ in range(2):
        for operation in (lambda: mesh.call("echo"), mesh.discover, lambda: mesh.subscribe("topic")):
            with pytest.raises(errors.FailedPrecondition):
                operation()
        mesh.start()
        mesh.start()
        mesh.stop()
        mesh.stop()
    assert [thread.name for thread in threading.enumerate() if name in thread.name] == []


def test_errors_are_the_asyncio_twins(name: str) -> None:
    with pytest.raises(errors.InvalidArgument):
        Mesh("")
    with Mesh(name) as mesh:
        with pytest.raises(errors.NotFound):
            mesh.call("nobody")
        with pytest.raises(errors.InvalidArgument):
            mesh.register("no good", echo)
        with pytest.raises(TypeError):
            mesh.call("echo", payload=object())


def test_a_blocking_call_from_an_async_handler_is_refused_rather_than_hanging(name: str) -> None:
    with Mesh(name) as mesh:
        mesh.register("inner", echo)

        async def wrong(value: object) -> object:
            return mesh.call("inner", payload=value)

        mesh.register("wrong", wrong)
        with pytest.raises(errors.HandlerFailed, match="would wait for itself") as caught:
            mesh.call("wrong")
        assert caught.value.code == "FailedPrecondition"


async def test_it_may_be_used_where_another_loop_runs(name: str) -> None:
    with Mesh(name) as mesh:
        mesh.register("echo", echo)
        assert mesh.call("echo", payload=1) == 1


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C works as in a terminal, also in a shell's background, where it is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this platform cannot signal a thread")
@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_waiting_cancels_the_handler(name: str) -> None:
    with Mesh(name) as mesh:
        cancelled = threading.Event()
        main = threading.main_thread().ident
        assert main is not None

        async def stuck(value: object) -> None:
            signal.pthread_kill(main, signal.SIGINT)
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        mesh.register("stuck", stuck)
        with pytest.raises(KeyboardInterrupt):
            mesh.call("stuck", timeout=10.0)
        assert cancelled.wait(10.0)


@pytest.mark.parametrize("method", [name for name in vars(commy.Mesh) if not name.startswith("_")])
def test_both_twins_have_the_same_methods_with_the_same_parameters(method: str) -> None:
    one, other = getattr(commy.Mesh, method), getattr(blocking.Mesh, method)
    if isinstance(one, property):
        assert isinstance(other, property)
        return
    parameters = {
        name: parameter.replace(annotation="") for name, parameter in inspect.signature(one).parameters.items()
    }
    twins = {name: parameter.replace(annotation="") for name, parameter in inspect.signature(other).parameters.items()}
    if method in ("watch", "subscribe"):
        del twins["timeout"]
    assert parameters == twins
