"""The native library: finds it, checks that it fits, and names the raw bindings ``raw``.

Knows nothing of meshes. Every other module reaches the raw bindings through this one, so that a
package without its library fails here, once and clearly.
"""

from __future__ import annotations

from typing import Any

__all__ = ["raw", "version"]

try:
    from commy.generated import commy_ffi as raw
except (ImportError, OSError, AttributeError) as error:
    # AttributeError is what ctypes raises when the library lacks a function of the bindings.
    raise ImportError(
        f"commy's native library cannot be loaded: {error}; install the wheel for this platform, "
        "or build it in a checkout with `cargo xtask build-sdks --lang python`"
    ) from error

# UniFFI's generated module leaves this check out; a library of another build would crash instead.
try:
    raw._uniffi_check_api_checksums(raw._UniffiLib)
except (raw.InternalError, AttributeError) as error:
    raise ImportError(f"commy's bindings and native library are of different builds: {error}") from error


def _let_go_of_handles() -> None:
    """Has every raw object forget its handle when it frees it.

    The generated finalizers leave it in place. In a cycle of garbage, where finalizers run in any
    order, another one could then use what is freed; so it gets an exception instead.
    """
    for kind in vars(raw).values():
        if not hasattr(kind, "_uniffi_clone_handle"):
            continue

        def finalize(self: Any, free: Any = kind.__del__) -> None:
            free(self)
            self._handle = None

        kind.__del__ = finalize


_let_go_of_handles()


def version() -> str:
    """The version of the native library, by semantic versioning.

    >>> version().count(".")
    2
    """
    return str(raw.version())
