"""docs/propose.md: its commands run in its order and print what it says."""

from __future__ import annotations

import os

import pytest

from tests.e2e import console
from tests.e2e.sites import EGRESS, REPOSITORY, Site
from tests.e2e.test_propose import namespace

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
DOCUMENT = (REPOSITORY / "docs" / "propose.md").read_text()
POOL = "pool: [10.27.51.160/30]"


def test_every_command_does_what_the_page_says(site: Site) -> None:
    assert f"`{POOL}` below `egress`" in DOCUMENT.replace("\n", " ")
    file = site.root / "domains" / "wld01.yaml"
    file.write_text(file.read_text().replace("egress:\n", f"egress:\n  {POOL}\n", 1))
    site.egress("apply", "--yes", code=0)
    namespace(site, "dev", "30.0.0.17", 246)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))} | site.env
    path = f"{EGRESS.parent}{os.pathsep}{env['PATH']}"
    console.run(console.commands(DOCUMENT), site.root, env | {"PATH": path, "COLUMNS": "160"}, {})
