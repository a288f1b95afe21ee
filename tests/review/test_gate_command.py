"""`egress gate`: a folder of saved plans, a real git repository, a base that a branch cannot talk itself past."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from junitparser import Failure, JUnitXml
from sarif_pydantic import Sarif

from egress.cli import run
from egress.delivery.planning import saved
from egress.delivery.planning.plans import PLAN
from egress.domain import files
from egress.layout import LOCK, STACK_FILE
from egress.review.consequence import Consequence, Fate, as_json
from egress.review.gate.registry import RULES
from egress.review.planned_run import failure
from tests.repositories import git
from tests.review.gate_plans import DELETE, HOST, NOTHING, REPOSITORY, UPDATE, content, flow, review, route, rule

OVERRIDE = """version: 1
overrides:
  - {rule: nat-rule-lost, stack: wld01, who: Nora, why: the namespace is gone, until: 2999-12-31, ticket: CHG1}
"""
LOSES_A_RULE = (rule(*DELETE), rule(*NOTHING, key="tkg"))
CHANGES_NOTHING = (rule(*NOTHING),)


def save(folder: Path, *changes: dict[str, Any], stack: str = "wld01", flows: tuple[Consequence, ...] = ()) -> Path:
    """A saved plan, as `egress plan --out` leaves one."""
    files = {STACK_FILE: b"{}", LOCK: b"", PLAN: b"plan", saved.WORDS: b""}
    files[saved.CONTENT] = json.dumps(content(*changes).raw).encode()
    files[saved.REVIEW] = as_json(review(*flows, stack=stack))
    note = {
        "format": "egress-plan",
        "version": 3,
        "stack": stack,
        "run": f"target: {HOST} | engine: x",
        "sha256": {name: hashlib.sha256(one).hexdigest() for name, one in files.items()},
    }
    (folder / stack).mkdir(parents=True, exist_ok=True)
    for name, one in {**files, saved.NOTE: json.dumps(note).encode()}.items():
        (folder / stack / name).write_bytes(one)
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in a folder of a repository, where one works; no CI."""
    folder = tmp_path / "repository" / "network"
    (folder / "domains").mkdir(parents=True)
    for name in ("cdktf.json", "domains/wld01.yaml"):
        (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    monkeypatch.chdir(folder)
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    return tmp_path / "plans"


@pytest.fixture
def repository(root: Path) -> Path:
    """The project, committed on main; the work goes on on a branch."""
    git(root.parent, "init", "-q")
    commit(root, "main as it is")
    git(root.parent, "checkout", "-q", "-b", "branch")
    return root


def commit(root: Path, message: str) -> None:
    git(root.parent, "add", "-A")
    git(root.parent, "commit", "-q", "-m", message)


def on_main(root: Path, files: dict[str, str]) -> None:
    """Commits files of the repository on main, and takes them into the branch."""
    git(root.parent, "checkout", "-q", "main")
    for name, text in files.items():
        (root.parent / name).parent.mkdir(parents=True, exist_ok=True)
        (root.parent / name).write_text(text)
    commit(root, "more on main")
    git(root.parent, "checkout", "-q", "branch")
    git(root.parent, "merge", "-q", "main")


def test_it_passes_stops_and_cannot_judge_by_its_exit_code(
    root: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *CHANGES_NOTHING)
    assert run(["gate", str(plans)]) == 0
    assert "the gate passes: 1 plan\n" in capsys.readouterr().out
    save(plans, *LOSES_A_RULE)
    assert run(["gate", str(plans)]) == 2
    out = capsys.readouterr().out
    assert out.startswith("wld01\n  override: NAT rule for 30.0.0.5: deleted")
    assert "    why: The egress address leaves un-translated" in out
    assert out.endswith("the gate does not pass: 1 plan, 1 stopped\n")
    (plans / "wld01" / saved.CONTENT).write_text("{}")
    assert run(["gate", str(plans)]) == 1
    assert "its digest differs" in capsys.readouterr().err


def test_an_empty_folder_is_an_error_and_an_empty_change_passes(
    root: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plans.mkdir()
    assert run(["gate", str(plans)]) == 1
    assert "no saved plan in" in capsys.readouterr().err
    (plans / "affected.json").write_text("[]")
    assert run(["gate", str(plans)]) == 0
    assert "the change affects no stack: there is nothing to judge" in capsys.readouterr().out
    assert run(["gate"]) == 1


def test_a_stack_that_failed_stops_the_others_too(root: Path, plans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(plans, *CHANGES_NOTHING)
    failure("prod-wld02", "no route to host").write(plans)
    assert run(["gate", str(plans)]) == 2
    assert "prod-wld02\n  deny: no plan: no route to host [stack-failed]" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["link to a file", "link to a folder", "pipe", "folder"])
def test_what_is_no_file_in_the_folder_is_refused(
    root: Path, plans: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *CHANGES_NOTHING)
    strange = plans / "wld01" / "plan.txt"
    strange.unlink()
    if kind == "link to a file":
        strange.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(strange)
    elif kind == "folder":
        strange.mkdir()
    else:
        (plans / "other").symlink_to(plans / "wld01")
    assert run(["gate", str(plans)]) == 1
    assert "is a link, a pipe or a folder, allowed are files: plan again" in capsys.readouterr().err


def test_a_review_that_was_edited_is_refused_and_one_that_was_vouched_for_hides_no_deletion(
    root: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, route(*DELETE), *CHANGES_NOTHING, flows=(flow(Fate.WORKS, Fate.FAILS),))
    file = plans / "wld01" / saved.REVIEW
    file.write_bytes(as_json(review(flow(Fate.WORKS, Fate.WORKS))))
    assert run(["gate", str(plans)]) == 1
    assert "review.json' is not what was saved" in capsys.readouterr().err
    note = json.loads((plans / "wld01" / saved.NOTE).read_text())
    note["sha256"][saved.REVIEW] = hashlib.sha256(file.read_bytes()).hexdigest()
    (plans / "wld01" / saved.NOTE).write_text(json.dumps(note))
    assert run(["gate", str(plans)]) == 2
    assert "[default-route-lost]" in capsys.readouterr().out


def test_a_wrong_gate_file_is_told_with_its_place(root: Path, plans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(plans, *CHANGES_NOTHING)
    (root / "gate.yaml").write_text("version: 1\nrules: {flow-brakes: warn}\n")
    assert run(["gate", str(plans)]) == 1
    assert capsys.readouterr().err.startswith("gate.yaml:2:9: rules.flow-brakes: no rule of the gate is 'flow-brakes', did you mean flow-breaks?")  # fmt: skip
    (root / "gate.yaml").unlink()
    (root / "gate.yaml").symlink_to("nowhere")
    assert run(["gate", str(plans)]) == 1
    assert "gate.yaml:1:1: cannot be read" in capsys.readouterr().err


def test_on_a_desk_an_override_counts_and_nobody_checked(
    root: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *LOSES_A_RULE)
    (root / "gate.yaml").write_text(OVERRIDE)
    assert run(["gate", str(plans)]) == 0
    out = capsys.readouterr().out
    assert "  overridden: NAT rule for 30.0.0.5: deleted" in out
    assert "Nora answers for it until 2999-12-31 (CHG1): the namespace is gone" in out
    assert "note: without --base nobody checked" in out


def test_in_ci_the_base_must_be_given(
    root: Path, plans: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    save(plans, *CHANGES_NOTHING)
    assert run(["gate", str(plans)]) == 1
    assert "in CI (CI=true) the gate needs --base REF" in capsys.readouterr().err


def test_json_holds_the_verdict_and_the_digests_that_it_is_about(
    root: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *LOSES_A_RULE)
    assert run(["gate", str(plans), "--json"]) == 2
    value = json.loads(capsys.readouterr().out)
    assert (value["format"], value["version"], value["passes"]) == ("egress-gate", 1, False)
    assert value["digests"] == {"wld01": hashlib.sha256(b"plan").hexdigest()}
    (one,) = value["findings"]
    assert (one["rule"], one["demand"], one["stops"], one["file"]) == (
        "nat-rule-lost",
        "override",
        True,
        "domains/wld01.yaml",
    )
    assert isinstance(one["line"], int)


def test_sarif_names_rules_places_and_who_answers(root: Path, plans: Path, tmp_path: Path) -> None:
    save(plans, *LOSES_A_RULE, route(*UPDATE, to="10.27.51.2"))
    (root / "gate.yaml").write_text(OVERRIDE)
    assert run(["gate", str(plans), "--sarif", str(tmp_path / "gate.sarif")]) == 2
    Sarif.model_validate_json((tmp_path / "gate.sarif").read_bytes())
    (found,) = json.loads((tmp_path / "gate.sarif").read_text())["runs"]
    known = {one["id"] for one in found["tool"]["driver"]["rules"]}
    by_rule = {one["ruleId"]: one for one in found["results"]}
    assert by_rule.keys() == {"nat-rule-lost", "next-hop-moved"} <= known
    assert by_rule["nat-rule-lost"]["suppressions"] == [
        {"kind": "external", "justification": "Nora answers for it until 2999-12-31 (CHG1): the namespace is gone"}
    ]
    where = by_rule["next-hop-moved"]["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "domains/wld01.yaml"


def test_junit_has_a_case_for_each_rule_and_fails_those_that_stop(root: Path, plans: Path, tmp_path: Path) -> None:
    save(plans, *LOSES_A_RULE, route(*UPDATE, to="10.27.51.2"), flows=(flow(Fate.FAILS, Fate.FAILS),))
    (root / "gate.yaml").write_text(OVERRIDE + "rules: {outage-worse: {demand: off, why: every edge is single here}}\n")
    assert run(["gate", str(plans), "--junit", str(tmp_path / "gate.xml")]) == 2
    (suite,) = ElementTree.parse(tmp_path / "gate.xml").getroot()
    assert (suite.get("name"), suite.get("failures"), suite.get("skipped")) == ("wld01", "1", "1")
    cases = {case.get("name"): case for case in suite}
    assert [one.tag for one in cases["next-hop-moved"]] == ["failure"]
    assert [one.tag for one in cases["nat-rule-lost"]] == ["skipped"]
    assert [one.tag for one in cases["flow-stays-broken"]] == ["system-out"]
    assert list(cases["flow-breaks"]) == []
    assert "outage-worse" not in cases
    assert suite.get("tests") == str(len(cases))


def test_another_reader_of_junit_finds_the_same(root: Path, plans: Path, tmp_path: Path) -> None:
    save(plans, *LOSES_A_RULE)
    failure("prod-wld02", "no route to host").write(plans)
    assert run(["gate", str(plans), "--junit", str(tmp_path / "gate.xml")]) == 2
    suites = {suite.name: suite for suite in JUnitXml.fromfile(str(tmp_path / "gate.xml"))}
    assert {name: (suite.tests, suite.failures) for name, suite in suites.items()} == {
        "prod-wld02": (len(RULES), 1),
        "wld01": (len(RULES), 1),
    }
    (failed,) = [case for case in suites["wld01"] if any(isinstance(one, Failure) for one in case.result)]
    assert (failed.classname, failed.name) == ("wld01", "nat-rule-lost")


def test_text_of_others_stays_text_in_every_form(
    root: Path, plans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = '\x1b[31m</failure>\n::add-mask::x\u202e<&"\uffff'
    save(plans, rule(*DELETE, was={"source_networks": [evil]}), rule(*NOTHING, key="tkg"))
    forms = ["--sarif", str(tmp_path / "x.sarif"), "--junit", str(tmp_path / "x.xml")]
    assert run(["gate", str(plans), *forms]) == 2
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\n::add-mask" not in out
    assert "\u202e" not in out
    ElementTree.parse(tmp_path / "x.xml")
    assert "\u202e" not in (tmp_path / "x.sarif").read_text()


def test_rules_are_printed_and_explained(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gate", "--rules"]) == 0
    assert capsys.readouterr().out == (REPOSITORY / "docs/gate.md").read_text()
    assert run(["gate", "--explain", "flow-breaks"]) == 0
    assert run(["gate", "--explain", "flow-brakes"]) == 1
    assert "did you mean flow-breaks" in capsys.readouterr().err


@pytest.mark.slow
def test_an_override_of_the_branch_does_not_count_and_one_on_the_base_does(
    repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *LOSES_A_RULE)
    (repository / "gate.yaml").write_text(OVERRIDE)
    commit(repository, "an override for myself")
    assert run(["gate", str(plans), "--base", "main"]) == 2
    assert "note: the override by Nora does not count: it is not on main" in capsys.readouterr().out
    git(repository.parent, "checkout", "-q", "main")
    git(repository.parent, "merge", "-q", "branch")
    git(repository.parent, "checkout", "-q", "branch")
    assert run(["gate", str(plans), "--base", "main"]) == 0
    assert "Nora answers for it" in capsys.readouterr().out


@pytest.mark.slow
def test_a_branch_cannot_loosen_its_own_gate(repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frozen = (
        f"frozen: [{{managers: [{HOST}], from: 2020-01-01T00:00:00Z, until: 2999-01-01T00:00:00Z, why: restore}}]\n"
    )
    on_main(repository, {"network/gate.yaml": f"version: 1\n{frozen}"})
    save(plans, *LOSES_A_RULE)
    (repository / "gate.yaml").write_text("version: 1\nrules: {nat-rule-lost: warn, manager-frozen: warn}\n")
    assert run(["gate", str(plans), "--base", "main"]) == 2
    out = capsys.readouterr().out
    assert "deny: nsx-wld01.example.com is frozen until 2999-01-01T00:00:00+00:00: restore [manager-frozen]" in out
    assert "note: here looser than on main, where the stricter word holds: nat-rule-lost, manager-frozen" in out
    assert "note: frozen on main and not here, which holds: restore" in out
    (repository / "gate.yaml").unlink()
    assert run(["gate", str(plans), "--base", "main"]) == 2, "nor by taking the file away"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "text", "env", "counts"),
    [
        (".github/CODEOWNERS", "/network/gate.yaml @net/leads\n", {}, True),
        (".github/CODEOWNERS", "/gate.yaml @net/leads\n", {}, False),
        ("CODEOWNERS", "* @everybody\n", {"GITHUB_ACTIONS": "true"}, True),
        ("CODEOWNERS", "^[Net]\ngate.yaml @net/leads\n", {"GITLAB_CI": "true"}, False),
        (".gitlab/CODEOWNERS", "[Net] @net/leads\ngate.yaml\n", {"GITLAB_CI": "true"}, True),
        (".gitlab/CODEOWNERS", "gate.yaml @net/leads\n", {"GITHUB_ACTIONS": "true"}, False),
        ("CODEOWNERS", "[Net] @net/leads\ngate.yaml\n", {}, False),
        ("CODEOWNERS", "gate.yaml @net/leads\n", {}, True),
    ],
)
def test_code_owners_of_the_base_protect_what_a_branch_answers_for(
    repository: Path,
    plans: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    text: str,
    env: dict[str, str],
    counts: bool,
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    on_main(repository, {place: text})
    (repository / "gate.yaml").write_text(OVERRIDE)
    save(plans, *LOSES_A_RULE)
    assert run(["gate", str(plans), "--base", "main"]) == (0 if counts else 2)


@pytest.mark.slow
def test_code_owners_that_the_branch_writes_for_itself_protect_nothing(repository: Path, plans: Path) -> None:
    (repository.parent / "CODEOWNERS").write_text("* @me\n")
    (repository / "gate.yaml").write_text(OVERRIDE)
    commit(repository, "I own it")
    save(plans, *LOSES_A_RULE)
    assert run(["gate", str(plans), "--base", "main"]) == 2


@pytest.mark.slow
def test_a_base_that_git_does_not_have_and_one_that_is_wrong_are_told(
    repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *CHANGES_NOTHING)
    for name in ("nowhere", "--help", ""):
        assert run(["gate", str(plans), f"--base={name}"]) == 1
    err = capsys.readouterr().err
    assert "git does not give the base 'nowhere'" in err
    assert "fetch-depth: 0" in err
    assert "'--help' is no git reference" in err
    on_main(repository, {"network/gate.yaml": "version: 1\nrule: {}\n"})
    (repository / "gate.yaml").unlink()
    assert run(["gate", str(plans), "--base", "main"]) == 1
    assert "main:network/gate.yaml:2:1: rule: unknown key 'rule', did you mean 'rules'?" in capsys.readouterr().err


@pytest.mark.slow
def test_with_a_base_it_says_where_nobody_told_which_stacks_there_should_be(
    repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *CHANGES_NOTHING)
    assert run(["gate", str(plans), "--base", "main"]) == 0
    assert "note: no affected.json is beside the plans" in capsys.readouterr().out


@pytest.mark.slow
def test_outside_of_a_repository_a_base_is_told_to_be_none(
    root: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *CHANGES_NOTHING)
    assert run(["gate", str(plans), "--base", "main"]) == 1
    assert "egress: git does not give the base 'main'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_removed_stack_that_is_destroyed_is_judged_by_the_file_of_the_base(
    repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "domains/wld01.yaml").rename(repository / "domains/wld09.yaml")
    save(plans, route(*DELETE), rule(*DELETE))
    assert run(["gate", str(plans), "--base", "main"]) == 2
    out = capsys.readouterr().out
    assert "override: all 2 objects of the stack are deleted" in out
    assert "no-domain-file" not in out
    assert run(["gate", str(plans)]) == 2
    assert "[no-domain-file]" in capsys.readouterr().out


@pytest.mark.slow
def test_a_gate_file_that_is_none_on_the_base_opens_nothing(
    repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, *CHANGES_NOTHING)
    git(repository.parent, "checkout", "-q", "main")
    (repository / "gate.yaml").symlink_to("elsewhere.yaml")
    commit(repository, "a link")
    assert run(["gate", str(plans), "--base", "main"]) == 1
    assert "network/gate.yaml at main is a link or a folder, allowed is a file" in capsys.readouterr().err
    (repository / "gate.yaml").unlink()
    (repository / "gate.yaml").write_text(f"version: 1\n#{' ' * 2**20}\n")
    commit(repository, "a large one")
    assert run(["gate", str(plans), "--base", "main"]) == 1
    assert "network/gate.yaml at main has 1048589 bytes, allowed are 1048576" in capsys.readouterr().err


@pytest.mark.slow
def test_the_comment_tells_what_the_gate_says_where_it_is_given_a_base(
    repository: Path, plans: Path, tmp_path: Path
) -> None:
    save(plans, *LOSES_A_RULE)
    comment = tmp_path / "comment.md"
    assert run(["comment", str(plans), "--to", f"file:{comment}"]) == 0
    assert "Gate:" not in comment.read_text()
    assert run(["comment", str(plans), "--to", f"file:{comment}", "--base", "main"]) == 0
    assert "Gate: **1 not passed**" in comment.read_text()
    assert "**override**: NAT rule for 30.0.0.5" in comment.read_text()


@pytest.mark.slow
def test_a_lock_that_moves_together_with_objects_is_to_be_split(
    repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(plans, rule(*UPDATE, logging=True))
    assert run(["gate", str(plans), "--base", "main"]) == 0
    (repository / "locks").mkdir()
    (repository / "locks/terraform.lock.hcl").write_text("# newer\n")
    assert run(["gate", str(plans), "--base", "main"]) == 2
    assert "locks/terraform.lock.hcl is new [tools-move]" in capsys.readouterr().out


@pytest.mark.slow
def test_the_override_of_a_stack_that_the_branch_removes_is_on_the_base(
    repository: Path, plans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_main(repository, {"network/gate.yaml": OVERRIDE.replace("nat-rule-lost", "stack-removed")})
    (repository / "domains/wld01.yaml").rename(repository / "domains/wld09.yaml")
    plans.mkdir()
    (plans / "affected.json").write_text(json.dumps([{"stack": "wld01", "why": "removed"}]))
    assert run(["gate", str(plans), "--base", "main"]) == 0
    assert "overridden: its domain file is gone" in capsys.readouterr().out


@pytest.mark.slow
def test_only_domains_that_are_judged_are_read_unless_a_manager_has_to_be_found_among_them(
    repository: Path, plans: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (repository / "domains/wld01.yaml").read_text()
    others = {f"network/domains/a{n}.yaml": text.replace("nsx-wld01", f"nsx-a{n}") for n in range(5)}
    on_main(repository, others)
    reads: Counter[str] = Counter()
    read = files.read_tree
    monkeypatch.setattr(files, "read_tree", lambda file: reads.update([file.shown]) or read(file))
    save(plans, *CHANGES_NOTHING)
    assert run(["gate", str(plans), "--base", "main"]) == 0
    assert reads == {"domains/wld01.yaml": 2}, "here and on main"
    frozen = "{from: 2020-01-01T00:00:00Z, until: 2999-01-01T00:00:00Z, why: restore, managers: [%s]}"
    (repository / "gate.yaml").write_text(f"version: 1\nfrozen: [{frozen % 'nsx-a3.example.com'}]\n")
    assert run(["gate", str(plans), "--base", "main"]) == 0
    assert reads["domains/a3.yaml"] == 2
    (repository / "gate.yaml").write_text(f"version: 1\nfrozen: [{frozen % 'nsx-a9.example.com'}]\n")
    capsys.readouterr()
    assert run(["gate", str(plans), "--base", "main"]) == 1
    assert "no domain file's manager is 'nsx-a9.example.com'" in capsys.readouterr().err
