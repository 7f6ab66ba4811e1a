"""Marks the wheel as one for this platform and any Python 3.

The tag is the platform's plain name, such as ``linux_x86_64``. A ``manylinux`` tag would promise
that the library runs on any Linux with the glibc it names; a library built on an arbitrary machine
cannot promise that. pip installs a plain tag from a file, and only an index refuses it.
"""

import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARIES = ("libcommy_ffi.so", "libcommy_ffi.dylib", "commy_ffi.dll")


class PlatformHook(BuildHookInterface):
    """hatchling's hook, called once for each wheel."""

    def initialize(self, version, build_data):
        generated = Path(self.root, "commy", "generated")
        if not any((generated / library).exists() for library in LIBRARIES):
            raise FileNotFoundError(
                f"no native library in {generated}: run `cargo xtask build-sdks --lang python`"
            )
        platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform}"
