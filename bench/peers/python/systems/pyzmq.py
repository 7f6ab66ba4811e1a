"""ZeroMQ: DEALER to ROUTER for calls, PUB to SUB each way for events, over TCP.

The address is HOST:PORT; the two ports above it are used, too. A DEALER matches no replies to
requests: the number that goes first does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import zmq
import zmq.asyncio
from measure import Relay, answer


def endpoints(address: str) -> list[str]:
    host, port = address.rsplit(":", 1)
    return [f"tcp://{host}:{int(port) + offset}" for offset in range(3)]


@asynccontextmanager
async def serve(address: str) -> AsyncIterator[None]:
    calls, there, back = endpoints(address)
    with zmq.asyncio.Context() as context:
        router = context.socket(zmq.ROUTER)
        subscriber, publisher = context.socket(zmq.SUB), context.socket(zmq.PUB)
        router.bind(calls)
        subscriber.bind(there)
        subscriber.subscribe(b"")
        publisher.bind(back)

        async def echo() -> None:
            while True:
                who, number, payload = await router.recv_multipart()
                await router.send_multipart([who, number, answer(payload)], copy=False)

        async def relay() -> None:
            events = Relay()
            while True:
                if returned := events.take(await subscriber.recv()):
                    await publisher.send(returned)

        tasks = [asyncio.ensure_future(echo()), asyncio.ensure_future(relay())]
        yield
        for task in tasks:
            task.cancel()
        context.destroy(linger=0)


class Client:
    def __init__(self, dealer: zmq.asyncio.Socket, publisher: zmq.asyncio.Socket) -> None:
        self._dealer = dealer
        self._publisher = publisher
        self._waiting: dict[bytes, asyncio.Future[bytes]] = {}
        self._number = 0

    async def call(self, payload: bytes, timeout: float) -> bytes:
        self._number += 1
        number = self._number.to_bytes(8, "big")
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        await self._dealer.send_multipart([number, payload], copy=False)
        return await future

    async def take_replies(self) -> None:
        while True:
            number, payload = await self._dealer.recv_multipart()
            self._waiting.pop(number).set_result(payload)

    async def publish(self, event: bytes) -> None:
        await self._publisher.send(event)

    async def servers(self, seen: int) -> int:
        return seen


@asynccontextmanager
async def connect(address: str, on_event) -> AsyncIterator[Client]:
    calls, there, back = endpoints(address)
    with zmq.asyncio.Context() as context:
        dealer = context.socket(zmq.DEALER)
        publisher, subscriber = context.socket(zmq.PUB), context.socket(zmq.SUB)
        dealer.connect(calls)
        publisher.connect(there)
        subscriber.connect(back)
        subscriber.subscribe(b"")
        client = Client(dealer, publisher)

        async def take_events() -> None:
            while True:
                on_event(await subscriber.recv())

        tasks = [asyncio.ensure_future(client.take_replies()), asyncio.ensure_future(take_events())]
        yield client
        for task in tasks:
            task.cancel()
        context.destroy(linger=0)
