"""docs/recovery.md: each section breaks something as the page says, types what page and tool say, and ends with an empty plan and a walk that works."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.docs.test_troubleshooting import said_by_the_code
from tests.e2e import console
from tests.e2e.console import Command
from tests.e2e.sites import EGRESS, ENGINES, REPOSITORY, ROUTE, STACK, SUPERVISOR, TIER0, TKG, Site, engine_of, lab_site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

DOCUMENT = (REPOSITORY / "docs" / "recovery.md").read_text()
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", DOCUMENT, re.DOTALL | re.MULTILINE))
SERVICES = f"{TIER0}/locale-services/default"
EDGES = "/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges/edge-nodes"
WELL = "No changes. Your infrastructure matches the configuration."


class Base:
    """A lab and a project in which the golden domain, without its DNS server, was applied: kept to begin from again and again."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.site = lab_site(folder / "project", lab, {"TERRAFORM_BINARY_NAME": str(ENGINES[0].command)})
        self.file = self.site.root / "domains" / f"{STACK}.yaml"
        lines = self.file.read_text().splitlines(keepends=True)
        self.file.write_text("".join(line for line in lines if not re.search("services|dns_servers|dns-needs", line)))
        self._kept = folder / "kept"
        lab.control.seed(seeded(self.site.root))
        self._fresh = lab.control.snapshot()
        self.site.egress("apply", STACK, "--yes", code=0)
        self._snapshot = lab.control.snapshot()
        shutil.copytree(self.site.root, self._kept)

    def again(self) -> Site:
        """Lab and project as they were after that apply."""
        shutil.rmtree(self.site.root)
        shutil.copytree(self._kept, self.site.root)
        self.site.lab.control.clear_faults()
        self.site.lab.control.restore(self._snapshot)
        return self.site

    def fresh(self) -> None:
        """Nothing was applied yet."""
        shutil.rmtree(self.site.root / ".lab")
        self.site.lab.control.restore(self._fresh)


def seeded(root: Path) -> Any:
    return json.loads(json.dumps(seed(load_domains(root))))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    assert ENGINES, "no engine at all on this machine"
    with Lab() as lab:
        yield Base(tmp_path_factory.mktemp("recovery"), lab)


@pytest.fixture
def site(base: Base) -> Site:
    return base.again()


# what somebody else does


def interface(site: Site, name: str, address: str, edge: str) -> None:
    subnets = [{"ip_addresses": [address], "prefix_len": 24}]
    site.put(f"{SERVICES}/interfaces/{name}", type="EXTERNAL", edge_path=f"{EDGES}/{edge}", subnets=subnets)


def refused(site: Site, method: str, path: str, words: str, **body: Any) -> None:
    """NSX refuses something with these words."""
    with site._api() as api:
        now = api.get(f"/policy/api/v1{path}").raise_for_status().json()
        answer = api.request(method, f"/policy/api/v1{path}", json=now | body)
    assert answer.status_code == 400
    assert words in answer.json()["error_message"]


def without_gateway(site: Site) -> None:
    """The Tier-0 goes, with everything below it, as somebody would click it away."""
    with site._api() as api:
        for path, tier1 in site.lab.control.objects("/infra/tier-1s", "Tier1").items():
            rest = {key: value for key, value in tier1.items() if key != "tier0_path"}
            api.patch(f"/policy/api/v1{path}", json=rest).raise_for_status()
        found = site.lab.control.objects(TIER0)
        for kind in ("PolicyNatRule", "StaticRoutes", "Tier0Interface", "LocaleServices", "Tier0"):
            for path in [path for path, body in found.items() if body["resource_type"] == kind]:
                api.delete(f"/policy/api/v1{path}").raise_for_status()
    assert site.lab.control.objects(TIER0) == {}


def replaced(site: Site, name: str = "T0-wld01") -> None:
    document = json.dumps(seeded(site.root)).replace('"T0-wld01"', f'"{name}"')
    without_gateway(site)
    site.lab.control.seed(json.loads(document.replace("/tier-0s/T0-wld01", f"/tier-0s/{name}")))


@contextlib.contextmanager
def applying(site: Site, fired: int) -> Iterator[subprocess.Popen[str]]:
    """An apply that has come to where the lab's faults let it hang."""
    process = site.start("apply", STACK, "--yes")
    deadline = time.monotonic() + 60
    while sum(fault["fired"] for fault in site.lab.control.faults()) < fired:
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)
    yield process


