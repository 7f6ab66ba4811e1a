"""Bytes travel untouched, other values as JSON; what is neither, or too large, is refused."""

from __future__ import annotations

import array
import json
import math
import sys
from typing import Any

import pytest

from commy import Context, Mesh, Message, errors

MIB = 2**20


def echo(value: object) -> object:
    return value


@pytest.mark.parametrize("size", [0, 1, 255, 65_536, MIB])
async def test_bytes_travel_untouched(name: str, size: int) -> None:
    payload = bytes(range(256)) * (size // 256) + bytes(size % 256)
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        reply = await mesh.request("echo", payload=payload)
        assert reply.value == payload
        assert reply.content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "payload",
    [bytearray(b"abc"), memoryview(b"abc"), memoryview(b"a-b-c-")[::2], memoryview(array.array("H", [25185, 25444]))],
)
async def test_whatever_holds_bytes_travels_as_bytes(name: str, payload: Any) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        assert await mesh.call("echo", payload=payload) == bytes(payload)


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 2**63, 10**30, 0.1, -1e-300, "", "ä€🎉\0\n", [], {}, [1, [2, [3]]], {"ä": {"b": [None]}}],
)
async def test_json_travels_as_it_is(name: str, value: Any) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        answer = await mesh.call("echo", payload=value)
        assert answer == value
        assert type(answer) is type(value)


async def test_json_on_the_wire_is_compact_utf_8(name: str) -> None:
    async with Mesh(name) as mesh:
        seen: list[bytes] = []
        await mesh.register("raw", seen.append)
        await mesh.call("raw", payload=json.dumps({"ä": 1}).encode(), content_type="text/plain")
        await mesh.call("raw", payload={"ä": [1, 2]}, content_type="application/cbor")
        assert seen == [b'{"\\u00e4": 1}', '{"ä":[1,2]}'.encode()]


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
async def test_bytes_that_say_they_are_json_are_decoded(name: str, content_type: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        assert await mesh.call("echo", payload=b' {"a": [1]} ', content_type=content_type) == {"a": [1]}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf1",
        '"\u00e4"'.encode("utf-16"),
        b"NaN",
        b"[Infinity]",
        b"1 2",
        b"[" * 100_000,
        b"9" * 10_000,
    ],
)
async def test_a_request_that_is_not_the_json_it_says_is_an_invalid_argument(name: str, payload: bytes) -> None:
    async with Mesh(name) as mesh:
        calls: list[object] = []
        await mesh.register("count", calls.append)
        if payload == b"9" * 10_000 and not hasattr(sys, "set_int_max_str_digits"):
            payload = b"[9"  # older Pythons take any number of digits
        with pytest.raises(errors.InvalidArgument, match="not the JSON"):
            await mesh.call("count", payload=payload, content_type="application/json")
        assert calls == []
        assert await mesh.call("count", payload=1) is None


async def test_a_reply_that_is_not_the_json_it_says_is_internal(name: str) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("broken", lambda: Message(b"{", content_type="application/json"))
        with pytest.raises(errors.Internal, match="cannot be read") as caught:
            await mesh.call("broken")
        assert caught.value.service == "broken"
        assert caught.value.instance_id


@pytest.mark.parametrize("value", [{1, 2}, object(), 1j, {"a": object()}, [b"bytes inside"], {(1, 2): 3}])
async def test_a_value_that_json_cannot_express_is_a_type_error(name: str, value: Any) -> None:
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        with pytest.raises(TypeError, match="must be bytes or a value that JSON can express"):
            await mesh.call("echo", payload=value)
        with pytest.raises(TypeError, match="must be bytes or a value that JSON can express"):
            await mesh.publish("topic", value)


async def test_a_value_that_json_or_utf_8_cannot_carry_is_refused(name: str) -> None:
    circle: list[Any] = []
    circle.append(circle)
    async with Mesh(name) as mesh:
        for value in (math.nan, math.inf, "half \ud83d", {"\udcff": 1}, circle):
            with pytest.raises(errors.InvalidArgument, match="must be bytes or a value that JSON can express"):
                await mesh.call("echo", payload=value)


@pytest.mark.parametrize("value", [{1}, math.nan, "\ud800", object(), Message(1, headers={"k": 2})])  # type: ignore[dict-item]
@pytest.mark.parametrize("kind", ["async", "plain"])
async def test_a_handler_that_returns_the_wrong_type_is_internal(name: str, value: Any, kind: str) -> None:
    async with Mesh(name) as mesh:

        async def wrong() -> Any:
            return value

        await mesh.register("wrong", wrong if kind == "async" else lambda: value)
        with pytest.raises(errors.Internal, match="cannot be sent"):
            await mesh.call("wrong")


async def test_a_payload_over_the_limit_is_refused_on_every_way(name: str) -> None:
    large = bytes(16 * MIB)
    async with Mesh(name) as mesh:
        await mesh.register("echo", echo)
        await mesh.register("large", lambda: large)
        for refused in (
            mesh.call("echo", payload=large),
            mesh.call("large"),
            mesh.publish("topic", large),
        ):
            with pytest.raises(errors.ResourceExhausted, match="bytes"):
                await refused
        assert await mesh.call("echo", payload="small") == "small"


async def test_a_payload_over_the_default_limit_passes_where_the_limit_is_raised(name: str) -> None:
    large = bytes(range(256)) * (16 * MIB // 256)
    async with Mesh(name, max_payload_bytes=16 * MIB) as mesh:
        await mesh.register("echo", echo)
        assert await mesh.call("echo", payload=large) == large
        with pytest.raises(errors.ResourceExhausted):
            await mesh.call("echo", payload=large + b"!")


async def test_a_reply_names_its_own_content_type(name: str) -> None:
    async with Mesh(name) as mesh:

        @mesh.service("image")
        async def image(value: object, context: Context) -> Message:
            return Message(b"\x89PNG", content_type="image/png", headers={"asked": context.content_type})

        reply = await mesh.request("image", payload=b"?", content_type="text/plain")
        assert (reply.value, reply.content_type, reply.headers) == (b"\x89PNG", "image/png", {"asked": "text/plain"})
