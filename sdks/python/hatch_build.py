"""Names the platform of the native library in the wheel's tag: ``py3-none-PLATFORM``.

The library is reached through ctypes, so one wheel serves every Python from 3.9 on. The platform
is this machine's, unless ``COMMY_WHEEL_PLATFORM`` names another, such as ``manylinux_2_36_x86_64``
for a library that was built for it: the plain ``linux_x86_64`` makes no promise about the glibc of
other machines, which a library built on any machine could not keep. pip installs it from a file;
only an index asks for ``manylinux``.
"""

from __future__ import annotations

import os
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformTag(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        generated = Path(self.root, "commy", "generated")
        libraries = [*generated.glob("libcommy_ffi.*"), *generated.glob("commy_ffi.dll")]
        if len(libraries) != 1 or not (generated / "commy_ffi.py").is_file():
            raise RuntimeError(
                f"{generated} must hold commy_ffi.py and one native library, and has "
                f"{sorted(path.name for path in generated.glob('*'))}: run `cargo xtask build-sdks --lang python`"
            )
        platform = os.environ.get("COMMY_WHEEL_PLATFORM") or sysconfig.get_platform()
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform.replace('-', '_').replace('.', '_')}"
