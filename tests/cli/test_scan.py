"""`egress scan`: a file from what a manager has; what was not seen, what cannot be known and what does not fit are said; GETs are all that is sent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

import egress.cli as cli
from egress.domain import EgressError
from nsx_lab import Lab
from tests.scan.lab import BELOW, CLUSTER, HELD, ODD, ROUTES, RULES, hand_made, write

REPOSITORY = Path(__file__).resolve().parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def by_hand() -> Iterator[Lab]:
    """A lab that tests change nothing in."""
    with hand_made() as lab:
        yield lab


@pytest.fixture
def lab() -> Iterator[Lab]:
    """The same, for tests with faults."""
    with hand_made() as lab:
        yield lab


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty project, with the schema of domain files."""
    folder = tmp_path / "project"
    (folder / "domains").mkdir(parents=True)
    (folder / "cdktf.json").write_text("{}")
    (folder / "schemas").mkdir()
    shutil.copy(REPOSITORY / "egress/domain/workload-domain.schema.json", folder / "schemas")
    return folder


@pytest.fixture
def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs egress in the project; gives the exit code, standard output and standard error."""
    for name in ("EGRESS_LAB", "NSXT_USERNAME", "NSXT_PASSWORD", "NSXT_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root)

    def run(*arguments: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(cli.group, arguments, standalone_mode=False)
        if isinstance(done.exception, EgressError | click.UsageError):
            said = str(done.exception) if isinstance(done.exception, EgressError) else done.exception.format_message()
            return 1, done.stdout, f"{done.stderr}egress: {said}"
        if done.exception:
            raise done.exception
        return int(done.return_value or 0), done.stdout, done.stderr

    return run


@pytest.fixture
def login(root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Lab], tuple[str, ...]]:
    """What lets into a lab as into a manager: options, and the environment."""

    def login(lab: Lab) -> tuple[str, ...]:
        (root / "ca.pem").write_text(lab.ca_pem)
        monkeypatch.setenv("NSXT_USERNAME", lab.username)
        monkeypatch.setenv("NSXT_PASSWORD", lab.password)
        return "scan", "--host", lab.host, "--ca-file", "ca.pem"

    return login


Login = Callable[[Lab], tuple[str, ...]]


def test_a_scanned_file_passes_the_check_and_names_what_is_there(
    by_hand: Lab, run: Run, login: Login, root: Path
) -> None:
    mark = by_hand.control.mark()
    code, out, err = run(*login(by_hand), "--out", "domains/hand.yaml")
    assert code == 2
    assert {one["method"] for one in by_hand.control.journal(mark)} == {"GET"}
    assert f"reading {by_hand.host}" in err
    text = (root / "domains/hand.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/workload-domain.schema.json\n")
    assert "ca_file: ca.pem" in text
    for path in HELD:
        assert f"# {path} id\n" in text
    for path in ODD:
        assert f"{path}: " in out
        assert f" {path}: " in text.partition("there, and not in this file")[2]
    code, out, err = run("check", "hand")
    assert code == 0, out + err


def test_every_egress_address_is_told_with_what_becomes_of_it(by_hand: Lab, run: Run, login: Login) -> None:
    code, out, _ = run(*login(by_hand), "--json")
    assert code == 2
    (file,) = json.loads(out)["files"]
    assert {one["address"]: (one["namespace"], one["becomes"]) for one in file["egress_addresses"]} == {
        "30.0.9.2": ("", "translated by mapping supervisor"),
        "30.0.9.4": ("dev", "translated by mapping dev"),
        "30.0.9.5": ("shop", "no mapping, and no return route is known (upstream it would lead to 10.9.0.10)"),
    }
    assert file["loads"]
    assert file["questions"] == []
    assert {one["path"] for one in file["foreign"]} == set(ODD)


def test_the_text_goes_to_standard_output_and_everything_else_beside_it(
    by_hand: Lab, run: Run, login: Login, root: Path
) -> None:
    code, out, err = run(*login(by_hand))
    assert code == 2
    assert out.startswith("version: 1\n")
    assert "not held    NAT rule" in err
    assert list((root / "domains").iterdir()) == []


def test_a_file_that_is_there_is_not_replaced_without_force(by_hand: Lab, run: Run, login: Login, root: Path) -> None:
    file = root / "domains/hand.yaml"
    file.write_text("mine")
    mark = by_hand.control.mark()
    code, _, err = run(*login(by_hand), "--out", "domains/hand.yaml", "--save", "kept")
    assert code == 1
    assert "domains/hand.yaml is there already: give --force to replace it; nothing was written" in err
    assert file.read_text() == "mine"
    assert not (root / "kept").exists()
    assert by_hand.control.journal(mark) == []
    assert run(*login(by_hand), "--out", "domains/hand.yaml", "--force")[0] == 2
    assert file.read_text() != "mine"


BARE: dict[str, dict[str, Any]] = {"/infra/tier-0s/T0_hand": {"ha_mode": "ACTIVE_ACTIVE"}}
SECOND: dict[str, dict[str, Any]] = {
    **BARE,
    "/infra/tier-0s/T0_hand/locale-services/default": {"edge_cluster_path": CLUSTER},
    "/infra/tier-0s/T0_hand/locale-services/default/interfaces/up": {
        "type": "EXTERNAL",
        "edge_path": f"{CLUSTER}/edge-nodes/en1",
        "subnets": [{"ip_addresses": ["10.9.1.2"], "prefix_len": 24}],
    },
}


def test_a_tier0_without_uplinks_is_a_sentence_and_no_file(lab: Lab, run: Run, login: Login, root: Path) -> None:
    write(lab, BARE)
    for where in (("--out", "domains"), ("--tier0", "T0_hand", "--out", "domains/one.yaml"), ("--tier0", "T0_hand")):
        code, out, err = run(*login(lab), *where)
        assert (code, out) == (1, "")
        assert "T0_hand has no uplink" in err
        assert ("name the others with --tier0: T0-hand" in err) == ("--tier0" not in where)
    assert list((root / "domains").iterdir()) == []
    assert run(*login(lab), "--tier0", "T0-hand", "--out", "domains/one.yaml")[0] == 2


def test_uplinks_that_could_not_be_seen_are_a_question(lab: Lab, run: Run, login: Login) -> None:
    write(lab, BARE)
    lab.control.fault(path="*/tier-0s/T0_hand/locale-services", status=403, times=100)
    code, out, _ = run(*login(lab), "--tier0", "T0_hand")
    assert code == 1
    assert "QUESTION: which uplinks has it?" in out


def test_several_tier0s_are_a_file_each_in_a_folder_or_none(lab: Lab, run: Run, login: Login, root: Path) -> None:
    write(lab, SECOND)
    for where in ((), ("--out", "domains/one.yaml")):
        code, _, err = run(*login(lab), *where)
        assert code == 1
        assert "several Tier-0s, T0-hand, T0_hand" in err
    (root / "domains/t0-hand-2.yaml").write_text("mine")
    assert run(*login(lab), "--out", "domains")[0] == 1
    assert [one.name for one in (root / "domains").iterdir()] == ["t0-hand-2.yaml"], "all of them or none"
    code, out, err = run(*login(lab), "--out", "domains", "--force")
    assert code == 2
    assert {one.name for one in (root / "domains").iterdir()} == {"t0-hand.yaml", "t0-hand-2.yaml"}
    assert "t0-hand-2: the file does not load before its questions are answered" in err
    code, out, _ = run("check", "t0-hand-2")
    assert code == 2
    for question in ("which router is the way out?", "which are the egress ranges?"):
        assert f"QUESTION: {question}" in out
    assert run(*login(lab), "--tier0", "T0-hand", "--out", "domains/one.yaml")[0] == 2


def test_where_one_file_cannot_be_written_none_is(lab: Lab, run: Run, login: Login, root: Path) -> None:
    write(lab, SECOND)
    (root / "domains/t0-hand-2.yaml").mkdir()
    code, _, err = run(*login(lab), "--out", "domains", "--force")
    assert code == 1
    assert "it is a folder" in err
    assert [one.name for one in (root / "domains").iterdir()] == ["t0-hand-2.yaml"]
    (root / "domains/t0-hand.yaml").write_text("mine")
    assert run(*login(lab), "--out", "domains", "--force")[0] == 1
    assert (root / "domains/t0-hand.yaml").read_text() == "mine"


def test_saved_answers_give_the_same_file_without_the_manager(by_hand: Lab, run: Run, login: Login, root: Path) -> None:
    code, _, _ = run(*login(by_hand), "--out", "domains/a.yaml", "--save", "kept")
    assert code == 2
    assert by_hand.password not in "".join(one.read_text() for one in (root / "kept").rglob("*.json"))
    mark = by_hand.control.mark()
    assert run("scan", "--from-dir", "kept", "--ca-file", "ca.pem", "--out", "domains/b.yaml")[0] == 2
    assert by_hand.control.journal(mark) == []
    text = (root / "domains/a.yaml").read_text()
    assert (root / "domains/b.yaml").read_text() == text.replace("name: a\n", "name: b\n").replace("a-bfd-", "b-bfd-")


def test_answers_of_another_version_are_refused(by_hand: Lab, run: Run, login: Login, root: Path) -> None:
    run(*login(by_hand), "--save", "kept")
    index = json.loads((root / "kept/index.json").read_text())
    (root / "kept/index.json").write_text(json.dumps({**index, "version": 7}))
    code, _, err = run("scan", "--from-dir", "kept", "--out", "domains/a.yaml")
    assert code == 1
    assert "holds answers of version 7, this egress reads version 1" in err
    assert list((root / "domains").iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"path": "*/nat/USER/nat-rules", "status": 403}, "NAT rules of T0-hand"),
        ({"path": "*/static-routes", "status": 500}, "static routes of T0-hand"),
        ({"path": "*/interfaces", "status": 403}, "interfaces of T0-hand"),
    ],
)
def test_a_part_that_was_not_seen_is_told_in_the_file_and_ends_with_1(
    lab: Lab, run: Run, login: Login, root: Path, fault: dict[str, Any], said: str
) -> None:
    lab.control.fault(method="GET", times=1000, **fault)
    code, out, _ = run(*login(lab), "--out", "domains/a.yaml")
    assert code == 1
    assert f"not seen    {said}" in out
    text = (root / "domains/a.yaml").read_text()
    assert "# QUESTION: " in text
    assert f"#   {said}: " in text


def test_rules_of_tier1s_that_were_not_seen_leave_their_addresses_open(
    lab: Lab, run: Run, login: Login, root: Path
) -> None:
    lab.control.fault(method="GET", path="*/search/query", status=403, times=1000)
    lab.control.fault(method="GET", path="*/tier-1s/t1-dev/nat/USER/nat-rules", status=403, times=1000)
    code, _, _ = run(*login(lab), "--out", "domains/a.yaml")
    assert code == 1
    text = (root / "domains/a.yaml").read_text()
    assert "# QUESTION: which address does Tier-1 t1-dev translate to? its NAT rules were not seen" in text
    assert "t1-shop: {networks: [10.246.1.0/24], egress: 30.0.9.5}" in text


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"path": "*/tier-0s", "status": 503}, "503"),
        ({"path": "*/tier-0s", "truncate": True}, "peer closed connection"),
        ({"path": "*/tier-0s", "status": 200, "body": {"results": [{"no": "id"}]}}, "no list of objects with ids"),
        ({"path": "*/tier-0s", "status": 200, "body": {"results": []}}, "has no Tier-0"),
    ],
)
def test_a_manager_that_gives_half_answers_is_a_sentence_and_nothing_is_written(
    lab: Lab, run: Run, login: Login, root: Path, fault: dict[str, Any], said: str
) -> None:
    lab.control.fault(method="GET", times=1000, **fault)
    code, _, err = run(*login(lab), "--out", "domains/a.yaml", "--timeout", "5s")
    assert code == 1
    assert said in err
    assert list((root / "domains").iterdir()) == []


def test_a_wrong_password_authority_or_port_is_a_sentence_and_nothing_is_written(
    by_hand: Lab, run: Run, login: Login, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = login(by_hand)
    monkeypatch.setenv("NSXT_PASSWORD", "wrong")
    assert "does not let this user in" in run(*arguments, "--out", "domains/a.yaml")[2]
    login(by_hand)
    assert "certificate" in run("scan", "--host", by_hand.host, "--out", "domains/a.yaml")[2]
    code, _, err = run(
        "scan", "--host", "127.0.0.1:1", "--ca-file", "ca.pem", "--out", "domains/a.yaml", "--timeout", "3s"
    )
    assert code == 1
    assert "127.0.0.1:1" in err
    monkeypatch.delenv("NSXT_PASSWORD")
    assert "no credentials: set NSXT_USERNAME and NSXT_PASSWORD" in run(*arguments, "--out", "domains/a.yaml")[2]
    assert list((root / "domains").iterdir()) == []


def test_an_auditor_may_scan(lab: Lab, run: Run, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = login(lab)
    lab.add_user("reader", "only-reads", "auditor")
    monkeypatch.setenv("NSXT_USERNAME", "reader")
    monkeypatch.setenv("NSXT_PASSWORD", "only-reads")
    assert run(*arguments)[0] == 2


def test_the_lab_is_asked_where_it_is_set(by_hand: Lab, run: Run, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    by_hand.write_lab_file(root / "lab.json", stand_in=False)
    monkeypatch.setenv("EGRESS_LAB", str(root / "lab.json"))
    assert run("scan", "--out", "domains/a.yaml")[0] == 2
    assert run("scan", "--host", by_hand.host)[0] == 2
    assert "take --host out, or unset EGRESS_LAB" in run("scan", "--host", "nsx.example.com")[2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name the manager with --host"),
        (("--from-dir", "x", "--host", "y"), "--from-dir asks no manager"),
        (("--host", "no host!"), "'no host!' is not allowed here"),
        (("--host", "nsx.example.com", "--credentials", "AWS"), "AWS_* belongs to a cloud"),
        (("--host", "nsx.example.com", "--out", "nowhere/a.yaml"), "there is no folder 'nowhere'"),
        (
            ("--host", "nsx.example.com", "--out", "nowhere"),
            "'nowhere' is neither a folder that is there nor the name of a domain file",
        ),
        (
            ("--host", "nsx.example.com", "--out", "domains/a.yml"),
            "'domains/a.yml' is neither a folder that is there nor the name of a domain file",
        ),
        (
            ("--host", "nsx.example.com", "--out", "domains/Big_One.yaml"),
            "'domains/Big_One.yaml' is neither a folder that is there nor the name of a domain file",
        ),
        (("--from-dir", "nothing"), "holds no answers of a manager"),
    ],
)
def test_a_wrong_command_line_is_a_sentence(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = run("scan", *arguments)
    assert code == 1
    assert said in err


def test_a_second_file_of_one_tier0_is_told(by_hand: Lab, run: Run, login: Login) -> None:
    assert "is of this Tier-0 already" not in run(*login(by_hand), "--out", "domains/a.yaml")[2]
    told = run(*login(by_hand), "--out", "domains/b.yaml")[2]
    assert "b: a is of this Tier-0 already: an object has one owner, keep each in one of the two files" in told


def test_an_unknown_tier0_and_one_named_by_its_display_name_are_told(by_hand: Lab, run: Run, login: Login) -> None:
    assert "has no Tier-0 with the id 'T1': there are T0-hand" in run(*login(by_hand), "--tier0", "T1")[2]
    assert "which is the display name of T0-hand" in run(*login(by_hand), "--tier0", "Provider: gateway # 1 \u202e")[2]


def test_names_of_any_kind_on_the_manager_break_no_file(lab: Lab, run: Run, login: Login, root: Path) -> None:
    nasty = "x\n- {evil: true} # \x1b[31m\u202e'\""
    write(
        lab,
        {
            path: {**body, "display_name": nasty, "tags": [{"scope": ": #", "tag": nasty}]}
            for path, body in {**HELD, **BELOW}.items()
            if path.startswith((RULES, ROUTES, "/infra/tier-1s/t1-dev")) and path.count("/") in (3, 5, 7)
        },
    )
    code, out, _ = run(*login(lab), "--out", "domains/a.yaml")
    assert code == 2
    assert "\x1b" not in out
    text = (root / "domains/a.yaml").read_text()
    assert "control character U+001B" in text, "the entries are foreign, with the reason"
    assert run("check", "a")[0] == 0 or "QUESTION" in run("check", "a")[1]
