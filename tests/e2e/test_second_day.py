"""docs/second-day.md: its commands run in its order and print what it says."""

from __future__ import annotations

import os

import pytest

from tests.e2e import console
from tests.e2e.sites import EGRESS, REPOSITORY, Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
DOCUMENT = (REPOSITORY / "docs" / "second-day.md").read_text()


def test_every_command_does_what_the_page_says(site: Site) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_"))} | site.env
    path = f"{EGRESS.parent}{os.pathsep}{env['PATH']}"
    all_commands = console.commands(DOCUMENT)
    console.run(all_commands, site.root, env | {"PATH": path, "COLUMNS": "160"}, {})
    assert site.objects() == {}, "removed at the end"
