"""A node in a process of its own: reads commands from standard input, and answers on standard output.

Both are lines of JSON. A command is ``{"id": 1, "do": NAME, "with": {...}}``, and its answer has the
same id and either ``ok`` or ``error``. What happens by itself is told by lines without an id. The
first line says that the node is ``ready``, or the ``error`` that kept it from it.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import warnings
from typing import Any

from commy import CommyError, Context, HandlerError, Mesh, TlsOptions


def say(**words: Any) -> None:
    # One write, so that no line is torn: a forked child writes to the same pipe.
    os.write(1, (json.dumps({**words, "at": time.monotonic()}) + "\n").encode())


def shown(error: Exception) -> dict[str, Any]:
    if not isinstance(error, CommyError):
        return {"status": type(error).__name__, "reason": str(error)}
    return {"status": error.status.name, **vars(error)}


class Worker:
    """What a node serves when it is told to."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh

    async def echo(self, value: Any) -> Any:
        return value

    async def who(self) -> str:
        return self.mesh.node_id

    async def work(self, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return self.mesh.node_id

    async def hold(self, value: Any) -> None:
        say(told="held")
        try:
            await asyncio.Event().wait()
        finally:
            say(told="let go")

    async def fail(self, value: Any) -> None:
        raise HandlerError("OUT_OF_STOCK", "none of tea left", details={"left": 0, "of": ["tea"]})

    async def lose(self, value: Any) -> None:
        raise KeyError("lost")

    async def context(self, value: Any, context: Context) -> dict[str, Any]:
        return {
            "caller": context.caller,
            "time_left": context.time_left,
            "attempt": context.attempt,
            "headers": dict(context.headers),
        }


class Node:
    """Every public method is a command."""

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.tasks: set[asyncio.Task[None]] = set()

    async def register(self, service: str, **spec: Any) -> str:
        registration = await self.mesh.register(service, Worker(self.mesh), **spec)
        return registration.instance.id

    async def deregister(self, service: str) -> None:
        for registration in self.mesh.registrations:
            if registration.instance.service == service:
                await registration.deregister()

    async def call(self, service: str, method: str, payload: Any = None, **options: Any) -> Any:
        return await self.mesh.call(service, method, payload, **options)

    async def publish(self, topic: str, first: int, count: int) -> None:
        for number in range(first, first + count):
            await self.mesh.publish(topic, number)

    async def subscribe(self, topics: str) -> None:
        """Tells of every event from now on."""
        events = await self.mesh.subscribe(topics)

        async def tell() -> None:
            async with events:
                async for event in events:
                    say(told="event", value=event.value, publisher=event.publisher, missed=event.missed)

        self.tasks.add(asyncio.ensure_future(tell()))

    async def discover(self, service: str) -> list[str]:
        return [one.node_id for one in self.mesh.discover(service)]

    async def stats(self) -> dict[str, Any]:
        return dict(vars(self.mesh.stats()))

    async def stop(self) -> None:
        await self.mesh.stop()

    async def fork(self, service: str) -> dict[str, Any]:
        """What a forked child can do: each operation, and the error that it gets."""
        warnings.simplefilter("ignore", DeprecationWarning)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            with os.fdopen(writing, "w") as out:
                json.dump({name: await self._attempt(name, service) for name in ("call", "discover", "new")}, out)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as answers:
            found: dict[str, Any] = json.loads(answers.read())
        os.waitpid(child, 0)
        return found

    async def _attempt(self, operation: str, service: str) -> Any:
        try:
            if operation == "call":
                return await self.mesh.call(service, "who", timeout=5.0)
            if operation == "new":
                return repr(Mesh("another"))
            return repr(self.mesh.discover(service))
        except CommyError as error:
            return shown(error)


async def obey(node: Node, command: dict[str, Any]) -> None:
    try:
        say(id=command["id"], ok=await getattr(node, command["do"])(**command["with"]))
    except Exception as error:  # told to the test, which fails by it
        say(id=command["id"], error=shown(error))


async def main() -> None:
    options = json.loads(sys.argv[1])
    if "tls" in options:
        options["tls"] = TlsOptions(**options["tls"])
    try:
        mesh = Mesh(**options)
        await mesh.start()
    except CommyError as error:
        return say(error=shown(error))
    node = Node(mesh)
    for service, spec in json.loads(sys.argv[2]).items():
        await node.register(service, **spec)
    say(ready=mesh.node_id)

    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        command = json.loads(line)
        if command["do"] == "exit":
            # As it is: with a mesh that runs, and with calls that wait.
            break
        node.tasks.add(asyncio.ensure_future(obey(node, command)))
    transport.close()


if __name__ == "__main__":
    asyncio.run(main())
