"""Calls: what one asks for beyond its request, and the reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from commy import argument, payload
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
    method: str,
    value: object,
    headers: Mapping[str, str] | None,
    content_type: str | None,
) -> raw.Request:
    return raw.Request(
        method=argument.text("method", method),
        message=payload.encode(value, headers, content_type),
    )


def options(
    *,
    timeout: float | None,
    idempotent: bool,
    routing_key: str | None,
    balance: Balance | str | None,
    zone_first: bool,
    version: str | None,
    tags: Iterable[str],
    metadata: Mapping[str, str] | None,
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


def lift(reply: raw.Reply, service: str, method: str) -> Reply:
    message = reply.message
    try:
        value = payload.decode(message.payload, message.content_type)
    except InvalidArgument as error:
        raise Internal(
            f"{service} answered {method!r} with what cannot be read: {error}",
            service=service,
            method=method,
            instance_id=reply.served_by,
        ) from None
    return Reply(value, message.headers, message.content_type, reply.served_by)
