"""From a pull request to the manager, under act: three domains, their states in PostgreSQL, a forge that GitHub's description judges.

One team goes through all of it; every test leaves main and the managers as they should be.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e import postgres
from tests.e2e.act import shelf
from tests.e2e.hosted import Hosted, hosted
from tests.e2e.sites import ENGINES, Site
from tests.e2e.test_workflow import plain
from tests.machine import lacks
from tests.repositories import git

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
OVERRIDE = """version: 1
overrides:
  - {rule: stack-destroyed, stack: wld03, who: the author, why: it is mine, until: 2999-12-31, ticket: CHG0001}
"""


@dataclass
class Team:
    """A repository with three domains, and the manager of all of them."""

    hosted: Hosted
    lab: Lab
    store: Path

    def file(self, stack: str) -> Path:
        return self.hosted.root / "domains" / f"{stack}.yaml"

    def change(self, stack: str, old: str, new: str) -> None:
        """Edits a domain file."""
        text = self.file(stack).read_text()
        assert old in text
        self.file(stack).write_text(text.replace(old, new))

    def translated(self, number: int) -> Any:
        """What the rule of a domain translates to, on the manager."""
        return self.lab.control.objects()[rule(number)]["translated_network"]

    def by_hand(self, number: int, translated: str) -> None:
        """Somebody edits the rule of a domain in NSX Manager."""
        Site(self.hosted.root, self.lab).write(rule(number), translated_network=translated)


def rule(number: int) -> str:
    return f"/infra/tier-0s/T0-wld0{number}/nat/USER/nat-rules/wld0{number}-egress-namespaces"


def three_domains(root: Path, lab_host: str) -> None:
    """The example domain of egress init, three times, with addresses of its own each."""
    example = (root / "domains" / "wld01.yaml").read_text()
    for number in (1, 2, 3):
        text = example.replace("host: nsx-wld01.example.com", f"ca_file: ca.pem\n  host: {lab_host}")
        text = text.replace("wld01", f"wld0{number}").replace("state: {backend: local}", "state: {backend: pg}")
        text = text.replace("10.27.51.", f"10.27.{50 + number}.").replace("10.60.0.", f"10.60.{number}.")
        text = text.replace("10.61.0.", f"10.61.{number}.").replace("domain-c8", f"domain-c{number}")
        (root / "domains" / f"wld0{number}.yaml").write_text(text)


def applied_on_a_desk(here: Hosted, lab: Lab) -> None:
    """All three; the first plan writes the provider lock, which is to be committed."""
    given = here.actions.environment | here.actions.variables | here.actions.secrets
    Site(here.root, lab, given).egress("apply", "--yes", code=0)
    assert (here.root / "locks" / "terraform.lock.hcl").is_file()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Iterator[Team]:
    """Three domains, applied and committed, and a store for plans that all runners reach."""
    where = postgres.programs()
    if where is None:
        lacks("no PostgreSQL server on this machine: Debian's package is postgresql")
    folder = tmp_path_factory.mktemp("team")
    mirror = folder / "mirror"
    subprocess.run([sys.executable, "-m", "nsx_lab", "mirror", mirror], check=True, capture_output=True)
    engine = {"TERRAFORM_BINARY_NAME": str(ENGINES[0].command)}
    engine |= {"PIP_NO_DEPS": "1"}  # what the package needs lies there; test_act.py has it looked for
    with postgres.server(where) as database, hosted(folder, wheel, shelf(folder / "shelf"), engine) as made:
        three_domains(made.root, "nsx.example.com")
        with Lab(seed=json.loads(json.dumps(seed(load_domains(made.root))))) as lab:
            (made.root / "ca.pem").write_text(lab.ca_pem)
            for file in (made.root / "domains").glob("*.yaml"):
                file.write_text(file.read_text().replace("host: nsx.example.com", f"host: {lab.host}"))
            made.actions.secrets |= {"NSXT_USERNAME": lab.username, "NSXT_PASSWORD": lab.password}
            made.actions.secrets |= {"PG_CONN_STR": database.url}
            made.actions.variables |= {"NSXT_HOST": lab.host, "EGRESS_PROVIDER": f"mirror:{mirror}"}
            made.actions.variables |= {"EGRESS_PLAN_STORE": str(folder / "store")}
            applied_on_a_desk(made, lab)
            made.commit("three domains")
            git(made.root, "push", "-q", "bare", "main")
            yield Team(made, lab, folder / "store")


def digest(told: str) -> str:
    """The plan's digest as the comment has it."""
    (found,) = re.findall("sha256:([0-9a-f]{64})", told)
    return str(found)


