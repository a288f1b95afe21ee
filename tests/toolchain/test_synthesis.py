"""What main.py is told: the stacks to make, however many."""

from __future__ import annotations

from pathlib import Path

import pytest

from egress.toolchain.stack.synthesis import synthesised

pytestmark = pytest.mark.slow

ECHO = """
import json
from pathlib import Path
from tier0_egress.stacks import Settings

settings = Settings.from_environment(Path(__file__).parent)
(settings.outdir / "manifest.json").write_text(json.dumps({"stacks": dict.fromkeys(settings.stacks)}))
"""


@pytest.mark.parametrize("many", [1, 3, 15_000])
def test_any_number_of_stacks_can_be_named(tmp_path: Path, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """15,000 such names are 180 KiB; Linux takes no variable of 128."""
    monkeypatch.setenv("EGRESS_STACKS", "left-from-a-shell")
    monkeypatch.setenv("EGRESS_STACKS_FILE", "left-from-a-shell")
    (tmp_path / "main.py").write_text(ECHO)
    names = [f"prod-wld{n:05}" for n in range(many)]
    with synthesised(tmp_path, names, lab=False) as made:
        assert list(made.folders) == names
