"""Events reach every subscription whose filter matches, in order, or are lost as it says."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from commy import Event, Mesh, Subscription, errors


async def taken(events: Subscription, count: int) -> list[Any]:
    items = [await events.next() for _ in range(count)]
    return [item.value for item in items if item is not None]


async def test_an_event_brings_its_value_headers_and_origin(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("orders/*") as events:
        await mesh.publish("orders/created", {"id": 1}, headers={"trace": "ä"})
        event = await events.next()
        assert event is not None
        assert (event.topic, event.value, event.headers) == ("orders/created", {"id": 1}, {"trace": "ä"})
        assert (event.publisher, event.content_type, event.missed) == (mesh.node_id, "application/json", 0)
        assert event.payload == b'{"id":1}'
        assert "orders/created" in repr(event)


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("a", ["a"]),
        ("*", ["a", "b"]),
        ("a/*", ["a/b"]),
        ("*/b", ["a/b"]),
        ("a/**", ["a", "a/b", "a/b/c"]),
        ("**", ["a", "b", "a/b", "a/b/c"]),
        ("**/c", ["a/b/c"]),
    ],
)
async def test_a_filter_matches_by_segments(name: str, filter: str, expected: list[str]) -> None:
    async with Mesh(name) as mesh, mesh.subscribe(filter) as events:
        for topic in ("a", "b", "a/b", "a/b/c"):
            await mesh.publish(topic, topic)
        assert await taken(events, len(expected)) == expected


async def test_every_subscription_gets_every_event_in_order(name: str) -> None:
    async with Mesh(name) as mesh:
        subscriptions = [await mesh.subscribe("numbers") for _ in range(5)]
        for number in range(100):
            await mesh.publish("numbers", number)
        for events in subscriptions:
            assert await taken(events, 100) == list(range(100))


async def test_sequence_numbers_rise(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("**") as events:
        for topic in ("a", "b", "a"):
            await mesh.publish(topic)
        seen = [await events.next() for _ in range(3)]
        sequences = [event.sequence for event in seen if event]
        assert sequences == sorted(set(sequences))
        assert len(sequences) == 3


@pytest.mark.parametrize(
    ("overflow", "kept", "missed"), [("drop_oldest", [2, 3, 4], [2, 0, 0]), ("drop_newest", [0, 1, 2], [0, 0, 0])]
)
async def test_a_full_queue_loses_what_its_policy_says_and_tells(
    name: str, overflow: str, kept: list[int], missed: list[int]
) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("numbers", capacity=3, overflow=overflow) as events:
        for number in range(5):
            await mesh.publish("numbers", number)
        seen = [await events.next() for _ in range(3)]
        assert [event.value for event in seen if event] == kept
        assert [event.missed for event in seen if event] == missed
        assert events.dropped == 2
        assert mesh.stats().events_dropped == 2
        await mesh.publish("numbers", 5)
        last = await events.next()
        assert last is not None
        assert (last.value, last.missed) == (5, 2 - sum(missed))


async def test_a_full_queue_that_blocks_makes_its_publisher_wait(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("numbers", capacity=1, overflow="block") as events:
        await mesh.publish("numbers", 0)
        waiting = asyncio.ensure_future(mesh.publish("numbers", 1))
        await asyncio.sleep(0.02)
        assert not waiting.done()
        assert await taken(events, 1) == [0]
        await waiting
        assert await taken(events, 1) == [1]
        assert events.dropped == 0


async def test_async_for_subscribes_when_it_begins_and_ends_with_the_subscription(name: str) -> None:
    async with Mesh(name) as mesh:
        events = mesh.subscribe("topic")
        assert repr(events) == "<commy.Subscription to 'topic', waiting to begin>"
        await mesh.publish("topic", "before anybody listens")
        seen: list[Event] = []
        listening = asyncio.Event()

        async def listen() -> None:
            async with events:
                listening.set()
                async for event in events:
                    seen.append(event)

        task = asyncio.ensure_future(listen())
        await listening.wait()
        await mesh.publish("topic", "now")
        while not seen:
            await asyncio.sleep(0)
        events.close()
        await task
        assert [event.value for event in seen] == ["now"]
        assert repr(events) == "<commy.Subscription to 'topic', closed>"


async def test_a_closed_subscription_takes_nothing_more(name: str) -> None:
    async with Mesh(name) as mesh:
        events = await mesh.subscribe("topic")
        events.close()
        events.close()
        await mesh.publish("topic", 1)
        assert await events.next() is None
        unopened = mesh.subscribe("topic")
        unopened.close()
        assert await unopened.next() is None
        assert unopened.dropped == 0


async def test_a_wait_that_is_cancelled_loses_no_event(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("numbers") as events:
        seen: list[Any] = []
        for number in range(50):
            waiting = asyncio.ensure_future(events.next())
            for _ in range(number % 5):
                await asyncio.sleep(0)
            await mesh.publish("numbers", number)
            for _ in range(number % 7):
                await asyncio.sleep(0)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                event = await waiting
                seen += [event.value] if event else []
        seen += await taken(events, 50 - len(seen))
        assert seen == list(range(50))


async def test_an_event_that_is_not_the_json_it_says_does_not_end_the_subscription(name: str) -> None:
    async with Mesh(name) as mesh, mesh.subscribe("topic") as events:
        await mesh.publish("topic", b"{", content_type="application/json")
        await mesh.publish("topic", b"\x00\xff")
        broken = await events.next()
        assert broken is not None
        with pytest.raises(errors.InvalidArgument):
            _ = broken.value
        assert broken.payload == b"{"
        assert await taken(events, 1) == [b"\x00\xff"]


@pytest.mark.parametrize("bad", ["", "t" * 257, "/a", "a/", "a//b", "has space", "größe", "a/*", "**", "\udcff"])
async def test_a_bad_topic_is_refused(name: str, bad: str) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument):
            await mesh.publish(bad)


@pytest.mark.parametrize("bad", ["", "t" * 257, "/a", "a//b", "a*", "***", "größe", "\udcff"])
async def test_a_bad_filter_is_refused(name: str, bad: str) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument):
            await mesh.subscribe(bad)


@pytest.mark.parametrize("options", [{"capacity": 0}, {"capacity": 65_537}, {"capacity": -1}, {"overflow": "spill"}])
async def test_options_that_break_a_rule_are_refused(name: str, options: dict[str, Any]) -> None:
    async with Mesh(name) as mesh:
        with pytest.raises(errors.InvalidArgument):
            await mesh.subscribe("topic", **options)


async def test_publishing_to_nobody_succeeds_and_is_counted(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.publish("topic", 1)
        async with mesh.subscribe("topic") as events:
            await mesh.publish("topic", 2)
            assert await taken(events, 1) == [2]
        stats = mesh.stats()
        assert (stats.events_published, stats.events_delivered, stats.events_dropped) == (2, 1, 0)
