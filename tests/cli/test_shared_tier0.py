"""Two domains on one Tier-0, as platform and tenant of the examples are: every command sees both, from whatever source."""

from __future__ import annotations

import json
import shutil
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest

from egress import manager
from egress.cli import _arounds, _views
from egress.cli.context import Project
from egress.deadline import Deadline
from egress.domain import EgressError, files, load_domains
from egress.domain.model import Tier0
from egress.manager import Around, Manager
from egress.policy.paths import REALIZED_ENTITIES
from egress.policy.seed import seed
from egress.reachability.view import View
from egress.reachability.view import view as view_of
from nsx_lab import Lab
from tests.cli.conftest import Run

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = REPOSITORY / "examples/domains/shared"
T0 = "/infra/tier-0s/T0-shared"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "cdktf.json").write_text("{}")
    shutil.copytree(SHARED, tmp_path / "domains")
    return tmp_path


def rule(stack: str, key: str, source: str, translated: str) -> dict[str, Any]:
    values = {
        "nsx_id": f"{stack}-egress-{key}",
        "gateway_path": T0,
        "action": "SNAT",
        "source_networks": [source],
        "translated_networks": [translated],
        "scope": [f"{T0}/locale-services/default/interfaces/edge0{number}-uplink1" for number in (1, 2)],
    }
    return {"mode": "managed", "type": "nsxt_policy_nat_rule", "values": values}


def plan(*resources: dict[str, Any]) -> str:
    return json.dumps({"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}}})


TENANT = (
    rule("tenant", "supervisor", "30.3.0.5", "10.29.70.30"),
    rule("tenant", "tkg", "30.3.0.16", "10.29.70.30"),
)


def alone(project: Path) -> None:
    (project / "domains/platform.yaml").unlink()


def test_the_plan_of_a_tenant_is_seen_on_the_route_that_its_neighbours_file_has(run: Run) -> None:
    code, text = run("explain", "tenant", "--plan", "-", stdin=plan(*TENANT))
    assert code == 0, text
    assert "assumed: the plan says nothing of platform on the same Tier-0: taken as their files say" in text


def test_the_plan_of_a_tenant_assumes_the_same_route_as_its_file_where_nobody_has_it(run: Run, project: Path) -> None:
    alone(project)
    route = "assumed: the default route is somebody else's: taken as 0.0.0.0/0 via 10.29.70.1"
    filed, planned = run("explain", "tenant"), run("explain", "tenant", "--plan", "-", stdin=plan(*TENANT))
    assert [code for code, _ in (filed, planned)] == [0, 0]
    assert all(route in text for _, text in (filed, planned))
    assert "apply default-route" not in planned[1]


def test_a_plan_that_takes_a_rule_of_the_tenant_away_fails_for_that_rule_alone(run: Run) -> None:
    code, text = run("explain", "tenant", "--plan", "-", stdin=plan(TENANT[0]))
    assert code == 2
    assert "to do       apply tenant-egress-tkg: SNAT 30.3.0.16 -> 10.29.70.30" in text
    assert text.count("fails") == 1


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        (True, "apply platform-default-route of platform, which owns it: 0.0.0.0/0 via 10.29.70.253, 10.29.70.254"),
        (
            False,
            "ask its owner for it, as default_route.external says that it is somebody else's: 0.0.0.0/0 via 10.29.70.1",
        ),
    ],
)
def test_a_tenant_is_not_told_to_make_the_route_that_is_somebody_elses(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, owner: bool, said: str
) -> None:
    with Lab(seed=seed(load_domains(project))) as lab:
        lab.write_lab_file(project / "lab.json")
        if not owner:
            alone(project)
        monkeypatch.setenv("EGRESS_LAB", str(project / "lab.json"))
        code, text = run("explain", "tenant", "--live", "--from", "supervisor", "--to", "registry")
    assert code == 2
    assert f"to do       {said}" in text
    assert "taken as 0.0.0.0/0" not in text, "what a manager has is not assumed"


