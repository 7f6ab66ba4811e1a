"""What every test needs: an event loop of its own, a limit on its time, a mesh nobody else is in."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import os
from typing import Any

import pytest

SECONDS_MAX = 30.0
"""No test takes a tenth of it: whoever waits longer waits for what will never come."""

_numbers = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    test: Any = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    # The fixture names of the item, not its parameters' names: these hold what was asked for.
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(test).parameters}

    async def limited() -> None:
        await asyncio.wait_for(test(**arguments), SECONDS_MAX)

    asyncio.run(limited())
    return True


@pytest.fixture
def name() -> str:
    """The name of a mesh that no other test uses."""
    return f"test-{os.getpid()}-{next(_numbers)}"
