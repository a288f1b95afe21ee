"""`egress adopt` without an engine: what it shows, writes, asks and refuses, on a lab."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

import egress.cli as cli
from egress.domain import EgressError, load_domains
from egress.policy.seed import seed
from nsx_lab import Lab
from tests.e2e.sites import project

pytestmark = pytest.mark.slow

T0 = "/infra/tier-0s/T0-wld01"
USER = f"{T0}/nat/USER/nat-rules"
UPLINKS = [f"{T0}/locale-services/default/interfaces/{name}" for name in ("edge01-uplink1", "edge02-uplink1")]
Run = Callable[..., tuple[int, str]]
Put = Callable[..., None]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = project(tmp_path_factory.mktemp("seed"))
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        yield lab


@pytest.fixture
def put(lab: Lab) -> Iterator[Put]:
    """PATCHes an object, as somebody else does it; all of them are gone after the test."""
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    made = []
    with httpx.Client(
        base_url=f"https://{lab.host}/policy/api/v1", verify=tls, auth=(lab.username, lab.password)
    ) as api:

        def put(path: str, **body: Any) -> None:
            made.append(path)
            answer = api.patch(path, json=body)
            assert answer.status_code == 200, answer.text

        yield put
        for path in made:
            api.delete(path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return project(tmp_path / "project")


@pytest.fixture
def run(tmp_path: Path, root: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Run:
    lab.write_lab_file(tmp_path / "lab.json", stand_in=False)
    monkeypatch.setenv("EGRESS_LAB", str(tmp_path / "lab.json"))

    def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
        done = CliRunner().invoke(cli.group, ["--root", str(root), *arguments], input=stdin, standalone_mode=False)
        if isinstance(done.exception, EgressError):
            return 1, f"{done.output}egress: {done.exception}"
        if done.exception:
            raise done.exception
        return int(done.return_value or 0), done.output

    return run


def by_hand(put: Put) -> None:
    put(f"{T0}/static-routes/core", network="0.0.0.0/0", next_hops=[{"ip_address": "10.27.51.1"}])
    for number, (name, source, translated) in enumerate(
        [("sup", "30.0.0.5", "10.27.51.145"), ("tkg", "30.0.0.16", "10.27.51.147")]
    ):
        put(
            f"{USER}/{name}",
            action="REFLEXIVE",
            source_network=source,
            translated_network=translated,
            sequence_number=number,
            scope=UPLINKS,
        )


def test_nothing_to_adopt_is_said_with_the_reason(run: Run, put: Put) -> None:
    code, told = run("adopt", "wld01", "--yes")
    assert code == 0
    assert "wld01: nothing to adopt on T0-wld01: it has no route and no rule; egress plan wld01 adds 3" in told
    put(f"{T0}/static-routes/far", network="10.9.0.0/16", next_hops=[{"ip_address": "10.27.51.1"}])
    code, told = run("adopt", "wld01", "--yes")
    assert code == 0
    assert "of its 1 static route none is what the file says" in told


def test_it_shows_asks_and_writes_and_the_second_time_has_nothing_to_do(
    run: Run, put: Put, root: Path, lab: Lab
) -> None:
    by_hand(put)
    file = root / "domains" / "wld01.yaml"
    before, mark = file.read_bytes(), lab.control.mark()
    code, told = run("adopt", "--dry-run")
    assert (code, file.read_bytes()) == (2, before)
    assert "= Supervisor, REFLEXIVE 30.0.0.5 -> 10.27.51.145: rule 'sup' (nsx_id, tags, priority)" in told
    assert "+  supervisor: {source: 30.0.0.5, translated: 10.27.51.145, nsx_id: sup, tags: {}, priority: 0}\n" in told
    code, told = run("adopt", "wld01")
    assert code == 1
    assert "nobody to ask, nothing was changed" in told
    assert file.read_bytes() == before
    code, told = run("adopt", "wld01", "--yes")
    assert code == 0
    assert "Next: egress plan wld01 --import-existing, which is to show 3 to import and nothing else" in told
    written = file.read_bytes()
    code, told = run("adopt", "wld01", "--yes")
    assert (code, file.read_bytes()) == (0, written)
    assert "domains/wld01.yaml names them already. Next: egress plan wld01 --import-existing" in told
    assert run("adopt", "wld01", "--dry-run")[0] == 0
    assert {one["method"] for one in lab.control.journal(mark)} == {"GET"}


def test_where_one_is_refused_nothing_is_written(run: Run, put: Put, root: Path) -> None:
    by_hand(put)
    put(f"{USER}/twin", action="REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.145", scope=UPLINKS)
    before = (root / "domains" / "wld01.yaml").read_bytes()
    code, told = run("adopt", "wld01", "--yes")
    assert code == 2
    assert "! Supervisor, REFLEXIVE 30.0.0.5 -> 10.27.51.145: 2 objects do the same" in told
    assert "wld01: nothing was written" in told
    assert (root / "domains" / "wld01.yaml").read_bytes() == before


def test_keys_that_a_defaults_file_gives_are_set_in_the_domains_own_file(run: Run, put: Put, root: Path) -> None:
    by_hand(put)
    text = (root / "domains" / "wld01.yaml").read_text()
    defaults = root / "domains" / "_defaults.yaml"
    defaults.write_text(
        "default_route:\n  next_hops: [{address: 10.27.51.1, admin_distance: 3}]\n"
        "egress:\n  supervisor: {source: 30.0.0.5, tags: {from: defaults}} # of all\n"
    )
    own = text.replace("default_route:\n  next_hops: [{address: 10.27.51.1}]\n", "").replace("{source: 30.0.0.5, ", "{")
    (root / "domains" / "wld01.yaml").write_bytes(own.replace("\n", "\r\n").encode())
    before = defaults.read_bytes()
    assert run("adopt", "wld01", "--yes")[0] == 0
    assert defaults.read_bytes() == before
    after = (root / "domains" / "wld01.yaml").read_bytes().decode()
    assert after.count("\n") == after.count("\r\n")
    assert "  supervisor: {translated: 10.27.51.145, nsx_id: sup, tags: {from: null}, priority: 0}\r\n" in after
    assert after.endswith("default_route:\r\n  nsx_id: core\r\n  tags: {}\r\n  next_hops: [{address: 10.27.51.1}]\r\n")
    assert run("adopt", "wld01", "--dry-run")[0] == 0


def test_what_would_break_a_preflight_rule_is_refused(run: Run, put: Put, root: Path) -> None:
    by_hand(put)
    file = root / "domains" / "wld01.yaml"
    file.write_text(
        file.read_text().replace(
            "  more: {}", "  more: {rest: {source: 30.0.0.0/28, translated: 10.27.51.160/28, priority: 200}}"
        )
    )
    put(
        f"{USER}/rest",
        action="REFLEXIVE",
        source_network="30.0.0.0/28",
        translated_network="10.27.51.160/28",
        sequence_number=0,
        scope=UPLINKS,
    )
    put(
        f"{USER}/sup",
        action="REFLEXIVE",
        source_network="30.0.0.5",
        translated_network="10.27.51.145",
        sequence_number=9,
        scope=UPLINKS,
    )
    before = file.read_bytes()
    code, told = run("adopt", "wld01", "--yes")
    assert code == 2
    assert "the file would break sources-overlap then" in told
    assert file.read_bytes() == before


def test_what_the_checks_warn_of_only_afterwards_is_told(run: Run, put: Put) -> None:
    put(f"{USER}/sup", action="REFLEXIVE", source_network="30.0.0.5", translated_network="10.27.51.145")
    code, told = run("adopt", "wld01", "--dry-run")
    assert code == 2
    assert "+  applied_to: everywhere # scope of the NAT rules" in told
    assert "egress check warns of the file then: nat-applied-everywhere, dns-answers-meet-urpf" in told


def test_what_a_file_does_not_take_is_refused_and_not_written(run: Run, put: Put, root: Path) -> None:
    file = root / "domains" / "wld01.yaml"
    hop = "next_hops: [{address: 10.27.51.1}]"
    file.write_text(file.read_text().replace(hop, f"{hop}\n  ipv6: {{next_hops: [{{address: '2001:db8:51::1'}}]}}"))
    uplink = "    - {id: edge01-services, edge: edge01, address: 172.20.0.1/24, nat: false} # a second external VLAN, outside of NAT:\n"
    served = "  service_interfaces: [{id: edge01-services, address: 172.20.0.1/24}]\ndefault_route:"
    file.write_text(file.read_text().replace(uplink, "").replace("default_route:", served))
    scope = [f"{T0}/locale-services/default/interfaces/edge01-services"]
    put(f"{T0}/static-routes/six", network="::/0", next_hops=[{"ip_address": "2001:db8:51::1", "scope": scope}])
    before = file.read_bytes()
    code, told = run("adopt", "wld01", "--yes")
    assert code == 2
    assert (
        "default_route.ipv6.next_hops[0].interface: a domain file does not take what the manager has: no interface 'edge01-services'"
        in told
    )
    assert file.read_bytes() == before


def test_as_json(run: Run, put: Put) -> None:
    by_hand(put)
    code, told = run("adopt", "wld01", "--dry-run", "--json")
    (one,) = json.loads(told[told.index("[\n") : told.rindex("]") + 1])
    assert code == 2
    assert [match["at"] for match in one["matches"]] == ["default_route", "egress.supervisor", "egress.tkg"]
    assert one["matches"][1]["writes"] == {
        "egress.supervisor.nsx_id": "sup",
        "egress.supervisor.tags": {},
        "egress.supervisor.priority": 0,
    }
    assert (one["refused"], one["to_add"], one["written"]) == ([], [], False)
    assert one["diff"].startswith("--- domains/wld01.yaml\n")


def test_two_files_do_not_adopt_one_object(run: Run, put: Put, root: Path) -> None:
    by_hand(put)
    file = root / "domains" / "wld01.yaml"
    (root / "domains" / "wld02.yaml").write_text(file.read_text().replace("name: wld01", "name: wld02"))
    code, told = run("adopt", "--yes")
    assert code == 2
    assert "domains/wld01.yaml is written" in told
    assert "rule 'sup': stack wld01 of this project has it already" in told
    assert "nsx_id: sup" not in (root / "domains" / "wld02.yaml").read_text()


def test_a_manager_that_does_not_answer_as_it_should_is_exit_1_and_nothing_is_written(
    run: Run, put: Put, root: Path, lab: Lab
) -> None:
    by_hand(put)
    before = (root / "domains" / "wld01.yaml").read_bytes()
    for fault in ({"status": 403}, {"status": 500}, {"truncate": True}):
        lab.control.fault(method="GET", path="*/nat-rules", times=9, **fault)
        code, told = run("adopt", "wld01", "--yes")
        assert code == 1
        assert "egress: " in told
        lab.control.clear_faults()
    assert (root / "domains" / "wld01.yaml").read_bytes() == before


def test_a_stack_that_fails_hides_no_other(run: Run, put: Put, root: Path) -> None:
    by_hand(put)
    file = root / "domains" / "wld01.yaml"
    (root / "domains" / "wld00.yaml").write_text(
        file.read_text().replace("name: wld01", "name: wld00").replace("id: T0-wld01", "id: T0-gone")
    )
    code, told = run("adopt", "--yes")
    assert code == 1
    assert "egress: wld00: " in told
    assert "nsx_id: sup" in file.read_text()
