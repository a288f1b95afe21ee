"""`egress propose`: a namespace appears, moves, goes; the patch makes the plan exactly that; what is not seen is never guessed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.paths import edge_cluster
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import REPOSITORY, TIER0, Site, lab_site, project
from tests.nsx_lab.vpcs import objects as vpc_objects
from tests.repositories import git

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
POOL = "  pool: [10.27.51.160/30, 10.27.51.200] # of the network team\n"
RANGE = "  ranges: [30.0.0.0/24]\n"
GOLDEN = "domains/wld01.yaml"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab(seed=json.loads(json.dumps(seed(load_domains(project(tmp_path / "seed")))))) as lab:
        yield lab


@pytest.fixture
def site(tmp_path: Path, lab: Lab, any_engine: dict[str, str]) -> Site:
    """The golden domain with a pool, applied by nobody yet."""
    made = lab_site(tmp_path / "project", lab, any_engine)
    rewrite(made, RANGE, RANGE + POOL)
    return made


def text(site: Site) -> str:
    return (site.root / GOLDEN).read_text()


def rewrite(site: Site, old: str, new: str) -> None:
    assert old in text(site)
    (site.root / GOLDEN).write_text(text(site).replace(old, new))


def namespace(site: Site, name: str, address: str, number: int, tier1: str = "", tier0: str = TIER0) -> str:
    """A namespace with a Tier-1, as NCP makes one; the path of its Tier-1."""
    path = f"/infra/tier-1s/{tier1 or f't1-{name}'}"
    tags = [{"scope": "ncp/cluster", "tag": "domain-c8"}, {"scope": "ncp/project", "tag": name}]
    site.put(path, tier0_path=tier0, route_advertisement_types=["TIER1_NAT", "TIER1_LB_VIP"], tags=tags)
    site.put(f"{path}/locale-services/default", edge_cluster_path=edge_cluster(f"{tier0.rpartition('/')[2]}-edges"))
    rule: dict[str, Any] = {"action": "SNAT", "source_network": f"10.{number}.0.0/24", "translated_network": address}
    site.put(f"{path}/nat/USER/nat-rules/snat", sequence_number=0, tags=tags, **rule)
    return path


def remove(site: Site, tier1: str) -> None:
    for below in ("/nat/USER/nat-rules/snat", "/locale-services/default", ""):
        site.delete(f"{tier1}{below}")


@pytest.mark.timeout(600)
def test_a_new_namespace_is_proposed_written_planned_as_one_rule_applied_and_not_proposed_again(site: Site) -> None:
    site.egress("apply", "--yes", code=0)
    assert "wld01: nothing to propose" in site.egress("propose", code=0).stderr
    site.egress("verify", code=0)
    namespace(site, "dev", "30.0.0.17", 246)
    assert "30.0.0.17" in site.egress("verify", code=2).stdout
    since = len(site.lab.control.journal())
    shown = site.egress("propose", "wld01", code=2)
    assert "+    dev: {source: 30.0.0.17, translated: 10.27.51.160, priority: 120}" in shown.stdout
    assert "+  t1-dev: {networks: [10.246.0.0/24], egress: 30.0.0.17}" in shown.stdout
    assert (
        "30.0.0.17 of Tier-1 t1-dev (namespace dev of cluster domain-c8) leaves the Tier-0 un-translated"
        in shown.stderr
    )
    assert "confirm that nobody outside of NSX has 10.27.51.160" in shown.stderr
    before = text(site)
    assert "dev:" not in before, "it was shown and not written"
    written = site.egress("propose", "--write", code=2)
    assert written.stdout == shown.stdout
    assert {one["method"] for one in site.lab.control.journal()[since:]} == {"GET"}
    assert [line for line in before.splitlines() if line not in text(site).splitlines()] == [
        "  more: {} # name -> {source, translated, priority}"
    ]
    assert "wld01: nothing to propose" in site.egress("propose", code=0).stderr

    planned = site.egress("plan", "wld01", code=2)
    assert "1 to add, 0 to change, 0 to destroy" in planned.stdout + planned.stderr
    site.egress("apply", "--yes", code=0)
    rule = site.objects()[f"{TIER0}/nat/USER/nat-rules/wld01-egress-dev"]
    assert (rule["source_network"], rule["translated_network"]) == ("30.0.0.17", "10.27.51.160")
    site.egress("plan", "wld01", code=0)
    assert "nothing to propose" in site.egress("propose", code=0).stderr
    site.egress("verify", code=0)
    explained = site.egress("explain", "wld01", "--live", "--from", "t1-dev", code=0)
    assert "works" in explained.stdout


@pytest.mark.timeout(600)
def test_a_mapping_of_the_whole_range_needs_no_proposal_and_the_plan_stays_empty(
    tmp_path: Path, any_engine: dict[str, str]
) -> None:
    root = project(tmp_path / "seed")
    file = root / GOLDEN
    file.write_text(
        file.read_text()
        .replace("ha_mode: ACTIVE_ACTIVE", "ha_mode: ACTIVE_STANDBY")
        .replace("supervisor: {source: 30.0.0.5,", "supervisor: {source: 30.0.0.0/24, priority: 1000,")
    )
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        site = lab_site(tmp_path / "project", lab, any_engine)
        (site.root / GOLDEN).write_bytes(file.read_bytes())
        site.egress("apply", "--yes", code=0)
        namespace(site, "dev", "30.0.0.17", 246)
        done = site.egress("propose", code=0)
        assert done.stdout == ""
        assert "mapping supervisor covers 3 egress addresses: nothing is to be added for them" in done.stderr
        site.egress("plan", "wld01", code=0)


def test_it_moves_goes_and_the_pool_ends(site: Site) -> None:
    first = namespace(site, "dev", "30.0.0.17", 246)
    site.egress("propose", "--write", code=2)
    remove(site, first)
    stale = site.egress("propose", "--write", code=0)
    assert "stale: mapping dev translates 30.0.0.17, which nothing sends with any more" in stale.stderr
    assert "dev: {source: 30.0.0.17" in text(site), "nothing is removed by itself"

    namespace(site, "dev", "30.0.0.30", 247, "t1-dev-again")
    moved = site.egress("propose", "--write", code=2)
    assert "moved: 30.0.0.30 of Tier-1 t1-dev-again" in moved.stderr
    assert (
        "with it egress check says: wld01: warning: no mapping translates 30.0.0.17, which Tier-1 t1-dev"
        in moved.stderr
    )
    assert "dev: {source: 30.0.0.30, translated: 10.27.51.160, priority: 120}" in text(site)
    site.egress("propose", code=0)

    for number, name in enumerate(["a", "b", "c", "d", "e"]):
        namespace(site, name, f"30.0.0.{40 + number}", 200 + number)
    before = text(site)
    several = site.egress("propose", "--json", code=2)
    (told,) = json.loads(several.stdout)["proposals"]
    assert [one["translated"] for one in told["changes"]] == [
        "10.27.51.161",
        "10.27.51.162",
        "10.27.51.163",
        "10.27.51.200",
    ]
    assert "egress.pool (10.27.51.160/30, 10.27.51.200) has no free address left" in told["undecided"][0]
    assert text(site) == before
    rewrite(site, "10.27.51.160/30, 10.27.51.200", "10.27.51.160")
    exhausted = site.egress("propose", "--write", code=2)
    assert exhausted.stdout == ""
    assert exhausted.stderr.count("left to you: ") == 5


def test_without_a_pool_it_says_which_key_to_write(site: Site) -> None:
    rewrite(site, POOL, "")
    namespace(site, "dev", "30.0.0.17", 246)
    done = site.egress("propose", "--write", code=2)
    assert "write egress.pool: [ADDRESS or NETWORK] with addresses of 10.27.51.0/24 that nobody has" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("*/infra/tier-1s/t1-dev/nat/*", "NAT rules of Tier-1 t1-dev"),
        ("*/infra/tier-0s/T0-wld01/nat/*", "NAT rules of T0-wld01"),
        ("*/infra/segments", "segments behind Tier-1s"),
        ("*/infra/tier-1s", "Tier-1s below T0-wld01"),
    ],
)
def test_what_it_may_not_see_ends_it_and_nothing_is_written(site: Site, path: str, what: str) -> None:
    namespace(site, "dev", "30.0.0.17", 246)
    before = text(site)
    site.lab.control.fault(method="GET", path=path, status=403, times=1000)
    site.lab.control.fault(method="GET", path="*/search/query*", status=403, times=1000)
    done = site.egress("propose", "--write", code=1)
    assert "nothing is proposed, as not everything was seen:" in done.stderr
    assert what in done.stderr
    assert text(site) == before
    assert done.stdout == ""


def test_a_rule_of_somebody_else_and_a_host_of_another_tier0_keep_their_addresses(site: Site) -> None:
    namespace(site, "dev", "30.0.0.17", 246)
    site.put(
        f"{TIER0}/nat/USER/nat-rules/theirs",
        action="REFLEXIVE",
        source_network="192.168.9.9",
        translated_network="10.27.51.160",
    )
    site.put("/infra/tier-0s/T0-other", ha_mode="ACTIVE_STANDBY")
    site.put(
        "/infra/tier-0s/T0-other/nat/USER/nat-rules/theirs",
        action="SNAT",
        source_network="10.99.0.0/24",
        translated_network="10.27.51.161",
    )
    assert "translated: 10.27.51.162" in site.egress("propose", code=2).stdout


def test_a_patch_that_a_check_refuses_is_not_written(site: Site) -> None:
    rewrite(site, RANGE + POOL, "  ranges: [30.0.0.0/24]\n  pool: [10.27.51.160/30]\n")
    rewrite(site, "version: 1\n", "version: 1\n")
    rewrite(site, "host: nsx-wld01.example.com", 'version: "3.1.3"\n  host: nsx-wld01.example.com')
    namespace(site, "dev", "30.0.0.17", 246)
    before = text(site)
    done = site.egress("propose", "--write", code=1)
    assert "what is proposed would break these rules, nothing was written:" in done.stderr
    assert "NSX 3.1.3 does not answer ARP for 10.27.51.160 on ACTIVE_ACTIVE [proxy-arp-needs-nsx-3-2]" in done.stderr
    assert text(site) == before


@pytest.fixture
def clone(site: Site) -> Site:
    """The same in git, with a new namespace on the manager."""
    git(site.root, "init", "-q", "-b", "main")
    git(site.root, "add", "main.py", "cdktf.json", "domains")
    git(site.root, "commit", "-q", "-m", "first")
    namespace(site, "dev", "30.0.0.17", 246)
    site.env |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    return site


def test_a_branch_gets_one_commit_beside_the_work_tree(clone: Site) -> None:
    (clone.root / "main.py").write_text((clone.root / "main.py").read_text() + "# in the work\n")
    git(clone.root, "add", "main.py")
    (clone.root / "cdktf.json").write_text((clone.root / "cdktf.json").read_text() + "\n")
    status, head = git(clone.root, "status", "--porcelain"), git(clone.root, "rev-parse", "HEAD")
    branch = ["propose", "--branch", "egress/proposed"]
    assert "branch egress/proposed: made (" in clone.egress(*branch, code=2).stderr
    assert git(clone.root, "status", "--porcelain") == status
    assert git(clone.root, "rev-parse", "HEAD") == head
    assert git(clone.root, "diff", "--name-only", "main", "egress/proposed") == GOLDEN
    assert "dev: {source: 30.0.0.17" in git(clone.root, "show", f"egress/proposed:{GOLDEN}")
    assert git(clone.root, "log", "-1", "--format=%an <%ae>", "egress/proposed") == "egress propose <egress@localhost>"
    tip = git(clone.root, "rev-parse", "egress/proposed")
    assert "branch egress/proposed: unchanged (" in clone.egress(*branch, code=2).stderr
    assert git(clone.root, "rev-parse", "egress/proposed") == tip

    namespace(clone, "prod", "30.0.0.18", 247)
    assert "branch egress/proposed: updated (" in clone.egress(*branch, code=2).stderr
    assert git(clone.root, "rev-list", "--count", "main..egress/proposed") == "1"


def test_a_branch_with_somebodys_work_on_it_stays(clone: Site) -> None:
    git(clone.root, "branch", "theirs")
    done = clone.egress("propose", "--branch", "theirs", code=1)
    assert "branch 'theirs' ends in" in done.stderr
    assert "is no commit of this command: it stays as it is" in done.stderr
    assert "is checked out here" in clone.egress("propose", "--branch", "main", code=1).stderr
    assert "is no name of a branch" in clone.egress("propose", "--branch", "a..b", code=1).stderr
    (clone.root / GOLDEN).write_text(text(clone) + "# a thought\n")
    assert (
        "domains/wld01.yaml has changes that are not committed"
        in clone.egress("propose", "--branch", "x", code=1).stderr
    )


def test_contradictions_are_told_before_anything_is_read(site: Site) -> None:
    for arguments, says in (
        (["--write", "--branch", "a"], "give one of the two"),
        (["--push"], "name it with --branch"),
        (["--to", "github"], "give --branch NAME and --push, too"),
        (["--to", "gitlab:x"], "is no forge"),
    ):
        assert says in site.egress("propose", *arguments, code=1).stderr
    assert site.lab.control.journal() == []


def test_a_file_of_proposals_does_what_the_managers_said(clone: Site, tmp_path: Path) -> None:
    out = tmp_path / "proposal.json"
    shown = clone.egress("propose", "--out", str(out), code=2)
    (tmp_path / "shown.patch").write_text(shown.stdout)
    git(clone.root, "apply", "--check", str(tmp_path / "shown.patch"))
    since = len(clone.lab.control.journal())
    assert (
        clone.egress("propose", "--from", str(out), "--to", f"file:{tmp_path / 'body.md'}", code=2).stdout
        == shown.stdout
    )
    assert clone.lab.control.journal()[since:] == [], "no manager is asked"
    body = (tmp_path / "body.md").read_text()
    assert body.startswith("<!-- tier0-egress: proposal -->\n")
    assert "1 new mapping, 0 moved." in body
    assert "* `wld01`: that nobody outside of NSX has 10.27.51.160" in body

    data = json.loads(out.read_text())
    data["proposals"][0]["changes"][0]["edits"].append({"at": ["nsx", "host"], "value": "evil.example"})
    out.write_text(json.dumps(data))
    refused = clone.egress("propose", "--from", str(out), "--write", code=1)
    assert "edits 'nsx.host' of wld01, allowed are keys below egress and tier1s" in refused.stderr
    for content, says in (
        ("{}", "is no proposal"),
        ('{"format": "egress-proposal", "version": 2}', "of version 2"),
        ("[", ""),
    ):
        out.write_text(content)
        assert says in clone.egress("propose", "--from", str(out), code=1).stderr


def test_two_stacks_that_share_a_tier0_and_a_pool_of_their_defaults_get_different_addresses(
    tmp_path: Path, any_engine: dict[str, str]
) -> None:
    root = project(tmp_path / "project")
    shutil.rmtree(root / "domains")
    shutil.copytree(REPOSITORY / "examples" / "domains" / "shared", root / "domains" / "shared")
    defaults = root / "domains" / "shared" / "_defaults.yaml"
    defaults.write_text(f"{defaults.read_text()}egress: {{pool: [10.29.70.64/30]}}\n")
    tenant = root / "domains" / "shared" / "tenant.yaml"
    tenant.write_bytes(tenant.read_bytes().replace(b"\n", b"\r\n").rstrip())  # as somebody's editor left it
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        lab.write_lab_file(root / "lab.json", stand_in=False)
        site = Site(root, lab, any_engine | {"EGRESS_LAB": str(root / "lab.json")})
        for number, address in enumerate(["30.2.0.17", "30.3.0.17"]):
            namespace(site, f"ns{number}", address, 240 + number, tier0="/infra/tier-0s/T0-shared")
        done = site.egress("propose", "--json", "--write", code=2)
        told = {one["stack"]: one["changes"] for one in json.loads(done.stdout)["proposals"]}
        assert [(one["key"], one["translated"]) for one in told["shared-platform"]] == [("ns0", "10.29.70.64")]
        assert [(one["key"], one["translated"]) for one in told["shared-tenant"]] == [("ns1", "10.29.70.65")]
        assert tenant.read_bytes().count(b"\r\n") == tenant.read_bytes().count(b"\n")
        assert "nothing to propose" in site.egress("propose", code=0).stderr
        site.egress("check", code=0)


def test_a_vpc_is_told_the_return_route_of_its_block_that_is_the_cure(
    tmp_path: Path, any_engine: dict[str, str]
) -> None:
    root = project(tmp_path / "seed")
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root)))), profile="9.1") as lab:
        site = lab_site(tmp_path / "project", lab, any_engine)
        for path, body in vpc_objects().items():
            site.put(path, **body)
        before = text(site)
        done = site.egress("propose", "--write", code=2)
        (told,) = [line for line in done.stderr.splitlines() if "left to you" in line]
        assert "30.2.0.0/24 of VPC shop is an address of a VPC's External IP block" in told
        assert text(site) == before
        route = told.partition("write ")[2].partition("; a mapping")[0]
        (site.root / GOLDEN).write_text(f"{before}{route}\n")
        assert "nothing to propose" in site.egress("propose", code=0).stderr, "the advice is the cure"
        lab.control.fault(method="GET", path="*/orgs/default/projects*", status=403, times=1000)
        assert "VPCs and their egress addresses" in site.egress("propose", code=1).stderr


def test_a_read_only_account_is_enough_and_what_cannot_be_reached_is_a_sentence(manager_site: Site) -> None:
    site = manager_site
    rewrite(site, RANGE, RANGE + POOL)
    namespace(site, "dev", "30.0.0.17", 246)
    before = text(site)
    site.lab.add_user("svc-reads", "only reads", "auditor")
    site.env |= {"NSXT_USERNAME": "svc-reads", "NSXT_PASSWORD": "only reads"}
    assert "dev: {source: 30.0.0.17" in site.egress("propose", code=2).stdout

    site.env["NSXT_PASSWORD"] = "another"
    assert "does not let this user in" in site.egress("propose", "--write", code=1).stderr
    site.env["NSXT_PASSWORD"] = "only reads"
    site.lab.control.fault(method="GET", path="*/infra/tier-1s/t1-dev/nat/*", truncate=True, times=1000)
    assert "nothing is proposed, as not everything was seen" in site.egress("propose", "--write", code=1).stderr
    assert text(site) == before
    (site.root / "ca.pem").unlink()
    assert "nsx.ca_file" in site.egress("propose", "--write", code=1).stderr
