"""docs/verify.md: its table is that of the code, and its commands print what it says."""

from __future__ import annotations

import json
import os
import ssl
from pathlib import Path

import httpx
import pytest

from egress.checks import RULES
from egress.domain import load_domains
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.verification.around import ASKED
from egress.verification.finding import CHECKS
from nsx_lab import Lab
from tests.e2e import console
from tests.e2e.sites import EGRESS, REPOSITORY, project

DOCUMENT = (REPOSITORY / "docs" / "verify.md").read_text()


def test_the_table_is_that_of_the_code() -> None:
    rows = [line for line in DOCUMENT.splitlines() if line.startswith("| `") and line.count("|") == 5]
    assert rows == [f"| `{one.id}` | {one.severity} | {one.title} | {one.why} |" for one in CHECKS.values()]


def test_of_the_rules_over_a_manager_all_are_asked_but_those_about_a_state() -> None:
    left_out = {rule.id for rule in RULES if rule.live} - set(ASKED)
    assert left_out == {
        "nothing-tracked",
        "own-object-untracked",
        "object-left-over",
        "state-of-another-stack",
        "state-of-no-stack",
    }
    assert not set(ASKED) & set(CHECKS), "an id means one thing"


@pytest.mark.slow
def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    domains = load_domains(root)
    with Lab(seed=json.loads(json.dumps(seed(domains)))) as lab:
        tls = ssl.create_default_context(cadata=lab.ca_pem)
        url = f"https://{lab.host}/policy/api/v1"
        with httpx.Client(base_url=url, verify=tls, auth=(lab.username, lab.password)) as api:
            for path, body in owned(domains[0]).objects(GatewayKey.of(domains[0]).path).items():
                if not path.endswith("/nat/USER"):
                    assert api.patch(path, json=body).status_code == 200
        lab.write_lab_file(tmp_path / "lab.json", stand_in=False)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("EGRESS_", "NSXT_", "TF_"))}
        path = f"{EGRESS.parent}{os.pathsep}{clean['PATH']}"
        env = clean | {"EGRESS_LAB": str(tmp_path / "lab.json"), "PATH": path, "COLUMNS": "160"}
        console.run(console.commands(DOCUMENT), root, env, {})
