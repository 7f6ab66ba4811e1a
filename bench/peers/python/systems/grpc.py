"""gRPC: a unary call of grpc.aio, in plain text, with bytes as messages. It has no topics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
from measure import answer


@asynccontextmanager
async def serve(address: str) -> AsyncIterator[None]:
    async def echo(payload: bytes, context: grpc.aio.ServicerContext) -> bytes:
        return answer(payload)

    methods = {"Echo": grpc.unary_unary_rpc_method_handler(echo)}
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bench.Echo", methods),))
    server.add_insecure_port(address)
    await server.start()
    yield
    await server.stop(None)


class Client:
    publish = None

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._echo = channel.unary_unary("/bench.Echo/Echo")

    async def call(self, payload: bytes, timeout: float) -> bytes:
        return await self._echo(payload, timeout=timeout)

    async def servers(self, seen: int) -> int:
        return seen


@asynccontextmanager
async def connect(address: str, on_event) -> AsyncIterator[Client]:
    async with grpc.aio.insecure_channel(address) as channel:
        yield Client(channel)
