"""What commy costs from Python: a plain table, of medians over rounds.

    python bench/bench.py [FILTER]

Runs the benchmarks whose name contains FILTER. Not a test: it checks nothing but the answers.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable
from typing import Callable

from commy import Mesh

ROUNDS = 7
ROUND_SECONDS = 0.3
SIZES = {"16 B": 16, "64 KiB": 65_536, "1 MiB": 2**20}
IN_FLIGHT = (1, 64)

Once = Callable[[], Awaitable[object]]


def row(name: str, seconds: list[float]) -> None:
    median, best = statistics.median(seconds) * 1e6, min(seconds) * 1e6
    print(f"{name:<44}{median:>12,.1f}{best:>12,.1f}{1e6 / median:>14,.0f}", flush=True)


def sync_rounds(once: Callable[[], object]) -> list[float]:
    """The seconds that one takes, by round."""
    once()
    rounds = []
    for _ in range(ROUNDS):
        count, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < ROUND_SECONDS:
            for _ in range(100):
                once()
            count += 100
        rounds.append((time.perf_counter() - begin) / count)
    return rounds


async def rounds_of(once: Once, in_flight: int) -> list[float]:
    """The seconds from one to the next, by round, with so many in flight at any time."""

    async def worker(end: float) -> int:
        count = 0
        while time.perf_counter() < end:
            await once()
            count += 1
        return count

    await once()
    rounds = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        counts = await asyncio.gather(*(worker(begin + ROUND_SECONDS) for _ in range(in_flight)))
        rounds.append((time.perf_counter() - begin) / sum(counts))
    return rounds


async def main(wanted: str) -> None:
    async with Mesh("bench") as mesh:

        @mesh.service("echo")
        class Echo:
            async def on_loop(self, value: bytes) -> bytes:
                return value

            def plain(self, value: bytes) -> bytes:
                return value

        async def publish() -> None:
            await mesh.publish("nobody/listens", b"")

        print(f"{'benchmark':<44}{'median µs':>12}{'best µs':>12}{'per second':>14}")
        if wanted in "sync: is_running":
            row("sync: is_running", sync_rounds(lambda: mesh.is_running))
        if wanted in "sync: discover one of one":
            row("sync: discover one of one", sync_rounds(lambda: mesh.discover("echo")))
        if wanted in "await: publish to nobody":
            row("await: publish to nobody", await rounds_of(publish, 1))
        for kind, method in (("async", "on_loop"), ("plain", "plain")):
            for label, size in SIZES.items():
                payload = bytes(size)

                async def call(method: str = method, payload: bytes = payload) -> None:
                    answer = await mesh.call("echo", method, payload)
                    if len(answer) != len(payload):
                        raise SystemExit("the answer is not what was sent")

                for in_flight in IN_FLIGHT:
                    name = f"call: {kind} handler, {label}, {in_flight} in flight"
                    if wanted in name:
                        row(name, await rounds_of(call, in_flight))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else ""))
