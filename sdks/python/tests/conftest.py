"""What every test needs: an event loop of its own, a limit on its time, a mesh nobody else is in."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Where tests find `processes`, which they share, however they are imported themselves.
sys.path.insert(0, str(Path(__file__).parent))

SECONDS_MAX = 30.0
"""Few tests take a tenth of it: whoever waits longer waits for what will never come. One that needs
more says so by the marker ``seconds``."""

_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    test: Any = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    # The fixture names of the item, not its parameters' names: these hold what was asked for.
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(test).parameters}

    marker = pyfuncitem.get_closest_marker("seconds")
    seconds = SECONDS_MAX if marker is None else marker.args[0]

    async def limited() -> None:
        await asyncio.wait_for(test(**arguments), seconds)

    asyncio.run(limited())
    return True


@pytest.fixture(autouse=True, scope="session")
def run_time_directory() -> Iterator[None]:
    """Where the meshes of these tests meet: nobody else's do, also of those that have a name that
    others use, such as in the documentation."""
    with _directory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", directory)
        yield


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Another run-time directory: a process that meets there is as far away as on another host."""
    with _directory() as directory:
        yield directory


@contextlib.contextmanager
def _directory() -> Iterator[str]:
    # Short, as the path of a socket must be.
    directory = tempfile.mkdtemp(prefix="commy-", dir="/tmp" if os.path.isdir("/tmp") else None)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def name() -> str:
    """The name of a mesh that no other test uses."""
    return f"test-{os.getpid()}-{next(_numbers)}"
