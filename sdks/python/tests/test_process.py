"""A mesh may be left running when its loop closes, its process forks or its interpreter ends."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

SECONDS_MAX = 20.0


def run(program: str, *flags: str) -> str:
    """The output of a program that must end well, in time and without a word of complaint."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", *flags, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.strip()


HOSTED = """
    import asyncio, threading, commy
    mesh = commy.Mesh("left-running", drain_timeout=0.1)

    @mesh.service("echo")
    async def echo(value):
        return value

    @mesh.service("stuck")
    async def stuck(value):
        await asyncio.Event().wait()

    @mesh.service("asleep")
    def asleep(value):
        threading.Event().wait()

    async def main():
        await mesh.start()
        waiting = [asyncio.ensure_future(mesh.call(name)) for name in ("stuck", "asleep")]
        assert await mesh.call("echo", payload=1) == 1
        watch, events = mesh.watch("nothing"), await mesh.subscribe("**")
        try:
            await asyncio.wait_for(asyncio.gather(watch.next(), events.next()), 0.01)
        except asyncio.TimeoutError:
            pass
        return watch, events
"""


@pytest.mark.parametrize("attempt", range(5))
def test_the_interpreter_ends_with_a_mesh_left_running(attempt: int) -> None:
    assert run(HOSTED + "\n    kept = asyncio.run(main())\n    print('end')") == "end"


def test_the_interpreter_ends_with_a_mesh_dropped_while_running() -> None:
    assert run(HOSTED + "\n    asyncio.run(main())\n    del mesh\n    print('end')") == "end"


def test_the_interpreter_ends_with_a_blocking_mesh_left_running() -> None:
    program = """
    import commy.blocking
    mesh = commy.blocking.Mesh("left-running")
    mesh.start()
    mesh.register("echo", lambda value: value)
    events = mesh.subscribe("**")
    try:
        events.next(timeout=0.01)
    except TimeoutError:
        print(mesh.call("echo", payload="end"))
    """
    assert run(program) == "end"


def test_a_call_to_a_handler_whose_loop_is_closed_fails_and_says_so() -> None:
    program = (
        HOSTED
        + """
    asyncio.run(main())

    async def later():
        try:
            await mesh.call("echo", timeout=5.0)
        except commy.errors.Internal as error:
            print(error)
        await mesh.stop()

    asyncio.run(later())
    """
    )
    assert "loop is closed" in run(program)


def test_a_loop_closed_by_hand_leaves_no_noise() -> None:
    program = (
        HOSTED
        + """
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
    loop.close()
    print("end")
    """
    )
    assert run(program) == "end"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_forked_child_is_refused_and_its_parent_goes_on() -> None:
    program = """
    import os, warnings, commy.blocking
    warnings.simplefilter("ignore", DeprecationWarning)
    mesh = commy.blocking.Mesh("forked")
    mesh.start()
    registration = mesh.register("echo", lambda value: value)
    child = os.fork()
    if child == 0:
        for operation in (mesh.discover, mesh.stop, lambda: mesh.call("echo"), lambda: commy.Mesh("new")):
            try:
                operation()
                os._exit(2)
            except commy.errors.FailedPrecondition as error:
                assert "forked" in str(error) and "spawn" in str(error)
        print(mesh)
        del mesh, registration
        raise SystemExit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    print(mesh.call("echo", payload="parent"))
    mesh.stop()
    """
    assert run(program).splitlines() == ["<commy.blocking.Mesh of another process>", "parent"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_process_may_fork_before_it_uses_a_mesh() -> None:
    program = """
    import os, commy.blocking
    child = os.fork()
    with commy.blocking.Mesh("forked-first") as mesh:
        mesh.register("echo", lambda value: value)
        assert mesh.call("echo", payload=1) == 1
    if child:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        print("end")
    """
    assert run(program) == "end"
