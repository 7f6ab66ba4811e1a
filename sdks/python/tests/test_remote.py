"""What works within one process works across two, and tells that it does."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from processes import Process, knows, replicas, soon, until

from commy import ChangeKind, Mesh, Reach, TlsOptions, errors


async def test_an_instance_is_found_with_all_that_is_known_of_it(name: str) -> None:
    spec: dict[str, Any] = {
        "version": "1.2.3",
        "tags": ["a", "b"],
        "metadata": {"owner": "sales"},
        "weight": 7,
        "zone": "eu-1a",
    }
    async with Mesh(name) as mesh, Process(name, {"workers": spec}, region="eu-1") as other:
        await knows(mesh, 1)
        (found,) = mesh.discover("workers", version="^1.2", tags=["b"], metadata={"owner": "sales"}, zone="eu-1a")
        assert (found.service, found.version, found.tags, found.weight) == ("workers", "1.2.3", ("a", "b"), 7)
        assert (found.metadata, found.zone, found.region) == ({"owner": "sales"}, "eu-1a", "eu-1")
        assert (found.node_id, found.reach, found.endpoint) == (other.node, Reach.FABRIC, None)
        assert mesh.discover("workers", zone="eu-1b") == []
        assert mesh.active_service_count() == 1


async def test_two_processes_find_each_other_within_a_second(name: str) -> None:
    async with Mesh(name) as mesh, Process(name) as other, mesh.watch("workers") as changes:
        begun = time.monotonic()
        await other.do("register", service="workers")
        assert await soon(changes.next())
        assert time.monotonic() - begun < 1.0
        await mesh.register("here", lambda value: value)
        begun = time.monotonic()
        while await other.do("discover", service="here") != [mesh.node_id]:
            assert time.monotonic() - begun < 1.0


@pytest.mark.parametrize(
    "value",
    [
        {"id": 1, "items": ["ä", None, 1.5, True], "nested": {"": []}},
        None,
        b"",
        bytes(range(256)),
        bytes(range(256)) * 4096,
    ],
    ids=["json", "null", "nothing", "every byte", "one MiB"],
)
async def test_values_and_bytes_arrive_as_they_were_sent(name: str, value: object) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}):
        await knows(mesh, 1)
        reply = await mesh.request("workers", "echo", value)
        assert reply.value == value
        assert reply.content_type == ("application/octet-stream" if isinstance(value, bytes) else "application/json")
        assert reply.served_by == mesh.discover("workers")[0].id


async def test_a_handler_learns_who_calls_and_what_is_left_of_the_deadline(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}):
        await knows(mesh, 1)
        seen = await mesh.call("workers", "context", headers={"trace": "ä"}, timeout=15.0)
        assert (seen["caller"], seen["attempt"], seen["headers"]) == (mesh.node_id, 1, {"trace": "ä"})
        assert 0 < seen["time_left"] <= 15.0


async def test_calls_go_both_ways(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}) as other:
        await mesh.register("here", lambda value: f"{value} seen")
        await until("the other knows this", lambda: mesh.stats().peers == 1)
        while not await other.do("discover", service="here"):
            await asyncio.sleep(0.002)
        assert await other.do("call", service="here", method="", payload="tea") == "tea seen"
        assert await mesh.call("workers", "who") == other.node


async def test_a_handlers_error_brings_its_code_message_and_details(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}):
        await knows(mesh, 1)
        with pytest.raises(errors.HandlerFailed) as caught:
            await mesh.call("workers", "fail")
        error = caught.value
        assert (error.code, error.reason, error.details) == (
            "OUT_OF_STOCK",
            "none of tea left",
            {"left": 0, "of": ["tea"]},
        )
        assert (error.service, error.method, error.attempts) == ("workers", "fail", 1)
        assert error.instance_id == mesh.discover("workers")[0].id
        with pytest.raises(errors.HandlerFailed) as caught:
            await mesh.call("workers", "lose")
        assert caught.value.code == "KeyError"
        with pytest.raises(errors.Unimplemented):
            await mesh.call("workers", "nothing")
        with pytest.raises(errors.InvalidArgument):
            await mesh.call("workers", "echo", b"{", content_type="application/json")


async def test_a_deadline_ends_the_call_and_the_work(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}) as other:
        await knows(mesh, 1)
        with pytest.raises(errors.DeadlineExceeded) as caught:
            await mesh.call("workers", "hold", timeout=0.5)
        assert (caught.value.service, caught.value.method) == ("workers", "hold")
        await other.told("held")
        await other.told("let go")


async def test_a_call_that_is_cancelled_ends_the_work(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}) as other:
        await knows(mesh, 1)
        call = asyncio.ensure_future(mesh.call("workers", "hold"))
        await other.told("held")
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await other.told("let go")
        assert await mesh.call("workers", "who") == other.node


async def test_events_go_both_ways_in_order(name: str) -> None:
    async with Mesh(name) as mesh, Process(name) as other, mesh.subscribe("numbers/there") as events:
        await other.do("subscribe", topics="numbers/here")
        await until("the nodes meet", lambda: mesh.stats().peers == 1)
        # Interest in a topic travels by itself: what is published before it arrives is not missed.
        await subscribed(mesh, other)
        await other.do("publish", topic="numbers/there", first=0, count=200)
        here = [await soon(events.next()) for _ in range(200)]
        assert [event.value for event in here] == list(range(200))
        assert {event.publisher for event in here} == {other.node}
        for number in range(200):
            await mesh.publish("numbers/here", number)
        there = [await other.told("event") for _ in range(200)]
        assert [event["value"] for event in there] == list(range(200))
        assert {(event["publisher"], event["missed"]) for event in there} == {(mesh.node_id, 0)}


async def subscribed(mesh: Mesh, other: Process) -> None:
    """Waits until each is told of the events of the other."""
    async with mesh.subscribe("begin") as events:
        await other.do("subscribe", topics="begin/there")
        begun: asyncio.Task[Any] = asyncio.ensure_future(events.next())
        while not begun.done():
            await other.do("publish", topic="begin", first=0, count=1)
            await asyncio.wait([begun], timeout=0.05)
    told: asyncio.Task[Any] = asyncio.ensure_future(other.told("event"))
    while not told.done():
        await mesh.publish("begin/there", "begin")
        await asyncio.wait([told], timeout=0.05)
    while await drained(other):
        pass


async def drained(other: Process) -> bool:
    """Whether there was an event that nobody had asked for."""
    try:
        await asyncio.wait_for(other.told("event"), 0.3)
    except asyncio.TimeoutError:
        return False
    return True


async def test_what_a_slow_subscriber_loses_is_counted(name: str) -> None:
    async with Mesh(name) as mesh, Process(name) as other, mesh.subscribe("numbers", capacity=3) as events:
        await until("the nodes meet", lambda: mesh.stats().peers == 1)
        await subscribed(mesh, other)
        await other.do("publish", topic="numbers", first=0, count=10)
        await until("all have arrived", lambda: events.dropped == 7)
        seen = [await soon(events.next()) for _ in range(3)]
        assert [event.value for event in seen] == [7, 8, 9]
        assert sum(event.missed for event in seen) == 7
        assert mesh.stats().events_dropped == 7


async def test_a_watch_sees_another_register_and_stop(name: str) -> None:
    async with Mesh(name) as mesh, mesh.watch("workers") as changes, Process(name) as other:
        await other.do("register", service="workers")
        change = await soon(changes.next())
        assert (change.kind, change.instance.node_id) == (ChangeKind.ADDED, other.node)
        await other.do("stop")
        change = await soon(changes.next())
        assert (change.kind, change.instance.node_id) == (ChangeKind.REMOVED, other.node)
        assert mesh.discover("workers") == []
        await until("the node is gone", lambda: mesh.stats().peers == 0)


async def test_a_service_that_is_deregistered_is_gone_and_its_node_stays(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}, "others": {}}) as other:
        await knows(mesh, 1)
        await knows(mesh, 1, "others")
        await other.do("deregister", service="workers")
        await knows(mesh, 0)
        # It drains before it is gone, which may be seen.
        await until("it is gone", lambda: not mesh.discover("workers", health="draining"))
        assert await mesh.call("others", "who") == other.node
        with pytest.raises(errors.NotFound):
            await mesh.call("workers", "who")


async def test_an_instance_in_this_process_is_preferred(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}):

        @mesh.service("workers")
        class Here:
            async def who(self) -> str:
                return mesh.node_id

        await knows(mesh, 2)
        # Nothing is known of either yet: they are equal.
        assert await mesh.call("workers", "who") == mesh.node_id
        # The other is tried once in a while, and found to be further away.
        served = [await mesh.call("workers", "who") for _ in range(100)]
        assert served.count(mesh.node_id) >= 80


async def test_messages_within_a_process_never_touch_the_fabric(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("numbers") as events:
        await mesh.register("here", lambda value: value)
        for number in range(20):
            await mesh.publish("numbers", number)
            assert (await soon(events.next())).value == number
        assert mesh.stats().fabric_messages == 0
        async with Process(name, {"workers": {}}):
            await knows(mesh, 1)
            before = mesh.stats()
            for number in range(20):
                assert await mesh.call("here", payload=number) == number
                await mesh.publish("numbers", number)
                assert (await soon(events.next())).value == number
            after = mesh.stats()
            assert after.calls_ok - before.calls_ok == 20
            assert after.fabric_messages == before.fabric_messages
            assert (after.bytes_sent, after.bytes_received) == (before.bytes_sent, before.bytes_received)
            await mesh.call("workers", "who")
            assert mesh.stats().fabric_messages > after.fabric_messages


async def test_counters_tell_of_peers_and_bytes(name: str) -> None:
    async with Mesh(name) as mesh, Process(name, {"workers": {}}) as other:
        await knows(mesh, 1)
        assert mesh.stats().peers == 1
        before = mesh.stats()
        await mesh.call("workers", "echo", b"x" * 5000)
        after = mesh.stats()
        assert after.bytes_sent - before.bytes_sent == after.bytes_received - before.bytes_received == 5000
        there = await other.do("stats")
        assert (there["peers"], there["requests_handled"]) == (1, 1)
        assert there["bytes_received"] == 5000


async def test_only_meshes_of_one_name_meet(name: str) -> None:
    stranger = Process(f"{name}-other", {"strangers": {}})
    hermit = Process(name, {"workers": {}}, local_only=True)
    # Who comes later is known, so who came earlier would be.
    async with Mesh(name) as mesh, stranger, hermit, Process(name, {"later": {}}):
        await knows(mesh, 1, "later")
        assert [one.service for one in mesh.discover()] == ["later"]
        assert mesh.stats().peers == 1


async def test_an_instance_in_the_own_zone_is_preferred(name: str) -> None:
    async with (
        Mesh(name, zone="near", balance="round_robin") as mesh,
        Process(name, {"workers": {}}, zone="near") as near,
        Process(name, {"workers": {}}, zone="far") as far,
    ):
        await knows(mesh, 2)
        assert {await mesh.call("workers", "who") for _ in range(10)} == {near.node}
        assert {await mesh.call("workers", "who", zone_first=False) for _ in range(10)} == {near.node, far.node}
        await near.do("stop")
        await knows(mesh, 1)
        assert await mesh.call("workers", "who") == far.node


async def test_calls_are_shared_between_processes(name: str) -> None:
    async with Mesh(name, balance="round_robin") as mesh, replicas(name, 3) as processes:
        await knows(mesh, 3)
        served = [await mesh.call("workers", "who") for _ in range(30)]
        assert {node: served.count(node) for node in served} == {process.node: 10 for process in processes}


async def test_one_who_comes_late_knows_all_who_were_there(name: str) -> None:
    async with replicas(name, 3) as processes:
        await processes[0].do("register", service="gone")
        await processes[0].do("deregister", service="gone")
        async with Mesh(name) as mesh:
            await knows(mesh, 3)
            assert {one.node_id for one in mesh.discover()} == {process.node for process in processes}
            assert mesh.active_service_count() == 1
            for process in processes:
                await until("it knows the one who came", lambda: mesh.stats().peers == 3)
                assert await process.do("discover", service="gone") == []


async def test_nodes_on_other_hosts_meet_by_address(name: str, elsewhere: str) -> None:
    address = f"tcp/127.0.0.1:{free_port()}"
    async with Mesh(name, listen=[address]) as mesh:
        async with Process(name, {"workers": {}}, directory=elsewhere, connect=[address]) as other:
            await knows(mesh, 1)
            assert await mesh.call("workers", "who") == other.node
        # One who names no address is as far away as it seems.
        async with Process(name, {"lost": {}}, directory=elsewhere) as lost:
            async with Process(name, {"found": {}}):
                await knows(mesh, 1, "found")
            assert mesh.discover("lost") == []
            assert (await lost.do("stats"))["peers"] == 0


async def test_clients_meet_through_their_router(name: str) -> None:
    address = f"tcp/127.0.0.1:{free_port()}"
    router = Process(name, mode="router", listen=[address])
    callee = Process(name, {"workers": {}}, mode="client", connect=[address])
    async with router, Mesh(name, mode="client", connect=[address]) as mesh, callee:
        await knows(mesh, 1)
        assert await mesh.call("workers", "who") == callee.node


async def test_certificates_of_one_authority_let_nodes_meet(name: str, elsewhere: str, tmp_path: Path) -> None:
    ours, theirs = Authority(tmp_path, "ours"), Authority(tmp_path, "theirs")
    address = f"tls/localhost:{free_port()}"
    here = ours.signs("here")
    async with Mesh(name, listen=[address], tls=TlsOptions(**here)) as mesh:
        async with Process(
            name, {"workers": {}}, directory=elsewhere, connect=[address], tls=ours.signs("there")
        ) as other:
            await knows(mesh, 1)
            assert await mesh.call("workers", "echo", b"sealed") == b"sealed"
            assert await mesh.call("workers", "who") == other.node
            assert mesh.stats().peers == 1
        await until("it is gone", lambda: mesh.stats().peers == 0)

        # Another authority's node trusts ours, and is not trusted.
        stranger = {**theirs.signs("stranger"), "ca": here["ca"]}
        with contextlib.suppress(Exception):
            async with Process(name, {"strangers": {}}, directory=elsewhere, connect=[address], tls=stranger):
                for _ in range(100):
                    assert (mesh.stats().peers, mesh.discover("strangers")) == (0, [])
                    await asyncio.sleep(0.01)


class Authority:
    """Signs certificates, by the command openssl."""

    def __init__(self, directory: Path, name: str) -> None:
        self.directory = directory / name
        self.directory.mkdir()
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-subj", f"/CN={name}", "-keyout", "ca-key.pem", "-out", "ca.pem"),
            *("-addext", "keyUsage=critical,keyCertSign"),
        )

    def signs(self, node: str) -> dict[str, str]:
        """The paths of the certificates of a node, by the names of TlsOptions."""
        (self.directory / "names").write_text(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n"
            "keyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n"
        )
        self._openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={node}"),
            *("-keyout", f"{node}-key.pem", "-out", f"{node}.csr"),
        )
        self._openssl(
            *("x509", "-req", "-in", f"{node}.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"),
            *("-days", "2", "-extfile", "names", "-out", f"{node}.pem"),
        )
        paths = {"ca": "ca.pem", "certificate": f"{node}.pem", "key": f"{node}-key.pem"}
        return {what: str(self.directory / file) for what, file in paths.items()}

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.directory, check=True, capture_output=True, timeout=20)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