def killed_itself(site: Site) -> None:
    site.lab.control.fault(method="PATCH", path=f"*{SUPERVISOR}", hang=True)
    with applying(site, 1) as process:
        process.kill()
        process.wait(timeout=60)
        assert process.stdout is not None
        process.stdout.close()


def engine_killed(site: Site) -> None:
    """Its provider with it: a resident one would send the two writes again, whenever the manager answers."""
    lab_file = Path(site.env["EGRESS_LAB"])
    site.lab.write_lab_file(lab_file, stand_in=False)
    site.lab.control.fault(method="PATCH", path="*/nat-rules/*", times=2, hang=True)
    with applying(site, 2) as process:
        os.killpg(engine_of(process.pid), signal.SIGKILL)
        process.communicate(timeout=60)
    site.lab.control.clear_faults()
    site.lab.write_lab_file(lab_file)
    assert sorted(site.objects()) == [ROUTE]


def committed(site: Site) -> None:
    git = ["git", "-C", str(site.root), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for command in (["init", "-q"], ["add", "main.py", "cdktf.json", "domains"], ["commit", "-qm", "right"]):
        subprocess.run([*git, *command], check=True)


def renumbered(site: Site) -> None:
    for number in (1, 2):
        interface(site, f"edge0{number}-uplink1", f"10.28.0.1{number}", f"edge0{number}")


def one_edge_standby(site: Site) -> None:
    site.delete(f"{SERVICES}/interfaces/edge02-uplink1")
    site.write(TIER0, ha_mode="ACTIVE_STANDBY")


def vip_again(site: Site) -> None:
    interface(site, "edge02-uplink1", "10.27.51.147", "edge02")
    paths = [f"{SERVICES}/interfaces/edge0{number}-uplink1" for number in (1, 2)]
    subnets = [{"ip_addresses": ["10.27.51.150"], "prefix_len": 24}]
    vip = {"enabled": True, "external_interface_paths": paths, "vip_subnets": subnets}
    site.write(SERVICES, ha_vip_configs=[vip])


def back_to_active_active(site: Site) -> None:
    with site._api() as api:
        services = api.get(f"/policy/api/v1{SERVICES}").raise_for_status().json()
        rest = {key: value for key, value in services.items() if key != "ha_vip_configs"}
        api.patch(f"/policy/api/v1{SERVICES}", json=rest).raise_for_status()
    site.delete(f"{SERVICES}/interfaces/edge02-uplink1")
    site.write(TIER0, ha_mode="ACTIVE_ACTIVE")
    interface(site, "edge02-uplink1", "10.27.51.147", "edge02")


def edge_replaced(site: Site) -> None:
    text = json.dumps(seeded(site.root)).replace("edge-nodes/edge02", "edge-nodes/edge04")
    site.lab.control.seed(json.loads(text))
    uplink = f"{SERVICES}/interfaces/edge02-uplink1"
    assert site.lab.control.objects(SERVICES)[uplink]["edge_path"] == f"{EDGES}/edge04"


def edge_joins(site: Site) -> None:
    text = json.dumps(seeded(site.root)).replace("edge02", "edge03").replace("10.27.51.147", "10.27.51.148")
    site.lab.control.seed(json.loads(text))


def state(site: Site) -> Path:
    return site.root / ".lab" / "state" / f"{STACK}.tfstate"


BACKUPS: dict[str, Any] = {}
EVENTS: dict[str, Callable[[Site], object]] = {
    "egress apply wld01 --yes is killed with kill -9 while the manager does not answer": killed_itself,
    "the manager answers again": lambda site: site.lab.control.clear_faults(),
    "a fresh lab, and the engine of egress apply wld01 --yes is killed after the route": engine_killed,
    "the state file is cut off": lambda site: state(site).write_bytes(state(site).read_bytes()[:500]),
    "the state file is gone": lambda site: state(site).unlink(),
    "somebody deletes wld01-egress-tkg in NSX Manager": lambda site: site.delete(TKG),
    "the Tier-0 is deleted and made again with its uplinks": replaced,
    "T0-wld01 is deleted, and T0-new is made with its uplinks": lambda site: replaced(site, "T0-new"),
    "the Tier-0 is renamed to T0-berlin in NSX Manager": lambda site: site.write(TIER0, display_name="T0-berlin"),
    "somebody translates wld01-egress-supervisor to 10.27.51.99 in NSX Manager": lambda site: site.write(
        SUPERVISOR, translated_network="10.27.51.99"
    ),
    "NSX refuses the next update": lambda site: site.lab.control.fault(
        method="PATCH", path=f"*{SUPERVISOR}", status=400
    ),
    "the file is committed": committed,
    "NSX is backed up": lambda site: BACKUPS.update(nsx=site.lab.control.snapshot()),
    "NSX is restored from that backup": lambda site: site.lab.control.restore(BACKUPS["nsx"]),
    "the state is backed up": lambda site: BACKUPS.update(state=state(site).read_bytes()),
    "the state is restored from that backup": lambda site: state(site).write_bytes(BACKUPS["state"]),
    "the uplinks get 10.28.0.11 and 10.28.0.12, behind the router 10.28.0.1": renumbered,
    "NSX puts edge04 into the place of edge02, whose uplink keeps its id and its address": edge_replaced,
    "edge02 is back": lambda site: site.write(f"{SERVICES}/interfaces/edge02-uplink1", edge_path=f"{EDGES}/edge02"),
    "the HA VIP and edge02-uplink1 are deleted, the mode is set to ACTIVE_ACTIVE, and edge02-uplink1 is made again": (
        back_to_active_active
    ),
    "edge03 joins the cluster and gets the uplink edge03-uplink1, 10.27.51.148": edge_joins,
    "edge02-uplink1 cannot be deleted in NSX Manager, as the scope of rules names it": lambda site: refused(
        site, "DELETE", f"{SERVICES}/interfaces/edge02-uplink1", "it is being referenced by other objects"
    ),
    "edge02-uplink1 is deleted in NSX Manager": lambda site: site.delete(f"{SERVICES}/interfaces/edge02-uplink1"),
    "NSX refuses the mode ACTIVE_STANDBY, as rules are applied to interfaces and two edges have uplinks": lambda site: (
        refused(site, "PATCH", TIER0, "REFLEXIVE rules are applied to interfaces", ha_mode="ACTIVE_STANDBY")
    ),
    "edge02-uplink1 is deleted, and the mode is set to ACTIVE_STANDBY": one_edge_standby,
    "edge02-uplink1 is made again, and the HA VIP 10.27.51.150 over both uplinks": vip_again,
}
"""What stands behind a line `$ : ...` of the page."""


@pytest.mark.parametrize("title", SECTIONS)
def test_the_section_does_what_it_says(base: Base, site: Site, title: str) -> None:
    commands = console.commands(SECTIONS[title])
    assert commands, "a section that nothing proves"
    if any(": a fresh lab" in command.words for command in commands):
        base.fresh()
    env = site._env() | {"PATH": f"{EGRESS.parent}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "160"}
    for event, group in groupby(commands, key=lambda command: command.words.startswith(": ")):
        if event:
            for command in group:
                EVENTS[command.words.removeprefix(": ")](site)
        else:
            console.run(list(group), site.root, env, {})
    assert proven(commands), "it ends with a plan or an apply that leaves nothing to do, and with a walk that works"


def proven(commands: list[Command]) -> bool:
    """Whether the last walk works, and comes after a plan that is empty."""
    words = [command.words for command in commands]
    walk = max(at for at, line in enumerate(words) if line.startswith("egress explain"))
    before = commands[:walk]
    empty = [one for one in before if any("nothing is left to do" in line or WELL in line for line in one.lines)]
    return bool(
        commands[walk].code == 0
        and (empty or any(one.words == f"egress plan {STACK}" and not one.code for one in before))
    )


def test_the_page_has_no_event_that_nobody_plays() -> None:
    events = [command.words for command in console.commands(DOCUMENT) if command.words.startswith(": ")]
    assert {event.removeprefix(": ") for event in events} == set(EVENTS)


@pytest.mark.parametrize("link", re.findall(r"\[[^\]]+\]\(#([a-z0-9-]+)\)", DOCUMENT))
def test_every_row_of_the_table_leads_to_a_section(link: str) -> None:
    assert link in {title.lower().replace(" ", "-") for title in SECTIONS}


SYMPTOMS = [
    row.split("|")[1] for row in DOCUMENT.splitlines() if (row.startswith("| ") and "](#" in row) or "| the same" in row
]


@pytest.mark.parametrize("message", re.findall(r"`([^`]+)`", " ".join(SYMPTOMS)))
def test_every_symptom_is_what_a_command_prints(message: str) -> None:
    played = "\n".join(line for command in console.commands(DOCUMENT) for line in command.lines)
    wanted = ".*".join(re.escape(part) for part in message.split("..."))
    assert re.search(wanted, played) or said_by_the_code(message)


class TestNothingToRecover:
    """Wrong use: nothing is lost by a command that was not needed, and it says so."""

    def test_forget_says_that_nothing_is_lost_and_names_what_it_does_not_know(self, site: Site) -> None:
        assert "T0-wld01 is there, and so may be what its state tracks" in site.egress("forget", STACK, code=0).stderr
        assert "no stack 'wld09', there are: wld01" in site.egress("forget", "wld09", code=1).stderr
        state(site).unlink()
        assert "tracks nothing: nothing to let go of" in site.egress("forget", STACK, code=0).stderr

    def test_forget_keeps_everything_where_another_manager_answers_or_somebody_declines(self, site: Site) -> None:
        replaced(site, "T0-new")
        before = state(site).read_bytes()
        told = site.egress("forget", STACK, "--yes", code=1).stderr
        assert "has neither T0-wld01 nor the Tier-0 that the file names: is nsx.host the right manager?" in told
        edit(site, "id: T0-wld01", "id: T0-new")
        assert "nobody to ask, nothing was changed" in site.egress("forget", STACK, code=1).stderr
        terminal = site.at_a_terminal("forget", STACK)
        terminal.until("[y/N]")
        terminal.types("n\n")
        assert "declined, nothing was changed" in terminal.ends(1)
        site.lab.control.fault(method="GET", path=f"*{TIER0}", status=403, times=9)
        assert "does not let this user read" in site.egress("forget", STACK, "--yes", code=1).stderr
        assert state(site).read_bytes() == before

    def test_import_existing_with_nothing_to_import_does_nothing_and_declined_leaves_the_state(
        self, site: Site
    ) -> None:
        assert "nothing to do" in site.egress("apply", STACK, "--import-existing", "--yes", code=0).stderr
        tags = [{"scope": "managed-by", "tag": "tier0-egress"}, {"scope": "stack", "tag": STACK}]
        hop = {"ip_address": "10.27.51.9", "admin_distance": 1}
        route, rule = f"{TIER0}/static-routes/{STACK}-route-x", f"{TIER0}/nat/DEFAULT/nat-rules/{STACK}-egress-x"
        site.put(route, network="10.99.0.0/24", next_hops=[hop], tags=tags)
        translation = {"source_network": "30.0.0.99", "translated_network": "10.27.51.199", "sequence_number": 7}
        site.put(rule, action="REFLEXIVE", tags=tags, **translation)
        before = json.loads(state(site).read_text())
        refused = site.egress("apply", STACK, "--import-existing", code=1)
        assert "- route to 10.99.0.0/24: deleted, was next hop 10.27.51.9" in refused.stdout
        assert "- NAT rule for 30.0.0.99: deleted, was REFLEXIVE to 10.27.51.199, priority 7" in refused.stdout
        assert "nobody to ask, nothing was changed" in refused.stderr
        after = json.loads(state(site).read_text())
        assert [one["name"] for one in after["resources"]] == [one["name"] for one in before["resources"]]
        assert after["outputs"] == before["outputs"]
        assert {route, rule} < set(site.objects())
        assert WELL in site.egress("plan", STACK, code=0).stdout
        site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        assert set(site.objects()) == {ROUTE, SUPERVISOR, TKG}

    def test_a_damaged_state_comes_back_where_it_is_declined_and_one_of_another_format_stays(self, site: Site) -> None:
        folder = state(site).parent
        for content, said in {
            b"": "nobody to ask, nothing was changed",
            b"\xff\xfe": "nobody to ask, nothing was changed",
            b'{"version": 99, "lineage": "x", "serial": 1, "resources": []}': "has format version 99, allowed is 4",
        }.items():
            state(site).write_bytes(content)
            assert said in site.egress("apply", STACK, "--import-existing", code=1).stderr
            assert state(site).read_bytes() == content
            assert [file.name for file in folder.iterdir()] == [state(site).name]

    def test_unlock_declined_lets_the_engine_go_on(self, site: Site) -> None:
        edit(site, "translated: 10.27.51.145", "translated: 10.27.51.150")
        killed_itself(site)
        assert "nobody to ask, nothing was changed" in site.egress("unlock", STACK, code=1).stderr
        assert "goes on" in site.egress("plan", STACK, code=1).stderr
        site.lab.control.clear_faults()
        site.egress("apply", STACK, "--yes", "--lock-timeout", "60s", code=0)
        assert site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.150"


class TestBackTo:
    WRONG = ("source: 30.0.0.5,", "source: 30.0.0.6,")

    def test_declined_or_refused_it_leaves_file_manager_and_folder_as_they_were(self, site: Site) -> None:
        told = site.egress("apply", STACK, "--back-to", "HEAD", "--yes", code=1).stderr
        assert "is in no git repository, so there is no 'HEAD'" in told
        committed(site)
        assert (
            "domains/wld01.yaml is as at HEAD already"
            in site.egress("apply", STACK, "--back-to", "HEAD", "--yes", code=0).stderr
        )
        edit(site, *self.WRONG)
        wrong = domain_file(site).read_bytes()
        assert "nobody to ask" in site.egress("apply", STACK, "--back-to", "HEAD", code=1).stderr, (
            "not applied: the file alone"
        )
        assert domain_file(site).read_bytes() == wrong
        site.egress("apply", STACK, "--yes", code=0)
        mark = site.lab.control.mark()
        for arguments, said in {
            (STACK, "--back-to", "nowhere"): "git does not know 'nowhere'",
            (STACK, "--back-to", ""): "'' is no git reference",
            ("--back-to", "HEAD"): "which stacks? --back-to takes back the files of those that are named",
            (STACK, "--back-to", "HEAD", "--saved", "."): "--back-to goes with a plan of its own",
            ("wld09", "--back-to", "HEAD"): "no stack 'wld09', there are: wld01",
            (STACK, "--back-to", "HEAD"): "nobody to ask, nothing was changed",
        }.items():
            assert said in site.egress("apply", *arguments, code=1).stderr
            assert domain_file(site).read_bytes() == wrong, arguments
        assert site.writes(mark) == []
        assert list((site.root / ".lab" / ".egress" / "replaced").iterdir()) == []

    def test_what_is_agreed_to_stays_and_what_it_said_is_kept(self, site: Site) -> None:
        committed(site)
        right = domain_file(site).read_bytes()
        edit(site, *self.WRONG)
        wrong = domain_file(site).read_bytes()
        site.egress("apply", STACK, "--yes", code=0)
        site.lab.control.fault(method="PATCH", path=f"*{SUPERVISOR}", status=400)
        assert (
            "read the engine's words above" in site.egress("apply", STACK, "--back-to", "HEAD", "--yes", code=1).stderr
        )
        assert domain_file(site).read_bytes() == right, "the apply was agreed to, and the next one goes on from there"
        assert (site.root / ".lab" / ".egress" / "replaced" / f"{STACK}.yaml").read_bytes() == wrong
        site.egress("apply", STACK, "--back-to", "HEAD", "--yes", code=0)
        assert site.objects()[SUPERVISOR]["source_network"] == "30.0.0.5"

    def test_a_file_that_was_not_there_or_lies_over_other_defaults_is_told_with_what_to_type(self, site: Site) -> None:
        committed(site)
        other = site.root / "domains" / "wld02.yaml"
        other.write_text(domain_file(site).read_text().replace("name: wld01", "name: wld02"))
        told = site.egress("apply", "wld02", "--back-to", "HEAD", "--yes", code=1).stderr
        assert (
            "domains/wld02.yaml is not there at 'HEAD', allowed is a commit that has it: git log -- domains/wld02.yaml"
            in told
        )
        other.unlink()
        (site.root / "domains" / "_defaults.yaml").write_text("description: of all\n")
        told = site.egress("apply", STACK, "--back-to", "HEAD", "--yes", code=1).stderr
        assert "git checkout HEAD -- domains/_defaults.yaml domains/wld01.yaml, then egress plan" in told


def edit(site: Site, old: str, new: str) -> None:
    text = domain_file(site).read_text()
    assert old in text
    domain_file(site).write_text(text.replace(old, new))


def domain_file(site: Site) -> Path:
    return site.root / "domains" / f"{STACK}.yaml"
