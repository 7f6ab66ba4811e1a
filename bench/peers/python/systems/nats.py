"""NATS: request and reply with a queue group, through nats-server at HOST:PORT."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
from measure import Relay, answer


@asynccontextmanager
async def serve(address: str) -> AsyncIterator[None]:
    connection = await nats.connect(f"nats://{address}")
    events = Relay()

    async def echo(message) -> None:
        await message.respond(answer(message.data))

    async def relay(message) -> None:
        if back := events.take(message.data):
            await connection.publish("bench.back", back)

    await connection.subscribe("echo", queue="echo", cb=echo)
    await connection.subscribe("bench.there", cb=relay)
    await connection.flush()
    yield
    await connection.close()


class Client:
    def __init__(self, connection) -> None:
        self._connection = connection

    async def call(self, payload: bytes, timeout: float) -> bytes:
        return (await self._connection.request("echo", payload, timeout=timeout)).data

    async def publish(self, event: bytes) -> None:
        await self._connection.publish("bench.there", event)

    async def servers(self, seen: int) -> int:
        return seen


@asynccontextmanager
async def connect(address: str, on_event) -> AsyncIterator[Client]:
    connection = await nats.connect(f"nats://{address}")

    async def take(message) -> None:
        on_event(message.data)

    await connection.subscribe("bench.back", cb=take)
    await connection.flush()
    yield Client(connection)
    await connection.close()
