"""docs/pull-requests.md: its commands run in its order and print what it says."""

from __future__ import annotations

import os

import pytest

from tests.e2e import console
from tests.e2e.sites import EGRESS, REPOSITORY, TKG, Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
DOCUMENT = (REPOSITORY / "docs" / "pull-requests.md").read_text()
GIT = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def test_every_command_does_what_the_page_says(site: Site) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))} | site.env | GIT
    (site.root / ".gitignore").write_text("\n".join([".lab/", ".egress/", "lab-file.json", "plans/", "gone/", ""]))
    path = f"{EGRESS.parent}{os.pathsep}{env['PATH']}"
    console.run(console.commands(DOCUMENT), site.root, env | {"PATH": path, "COLUMNS": "160"}, {})
    assert site.objects()[TKG]["translated_network"] == "10.27.51.150"
