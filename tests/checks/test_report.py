"""The report: suppression, order, exit codes, text, JSON, SARIF, the page of rules."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sarif_pydantic import Sarif

from egress.checks import Severity, check, summary, told
from egress.checks.sarif import as_sarif
from egress.checks.text import as_json, in_one_line, page
from egress.cli import group, run
from egress.domain import WorkloadDomain, load_domains
from egress.template import write

SINGLE = {"default_route": {"next_hops": [{"address": "10.1.0.253"}]}}
KNOWN = {"rule": "egress-range-partly-mapped", "reason": "no namespaces to come"}
REASON = {"suppress": [{"rule": "single-next-hop", "reason": "the address is a VRRP address"}, KNOWN]}


def invoke(*arguments: str) -> Any:
    result = CliRunner().invoke(group, arguments, standalone_mode=False)
    return result.return_value, result.output


@pytest.fixture
def root(tmp_path: Path, repository: Path) -> Any:
    (tmp_path / "cdktf.json").write_text("{}")
    (tmp_path / "domains").mkdir()
    golden, _suppressions = (repository / "domains/wld01.yaml").read_text().split("suppress:")
    (tmp_path / "domains/wld01.yaml").write_text(golden)
    return tmp_path


def test_the_golden_domain_says_which_warnings_it_accepts_and_why(repository: Path) -> None:
    report = check(load_domains(repository, ["wld01"]))
    assert {finding.rule.id for finding in report.suppressed if finding.rule.severity is Severity.WARNING} == {
        "single-next-hop", "active-active-without-bfd", "translated-is-interface", "dns-needs-return-route",
    }  # fmt: skip
    assert not report.failed


@pytest.fixture
def what_init_writes(tmp_path: Path) -> Path:
    write(tmp_path / "new")
    return tmp_path / "new"


@pytest.mark.parametrize("folder", [".", "examples", "what init writes"])
def test_what_is_shipped_has_no_errors_and_no_open_warnings(
    repository: Path, folder: str, what_init_writes: Path
) -> None:
    report = check(load_domains(what_init_writes if folder == "what init writes" else repository / folder))
    assert report.stacks
    assert [told(finding) for finding in (*report.errors, *report.warnings)] == []


def test_what_is_shipped_suppresses_nothing_that_is_not_there(repository: Path, what_init_writes: Path) -> None:
    for root in (repository, repository / "examples", what_init_writes):
        assert [one.what for one in check(load_domains(root)).findings if one.rule.id == "suppression-unused"] == []


def test_known_warnings_are_one_line_that_says_where_to_read_them(domain: Callable[..., WorkloadDomain]) -> None:
    assert in_one_line(check([domain("one", SINGLE)])) == "1 warning, 1 suppressed: egress check one"
    assert in_one_line(check([domain("one", {**SINGLE, **REASON})])) == "", "what is suppressed with a reason is known"
    both = check([domain("one", SINGLE), domain("two", {**SINGLE, **REASON})])
    assert in_one_line(both) == "4 warnings, 3 suppressed: egress check one two"
    many = check([domain("one", SINGLE).model_copy(update={"stack": f"d{number}"}) for number in range(9)])
    assert in_one_line(many).endswith("suppressed: egress check")


def test_every_finding_names_file_and_line(repository: Path) -> None:
    for finding in check(load_domains(repository)).findings:
        assert finding.place is not None
        assert (repository / finding.place.file).is_file()


def test_a_value_from_the_defaults_is_told_at_the_defaults(root: Path) -> None:
    text = (root / "domains/wld01.yaml").read_text().replace("dns_servers: [172.20.0.53]\n", "")
    (root / "domains/wld01.yaml").write_text(text)
    (root / "domains/_defaults.yaml").write_text("\ndns_servers: [30.0.0.53]\n")
    (finding,) = check(load_domains(root)).errors
    assert told(finding).startswith("domains/_defaults.yaml:2:15: error: DNS server 30.0.0.53 lies in the egress range")


def test_a_suppressed_finding_is_kept_with_its_reason(domain: Callable[..., WorkloadDomain]) -> None:
    report = check([domain("one", {**SINGLE, **REASON})])
    assert report.findings == ()
    finding = report.suppressed[0]
    assert (finding.rule.id, finding.reason) == ("single-next-hop", "the address is a VRRP address")
    assert summary(report) == "0 errors, 0 warnings, 0 notes in 1 domain; 2 suppressed"


def test_a_suppression_holds_for_its_own_domain_only(domain: Callable[..., WorkloadDomain]) -> None:
    hop = {"default_route": {"next_hops": [{"address": "10.11.0.253"}]}}
    report = check([domain("one", {**SINGLE, **REASON}), domain("two", hop)])
    assert [(finding.stack, finding.rule.id) for finding in report.findings] == [("two", "single-next-hop")]


def test_rules_about_suppressions_cannot_be_suppressed(domain: Callable[..., WorkloadDomain]) -> None:
    rules = ["no-such-rule", "suppression-of-unknown-rule", "suppression-unused"]
    report = check([domain("one", {"suppress": [{"rule": rule, "reason": "because I say so"} for rule in rules]})])
    assert {finding.rule.id for finding in report.errors} == {"suppression-of-unknown-rule"}
    assert report.suppressed == ()


def test_findings_are_sorted_by_severity_then_place(domain: Callable[..., WorkloadDomain]) -> None:
    changes = {"egress": {"supervisor": {"translated": "10.8.0.1"}, "ranges": ["30.0.0.0/24"]}, **SINGLE}
    findings = check([domain("one", changes)]).findings
    assert [finding.rule.severity for finding in findings] == sorted(
        (finding.rule.severity for finding in findings), key=list(Severity).index
    )


def test_a_domain_without_a_file_is_told_by_its_stack(repository: Path) -> None:
    (read_domain,) = load_domains(repository, ["wld01"])
    made = WorkloadDomain.model_validate({"stack": "made", **_plain(read_domain)})
    assert made.place("name") is None
    first = check([made]).findings[0]
    assert told(first).startswith("made: note: ")


def _plain(domain: WorkloadDomain) -> Any:
    values = domain.model_dump(mode="json", exclude={"stack"}, exclude_unset=True)
    return {key: _tuples(value) for key, value in values.items()}


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(one) for key, one in value.items()}
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def test_json_carries_everything(domain: Callable[..., WorkloadDomain]) -> None:
    value = as_json(check([domain("one", SINGLE), domain("two", {"nsx": {"version": None}})]))
    assert json.loads(json.dumps(value)) == value
    assert (value["format"], value["version"], value["stacks"]) == ("egress-check", 1, ["one", "two"])
    (finding,) = value["findings"]
    assert {"rule", "severity", "stack", "key", "file", "line", "what", "fix", "explanation", "source"} <= set(finding)
    assert value["undecided"] == [
        {"rule": "nsx-version-unsupported", "stack": "two", "what": "nsx.version is not in this file"}
    ]


def test_json_tells_the_place_of_each_finding_and_none_where_no_file_was_read(
    domain: Callable[..., WorkloadDomain],
) -> None:
    one = domain("one", SINGLE)
    (placed,) = as_json(check([one]))["findings"]
    assert (placed["file"], placed["key"]) == ("one.yaml", "default_route.next_hops[0].address")
    assert [type(placed[key]) for key in ("line", "column")] == [int, int]
    (unplaced,) = as_json(
        check([WorkloadDomain.model_validate(one.model_dump(exclude_none=True, exclude_unset=True))])
    )["findings"]
    assert [unplaced[key] for key in ("file", "line", "column")] == [None, None, None]


def test_sarif_names_rules_places_and_suppressions(domain: Callable[..., WorkloadDomain]) -> None:
    value = as_sarif(check([domain("one", {**SINGLE, **REASON})]), "0.1.0")
    Sarif.model_validate(value)
    run_ = value["runs"][0]
    result = run_["results"][0]
    assert result["suppressions"] == [{"kind": "inSource", "justification": "the address is a VRRP address"}]
    region = result["locations"][0]["physicalLocation"]
    assert region["artifactLocation"]["uri"] == "one.yaml"
    assert region["region"]["startLine"] >= 1
    assert result["ruleId"] in {rule["id"] for rule in run_["tool"]["driver"]["rules"]}
    assert result["level"] == "warning"


def test_the_page_of_rules_is_current(repository: Path) -> None:
    assert (repository / "docs/rules.md").read_text() == page(), "run: egress check --rules > docs/rules.md"


def test_check_exits_0_without_errors_and_2_when_strict_and_warned(root: Path) -> None:
    code, output = invoke("--root", str(root), "check")
    assert code == 0
    assert "0 errors, 5 warnings, 5 notes in 1 domain; 1 undecided" in output
    assert "\x1b" not in output
    assert invoke("--root", str(root), "check", "--strict")[0] == 2


def test_check_exits_2_for_an_error_and_tells_place_rule_and_fix(root: Path) -> None:
    file = root / "domains/wld01.yaml"
    file.write_text(file.read_text().replace("{address: 10.27.51.1}", "{address: 10.27.51.147}"))
    code, output = invoke("--root", str(root), "check", "wld01")
    assert code == 2
    assert "domains/wld01.yaml:16:25: error: next hop 10.27.51.147 is uplink edge02-uplink1 of this very gateway [next-hop-is-own-address]\n    fix: " in output  # fmt: skip


def test_check_judges_right_files_beside_wrong_ones(root: Path) -> None:
    (root / "domains/bad.yaml").write_text("version: 1\nnsx: {hots: a}\n")
    (root / "domains/c.yml").write_text("")
    code, output = invoke("--root", str(root), "check")
    assert code == 2
    assert "domains/bad.yaml:2:7: error: nsx.hots: unknown key 'hots', did you mean 'host'?" in output
    assert "domains/c.yml:1:1: error: ends in .yml" in output
    assert "10.27.51.1 is the only next hop" in output


def test_check_takes_files_and_defaults_stand_for_the_domains_over_them(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(root)
    (root / "domains/_defaults.yaml").write_text("realization: {timeout: 7}\n")
    assert "in 1 domain" in invoke("check", "domains/wld01.yaml")[1]
    assert "in 1 domain" in invoke("check", "domains/_defaults.yaml", "domains/wld01.yaml", "wld01")[1]
    (root / "elsewhere.yaml").write_text((root / "domains/wld01.yaml").read_text())
    assert "elsewhere.yaml:16:25: warning: 10.27.51.1 is the only next hop" in invoke("check", "elsewhere.yaml")[1]


def test_check_cannot_answer_for_what_is_not_there(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    assert run(["check", "nope"]) == 1
    assert "no stack 'nope', there are: wld01" in capsys.readouterr().err
    assert run(["check", "nope.yaml"]) == 1
    assert "no file 'nope.yaml'" in capsys.readouterr().err
    assert run(["check", "--colour"]) == 1


@pytest.mark.parametrize("form", ["--json", "--sarif"])
def test_check_prints_machine_readable_reports(root: Path, form: str) -> None:
    (root / "domains/bad.yaml").write_text("version: 1\n")
    code, output = invoke("--root", str(root), "check", form)
    assert code == 2
    assert "bad.yaml" in json.dumps(json.loads(output))


def test_check_lists_undecided_rules_when_asked(root: Path) -> None:
    assert "wld01: undecided: nsx.version is not in this file [nsx-version-unsupported]" in invoke("--root", str(root), "check", "--undecided")[1]  # fmt: skip


@pytest.mark.slow
def test_check_needs_neither_jsii_nor_a_web_client(root: Path) -> None:
    code = (
        "import sys; from egress.cli import run; run(['--root', sys.argv[1], 'check', '--json']);"
        "sys.exit(', '.join(sorted({'jsii', 'cdktf', 'httpx', 'cryptography'} & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
