"""Turns Python arguments into values that the interface can carry, or says why not.

Owns what Python adds to the rules: types, text that is UTF-8, seconds, whole numbers that fit.
The rules of the mesh itself, such as how a name is spelled, are the library's.
"""

from __future__ import annotations

import enum
import math
import os
from collections.abc import Iterable, Mapping
from typing import TypeVar

from commy.errors import InvalidArgument

E = TypeVar("E", bound=enum.Enum)

U32_MAX = 2**32 - 1
U64_MAX = 2**64 - 1


def text(what: str, value: object) -> str:
    """A string that UTF-8 can carry, which one with half of a surrogate pair is not."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be a string, not {type(value).__name__}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{what} {value!r} is not valid Unicode: {error.reason}") from None
    return value


def optional_text(what: str, value: object | None) -> str | None:
    """As :func:`text`, or None."""
    return None if value is None else text(what, value)


def path(what: str, value: object) -> str:
    """The path of a file, as a string or an object that is one."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{what} must be a path, not {type(value).__name__}")
    return text(what, os.fspath(value))


def flag(what: str, value: object) -> bool:
    """True or False: anything else that Python takes for either is more likely a mistake."""
    if not isinstance(value, bool):
        raise TypeError(f"{what} must be True or False, not {value!r}")
    return value


def texts(what: str, values: Iterable[object]) -> list[str]:
    """A list of strings. A lone string is refused: it would be taken letter by letter."""
    if isinstance(values, (str, bytes)):
        raise TypeError(f"{what} must be a list of strings, not {type(values).__name__}")
    return [text(f"an entry of {what}", value) for value in values]


def mapping(what: str, entries: Mapping[str, str] | None) -> dict[str, str]:
    """A mapping of strings to strings."""
    if not entries:
        return {}
    return {text(f"a key of {what}", key): text(f"{what}[{key!r}]", value) for key, value in entries.items()}


def milliseconds(what: str, seconds: object) -> int:
    """A time in seconds as whole milliseconds, rounded up so that none but zero becomes zero."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"{what} must be a number of seconds, not {type(seconds).__name__}")
    if not math.isfinite(seconds) or seconds < 0 or seconds * 1000 > U64_MAX:
        raise InvalidArgument(f"{what} must be a finite number of seconds, at least 0, not {seconds}")
    if seconds == 0:
        return 0
    # Less than a nanosecond beyond a whole millisecond is the float's error, not the caller's wish.
    return max(1, math.ceil(seconds * 1000 - 1e-6))


def optional_milliseconds(what: str, seconds: object | None) -> int | None:
    """As :func:`milliseconds`, or None."""
    return None if seconds is None else milliseconds(what, seconds)


def whole(what: str, value: object, most: int = U32_MAX) -> int:
    """A whole number that the interface's unsigned integer can hold."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{what} must be a whole number, not {type(value).__name__}")
    if not 0 <= value <= most:
        raise InvalidArgument(f"{what} must be from 0 to {most}, not {value}")
    return value


def number(what: str, value: object) -> float:
    """A number as the interface's float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{what} must be a number, not {type(value).__name__}")
    return float(value)


def choice(what: str, kind: type[E], value: object) -> E:
    """A member of an enumeration, given as itself or by its value."""
    try:
        return kind(value)
    except ValueError:
        allowed = ", ".join(repr(member.value) for member in kind)
        raise InvalidArgument(f"{what} must be one of {allowed}, not {value!r}") from None
