"""One side of one system, in a process of its own: it speaks the protocol of bench/peers/README.md.

    python peer.py SYSTEM serve ADDRESS
    python peer.py SYSTEM drive ADDRESS SERVERS
    python peer.py SYSTEM cross ADDRESS

Owns the command line and the lines that go in and out. How anything is measured is in measure.py,
the same for all systems; how a system is used is in systems/, and nothing else is.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys

import measure


def say(line: str) -> None:
    print(line, flush=True)


async def lines() -> str:
    """The next line of the driver's, or nothing when it is gone."""
    return await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def serve(system, address: str) -> None:
    async with system.serve(address):
        say("ready")
        while await lines():
            pass


async def drive(system, address: str, servers: int) -> None:
    returned = measure.Returned()
    async with system.connect(address, returned.take) as client:
        await measure.meet(client, servers)
        if client.publish is not None:
            await measure.join(client, returned)
        say("ready")
        while line := await lines():
            command, *arguments = line.split()
            if command == "echo":
                size, seconds, in_flight = arguments
                result = await measure.echo(client, int(size), float(seconds), int(in_flight))
            elif command == "events":
                size, seconds, window = arguments
                result = await measure.events(client, returned, int(size), float(seconds), int(window))
            elif command == "calls":
                seconds, interval_ms, timeout_ms = map(float, arguments)
                result = await measure.calls(client, seconds, interval_ms / 1e3, timeout_ms / 1e3)
            else:
                raise SystemExit(f"no command is called {command!r}")
            say(json.dumps(result))


async def cross(system, address: str) -> None:
    async with system.crossings(address) as crossings:
        say("ready")
        while line := await lines():
            _, kind, seconds = line.split()
            say(json.dumps(await measure.cost(crossings[kind], float(seconds))))


def main() -> None:
    _, name, side, address, *servers = sys.argv
    system = importlib.import_module(f"systems.{name}")
    if side == "serve":
        asyncio.run(serve(system, address))
    elif side == "cross":
        asyncio.run(cross(system, address))
    else:
        asyncio.run(drive(system, address, int(servers[0])))


if __name__ == "__main__":
    main()
