"""commy: the address is the name of a mesh, and there is nothing else to configure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from commy import Mesh
from measure import Relay, answer


@asynccontextmanager
async def serve(address: str) -> AsyncIterator[None]:
    async with Mesh(address) as mesh:

        @mesh.service("echo")
        async def echo(payload: bytes) -> bytes:
            return answer(payload)

        async def relay() -> None:
            events = Relay()
            async for event in there:
                if back := events.take(event.payload):
                    await mesh.publish("bench/back", back)

        async with mesh.subscribe("bench/there", capacity=1024, overflow="block") as there:
            task = asyncio.ensure_future(relay())
            yield
            task.cancel()


class Client:
    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    async def call(self, payload: bytes, timeout: float) -> bytes:
        return await self._mesh.call("echo", payload=payload, timeout=timeout)

    async def publish(self, event: bytes) -> None:
        await self._mesh.publish("bench/there", event)

    async def servers(self, seen: int) -> int:
        return len(self._mesh.discover("echo"))


@asynccontextmanager
async def connect(address: str, on_event) -> AsyncIterator[Client]:
    async with Mesh(address) as mesh:

        async def take() -> None:
            async for event in back:
                on_event(event.payload)

        async with mesh.subscribe("bench/back", capacity=1024, overflow="block") as back:
            task = asyncio.ensure_future(take())
            yield Client(mesh)
            task.cancel()


@asynccontextmanager
async def crossings(address: str):
    """The ways into the runtime, within one process."""
    async with Mesh(address, local_only=True) as mesh:

        @mesh.service("echo")
        async def echo(payload: bytes) -> bytes:
            return payload

        async def awaited() -> None:
            await mesh.publish("nobody/listens", b"")

        async def callback() -> None:
            await mesh.call("echo", payload=b"")

        yield {"sync": lambda: mesh.is_running, "awaited": awaited, "callback": callback}
