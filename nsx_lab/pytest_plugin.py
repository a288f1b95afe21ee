"""pytest fixtures for programs that talk to an NSX Manager. Opt in with `pytest_plugins = ["nsx_lab.pytest_plugin"]`.

- `nsx_lab`: a running lab, fresh for each test.
- `nsx_lab_seed`: what it starts with; override it to give a seed document or a path. Default: nothing, a fresh manager.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from nsx_lab import Lab


@pytest.fixture
def nsx_lab_seed() -> Mapping[str, Any] | Path | None:
    """Seed of the lab of this test; override it."""
    return None


@pytest.fixture
def nsx_lab(nsx_lab_seed: Mapping[str, Any] | Path | None) -> Iterator[Lab]:
    """A lab that ends with the test."""
    with Lab(seed=nsx_lab_seed) as lab:
        yield lab
