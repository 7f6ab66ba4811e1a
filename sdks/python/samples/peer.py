"""The peer of the interop matrix: a node that does what lines on its standard input tell it to, and
answers by lines on its standard output. docs/interop.md in the repository says which.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

from commy import CommyError, HandlerError, Mesh, Subscription, Watch, errors

FIND_SECONDS = 10.0
"""How long an instance is waited for."""


def say(**line: Any) -> None:
    print(json.dumps(line), flush=True)


class Service:
    """Values and bytes come back, one method fails, and one holds its caller."""

    async def echo(self, value: Any) -> Any:
        return value

    async def bytes(self, payload: Any) -> Any:
        return payload

    async def fail(self, value: Any) -> None:
        raise HandlerError("OUT_OF_STOCK", "none of tea left", details={"left": 0, "of": ["tea"]})

    async def hold(self, value: Any) -> None:
        say(told="held")
        try:
            await asyncio.Event().wait()
        finally:
            say(told="let go")


class Peer:
    """Every public method is a command."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.tasks: set[asyncio.Task[None]] = set()
        self.held: asyncio.Task[Any] | None = None

    async def serve(self, service: str, **spec: Any) -> str:
        registration = await self.mesh.register(service, Service(), **spec)
        return registration.instance.id

    async def find(self, service: str) -> dict[str, Any]:
        async with self.mesh.watch(service) as changes:
            try:
                found = (await asyncio.wait_for(changes.__anext__(), FIND_SECONDS)).instance
            except asyncio.TimeoutError:
                raise errors.NotFound(f"{service} is not there", service=service) from None
        return {
            "id": found.id,
            "node": found.node_id,
            "version": found.version,
            "tags": sorted(found.tags),
            "metadata": dict(found.metadata),
        }

    async def call(self, service: str, method: str, value: Any, timeout_ms: int | None = None) -> Any:
        timeout = None if timeout_ms is None else timeout_ms / 1000
        return await self.mesh.call(service, method, value, timeout=timeout)

    async def bytes(self, service: str, size: int) -> dict[str, Any]:
        payload = bytes((7 * i + i // 256) % 256 for i in range(size))
        answer = await self.mesh.call(service, "bytes", payload)
        return {"size": len(answer), "fnv1a": fnv1a(answer)}

    async def hold(self, service: str) -> None:
        self.held = asyncio.create_task(self.mesh.call(service, "hold"))

    async def cancel(self) -> Any:
        assert self.held is not None
        self.held.cancel()
        try:
            return await self.held
        except asyncio.CancelledError:
            return None

    async def watch(self, service: str) -> None:
        self.begin(self.tell_changes(self.mesh.watch(service)))

    async def tell_changes(self, changes: Watch) -> None:
        async for change in changes:
            if change.kind != "updated":
                say(told=str(change.kind), instance=change.instance.id)

    async def subscribe(self, topic: str) -> None:
        self.begin(self.tell_events(await self.mesh.subscribe(topic)))

    async def tell_events(self, events: Subscription) -> None:
        async for event in events:
            say(told="event", topic=event.topic, value=event.value, publisher=event.publisher)

    async def publish(self, topic: str, value: Any) -> None:
        await self.mesh.publish(topic, value)

    async def stop(self) -> None:
        await self.mesh.stop()

    def begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def answer(self, number: int, command: str, arguments: dict[str, Any]) -> None:
        try:
            say(id=number, ok=await getattr(self, command)(**arguments))
        except CommyError as error:
            told: dict[str, Any] = {"status": error.status.name, "reason": error.reason}
            if isinstance(error, errors.HandlerFailed):
                told.update(code=error.code, details=error.details)
            say(id=number, error=told)


def fnv1a(payload: bytes) -> str:
    value = 0xCBF29CE484222325
    for byte in payload:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"


async def lines() -> AsyncIterator[dict[str, Any]]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


async def main() -> int:
    mesh = Mesh(sys.argv[1])
    try:
        await mesh.start()
    except CommyError as error:
        say(failed=str(error))
        return 1
    say(ready=mesh.node_id)
    peer = Peer(mesh)
    async for line in lines():
        number, command = line.pop("id"), line.pop("do")
        if command == "stop":
            await peer.answer(number, command, line)
            return 0
        peer.begin(peer.answer(number, command, line))
    await mesh.stop()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
