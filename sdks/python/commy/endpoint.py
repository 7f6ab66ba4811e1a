"""How the endpoint of an outside server is probed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Union

from commy import argument
from commy.library import raw


@dataclass(frozen=True)
class Tcp:
    """Healthy when a TCP connection to the endpoint's host and port is accepted.

    ``interval`` (0.01 to 3600) and ``timeout`` (0.001 to 60) are in seconds; ``rise`` successes or
    ``fall`` failures in a row (1 to 100 each) change the health.

    >>> Tcp(interval=0.5)
    Tcp(interval=0.5, timeout=1.0, rise=1, fall=3)
    """

    interval: float = 5.0
    timeout: float = 1.0
    rise: int = 1
    fall: int = 3


@dataclass(frozen=True)
class Http:
    """Healthy when an HTTP GET of ``path``, which begins with ``/``, is answered with a 2xx status.

    The other fields are those of :class:`Tcp`.

    >>> Http("/health", fall=1)
    Http(path='/health', interval=5.0, timeout=1.0, rise=1, fall=1)
    """

    path: str
    interval: float = 5.0
    timeout: float = 1.0
    rise: int = 1
    fall: int = 3


Check = Union[Tcp, Http]


def lower(check: Check | None) -> raw.HealthCheck | None:
    if check is None:
        return None
    probe: Any
    if isinstance(check, Http):
        probe = raw.Probe.HTTP(argument.text("the path to probe", check.path))
    elif isinstance(check, Tcp):
        probe = raw.Probe.TCP()
    else:
        raise TypeError(f"check must be Tcp, Http or None, not {type(check).__name__}")
    return raw.HealthCheck(
        probe=probe,
        interval_ms=argument.milliseconds("interval", check.interval),
        timeout_ms=argument.milliseconds("timeout", check.timeout),
        rise=argument.whole("rise", check.rise),
        fall=argument.whole("fall", check.fall),
    )
