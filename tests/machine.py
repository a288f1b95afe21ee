"""What this machine lacks. On a desk a test that needs it is skipped with the reason; in CI nothing is skipped.

`CI` is read once, before any test, and taken out of the environment: a program that a test starts behaves as on a desk unless
the test says otherwise. Workers of the same run inherit what was read.
"""

import os
from typing import NoReturn

import pytest

_NOTHING_IS_SKIPPED = "TESTS_SKIP_NOTHING"

if os.environ.pop("CI", "") not in ("", "0", "false"):
    os.environ[_NOTHING_IS_SKIPPED] = "1"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # every program that a test starts would compile its source anew


def in_ci() -> bool:
    """Whether this run is CI's."""
    return bool(os.environ.get(_NOTHING_IS_SKIPPED))


def lacks(reason: str) -> NoReturn:
    """Ends the test that asks: skipped, in CI failed."""
    if in_ci():
        pytest.fail(reason)
    pytest.skip(reason)
