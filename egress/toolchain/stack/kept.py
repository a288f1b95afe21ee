"""What an engine keeps of a stack from run to run, in its TF_DATA_DIR: a cache, which init makes anew where parts of it are gone or cannot
be read."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

_STAMP = "egress-initialised"
_BACKEND = "terraform.tfstate"
"""The engine's own note of where the state is; never the state itself, as a backend is always configured."""
_PROVIDERS = "providers"
_PACKAGE = "*/*/*/*/*/*"
"""Files of installed providers: host, namespace, type, version, platform (Terraform, "Provider Installation", the unpacked layout)."""


def is_as_left(data: Path, made_for: str) -> bool:
    """Whether nothing is to be done: the last init was for the same, and what it left is there."""
    return _stamped(data) == {"for": made_for, "left": _left(data)} and _is_sound(data)


def leave(data: Path, made_for: str) -> None:
    """Remembers what an init was for, and what it has left."""
    (data / _STAMP).write_text(json.dumps({"for": made_for, "left": _left(data)}))


def clear(data: Path, made_for: str) -> bool:
    """Takes away what would stand in the way of an init; whether something was damaged. Nothing is, where this is an init for something
    else: of that the engine says what may not change."""
    if not _is_sound(data):
        _remove(data)
    elif _stamped(data).get("for") == made_for:
        _remove(data / _PROVIDERS)
    else:
        return False
    return True


def _is_sound(data: Path) -> bool:
    """Whether an engine can begin with it: no folder yet, or one whose note of the backend can be read."""
    if not data.is_dir():
        return not os.path.lexists(data)
    if (data / _STAMP).is_dir() or (data / _PROVIDERS).is_file():
        return False
    try:
        return isinstance(json.loads((data / _BACKEND).read_bytes()), dict)
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False


def _stamped(data: Path) -> dict[str, Any]:
    try:
        found = json.loads((data / _STAMP).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _left(data: Path) -> list[str]:
    """Names of the files of the providers, which may be links into a mirror or the engine's cache. Their bytes are held against the lock by
    the engine whenever it starts one, and one that somebody changed is not to be replaced without a question."""
    return sorted(file.relative_to(data).as_posix() for file in (data / _PROVIDERS).glob(_PACKAGE))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