@pytest.mark.slow
@pytest.mark.parametrize("host", ["nsx-shared.example.com", "NSX-shared.example.com:443"])
def test_report_judges_with_the_neighbours_as_check_does(run: Run, project: Path, host: str) -> None:
    file = project / "domains/tenant.yaml"
    hops = f"default_route: {{external: false, next_hops: [{{address: 10.29.70.253}}]}}\nnsx: {{host: {host}}}\n"
    file.write_text(file.read_text().replace("egress:\n", f"{hops}egress:\n", 1).replace("30.3.0.5", "30.2.0.5"))
    report = json.loads(run("check", "--json")[1])
    found = {finding["rule"] for finding in report["findings"] if finding["stack"] == "tenant"}
    assert {"default-route-has-two-owners", "source-twice"} <= found
    code, _ = run("report", "tenant", "-o", "tenant.html")
    page = (project / "tenant.html").read_text()
    assert code == 2
    assert [rule for rule in found if f">{rule}<" not in page] == []
    errors = sum(one["severity"] == "error" and one["stack"] == "tenant" for one in report["findings"])
    assert f"{errors} errors and" in page


@pytest.mark.parametrize("command", ["explain", "routes"])
def test_a_view_is_not_kept_once_it_was_told(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Each is as large as all that stands on the Tier-0."""
    tenant = (project / "domains/tenant.yaml").read_text()
    for number in range(6):
        (project / f"domains/tenant{number}.yaml").write_text(tenant)
    made: list[weakref.ref[View]] = []
    alive: list[int] = []
    view = view_of

    def kept(*arguments: Any, **named: Any) -> View:
        found = view(*arguments, **named)
        alive.append(sum(one() is not None for one in made))
        made.append(weakref.ref(found))
        return found

    monkeypatch.setattr(_views, "view", kept)
    run(command)
    assert len(made) == 8
    assert max(alive) <= 2


def told(ended: tuple[int, str]) -> list[Any]:
    """The JSON that a command printed, without the lines on the other stream that say how far it was."""
    found: list[Any] = json.loads("".join(line for line in ended[1].splitlines() if not line.startswith("reading ")))
    return found


def tenants(project: Path, number: int) -> None:
    """More stacks on the Tier-0 of tenant and platform."""
    tenant = (project / "domains/tenant.yaml").read_text()
    for more in range(number):
        other = tenant.replace("30.3.", f"30.{10 + more}.").replace("domain-c30", f"domain-c{40 + more}")
        (project / f"domains/tenant{more}.yaml").write_text(other.replace("name: tenant", f"name: tenant{more}"))


def test_of_the_stacks_on_one_tier0_the_manager_is_asked_once_what_is_around_it(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked for each of them is how its own objects fare."""
    tenants(project, 6)
    asked: Counter[str] = Counter()
    get = Manager.get
    monkeypatch.setattr(Manager, "get", lambda self, path, **query: asked.update([path]) or get(self, path, **query))
    with Lab(seed=seed(load_domains(project))) as lab:
        lab.write_lab_file(project / "lab.json")
        monkeypatch.setenv("EGRESS_LAB", str(project / "lab.json"))
        (one,) = told(run("explain", "tenant", "--live", "--json"))
        of_one = asked.copy()
        asked.clear()
        every = told(run("explain", "--live", "--json"))
    assert len(every) == 8
    assert one["answers"]
    assert one in every, "each is told as by itself"
    assert of_one["/infra/tier-1s"] == 1
    asked.pop(REALIZED_ENTITIES, None)
    of_one.pop(REALIZED_ENTITIES, None)
    assert asked == of_one


def test_verify_of_the_stacks_on_one_tier0_reads_once_what_is_around_it(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenants(project, 2)
    read: list[str | None] = []
    once = manager.around

    def counted(at: Manager, tier0: Tier0) -> Around:
        read.append(tier0.id)
        return once(at, tier0)

    monkeypatch.setattr(manager, "around", counted)
    with Lab(seed=seed(load_domains(project))) as lab:
        lab.write_lab_file(project / "lab.json")
        monkeypatch.setenv("EGRESS_LAB", str(project / "lab.json"))
        together = told(run("verify", "--json", "--parallel", "1"))
        assert read == ["T0-shared"]
        alone = [told(run("verify", one["stack"], "--json"))[0] for one in together]
    assert [one["stack"] for one in together] == ["platform", "tenant", "tenant0", "tenant1"]
    assert together == alone


@pytest.mark.parametrize("command", ["explain", "routes"])
def test_plans_of_stacks_on_one_tier0_are_told_as_each_by_itself(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    platform = (rule("platform", "supervisor", "30.2.0.5", "10.29.70.20"),)
    plans = {"platform": plan(*platform), "tenant": plan(*TENANT[:1])}
    monkeypatch.setattr(_views, "_read", lambda _, stack: json.loads(plans[stack]))
    together = json.loads(run(command, "--plan", str(project), "--json")[1])
    alone = [json.loads(run(command, stack, "--plan", str(project), "--json")[1])[0] for stack in plans]
    assert together == alone


def test_two_logins_at_one_manager_look_each_for_itself(project: Path) -> None:
    """What one user may see another may not."""
    file = project / "domains/tenant.yaml"
    file.write_text(f"{file.read_text()}nsx: {{credentials: TENANT}}\n")
    platform, tenant = load_domains(project)
    assert platform.tier0.id == tenant.tier0.id
    assert _arounds.way(platform) != _arounds.way(tenant)


@pytest.mark.parametrize("command", ["explain", "routes"])
def test_files_of_other_tier0s_are_not_read(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    other = (REPOSITORY / "domains/wld01.yaml").read_text().replace("route:\n", "route:\n  external: false\n", 1)
    for number in range(3):
        (project / f"domains/other{number}.yaml").write_text(other.replace("T0-wld01", f"T0-{number}"))
    (project / "domains/wrong.yaml").write_text("version: 2\n")
    reads: Counter[str] = Counter()
    read = files.read_tree
    monkeypatch.setattr(files, "read_tree", lambda file: reads.update([file.shown]) or read(file))
    code, text = run(command, "other1")
    assert code == 2, text
    assert reads["domains/other1.yaml"] == 1
    assert "domains/other2.yaml" not in reads
    assert "domains/wrong.yaml" not in text


@pytest.mark.slow
def test_a_file_that_cannot_be_read_is_told_once(run: Run, project: Path) -> None:
    file = project / "domains/platform.yaml"
    file.write_text(file.read_text().replace("30.2.0.0/24", "30.2.0.1/24"))
    _, text = run("report", "tenant", "-o", "tenant.html")
    assert text.count("left out: whether this file shares a Tier-0 is not known") == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("explain",),
        ("explain", "tenant", "--plan", "-"),
        ("routes", "tenant", "platform"),
        ("report", "tenant", "-o", "tenant.html"),
        ("topology", "tenant"),
        ("check",),
        ("seed",),
    ],
)
def test_a_command_reads_each_file_once(run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    reads: Counter[str] = Counter()
    read = files.read_tree
    monkeypatch.setattr(files, "read_tree", lambda file: reads.update([file.shown]) or read(file))
    run(*arguments, stdin=plan(*TENANT))
    assert reads == dict.fromkeys(["domains/_defaults.yaml", "domains/platform.yaml", "domains/tenant.yaml"], 1)


def test_a_neighbours_file_that_cannot_be_read_is_told_and_left_out(run: Run, project: Path) -> None:
    file = project / "domains/platform.yaml"
    file.write_text(file.read_text().replace("30.2.0.0/24", "30.2.0.1/24"))
    code, text = run("explain", "tenant")
    assert code == 0
    assert "'30.2.0.1/24' has host bits set" in text
    assert "left out: whether this file shares a Tier-0 is not known" in text
    assert run("explain", "platform")[0] == 1


def test_a_look_after_a_plan_has_a_time_of_its_own(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look at the first of many stacks may be long ago."""
    domains = load_domains(project)
    with Lab(seed=seed(domains)) as lab, click.Context(click.Command("plan")) as command:
        lab.write_lab_file(project / "lab.json")
        monkeypatch.setenv("EGRESS_LAB", str(project / "lab.json"))
        command.meta["egress.deadline"] = Deadline(0)
        at = Project(project)
        with pytest.raises(EgressError, match="0 s"), _views.reading(at, domains[0]) as manager:
            manager.version()
        assert _views.live_source(at, domains[0]).manager == f"the lab {lab.host}"
