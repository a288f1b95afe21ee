"""httpx as it is loaded: whole but for its own command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def found(code: str) -> dict[str, bool]:
    """What a new process says of itself after some code."""
    tell = (
        "import sys, json; print(json.dumps({one: one in sys.modules for one in ('rich', 'pygments', 'httpx._main')}))"
    )
    done = subprocess.run([sys.executable, "-c", f"{code}\n{tell}"], check=True, text=True, capture_output=True)
    return dict(json.loads(done.stdout))


def test_a_look_at_a_manager_loads_no_command_line_of_httpx() -> None:
    assert found("import egress.manager") == {"rich": False, "pygments": False, "httpx._main": False}


def test_who_wants_that_command_line_finds_it_still() -> None:
    code = "import egress.lean_httpx, httpx, httpx._main; assert httpx is egress.lean_httpx.httpx"
    assert found(code)["httpx._main"] is True


def test_one_that_is_loaded_whole_stays_whole() -> None:
    code = "import httpx; before = httpx.main; import egress.lean_httpx; assert httpx.main is before"
    assert found(code)["httpx._main"] is True
