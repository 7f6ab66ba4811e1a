"""Why an operation failed: one exception a status, by gRPC's status names.

Owns the exceptions that callers catch and how raw errors become them. What a handler raises to
tell its caller something is in :mod:`commy.failure`.
"""

from __future__ import annotations

import enum
import json
from typing import Any, ClassVar

from commy.library import raw


class Status(enum.IntEnum):
    """The status of an error: its name is gRPC's, its value a stable number.

    >>> Status.NOT_FOUND.name, int(Status.NOT_FOUND)
    ('NOT_FOUND', 5)
    """

    CANCELLED = 1
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16
    HANDLER_FAILED = 100


class CommyError(Exception):
    """Any error of commy. Catch a subclass to handle one status, this to handle all.

    >>> error = NotFound("no service is called orders", service="orders")
    >>> str(error), error.status.name, error.service, isinstance(error, LookupError)
    ('no service is called orders', 'NOT_FOUND', 'orders', True)
    """

    status: ClassVar[Status]
    """The status that this class stands for."""

    reason: str
    """What went wrong: the value and the rule that it broke."""
    service: str | None
    """The service concerned, if one is."""
    method: str | None
    """The method concerned, if one is."""
    instance_id: str | None
    """The id of the instance that failed, if one was chosen."""
    attempts: int
    """How many instances were tried."""

    def __init__(
        self,
        reason: str,
        *,
        service: str | None = None,
        method: str | None = None,
        instance_id: str | None = None,
        attempts: int = 0,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.service = service
        self.method = method
        self.instance_id = instance_id
        self.attempts = attempts

    def __str__(self) -> str:
        return self.reason

    def __repr__(self) -> str:
        fields = "".join(f", {name}={value!r}" for name, value in self.__dict__.items() if name != "reason" and value)
        return f"{type(self).__name__}({self.reason!r}{fields})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), dict(self.__dict__))


class Cancelled(CommyError):
    """The operation was cancelled by someone other than the awaiting task, such as a stop."""

    status = Status.CANCELLED


class InvalidArgument(CommyError, ValueError):
    """A value breaks a rule; the same request cannot succeed."""

    status = Status.INVALID_ARGUMENT


class DeadlineExceeded(CommyError, TimeoutError):
    """The deadline passed before there was an answer."""

    status = Status.DEADLINE_EXCEEDED


class NotFound(CommyError, LookupError):
    """There is no such service, or no instance of it that the call may use."""

    status = Status.NOT_FOUND


class AlreadyExists(CommyError):
    """What was to be made exists."""

    status = Status.ALREADY_EXISTS


class PermissionDenied(CommyError):
    """The caller may not do this."""

    status = Status.PERMISSION_DENIED


class ResourceExhausted(CommyError):
    """A bound was reached: a queue, a payload size, calls in flight."""

    status = Status.RESOURCE_EXHAUSTED


class FailedPrecondition(CommyError):
    """The state does not allow it: a mesh that is not running, a call to an advertised service."""

    status = Status.FAILED_PRECONDITION


class Unimplemented(CommyError):
    """The service has no such method."""

    status = Status.UNIMPLEMENTED


class Internal(CommyError):
    """A handler broke its contract, or commy has a defect."""

    status = Status.INTERNAL


class Unavailable(CommyError):
    """No instance can answer now; another try may succeed."""

    status = Status.UNAVAILABLE


class Unauthenticated(CommyError):
    """The caller's identity is not known."""

    status = Status.UNAUTHENTICATED


class HandlerFailed(CommyError):
    """The handler itself reported a failure, or raised an exception that it did not catch."""

    status = Status.HANDLER_FAILED

    code: str
    """The handler's own code; for an exception that it did not catch, the name of its class."""
    details: Any
    """The handler's own details, from JSON; None without any."""

    def __init__(self, reason: str, *, code: str = "", details: Any = None, **place: Any) -> None:
        super().__init__(reason, **place)
        self.code = code
        self.details = details


def lift(error: Exception) -> CommyError:
    """The exception for an error that the raw bindings raised."""
    if not isinstance(error, raw.CommyError):
        return Internal(f"commy failed: {error}")
    known = _BY_NAME.get(type(error).__name__, Internal)
    info: raw.ErrorInfo = error.info  # type: ignore[attr-defined]  # set by each variant
    extra: dict[str, Any] = {}
    if known is HandlerFailed:
        extra = {"code": info.code or "", "details": _details(info.details_json)}
    return known(
        info.reason,
        service=info.service,
        method=info.method,
        instance_id=info.instance_id,
        attempts=info.attempts,
        **extra,
    )


RAW_ERRORS: tuple[type[Exception], ...] = (raw.CommyError, raw.InternalError)
"""What the raw bindings raise, for an ``except`` that ends in :func:`lift`."""

_BY_NAME: dict[str, type[CommyError]] = {known.__name__: known for known in CommyError.__subclasses__()}


def _details(text: str | None) -> Any:
    """Another language's handler wrote this text: what is not JSON is handed over as it is."""
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _restore(known: type[CommyError], fields: dict[str, Any]) -> CommyError:
    """Unpickles an error, whose constructor takes its fields by name only."""
    return known(**fields)
