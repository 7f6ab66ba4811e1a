"""What a handler raises to tell its caller something, and how any exception is told.

Owns the handler's side of failures; what the caller catches is in :mod:`commy.errors`.
"""

from __future__ import annotations

from typing import Any

from commy import payload
from commy.library import raw


class HandlerError(Exception):
    """Raised by a handler: its caller gets :class:`commy.errors.HandlerFailed` with the same fields.

    ``code`` is the application's own, at most 128 bytes; ``details`` is any value that JSON can
    express, else TypeError or InvalidArgument is raised at once.

    >>> HandlerError("OUT_OF_STOCK", "2 left", details={"left": 2})
    HandlerError('OUT_OF_STOCK', '2 left')
    """

    def __init__(self, code: str, reason: str, *, details: Any = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.details = details
        self._details_json = None if details is None else payload.to_json(details)

    def __str__(self) -> str:
        return f"{self.code}: {self.reason}"


class BadRequest(Exception):
    """Raised by a handler that cannot make sense of its request: INVALID_ARGUMENT to its caller."""


class UnknownMethod(Exception):
    """Raised by a handler that is a function, for a method it lacks: UNIMPLEMENTED to its caller."""


def lower(error: BaseException) -> raw.Failure:
    """What a caller is told of an exception that its handler did not catch."""
    if isinstance(error, HandlerError):
        return raw.Failure(code=printable(error.code), reason=printable(error.reason), details_json=error._details_json)
    if isinstance(error, BadRequest):
        return bad_request(_message(error))
    if isinstance(error, UnknownMethod):
        return unknown_method(_message(error))
    return raw.Failure(code=printable(type(error).__name__), reason=printable(_message(error)))


def bad_request(reason: str) -> raw.Failure:
    return raw.Failure(kind=raw.FailureKind.BAD_REQUEST, reason=printable(reason))


def unknown_method(reason: str) -> raw.Failure:
    return raw.Failure(kind=raw.FailureKind.UNKNOWN_METHOD, reason=printable(reason))


def internal(reason: str) -> raw.Failure:
    return raw.Failure(kind=raw.FailureKind.INTERNAL, reason=printable(reason))


def printable(value: object) -> str:
    """Text that UTF-8 can carry, whatever an exception holds: telling of a failure must not fail."""
    return str(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _message(error: BaseException) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:  # its __str__ is broken, too
        return type(error).__name__
