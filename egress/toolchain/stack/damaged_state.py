"""A local state that is no state any more: out of the way while a stack's objects are taken back into a new one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egress.domain import EgressError
from egress.toolchain.running.own_files import json_object
from egress.toolchain.stack.stacks import Stack


@contextmanager
def set_aside(stack: Stack) -> Iterator[Path | None]:
    """While this lasts, a state file that is empty, cut off or no JSON lies beside its place; yields where, None where there is none of that.

    It stays there once the engine wrote a new one; else it goes back, so that who declines finds it as it was. A state of another format, or one
    that only the engine can read, is left alone.
    """
    file = stack.local_state_file
    if file is None or not _is_damaged(file):
        yield None
        return
    aside = _free(file)
    file.rename(aside)
    try:
        yield aside
    finally:
        if not os.path.lexists(file):
            aside.rename(file)


def _is_damaged(file: Path) -> bool:
    try:
        json_object(file.read_bytes(), "", "")
    except OSError:
        return False
    except EgressError:
        return True
    return False


def _free(file: Path) -> Path:
    number = 1
    while os.path.lexists(aside := file.with_name(f"{file.name}.damaged-{number}")):
        number += 1
    return aside
