"""Credentials that are bound to a manager reach no other, whatever a domain file says, by no command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egress.domain.files import look, select
from egress.domain.fleet import load
from egress.toolchain.stack.runs import Run
from tests.e2e.sites import STACK, Site, project

pytestmark = pytest.mark.e2e
USERS = [
    ["plan"], ["apply", "--yes"], ["destroy", "--yes"], ["drift"], ["explain", "--live"], ["routes", "--live"],
    ["topology", STACK, "--live"], ["report", STACK, "--live"], ["doctor", "--reach"], ["shell", "--", "true"],
]  # fmt: skip


@pytest.mark.parametrize("words", USERS, ids=lambda words: words[0])
def test_credentials_of_another_manager_are_refused_before_any_connection(manager_site: Site, words: list[str]) -> None:
    fake_cli(manager_site)
    manager_site.env["NSXT_HOST"] = "nsx-wld01.example.com,nsx-wld02.example.com"
    done = manager_site.egress(*words, code=1)
    told = f"nsx.host is '{manager_site.lab.host}', the credentials NSXT_* are for 'nsx-wld01.example.com' or 'nsx-wld02.example.com' only"
    assert told in done.stdout + done.stderr
    assert manager_site.lab.control.journal() == []
    assert manager_site.lab.password not in done.stdout + done.stderr


def test_credentials_that_are_bound_to_the_manager_plan_and_the_plan_names_both(manager_site: Site) -> None:
    manager_site.env["NSXT_HOST"] = f"elsewhere.example.com, {manager_site.lab.host}"
    done = manager_site.egress("plan", "--summary", "summary.md", code=2)
    assert f"target: {manager_site.lab.host} | " in done.stderr
    assert done.stderr.splitlines()[0].endswith("| credentials: NSXT_*")
    assert r"credentials:<!-- --> NSXT\_\*" in (manager_site.root / "summary.md").read_text()


def test_a_setting_that_makes_a_plan_write_is_refused_by_name(manager_site: Site) -> None:
    manager_site.env["NSXT_CACHE_MODE"] = "config_scope"
    assert "NSXT_CACHE_MODE=config_scope is not allowed" in manager_site.egress("plan", code=1).stderr
    assert manager_site.lab.control.journal() == []


def test_plain_cdktf_is_held_to_the_binding(manager_site: Site) -> None:
    fake_cli(manager_site)
    env = f"CDKTF_CONTEXT_JSON='{json.dumps({})}' NSXT_HOST=other.example.com"
    done = manager_site.egress("shell", "--", "sh", "-c", f"{env} python main.py", code=1)
    assert "the credentials NSXT_* are for 'other.example.com' only" in done.stderr


def test_doctor_says_that_credentials_are_bound_to_nothing(manager_site: Site) -> None:
    told = manager_site.egress("doctor", code=0).stdout
    assert f"export NSXT_HOST={manager_site.lab.host}" in told
    manager_site.env["NSXT_HOST"] = manager_site.lab.host
    assert f"{manager_site.lab.host} only" in manager_site.egress("doctor", code=0).stdout


def test_an_engine_sees_the_credentials_of_its_own_manager_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = project(tmp_path)
    text = (root / "domains" / f"{STACK}.yaml").read_text()
    other = text.replace("nsx:\n", "nsx:\n  credentials: NINE\n").replace(f"name: {STACK}", "name: wld09")
    (root / "domains" / "wld09.yaml").write_text(other)
    (root / "domains" / "broken.yaml").write_text("version: [")
    for name in ("NSXT_USERNAME", "NSXT_PASSWORD", "NINE_USERNAME", "NINE_PASSWORD", "NINE_HOST", "NSXT_NINE_PASSWORD"):
        monkeypatch.setenv(name, name)
    monkeypatch.setenv("NSXT_HOST", "nsx-wld01.example.com")
    monkeypatch.setenv("NINE_HOST", "nsx-wld01.example.com")
    monkeypatch.setenv("EGRESS_PROVIDER", "registry")
    for stack, prefix in ((STACK, "NSXT"), ("wld09", "NINE")):
        domains = load(select(look(root)[0], [stack])).domains
        env = Run.prepare(root, None, domains).environment(domains[0])
        seen = {key: value for key, value in env.items() if key.startswith(("NSXT_", "NINE_"))}
        assert seen == {"NSXT_USERNAME": f"{prefix}_USERNAME", "NSXT_PASSWORD": f"{prefix}_PASSWORD"}


def fake_cli(site: Site) -> None:
    """A cdktf CLI is there, so that none is brought from npm."""
    script = site.root / "cli" / "node_modules" / "cdktf-cli" / "bundle" / "bin" / "cdktf"
    script.parent.mkdir(parents=True)
    script.write_text("")
    site.env["EGRESS_CDKTF_CLI"] = str(site.root / "cli")


def test_a_local_state_on_a_ci_runner_is_refused(manager_site: Site) -> None:
    manager_site.env["CI"] = "true"
    for words in (["plan"], ["apply", "--yes"], ["drift"], ["destroy", "--yes"], ["unlock", "wld01"]):
        told = manager_site.egress(*words, code=1).stderr
        assert (
            "wld01: its state is local, and a CI runner keeps no files (CI=true): write state: {backend: pg}, s3 or http"
            in told
        ), words
    told = manager_site.egress("doctor", "wld01", code=1).stdout
    assert "its state is local, and a CI runner keeps no files (CI=true)" in told
    assert manager_site.lab.control.journal() == []
    manager_site.env["EGRESS_LOCAL_STATE"] = "keep"
    assert "its state is local" not in manager_site.egress("plan", code=2).stderr
