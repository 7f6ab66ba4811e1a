"""Services as Python code: how a class, an object or a function answers requests.

Owns which methods a service has, how each is called and what it may learn of the request. How
requests reach it, on which loop or thread, is in :mod:`commy.dispatch`.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Mapping
from typing import Any, Callable, NamedTuple, TypeVar

from commy.desk import Asked
from commy.library import raw

F = TypeVar("F", bound=Callable[..., Any])

_NAME = "__commy_method__"


class Context:
    """What a handler may know of the request that it answers, beyond its payload.

    A handler gets it as its second parameter, if that has no default.
    """

    __slots__ = ("attempt", "caller", "cancelled", "content_type", "deadline", "headers", "method", "service")

    service: str
    """The service that was called."""
    method: str
    """The method that is asked for."""
    headers: Mapping[str, str]
    """The headers that the caller sent."""
    content_type: str
    """What the payload is, as a media type."""
    caller: str
    """The id of the node that calls."""
    attempt: int
    """Which attempt of the call this is, from 1."""
    deadline: float
    """When the caller stops waiting, by ``time.monotonic()``, in seconds."""
    cancelled: bool
    """Whether nobody waits any more. An async handler is cancelled; a plain one may look here."""

    def __init__(
        self,
        *,
        service: str = "",
        method: str = "",
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        caller: str = "",
        attempt: int = 1,
        time_left: float = 30.0,
    ) -> None:
        self.service = service
        self.method = method
        self.headers = {} if headers is None else headers
        self.content_type = content_type
        self.caller = caller
        self.attempt = attempt
        self.deadline = time.monotonic() + time_left
        self.cancelled = False

    @property
    def time_left(self) -> float:
        """The seconds until the caller stops waiting; never less than 0.

        >>> 1.9 < Context(time_left=2.0).time_left <= 2.0
        True
        """
        return max(0.0, self.deadline - time.monotonic())

    def __repr__(self) -> str:
        return (
            f"Context(service={self.service!r}, method={self.method!r}, headers={dict(self.headers)!r}, "
            f"caller={self.caller!r}, attempt={self.attempt}, time_left={self.time_left:.3f})"
        )


def lift(request: raw.IncomingRequest) -> Context:
    return Context(
        service=request.service,
        method=request.method,
        headers=request.message.headers,
        content_type=request.message.content_type,
        caller=request.caller,
        attempt=request.attempt,
        time_left=request.time_left_ms / 1000,
    )


def context_of(asked: Asked) -> Context:
    return Context(
        service=asked.service,
        method=asked.method,
        headers=asked.headers,
        content_type=asked.content_type,
        caller=asked.caller,
        attempt=asked.attempt,
        time_left=asked.time_left_ms / 1000,
    )


def method(name: str) -> Callable[[F], F]:
    """Gives a method of a service another name than its own, for one that Python cannot spell.

    >>> class Invoices:
    ...     @method("invoices/list")
    ...     def list_all(self): ...
    >>> sorted(methods_of(Invoices()))
    ['invoices/list']
    """

    def named(function: F) -> F:
        setattr(function, _NAME, name)
        return function

    return named


class Method(NamedTuple):
    """One callable of a service, and how it is called."""

    function: Callable[..., Any]
    is_async: bool
    takes: int
    """How much it takes: nothing, the payload, or the payload and the context."""

    def __call__(self, value: Any, context: Context) -> Any:
        if self.takes == 2:
            return self.function(value, context)
        return self.function(value) if self.takes else self.function()


class Service(NamedTuple):
    """The methods of a service, or the one function that answers every method."""

    methods: Mapping[str, Method]
    function: Method | None

    @property
    def is_async(self) -> bool:
        """Whether every method is."""
        methods = [self.function] if self.function else self.methods.values()
        return all(method.is_async for method in methods)

    def find(self, name: str) -> Method | None:
        return self.function or self.methods.get(name)


def service_of(target: Any) -> Service:
    """What a function, an object, or a class that needs no arguments answers.

    Raises TypeError for a target that cannot answer requests.
    """
    if inspect.isclass(target):
        return Service(methods_of(target()), None)
    if inspect.isroutine(target) or isinstance(target, functools.partial):
        return Service({}, method_of(target))
    methods = methods_of(target)
    if methods:
        return Service(methods, None)
    if callable(target):
        return Service({}, method_of(target))
    raise TypeError(f"{target!r} is no service: it is not callable and has no public method")


def methods_of(target: object) -> dict[str, Method]:
    """The public methods of an object, those that its class inherits too."""
    found: dict[str, Method] = {}
    for name in dir(type(target)):
        # Looked up on the class, so that no property is computed to find out that it is one.
        attribute = inspect.getattr_static(type(target), name)
        plain = attribute.__func__ if isinstance(attribute, (staticmethod, classmethod)) else attribute
        if name.startswith("_") or not inspect.isroutine(plain):
            continue
        found[getattr(plain, _NAME, name)] = method_of(getattr(target, name))
    return found


def method_of(function: Callable[..., Any]) -> Method:
    is_async = any(map(inspect.iscoroutinefunction, (function, type(function).__call__)))
    return Method(function, is_async, _takes(function))


def _takes(function: Callable[..., Any]) -> int:
    try:
        parameters: list[inspect.Parameter] = list(inspect.signature(function).parameters.values())
    except ValueError:  # some functions written in C do not tell
        return 1
    name = getattr(function, "__qualname__", repr(function))
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    required = sum(one.default is one.empty for one in positional)
    keyword = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY and one.default is one.empty]
    if required > 2 or keyword:
        raise TypeError(f"{name} cannot answer requests: it must take a payload, and at most a context after it")
    has_some = positional or any(one.kind is one.VAR_POSITIONAL for one in parameters)
    return 2 if required == 2 else 1 if has_some else 0
