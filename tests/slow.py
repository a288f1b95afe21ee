"""What `slow` means, watched: a test that starts a process and is not marked so fails.

Python tells of each process it starts (PEP 578); jsii's kernel, which every synthesis in this process shares, is the exception.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_STARTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.fork", "os.forkpty"})
_KERNEL = "node"
_started: list[str] = []


def _look(event: str, arguments: tuple[object, ...]) -> None:
    if event in _STARTS:
        program = os.fspath(arguments[0]) if arguments and isinstance(arguments[0], str | Path) else event
        if Path(program).name != _KERNEL:
            _started.append(program)


sys.addaudithook(_look)


@pytest.fixture(autouse=True)
def what_starts_a_process_is_marked_slow(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails an unmarked test that started one, its own fixtures included."""
    _started.clear()
    yield
    if _started and request.node.get_closest_marker("slow") is None:
        pytest.fail(f"starts {_started[0]!r}: mark it slow, or do it in this process", pytrace=False)


def pytest_itemcollected(item: pytest.Item) -> None:
    """What runs an engine starts a process."""
    if item.get_closest_marker("e2e"):
        item.add_marker("slow")
