"""Asks, at set-up and only then, whether a provider registry can be reached: `python -m egress.toolchain.probe ROOT`."""

from __future__ import annotations

import sys
from pathlib import Path

from egress.toolchain.tools.provider import probe_registry

if __name__ == "__main__":
    probe_registry(Path(sys.argv[1]))
