"""Payloads: bytes travel untouched, every other value as UTF-8 JSON.

Owns the two content types and the conversion both ways; knows nothing of who sends or receives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from commy import argument
from commy.errors import InvalidArgument, ResourceExhausted
from commy.library import raw

JSON_TYPE = "application/json"
BYTES_TYPE = "application/octet-stream"

PAYLOAD_BYTES_MAX = 2**30
"""The most that any mesh can be set up to carry; the bindings cannot count beyond 2**31 - 1."""


@dataclass(frozen=True)
class Message:
    """A value with headers or a content type of its own: what a handler may return.

    Headers are at most 64, their values at most 4,096 bytes. Without a content type, bytes are
    ``application/octet-stream`` and any other value is ``application/json``. A content type given
    for a value that is not bytes only names it otherwise: the value travels as JSON all the same.

    >>> Message({"id": 1}, headers={"etag": "7"})
    Message(value={'id': 1}, headers={'etag': '7'}, content_type=None)
    """

    value: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None


class Content(NamedTuple):
    """A value as it travels."""

    payload: bytes
    content_type: str
    headers: dict[str, str]


def content(value: object, headers: Mapping[str, str] | None = None, content_type: str | None = None) -> Content:
    """What carries a value.

    Raises TypeError for a value that is neither bytes nor JSON-able, InvalidArgument for one that
    JSON or UTF-8 cannot express, such as NaN.
    """
    if isinstance(value, Message):
        headers = {**value.headers, **(headers or {})}
        content_type = content_type or value.content_type
        value = value.value
    if isinstance(value, (bytes, bytearray, memoryview)):
        payload = value if type(value) is bytes else bytes(value)
        kind = BYTES_TYPE
    else:
        payload = to_json(value).encode("utf-8")
        kind = JSON_TYPE
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ResourceExhausted(f"a payload of {len(payload)} bytes is over the limit of {PAYLOAD_BYTES_MAX}")
    if content_type is not None:
        kind = argument.text("content_type", content_type)
    return Content(payload, kind, argument.mapping("headers", headers) if headers else {})


def encode(value: object, headers: Mapping[str, str] | None = None, content_type: str | None = None) -> raw.Message:
    """The message that carries a value; raises as :func:`content`."""
    payload, kind, checked = content(value, headers, content_type)
    return raw.Message(payload=payload, content_type=kind, headers=checked)


def decode(payload: bytes, content_type: str) -> Any:
    """The value that a message carries: from JSON if it says so, else its bytes.

    Raises InvalidArgument for what says that it is JSON and is not.
    """
    if content_type == BYTES_TYPE or not is_json(content_type):
        return payload
    try:
        return json.loads(payload.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"the payload is not the JSON that its content type says: {error}") from None


def is_json(content_type: str) -> bool:
    """Whether a media type is JSON's, whatever its parameters and case.

    >>> is_json("application/json; charset=utf-8"), is_json("application/jsonl")
    (True, False)
    """
    return content_type == JSON_TYPE or content_type.partition(";")[0].strip().lower() == JSON_TYPE


def to_json(value: object) -> str:
    """Compact JSON text that UTF-8 can carry."""
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode("utf-8")
        return text
    except TypeError as error:
        raise TypeError(f"a payload must be bytes or a value that JSON can express: {error}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidArgument(f"a payload must be bytes or a value that JSON can express: {error}") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
