"""What is measured, for all systems by the same code, and what the servers of all do.

A client is an object with `call(payload, timeout) -> bytes` and `publish(event)`, which is None
where a system has no topics. Statistics are the driver's: this gives samples.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import time

clock = time.perf_counter_ns

TIMEOUT = 5.0
"""Seconds that any call may take that is measured."""
PATIENCE = 30.0
"""Seconds until everybody must have met."""
CROSSINGS = 20
"""How often is crossed between two looks at the clock."""
GROUPS = 4
"""How often within a window the server says how far it is."""
PID = str(os.getpid()).encode()


def answer(payload: bytes) -> bytes:
    """What a server answers: the payload, and to an empty one who it is."""
    return payload if payload else PID


class Relay:
    """What a server does with the events that it gets: it counts them, and sends back those that
    ask for it (their first byte is 1), with the count in place of the second four bytes after it.
    """

    def __init__(self) -> None:
        self._count = 0

    def take(self, event: bytes) -> bytes | None:
        self._count = (self._count + 1) & 0xFFFF_FFFF
        if event[0] != 1:
            return None
        return event[:5] + self._count.to_bytes(4, "big") + event[9:]


class Returned:
    """The events that came back."""

    def __init__(self) -> None:
        self.count = 0
        """How many events the server had got when it sent the last one back."""
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()

    def take(self, event: bytes) -> None:
        """Called in the event loop for each."""
        self._queue.put_nowait(event)

    async def next(self) -> bytes:
        event = await self._queue.get()
        self.count = int.from_bytes(event[5:9], "big")
        return event


async def meet(client, servers: int) -> None:
    """Waits until so many servers have been seen, or where one is all that is seen, until it is."""
    end = time.monotonic() + PATIENCE
    seen: set[bytes] = set()
    while len(seen) < servers and (await client.servers(len(seen))) < servers:
        if time.monotonic() > end:
            raise SystemExit(f"only {len(seen)} of {servers} servers answer")
        try:
            seen.add(await client.call(b"", 0.5))
        except Exception:
            # Not there yet; the end of patience says so if it never comes.
            await asyncio.sleep(0.02)


async def join(client, returned: Returned) -> None:
    """Waits until events go there and come back, and none of them is still on its way."""
    end = time.monotonic() + PATIENCE
    number = 0
    while time.monotonic() < end:
        number += 1
        event = b"\1" + number.to_bytes(4, "big") + bytes(4)
        await client.publish(event)
        try:
            while (await asyncio.wait_for(returned.next(), 0.1))[1:5] != event[1:5]:
                pass
            return
        except asyncio.TimeoutError:
            continue
    raise SystemExit("no event comes back")


async def echo(client, size: int, seconds: float, in_flight: int) -> dict:
    """Calls, with so many under way at any time."""
    payload = bytes(size)
    samples: list[int] = []

    async def worker(end: int) -> int:
        count = 0
        now = clock()
        while now < end:
            reply = await client.call(payload, TIMEOUT)
            before, now = now, clock()
            samples.append(now - before)
            if len(reply) != size:
                raise SystemExit(f"{len(reply)} bytes came back of {size}")
            count += 1
        return count

    begin = clock()
    end = begin + int(seconds * 1e9)
    count = sum(await asyncio.gather(*(worker(end) for _ in range(in_flight))))
    return {"count": count, "seconds": (clock() - begin) / 1e9, "nanoseconds": samples}


async def events(client, returned: Returned, size: int, seconds: float, window: int) -> dict:
    """Publishes, with at most a window of events that the server has not said that it has."""
    silent, asking = bytes(size), b"\1" + bytes(size - 1)
    group = max(1, window // GROUPS)
    unsaid, count, known = 0, 0, returned.count
    samples: list[int] = []
    begin = clock()
    end = begin + int(seconds * 1e9)
    while clock() < end:
        for _ in range(group - 1):
            await client.publish(silent)
        before = clock()
        await client.publish(asking)
        count += group
        unsaid += 1
        if unsaid * group >= window:
            await returned.next()
            samples.append(clock() - before)
            unsaid -= 1
    for _ in range(unsaid):
        await asyncio.wait_for(returned.next(), TIMEOUT)
    if returned.count - known != count:
        raise SystemExit(f"the server got {returned.count - known} events of {count}")
    return {"count": count, "seconds": (clock() - begin) / 1e9, "nanoseconds": samples}


async def calls(client, seconds: float, interval: float, timeout: float) -> dict:
    """Calls at a steady pace, whatever becomes of them, and tells who answered each."""
    made: list[tuple[float, int]] = []
    tasks = set()

    async def one() -> None:
        started = time.time()
        try:
            who = int(await client.call(b"", timeout))
        except Exception:
            who = 0
        made.append((started, who))

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        task = asyncio.ensure_future(one())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await asyncio.sleep(interval)
    await asyncio.gather(*tasks)
    return {"calls": sorted(made)}


async def cost(once, seconds: float) -> dict:
    """Crosses into the runtime again and again, one after the other: a plain function, or one that
    is awaited.
    """
    is_awaited = inspect.iscoroutinefunction(once)
    count, begin = 0, clock()
    end = begin + int(seconds * 1e9)
    while clock() < end:
        for _ in range(CROSSINGS):
            if is_awaited:
                await once()
            else:
                once()
        count += CROSSINGS
    return {"count": count, "seconds": (clock() - begin) / 1e9, "nanoseconds": []}
