"""Processes die, hang, come late and are replaced, and the others are told the truth in time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass
from typing import Any

import pytest
from processes import PATIENCE, Process, knows, replicas, soon, until

from commy import ChangeKind, CommyError, Mesh, Status, TlsOptions, errors

CALLERS = 20


@dataclass(frozen=True)
class Outcome:
    """A call, and what became of it: the node that answered, or the error."""

    began: float
    ended: float
    node: str | None
    error: CommyError | None


class Load:
    """Callers that call ``workers`` one after the other, in ``async with``, until its end."""

    def __init__(self, mesh: Mesh, **options: Any) -> None:
        self.outcomes: list[Outcome] = []
        self._mesh = mesh
        self._options = options
        self._is_over = False

    async def __aenter__(self) -> Load:
        self._callers = [asyncio.ensure_future(self._call()) for _ in range(CALLERS)]
        await self.goes_on()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        await soon(asyncio.gather(*self._callers))

    async def goes_on(self) -> None:
        """Waits until each caller had time for some calls."""
        enough = len(self.outcomes) + 5 * CALLERS
        await until("calls are answered", lambda: len(self.outcomes) >= enough)

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.error]

    async def _call(self) -> None:
        while not self._is_over:
            began = time.monotonic()
            node, error = None, None
            try:
                node = await self._mesh.call("workers", "work", 0.003, **self._options)
            except CommyError as failure:
                error = failure
            self.outcomes.append(Outcome(began, time.monotonic(), node, error))


class Stolen:
    """The time that the machine, busy with others, kept from whoever here was ready to go on: what
    must happen within some time must happen within that time of ours. In ``async with``."""

    TICK = 0.001

    def __init__(self) -> None:
        self._ticks: list[tuple[float, float]] = []
        self._is_over = False

    async def __aenter__(self) -> Stolen:
        self._task = asyncio.ensure_future(self._tick_in_loop())
        self._thread = threading.Thread(target=self._tick_in_thread)
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_over = True
        await self._task
        self._thread.join()

    def between(self, begin: float, end: float) -> float:
        """How much of this time was stolen, in seconds."""
        return sum(late for at, late in self._ticks if begin <= at <= end)

    async def _tick_in_loop(self) -> None:
        while not self._is_over:
            began = time.monotonic()
            await asyncio.sleep(self.TICK)
            self._note(began)

    def _tick_in_thread(self) -> None:
        while not self._is_over:
            began = time.monotonic()
            time.sleep(self.TICK)
            self._note(began)

    def _note(self, began: float) -> None:
        now = time.monotonic()
        self._ticks.append((now, now - began - self.TICK))


async def gone(mesh: Mesh, node: str) -> float:
    """Waits until a mesh gives up a node, and returns when it did."""
    async with mesh.watch("workers") as changes:
        while True:
            change = await soon(changes.next())
            if change.kind is ChangeKind.REMOVED and change.instance.node_id == node:
                return time.monotonic()


async def test_a_killed_replica_gets_no_more_calls_and_only_those_on_it_fail(name: str) -> None:
    gone_after: list[float] = []
    async with replicas(name, 3) as processes, Mesh(name) as mesh:
        await knows(mesh, 3)
        async with Load(mesh) as load, Stolen() as stolen:
            # A machine may be too busy to tell when one dies; it is not each time.
            for victim in processes[:2]:
                failed_before = len(load.failed)
                missed = asyncio.ensure_future(gone(mesh, victim.node))
                await load.goes_on()
                killed = victim.signal(signal.SIGKILL)
                known = await missed
                gone_after.append(known - killed - stolen.between(killed, known))
                await load.goes_on()

                failed = load.failed[failed_before:]
                assert len(failed) <= CALLERS
                for call in failed:
                    assert call.began < max(known, killed + 0.05)
                    error = call.error
                    assert error is not None
                    assert error.status is Status.UNAVAILABLE
                    assert (error.service, error.method) == ("workers", "work")
                    assert error.attempts >= 1
                    assert victim.node in (error.instance_id or "")
                    assert victim.node in error.reason
                assert not [call for call in load.outcomes if call.node == victim.node and call.began > known]
        assert {call.node for call in load.outcomes[-CALLERS:]} == {processes[2].node}
        assert min(gone_after) < 0.05, gone_after


async def test_a_replica_that_hangs_gets_no_call_after_a_moment_and_is_back_when_it_goes_on(name: str) -> None:
    async with replicas(name, 3) as processes, Mesh(name) as mesh:
        await knows(mesh, 3)
        victim = processes[0]
        once, repeated = Load(mesh, timeout=4.0), Load(mesh, timeout=4.0, idempotent=True)
        async with Stolen() as stolen, once, repeated:
            missed = asyncio.ensure_future(gone(mesh, victim.node))
            await once.goes_on()
            stopped = victim.signal(signal.SIGSTOP)
            known = await missed
            assert known - stopped - stolen.between(stopped, known) < 1.5
            await once.goes_on()
            await repeated.goes_on()
        for call in once.failed:
            assert call.error is not None
            assert call.error.status in (Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED)
            assert call.began <= known
            assert call.ended - call.began < 5.0
        assert [call.error for call in repeated.failed] == []
        assert not [
            call for call in once.outcomes + repeated.outcomes if call.node == victim.node and call.began > known
        ]

        victim.signal(signal.SIGCONT)
        await knows(mesh, 3)
        async with Load(mesh) as load:
            await until("it is called again", lambda: any(call.node == victim.node for call in load.outcomes))
        assert load.failed == []


async def test_a_rolling_restart_fails_no_call(name: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        mesh = await stack.enter_async_context(Mesh(name))
        old = await stack.enter_async_context(replicas(name, 3))
        await knows(mesh, 3)
        fresh: list[Process] = []
        async with Load(mesh) as load:
            for leaving in old:
                fresh.append(await stack.enter_async_context(Process(name, {"workers": {}})))
                await knows(mesh, 4)
                await load.goes_on()
                await leaving.do("stop")
                assert await leaving.exits() == 0
                await load.goes_on()
        assert [call.error for call in load.failed] == []
        assert {call.node for call in load.outcomes} >= {process.node for process in [*old, *fresh]}


async def test_a_call_whose_callee_is_killed_says_what_was_tried(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}) as other:
        await knows(mesh, 1)
        (instance,) = mesh.discover("workers")
        call = asyncio.ensure_future(mesh.call("workers", "hold"))
        await other.told("held")
        other.signal(signal.SIGKILL)
        with pytest.raises(errors.Unavailable) as caught:
            await soon(call)
        error = caught.value
        assert (error.service, error.method, error.attempts) == ("workers", "hold", 1)
        assert error.instance_id == instance.id
        with pytest.raises((errors.NotFound, errors.Unavailable)):
            await mesh.call("workers", "who")


async def test_an_idempotent_call_whose_callee_is_killed_succeeds_elsewhere(name: str) -> None:
    async with replicas(name, 2) as processes, Mesh(name) as mesh:
        await knows(mesh, 2)
        calls = [
            asyncio.ensure_future(mesh.call("workers", "work", 1.0, idempotent=True, balance="round_robin"))
            for _ in range(4)
        ]
        await until("each is at work", lambda: mesh.stats().calls_in_flight == 4)
        for process in processes:
            while (await process.do("stats"))["requests_in_flight"] < 2:
                await asyncio.sleep(0.002)
        processes[0].signal(signal.SIGKILL)
        assert set(await soon(asyncio.gather(*calls))) == {processes[1].node}


async def test_a_call_to_one_who_hangs_ends_by_its_deadline(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}) as other:
        await knows(mesh, 1)
        other.signal(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises((errors.DeadlineExceeded, errors.Unavailable)) as caught:
            await mesh.call("workers", "who", timeout=0.5)
        assert 0.4 < time.monotonic() - began < 5.0
        assert caught.value.instance_id is not None
        other.signal(signal.SIGCONT)


async def test_who_is_killed_stops_the_work_that_it_asked_for(name: str) -> None:
    async with Process(name, {"workers": {}}) as callee, Process(name) as caller:
        while not await caller.do("discover", service="workers"):
            await asyncio.sleep(0.002)
        caller.begin("call", service="workers", method="hold")
        await callee.told("held")
        caller.signal(signal.SIGKILL)
        await callee.told("let go")


async def test_one_who_comes_after_a_death_knows_the_living_only(name: str) -> None:
    async with replicas(name, 2) as processes:
        processes[0].signal(signal.SIGKILL)
        async with Mesh(name) as mesh:
            await knows(mesh, 1)
            assert await mesh.call("workers", "who") == processes[1].node
            assert mesh.stats().peers == 1


async def test_events_go_on_among_the_living(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("numbers") as events, replicas(name, 2) as processes:
        await knows(mesh, 2)
        processes[0].signal(signal.SIGKILL)
        await knows(mesh, 1)
        first = asyncio.ensure_future(events.next())
        while not first.done():
            await processes[1].do("publish", topic="numbers", first=1, count=1)
            await asyncio.wait([first], timeout=0.05)
        event = await first
        assert event is not None
        assert (event.value, event.publisher) == (1, processes[1].node)


async def test_a_stop_keeps_its_time_while_another_hangs(name: str) -> None:
    mesh = Mesh(name, drain_timeout=1.0)
    await mesh.start()
    async with Process(name, {"workers": {}}) as other:
        await knows(mesh, 1)
        call = asyncio.ensure_future(mesh.call("workers", "hold"))
        await other.told("held")
        other.signal(signal.SIGSTOP)
        began = time.monotonic()
        await mesh.stop()
        assert time.monotonic() - began < 5.0
        with pytest.raises(CommyError):
            await soon(call)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
async def test_a_forked_child_is_refused_and_never_waits(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"theirs": {}}) as other:
        await mesh.register("workers", lambda value: value)
        while not await other.do("discover", service="workers"):
            await asyncio.sleep(0.002)
        for operation, answer in (await other.do("fork", service="workers")).items():
            assert answer["status"] == "FAILED_PRECONDITION", operation
            assert "forked" in answer["reason"], operation
        # Its parent goes on as if nothing had been.
        assert await other.do("call", service="workers", method="", payload=1) == 1
        assert await mesh.call("theirs", "who") == other.node


async def test_an_interpreter_ends_with_a_mesh_that_is_connected(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("workers", lambda value: value)
        async with Process(name, {"theirs": {}}) as other:
            await knows(mesh, 1, "theirs")
            call = asyncio.ensure_future(mesh.call("theirs", "hold"))
            await other.told("held")
            other.begin("call", service="workers", method="", payload=1)
            assert await other.exits() == 0
            with pytest.raises(CommyError):
                await soon(call)
        assert other.complaints == ""
        await until("it is gone", lambda: mesh.stats().peers == 0)


def test_a_program_without_asyncio_ends_well_too(name: str) -> None:
    program = f"""
    import commy.blocking, threading
    mesh = commy.blocking.Mesh({name!r})
    mesh.start()
    mesh.register("echo", lambda value: value)
    print(mesh.call("echo", payload="end"))
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"listen": ["tcp/0.0.0.0:7447"]}, ["tcp/0.0.0.0:7447", "loopback", "allow_insecure"]),
        ({"connect": ["tcp/example.org:7447"]}, ["tcp/example.org:7447", "allow_insecure"]),
        ({"listen": ["tls/0.0.0.0:7447"]}, ["tls/0.0.0.0:7447", "certificates"]),
        ({"connect": ["quic/example.org:7447"]}, ["quic/example.org:7447", "certificates"]),
        ({"connect": ["udp/127.0.0.1:7447"]}, ["udp/127.0.0.1:7447", "tcp/, tls/ or quic/"]),
        ({"connect": ["127.0.0.1:7447"]}, ["127.0.0.1:7447", "tcp/, tls/ or quic/"]),
        ({"connect": ["tcp/127.0.0.1"]}, ["tcp/127.0.0.1", "port"]),
        ({"connect": ["tcp/127.0.0.1:7447#iface=eth0"]}, ["nothing else"]),
        ({"mode": "client"}, ["client", "connect"]),
        ({"multicast": True}, ["multicast", "listen"]),
        ({"tls": TlsOptions("/nowhere/ca.pem", "/nowhere/node.pem", "/nowhere/key.pem")}, ["/nowhere/ca.pem"]),
    ],
)
def test_options_that_cannot_work_are_refused_with_the_rule(
    name: str, options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        Mesh(name, **options)
    for word in words:
        assert word in caught.value.reason


async def test_an_address_that_is_taken_or_a_certificate_that_is_none_fails_the_start(name: str, tmp_path: Any) -> None:
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = f"tcp/127.0.0.1:{listener.getsockname()[1]}"
        mesh = Mesh(name, listen=[taken])
        with pytest.raises(CommyError):
            await soon(mesh.start())
        assert not mesh.is_running
    for file in ("ca", "node", "key"):
        (tmp_path / file).write_text("this is no certificate")
    tls = TlsOptions(tmp_path / "ca", tmp_path / "node", tmp_path / "key")
    mesh = Mesh(name, listen=["tls/127.0.0.1:0"], tls=tls)
    with pytest.raises(CommyError):
        await soon(mesh.start())
    assert not mesh.is_running
