"""Instances are found by name, version, tags, metadata, health, zone and region; so are endpoints."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import commy
from commy import Http, Mesh, Tcp, errors


def echo(value: object) -> object:
    return value


async def test_a_query_narrows_by_everything_at_once(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register(
            "orders", echo, version="1.4.0", tags=["eu", "fast"], metadata={"tier": "gold"}, zone="eu-1a", region="eu-1"
        )
        await mesh.register("orders", echo, version="2.0.0", tags=["us"], zone="us-1a", region="us-1")
        await mesh.register("users", echo)

        def found(**query: Any) -> list[tuple[str, str]]:
            return [(one.service, one.version) for one in mesh.discover(**query)]

        assert sorted(found()) == [("orders", "1.4.0"), ("orders", "2.0.0"), ("users", "0.0.0")]
        assert found(service="orders", version="^1.2") == [("orders", "1.4.0")]
        assert found(version=">=2, <3") == [("orders", "2.0.0")]
        assert found(tags=["fast", "eu"]) == [("orders", "1.4.0")]
        assert found(tags=["eu", "us"]) == []
        assert found(metadata={"tier": "gold"}) == [("orders", "1.4.0")]
        assert found(zone="us-1a") == found(region="us-1") == [("orders", "2.0.0")]
        assert found(health="unhealthy") == []
        assert len(found(health=["healthy", commy.Health.DRAINING])) == 3
        assert found(service="nobody") == []
        assert mesh.active_service_count() == 2


async def test_answers_are_in_order_of_service_and_id(name: str) -> None:
    async with Mesh(name) as mesh:
        for service in ("b", "a", "c", "a", "b"):
            await mesh.register(service, echo)
        found = [(one.service, one.id) for one in mesh.discover()]
        assert found == sorted(found)
        assert len(found) == 5


@pytest.mark.parametrize(
    "query",
    [
        {"service": ""},
        {"service": "has space"},
        {"service": "\ud800"},
        {"version": "not a version"},
        {"tags": [""]},
        {"health": "splendid"},
        {"health": ["healthy", "splendid"]},
        {"metadata": {"k\udcff": "v"}},
    ],
)
async def test_a_bad_query_is_refused_by_discover_and_watch(name: str, query: dict[str, Any]) -> None:
    async with Mesh(name) as mesh:
        for operation in (mesh.discover, mesh.watch):
            with pytest.raises(errors.InvalidArgument):
                operation(**query)


class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204 if self.path == "/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def server() -> Iterator[int]:
    """The port of an HTTP server that is stopped at the end of the block."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Health) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("scheme", "check"),
    [("http", Http("/health", interval=0.02, fall=1)), ("tcp", Tcp(interval=0.02, fall=2))],
)
async def test_an_outside_server_is_found_while_its_probe_succeeds(name: str, scheme: str, check: Any) -> None:
    async with Mesh(name) as mesh, mesh.watch("legacy") as changes:
        with server() as port:
            address = f"{scheme}://127.0.0.1:{port}"
            await mesh.advertise("legacy", address, check=check, tags=["outside"])
            change = await changes.next()
            assert change is not None
            assert (change.kind, change.instance.health) == ("added", "healthy")
            (found,) = mesh.discover("legacy")
            assert (found.endpoint, found.reach, found.tags) == (address, "endpoint", ("outside",))
            with pytest.raises(errors.FailedPrecondition, match=str(port)):
                await mesh.call("legacy", timeout=1.0)
        change = await changes.next()
        assert change is not None
        assert change.kind == "removed"
        assert mesh.discover("legacy") == []
        assert [one.health for one in mesh.discover("legacy", health="unhealthy")] == ["unhealthy"]


async def test_a_probe_of_a_path_that_is_missing_does_not_succeed(name: str) -> None:
    async with Mesh(name) as mesh:
        with server() as port:
            check = Http("/missing", interval=0.01, fall=1)
            async with mesh.watch("legacy", health="unhealthy") as changes:
                await mesh.advertise("legacy", f"http://127.0.0.1:{port}", check=check)
                change = await changes.next()
            assert change is not None
            assert change.instance.health is commy.Health.UNHEALTHY
            assert mesh.discover("legacy") == []


async def test_without_a_check_an_endpoint_is_taken_to_be_healthy(name: str) -> None:
    async with Mesh(name) as mesh:
        registration = await mesh.advertise("db", "tcp://db.example:5432")
        assert [one.endpoint for one in mesh.discover("db")] == ["tcp://db.example:5432"]
        await registration.set_health("unhealthy")
        assert mesh.discover("db") == []
        await registration.deregister()
        assert mesh.discover("db", health=list(commy.Health)) == []


@pytest.mark.parametrize(
    ("address", "check"),
    [
        ("", None),
        ("nonsense", None),
        ("http://", None),
        ("tcp://127.0.0.1", None),
        ("ftp://127.0.0.1:1", Http("/")),
        ("http://127.0.0.1:99999", None),
        ("http://\udcff:1", None),
        ("http://127.0.0.1:1", Http("no-slash")),
        ("http://127.0.0.1:1", Http("/", interval=0.001)),
        ("http://127.0.0.1:1", Http("/", interval=-1)),
        ("http://127.0.0.1:1", Tcp(timeout=0)),
        ("http://127.0.0.1:1", Tcp(timeout=61)),
        ("http://127.0.0.1:1", Tcp(rise=0)),
        ("http://127.0.0.1:1", Tcp(fall=101)),
    ],
)
async def test_a_bad_address_or_check_is_refused(name: str, address: str, check: Any) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument):
            await mesh.advertise("legacy", address, check=check)


async def test_a_check_of_another_type_is_a_type_error(name: str) -> None:
    wrong: Any = "/health"
    async with Mesh(name) as mesh:
        with pytest.raises(TypeError, match="check must be Tcp, Http or None"):
            await mesh.advertise("legacy", "http://127.0.0.1:1", check=wrong)


async def test_discover_is_synchronous_and_usable_from_any_thread(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("orders", echo)
        found = await asyncio.get_running_loop().run_in_executor(None, mesh.discover, "orders")
        assert [one.service for one in found] == ["orders"]
