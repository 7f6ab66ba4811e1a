"""When a mesh gives up on an instance for a while."""

from __future__ import annotations

from dataclasses import dataclass

from commy import argument
from commy.library import raw


@dataclass(frozen=True)
class CircuitBreaker:
    """Refuses calls to a failing instance, as Unavailable, without sending them.

    Failures are Unavailable, Internal and DeadlineExceeded; what a handler raises is an answer. A
    ``window`` (seconds, 0.001 to 3600) of at least ``requests_min`` calls (1 to 1,000,000) opens
    the circuit when at least ``failure_ratio`` of them (above 0, at most 1) failed. After
    ``pause`` seconds (0.001 to 3600) one call may try.

    >>> CircuitBreaker(pause=1.0)
    CircuitBreaker(requests_min=20, failure_ratio=0.5, window=10.0, pause=1.0)
    """

    requests_min: int = 20
    failure_ratio: float = 0.5
    window: float = 10.0
    pause: float = 5.0


def lower(breaker: CircuitBreaker | None) -> raw.CircuitBreaker | None:
    if breaker is None:
        return None
    if not isinstance(breaker, CircuitBreaker):
        raise TypeError(f"breaker must be CircuitBreaker or None, not {type(breaker).__name__}")
    return raw.CircuitBreaker(
        requests_min=argument.whole("requests_min", breaker.requests_min),
        failure_ratio=argument.number("failure_ratio", breaker.failure_ratio),
        window_ms=argument.milliseconds("window", breaker.window),
        open_ms=argument.milliseconds("pause", breaker.pause),
    )
