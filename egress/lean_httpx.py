"""httpx without its own command line, for which it loads rich and pygments: more than half of what it takes to load.

httpx goes on where that part cannot be imported (httpx 0.28, `__init__.py`).
"""

from __future__ import annotations

import sys
from typing import Any

_COMMAND_LINE = "httpx._main"
_modules: dict[str, Any] = sys.modules
_absent = _COMMAND_LINE not in _modules
if _absent:
    _modules[_COMMAND_LINE] = None  # what Python takes as: not there
try:
    import httpx
finally:
    if _absent:
        del _modules[_COMMAND_LINE]

__all__ = ["httpx"]
