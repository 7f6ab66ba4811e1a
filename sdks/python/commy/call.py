"""Calls: what one asks for beyond its request, and the reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commy import argument, buffers, payload
from commy.desk import Answered
from commy.errors import Internal, InvalidArgument
from commy.instance import Balance, lower_balance
from commy.library import raw


@dataclass(frozen=True)
class Reply:
    """The answer to a call, with all that came along."""

    value: Any = field(hash=False)
    """The payload: from JSON if ``content_type`` says so, else bytes."""
    headers: Mapping[str, str] = field(hash=False)
    content_type: str
    served_by: str
    """The id of the instance that answered."""


def lower(
    service: str,
    method: str,
    value: object,
    headers: Mapping[str, str] | None,
    content_type: str | None,
    timeout: float | None,
    idempotent: bool,
    routing_key: str | None,
    balance: Balance | str | None,
    zone_first: bool,
    version: str | None,
    tags: Iterable[str],
    metadata: Mapping[str, str] | None,
) -> tuple[bytes, bytes]:
    """A call as a desk takes it: its head, and its payload."""
    body, kind, checked = payload.content(value, headers, content_type)
    if zone_first and not (checked or idempotent or routing_key or balance or version or tags or metadata):
        return plain_head(service, method, kind, timeout), body
    asked = options(
        timeout=timeout,
        idempotent=idempotent,
        routing_key=routing_key,
        balance=balance,
        zone_first=zone_first,
        version=version,
        tags=tags,
        metadata=metadata,
    )
    return head(service, method, kind, checked, asked), body


HEADS_MAX = 1024
"""How many heads of calls are remembered: a program calls few methods, but it may make up names."""

_heads: dict[tuple[str, str, str, float | None], bytes] = {}
_write_text: Any = raw._UniffiFfiConverterString.write


def plain_head(service: str, method: str, content_type: str, timeout: float | None) -> bytes:
    """The :func:`head` of a call that asks for nothing but a timeout, checked and built once."""
    key = (service, method, content_type, timeout)
    # Of exact types: `True` is equal to the timeout 1, and is none.
    is_plain = type(service) is type(method) is str and (timeout is None or type(timeout) in (float, int))
    known = _heads.get(key) if is_plain else None
    if known is None:
        known = head(service, method, content_type, {}, options(timeout=timeout))
        if len(_heads) >= HEADS_MAX:
            _heads.clear()
        _heads[key] = known
    return known


def head(service: str, method: str, content_type: str, headers: dict[str, str], asked: raw.CallOptions) -> bytes:
    """All of a call but its payload, as a desk takes it."""
    builder = buffers.Builder()
    _write_text(argument.text("the service's name", service), builder)
    _write_text(argument.text("method", method), builder)
    _write_text(content_type, builder)
    raw._UniffiFfiConverterMapStringString.write(headers, builder)
    raw._UniffiFfiConverterTypeCallOptions.check_lower(asked)
    raw._UniffiFfiConverterTypeCallOptions.write(asked, builder)
    return bytes(builder)


def options(
    *,
    timeout: float | None,
    idempotent: bool = False,
    routing_key: str | None = None,
    balance: Balance | str | None = None,
    zone_first: bool = True,
    version: str | None = None,
    tags: Iterable[str] = (),
    metadata: Mapping[str, str] | None = None,
) -> raw.CallOptions:
    return raw.CallOptions(
        timeout_ms=argument.optional_milliseconds("timeout", timeout),
        idempotent=idempotent,
        routing_key=argument.optional_text("routing_key", routing_key),
        balance=None if balance is None else lower_balance(balance),
        zone_first=zone_first,
        version=argument.optional_text("version", version),
        tags=argument.texts("tags", tags),
        metadata=argument.mapping("metadata", metadata),
    )


def value(reply: Answered, service: str, method: str) -> Any:
    """What a reply carries."""
    try:
        return payload.decode(reply.payload, reply.content_type)
    except InvalidArgument as error:
        raise Internal(
            f"{service} answered {method!r} with what cannot be read: {error}",
            service=service,
            method=method,
            instance_id=reply.served_by,
        ) from None
