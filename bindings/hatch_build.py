"""Puts the packages of the committed bindings wheels into the built distribution, so that users need nothing but pip."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("cdktf_cdktf_provider_nsxt", "cdktn_provider_nsxt")


class BindingsHook(BuildHookInterface[Any]):
    """Unpacks `bindings/dist/*.whl` and includes the packages; an editable install takes the wheels themselves instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Unpacks into a folder of this build's own, as others may run at the same time."""
        if self.target_name != "wheel" or version == "editable":
            return
        self.unpacked = tempfile.TemporaryDirectory()
        for package in PACKAGES:
            (wheel,) = (Path(self.root) / "bindings" / "dist").glob(f"{package}-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(self.unpacked.name, [n for n in archive.namelist() if n.startswith(f"{package}/")])
            build_data["force_include"][str(Path(self.unpacked.name, package))] = package

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Takes the folder away again."""
        if hasattr(self, "unpacked"):
            self.unpacked.cleanup()