def test_a_reviewed_change_is_applied_as_it_was_reviewed(team: Team) -> None:
    here = team.hosted
    here.branch("change")
    team.change("wld02", "translated: 10.27.52.4", "translated: 10.27.52.148")
    team.file("wld03").unlink()
    (here.root / "gate.yaml").write_text(OVERRIDE)
    here.commit("another address, and an end, for which I answer myself")
    denied = here.pull_request("change")
    assert "| wld02 | changed |" in denied.one("check").summary
    assert "| wld03 | removed:" in denied.one("check").summary
    assert len(denied.legs("plan")) == 2
    review = denied.one("review", "failure")
    assert "stack-destroyed" in review.log
    assert "does not count: it is not on HEAD^1" in review.log
    (comment,) = here.forge.comments
    assert "2 to DESTROY" in comment["body"]
    assert "stack-destroyed" in plain(comment["body"]), "the gate is told there, too"

    git(here.root, "checkout", "-q", "main", "--", "domains/wld03.yaml")
    (here.root / "gate.yaml").unlink()
    here.commit("no end, then")
    passed = here.pull_request("change")
    assert [leg.matrix["stack"] for leg in passed.jobs["plan"]] == ["wld02"]
    passed.one("review")
    (comment,) = here.forge.comments
    told = plain(comment["body"])
    assert "wld02: 0 to add, 1 to change, 0 to destroy" in told
    assert "work, seen as 10.27.52.4 -> will work, seen as 10.27.52.148" in told
    assert "wld03" not in told
    assert team.translated(2) == "10.27.52.4", "so far nothing was applied"

    merged = here.merge("change")
    assert "10.27.52.148" in plain(merged.one("apply").summary)
    (record,) = (here.actions.artifacts / str(merged.number)).glob("egress-applied-*/applied.json")
    assert digest(told) in record.read_text(), "that very plan"
    assert team.translated(2) == "10.27.52.148"
    assert "approved" not in merged.jobs, "what was reviewed waits for nobody"
    again = here.push()
    again.one("apply")
    assert "No changes." in again.words


def test_a_merge_that_nobody_reviewed_waits_for_approval(team: Team) -> None:
    here = team.hosted
    here.branch("unplanned")
    team.change("wld01", "translated: 10.27.51.4", "translated: 10.27.51.148")
    here.commit("another address")
    merged = here.merge("unplanned")
    leg = merged.one("apply")
    assert "no plan to apply what is synthesised now is kept" in leg.log
    assert "NAT rule for 10.60.1.0/24" in leg.summary, "who approves reads it there"
    merged.one("approved")
    assert team.translated(1) == "10.27.51.148"


def test_an_edited_plan_and_one_that_somebody_overtook_by_hand_are_refused(team: Team) -> None:
    here = team.hosted
    here.branch("next")
    team.change("wld03", "translated: 10.27.53.4", "translated: 10.27.53.148")
    here.commit("another address")
    here.pull_request("next").one("review")
    (kept,) = team.store.glob("wld03/apply-*.plan")
    whole = kept.read_bytes()
    kept.write_bytes(whole[:-40] + bytes(40))
    merged = here.merge("next")
    assert "was changed or cut" in merged.one("apply", "failure").log
    assert "approved" not in merged.jobs

    kept.write_bytes(whole)
    team.by_hand(3, "10.27.53.99")
    overtaken = here.push()
    assert "overwrites-drift" in overtaken.one("apply", "failure").log
    assert "approved" not in overtaken.jobs
    assert team.translated(3) == "10.27.53.99", "nothing was overwritten"
    team.by_hand(3, "10.27.53.4")
    here.push().one("apply")
    assert team.translated(3) == "10.27.53.148"


def test_a_night_opens_one_issue_for_a_drift_updates_it_and_closes_it(team: Team) -> None:
    here = team.hosted
    before = team.translated(2)
    team.by_hand(2, "10.27.52.77")
    here.night().one("drift")
    (issue,) = here.forge.issues
    assert "wld02" in issue["title"]
    assert "10.27.52.77" in plain(issue["body"])
    team.by_hand(2, "10.27.52.78")
    here.night().one("drift")
    (issue,) = here.forge.issues
    assert "10.27.52.78" in plain(issue["body"])
    assert issue["state"] == "open"
    team.by_hand(2, before)
    here.night().one("drift")
    (issue,) = here.forge.issues
    assert issue["state"] == "closed"
