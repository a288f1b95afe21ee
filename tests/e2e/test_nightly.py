"""The nightly workflow under act: a namespace appears on the manager, and one pull request keeps up with it until it is merged."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.act import WorkflowRun, shelf
from tests.e2e.hosted import Hosted, hosted
from tests.e2e.sites import Site
from tests.e2e.test_propose import namespace, remove
from tests.e2e.test_workflow import plain
from tests.repositories import git

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]
GOLDEN = Path(__file__).resolve().parents[2] / "domains" / "wld01.yaml"
BRANCH = "egress/proposed"


@pytest.fixture
def team(tmp_path: Path, wheel: Path, any_engine: dict[str, str]) -> Iterator[tuple[Hosted, Site]]:
    """The golden domain with a pool, applied and committed, with a fourth namespace to come; jobs reach the lab as a manager."""
    mirror = tmp_path / "mirror"
    subprocess.run([sys.executable, "-m", "nsx_lab", "mirror", mirror], check=True, capture_output=True)
    engine = any_engine | {"PIP_NO_DEPS": "1"}
    with hosted(tmp_path, wheel, shelf(tmp_path / "shelf"), engine) as here:
        file = here.root / "domains" / "wld01.yaml"
        text = GOLDEN.read_text().replace(
            "  ranges: [30.0.0.0/24]\n", "  ranges: [30.0.0.0/24]\n  pool: [10.27.51.160/29]\n"
        )
        file.write_text(text)
        with Lab(seed=json.loads(json.dumps(seed(load_domains(here.root))))) as lab:
            (here.root / "ca.pem").write_text(lab.ca_pem)
            file.write_text(text.replace("host: nsx-wld01.example.com", f"ca_file: ca.pem\n  host: {lab.host}"))
            here.actions.secrets |= {"NSXT_USERNAME": lab.username, "NSXT_PASSWORD": lab.password}
            here.actions.variables |= {"NSXT_HOST": lab.host, "EGRESS_PROVIDER": f"mirror:{mirror}"}
            here.commit("the golden domain")
            git(here.root, "push", "-q", "bare", "main")
            yield here, Site(here.root, lab)


def tip(here: Hosted) -> str:
    return git(here.root, "ls-remote", "bare", f"refs/heads/{BRANCH}").partition("\t")[0]


def night(team: tuple[Hosted, Site]) -> WorkflowRun:
    """A night, in which nothing is written to the manager."""
    here, site = team
    since = len(site.lab.control.journal())
    done = here.night()
    assert {one["method"] for one in site.lab.control.journal()[since:] if "/api/session/" not in one["path"]} == {
        "GET"
    }
    return done


def test_a_fourth_namespace_gets_one_pull_request_that_the_next_nights_keep(team: tuple[Hosted, Site]) -> None:
    here, site = team
    quiet = night(team)
    quiet.one("propose")
    quiet.one("request")
    assert (here.forge.requests, tip(here)) == ([], "")

    fourth = namespace(site, "dev", "30.0.0.17", 246)
    first = night(team)
    assert "30.0.0.17" in first.one("verify", "failure").log
    assert "30.0.0.17" in first.one("propose").summary
    first.one("request")
    (request,) = here.forge.requests
    assert (request["head"]["ref"], request["state"]) == (BRANCH, "open")
    assert "1 new mapping, 0 moved." in request["body"]
    assert "(namespace dev of cluster domain-c8)" in plain(request["body"])
    git(here.root, "fetch", "-q", "bare", f"{BRANCH}:theirs")
    assert "dev: {source: 30.0.0.17, translated: 10.27.51.160" in git(here.root, "show", "theirs:domains/wld01.yaml")
    made = tip(here)
    assert "unchanged" in night(team).one("request").log
    assert tip(here) == made, "an approval of it stays"

    namespace(site, "prod", "30.0.0.18", 247)
    assert "the pull request: updated" in night(team).one("request").log
    assert len(here.forge.requests) == 1
    assert "2 new mappings, 0 moved." in request["body"]
    assert tip(here) != made

    remove(site, fourth)
    remove(site, "/infra/tier-1s/t1-prod")
    assert "the pull request: closed" in night(team).one("request").log
    assert request["state"] == "closed"

    site.lab.control.fault(method="GET", path="*/infra/tier-1s/*/nat/*", status=403, times=1000)
    blind = night(team)
    assert "not everything was seen" in blind.one("propose", "failure").log
    assert "request" not in blind.jobs or blind.jobs["request"][0].result != "success"
