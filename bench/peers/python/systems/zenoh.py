"""Zenoh: a query to a queryable, between two peers over TCP.

The client listens at HOST:PORT and the servers connect, so that there may be several. Zenoh's
callbacks come on threads of its own: a queryable replies from there, a reply is handed to the loop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import zenoh
from measure import Relay, answer

SHARED_MEMORY = False
BLOCK = zenoh.CongestionControl.BLOCK
"""No event may be lost, so a full connection makes its publisher wait."""


def config(**endpoints: str) -> zenoh.Config:
    made = zenoh.Config()
    made.insert_json5("mode", '"peer"')
    made.insert_json5("scouting/multicast/enabled", "false")
    made.insert_json5("transport/shared_memory/enabled", json.dumps(SHARED_MEMORY))
    made.insert_json5("listen/endpoints", json.dumps([]))
    for side, address in endpoints.items():
        made.insert_json5(f"{side}/endpoints", json.dumps([f"tcp/{address}"]))
    return made


@asynccontextmanager
async def serve(address: str) -> AsyncIterator[None]:
    with zenoh.open(config(connect=address)) as session:

        def echo(query: zenoh.Query) -> None:
            payload = query.payload.to_bytes() if query.payload else b""
            query.reply("bench/echo", answer(payload), express=True)

        def relay(sample: zenoh.Sample) -> None:
            if returned := events.take(sample.payload.to_bytes()):
                back.put(returned)

        events = Relay()
        back = session.declare_publisher("bench/back", express=True, congestion_control=BLOCK)
        session.declare_queryable("bench/echo", echo, complete=True)
        session.declare_subscriber("bench/there", relay)
        yield


class Client:
    def __init__(self, session: zenoh.Session) -> None:
        self._session = session
        self._querier = session.declare_querier("bench/echo", express=True)
        self._publisher = session.declare_publisher("bench/there", congestion_control=BLOCK)
        self._loop = asyncio.get_running_loop()

    async def call(self, payload: bytes, timeout: float) -> bytes:
        future: asyncio.Future[bytes] = self._loop.create_future()

        def settle(reply: bytes | None) -> None:
            if future.done():
                return
            if reply is None:
                future.set_exception(TimeoutError("no reply"))
            else:
                future.set_result(reply)

        def take(reply: zenoh.Reply) -> None:
            settled = reply.ok.payload.to_bytes() if reply.ok else None
            self._loop.call_soon_threadsafe(settle, settled)

        def end() -> None:
            if not future.done():
                self._loop.call_soon_threadsafe(settle, None)

        alarm = self._loop.call_later(timeout, settle, None)
        self._querier.get(zenoh.handlers.Callback(take, end), payload=payload)
        try:
            return await future
        finally:
            alarm.cancel()

    async def publish(self, event: bytes) -> None:
        self._publisher.put(event)

    async def servers(self, seen: int) -> int:
        # One answers all the calls, however many there are.
        return min(len(self._session.info.peers_zid()), 1 + seen * 100)


@asynccontextmanager
async def connect(address: str, on_event) -> AsyncIterator[Client]:
    loop = asyncio.get_running_loop()
    with zenoh.open(config(listen=address)) as session:

        def take(sample: zenoh.Sample) -> None:
            loop.call_soon_threadsafe(on_event, sample.payload.to_bytes())

        session.declare_subscriber("bench/back", take)
        yield Client(session)
