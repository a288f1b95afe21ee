"""Puts the committed bindings wheel's package into the built distribution, so that users need nothing but pip."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "cdktf_cdktf_provider_nsxt"


class BindingsHook(BuildHookInterface[Any]):
    """Unpacks `bindings/dist/*.whl` and includes the package; an editable install takes the wheel itself instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        here = Path(self.root) / "bindings"
        (wheel,) = (here / "dist").glob(f"{PACKAGE}-*.whl")
        unpacked = here / "build" / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)  # no leftovers of an older wheel
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked, [n for n in archive.namelist() if n.startswith(f"{PACKAGE}/")])
        build_data["force_include"][str(unpacked / PACKAGE)] = PACKAGE
