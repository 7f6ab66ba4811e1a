"""A watch tells of the instances that match: those of now, then every change."""

from __future__ import annotations

import asyncio
import contextlib

import commy
from commy import Change, Mesh


def echo(value: object) -> object:
    return value


def brief(change: Change | None) -> tuple[str, str, str] | None:
    return None if change is None else (change.kind.value, change.instance.service, change.instance.health.value)


async def test_first_what_matches_now_then_every_change(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("before", echo)
        async with mesh.watch(health=list(commy.Health)) as changes:
            assert brief(await changes.next()) == ("added", "before", "healthy")
            registration = await mesh.register("after", echo)
            assert brief(await changes.next()) == ("added", "after", "healthy")
            await registration.set_health("unhealthy")
            assert brief(await changes.next()) == ("updated", "after", "unhealthy")
            await registration.deregister()
            last = await changes.next()
            while last is not None and last.kind is commy.ChangeKind.UPDATED:  # it drains on its way out
                last = await changes.next()
            assert last is not None
            assert (last.kind, last.instance.service) == ("removed", "after")


async def test_health_that_no_longer_matches_is_a_removal(name: str) -> None:
    async with Mesh(name) as mesh, mesh.watch("orders") as changes:
        registration = await mesh.register("orders", echo)
        assert brief(await changes.next()) == ("added", "orders", "healthy")
        await registration.set_health("unhealthy")
        change = await changes.next()
        assert change is not None
        assert change.kind == "removed"
        await registration.set_health("healthy")
        assert brief(await changes.next()) == ("added", "orders", "healthy")


async def test_changes_that_nobody_took_in_time_are_told_as_one(name: str) -> None:
    async with Mesh(name) as mesh, mesh.watch(health=list(commy.Health)) as changes:
        registration = await mesh.register("orders", echo)
        for health in ("unhealthy", "healthy", "unhealthy"):
            await registration.set_health(health)
        assert brief(await changes.next()) == ("added", "orders", "unhealthy")
        await registration.deregister()
        last = await changes.next()
        assert last is not None
        assert last.kind == "removed"


async def test_revisions_rise(name: str) -> None:
    async with Mesh(name) as mesh, mesh.watch() as changes:
        for number in range(5):
            await mesh.register(f"service-{number}", echo)
        revisions = []
        async for change in changes:
            revisions.append(change.revision)
            if len(revisions) == 5:
                break
        assert revisions == sorted(revisions)


async def test_a_watch_sees_only_what_its_query_matches(name: str) -> None:
    async with Mesh(name) as mesh, mesh.watch("orders", tags=["eu"]) as changes:
        await mesh.register("orders", echo, tags=["us"])
        await mesh.register("users", echo, tags=["eu"])
        await mesh.register("orders", echo, tags=["eu", "fast"])
        change = await changes.next()
        assert change is not None
        assert change.instance.tags == ("eu", "fast")


async def test_a_closed_watch_ends_for_whoever_waits(name: str) -> None:
    async with Mesh(name) as mesh:
        changes = mesh.watch()
        waiting = asyncio.ensure_future(changes.next())
        await asyncio.sleep(0)
        changes.close()
        changes.close()
        assert await waiting is None
        assert await changes.next() is None
        assert [change async for change in changes] == []
        assert repr(changes) == "<commy.Watch closed>"


async def test_a_wait_that_is_cancelled_loses_no_change(name: str) -> None:
    async with Mesh(name) as mesh, mesh.watch() as changes:
        seen = []
        for number in range(20):
            waiting = asyncio.ensure_future(changes.next())
            await asyncio.sleep(0)
            await mesh.register(f"service-{number}", echo)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                seen.append(await waiting)
        seen += [await changes.next() for _ in range(20 - len(seen))]
        assert [change.instance.service for change in seen if change] == [f"service-{n}" for n in range(20)]


async def test_tasks_that_share_a_watch_get_each_change_once(name: str) -> None:
    async with Mesh(name) as mesh, mesh.watch() as changes:
        waiting = [asyncio.ensure_future(changes.next()) for _ in range(8)]
        for number in range(8):
            await mesh.register(f"service-{number}", echo)
        seen = await asyncio.gather(*waiting)
        assert sorted(change.instance.service for change in seen if change) == [f"service-{n}" for n in range(8)]
