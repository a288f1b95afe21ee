"""From a Tier-0 that somebody made by hand to a file whose plan has nothing to add, change or destroy; scanning writes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsx_lab import Lab
from tests.e2e import console
from tests.e2e.sites import EGRESS, REPOSITORY, Site, lab_site
from tests.scan.lab import HELD, ODD, T0, hand_made

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
DOCUMENT = (REPOSITORY / "docs" / "scan.md").read_text()


@pytest.fixture
def by_hand() -> Iterator[Lab]:
    with hand_made() as lab:
        yield lab


@pytest.fixture
def hand_site(tmp_path: Path, by_hand: Lab, any_engine: dict[str, str]) -> Site:
    """A project without a domain yet, and the lab that somebody made by hand."""
    site = lab_site(tmp_path / "project", by_hand, any_engine)
    (site.root / "domains/wld01.yaml").unlink()
    return site


def foreign(lab: Lab) -> dict[str, str]:
    """What no file of ours holds, byte for byte."""
    found = lab.control.objects(T0)
    return {path: json.dumps(body) for path, body in found.items() if path in ODD}


def test_a_scanned_file_passes_the_check_and_its_import_changes_nothing(hand_site: Site) -> None:
    mark = hand_site.lab.control.mark()
    before = foreign(hand_site.lab)
    assert len(before) == len(ODD)
    hand_site.egress("scan", "--out", "domains/hand.yaml", code=2)
    hand_site.egress("check", "hand", code=0)
    text = (hand_site.root / "domains/hand.yaml").read_text()
    assert "names them already" in hand_site.egress("adopt", "hand", "--yes", code=0).stderr
    assert (hand_site.root / "domains/hand.yaml").read_text() == text
    told = hand_site.egress("apply", "hand", "--import-existing", "--yes", code=0).stdout
    assert f"{len(HELD)} to import, 0 to add, 0 to change, 0 to destroy" in told
    assert hand_site.writes(mark) == []
    hand_site.egress("plan", "hand", code=0)
    assert foreign(hand_site.lab) == before


def test_every_command_does_what_the_page_says(hand_site: Site) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))} | hand_site.env
    path = f"{EGRESS.parent}{os.pathsep}{env['PATH']}"
    (hand_site.root / "edge-cluster.json").write_text((REPOSITORY / "tests/scan/edge-cluster.json").read_text())
    console.run(console.commands(DOCUMENT), hand_site.root, env | {"PATH": path, "COLUMNS": "160"}, {})
