"""Nodes in processes of their own, as tests drive them: see the program ``node_program.py``."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, TypeVar

from commy import Mesh

T = TypeVar("T")

PATIENCE = 20.0
"""How long a test waits for what must happen, in seconds: machines that build meanwhile are slow."""

PROGRAM = Path(__file__).with_name("node_program.py")


class Refused(Exception):
    """A command failed in the other process: with the fields of its error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['status']}: {error['reason']}")
        self.status: str = error["status"]
        self.reason: str = error["reason"]


class Process:
    """A node in a process of its own, in ``async with``: started at its begin, killed at its end."""

    def __init__(
        self,
        name: str,
        serves: dict[str, dict[str, Any]] | None = None,
        *,
        directory: str | None = None,
        **options: Any,
    ) -> None:
        self.node = ""
        self._arguments = [json.dumps({"name": name, **options}), json.dumps(serves or {})]
        self._environment = dict(os.environ)
        if directory is not None:
            self._environment["XDG_RUNTIME_DIR"] = directory
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._told: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self.complaints = ""

    async def __aenter__(self) -> Process:
        # Not the test's own group of processes: Ctrl-C is for the test, which then kills this.
        self._inner = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROGRAM),
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        self._readers = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._complain())]
        try:
            first = await self._line(lambda line: "ready" in line or "error" in line)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        if "error" in first:
            await self.__aexit__(None, None, None)
            raise Refused(first["error"])
        self.node = first["ready"]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._inner.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._inner.kill()
        await self._inner.wait()
        await asyncio.gather(*self._readers)

    def begin(self, command: str, **arguments: Any) -> asyncio.Future[Any]:
        """Gives a command, whose answer is awaited later."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        assert self._inner.stdin is not None
        self._inner.stdin.write((json.dumps({"id": number, "do": command, "with": arguments}) + "\n").encode())
        return answer

    async def do(self, command: str, **arguments: Any) -> Any:
        """Gives a command, and returns its answer."""
        return await soon(self.begin(command, **arguments))

    async def told(self, word: str) -> dict[str, Any]:
        """The next time that it tells of something."""
        return await self._line(lambda line: line.get("told") == word)

    def signal(self, number: signal.Signals) -> float:
        """Sends a signal, and returns when."""
        at = time.monotonic()
        os.kill(self._inner.pid, number)
        return at

    async def exits(self) -> int:
        """Tells it to end without stopping its mesh, and returns its exit code."""
        self.begin("exit")
        code: int = await soon(self._inner.wait())
        return code

    async def _line(self, is_wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        async def seek() -> dict[str, Any]:
            while True:
                for index, line in enumerate(self._told):
                    if is_wanted(line):
                        return self._told.pop(index)
                if self._inner.returncode is not None and self._readers[0].done():
                    raise AssertionError(f"the process has ended: {self.complaints}")
                self._changed.clear()
                await self._changed.wait()

        line: dict[str, Any] = await soon(seek())
        return line

    async def _read(self) -> None:
        assert self._inner.stdout is not None
        async for text in self._inner.stdout:
            line = json.loads(text)
            answer = self._answers.pop(line.get("id"), None)
            if answer is None:
                self._told.append(line)
                self._changed.set()
            elif answer.done():
                pass
            elif "error" in line:
                answer.set_exception(Refused(line["error"]))
            else:
                answer.set_result(line["ok"])
        for answer in self._answers.values():
            answer.cancel()
        self._changed.set()

    async def _complain(self) -> None:
        assert self._inner.stderr is not None
        self.complaints = (await self._inner.stderr.read()).decode()


@contextlib.asynccontextmanager
async def replicas(name: str, count: int, **options: Any) -> AsyncIterator[list[Process]]:
    """Processes that each serve ``workers``, all begun at once."""
    async with contextlib.AsyncExitStack() as stack:
        begun = [Process(name, {"workers": {}}, **options) for _ in range(count)]
        yield list(await asyncio.gather(*map(stack.enter_async_context, begun)))


async def soon(work: Any) -> Any:
    """Waits for what must happen soon."""
    return await asyncio.wait_for(work, PATIENCE)


async def until(what: str, holds: Callable[[], object]) -> None:
    """Waits until something holds that nothing tells of."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} seconds: {what}"
        await asyncio.sleep(0.002)


async def knows(mesh: Mesh, count: int, service: str = "workers") -> None:
    """Waits until a mesh knows this many instances of a service."""
    await until(f"{count} of {service}", lambda: len(mesh.discover(service)) == count)
