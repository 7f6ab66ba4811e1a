"""The native library: finds it, checks that it fits, and names the raw bindings ``raw``.

Knows nothing of meshes. Every other module reaches the raw bindings through this one, so that a
package without its library fails here, once and clearly.
"""

from __future__ import annotations

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


def version() -> str:
    """The version of the native library, by semantic versioning.

    >>> version().count(".")
    2
    """
    return str(raw.version())
