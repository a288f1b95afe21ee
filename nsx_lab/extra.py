"""The packages that only a lab needs, which the extra `lab` of the distribution installs.

`python -m nsx_lab.extra` says in a sentence, with exit code 1, when they are not all there.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

MODULES = (
    "cryptography",
    "grpc",
    "h11",
    "jsonschema",
    "jsonschema_rs",
    "msgpack",
    "starlette",
    "tf",
    "trustme",
    "uvicorn",
)
"""What the lab imports of them. `tests/bindings` holds this to the extra in pyproject.toml."""


def missing() -> str | None:
    """What to install, in a sentence; None when everything is there. Imports none of it."""
    absent = [name for name in MODULES if find_spec(name) is None]
    if not absent:
        return None
    return f"the lab needs packages that are not installed ({', '.join(absent)}): pip install 'tier0-egress[lab]'"


if __name__ == "__main__":
    sys.exit(missing())
