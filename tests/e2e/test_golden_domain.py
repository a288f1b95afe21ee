"""The golden domain end to end: the real command, the real engine, the stand-in provider, the lab over TLS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nsx_lab import Lab
from tests.e2e.sites import ROUTE, STACK, SUPERVISOR, TKG, Site, lab_site, retries_at_once

pytestmark = pytest.mark.e2e
WORDS = [
    "+ default route: new, next hop 10.27.51.1",
    "+ NAT rule for 30.0.0.5: new, REFLEXIVE to 10.27.51.145, priority 100",
    "+ NAT rule for 30.0.0.16: new, REFLEXIVE to 10.27.51.147, priority 110",
    "Plan: 3 to add, 0 to change, 0 to destroy.",
]
"""The golden domain's plan, in network words."""


@pytest.mark.parametrize("stand_in", [True, False], ids=["resident", "ordinary start"])
def test_plan_apply_plan_drift_destroy(tmp_path: Path, lab: Lab, engine_env: dict[str, str], stand_in: bool) -> None:
    site = lab_site(tmp_path / "project", lab, engine_env, stand_in=stand_in)

    planned = site.egress("plan", STACK, code=2)
    assert planned.stdout.splitlines() == WORDS
    full = site.egress("plan", STACK, "--full", code=2).stdout
    assert full.startswith("\n".join(WORDS))
    assert "nsxt_policy_static_route.DefaultRoute will be created" in full
    assert planned.stderr.startswith(f"target: lab {lab.host} | engine: ")
    assert site.writes() == [], "a plan writes nothing"

    applied = site.egress("apply", STACK, "--yes", code=0).stdout
    assert applied.startswith("\n".join(WORDS))
    assert applied.index("will be created") < applied.index("Creating..."), "what is applied is shown in full before"
    objects = site.objects()
    assert sorted(objects) == sorted([ROUTE, SUPERVISOR, TKG])
    assert objects[ROUTE]["network"] == "0.0.0.0/0"
    assert [hop["ip_address"] for hop in objects[ROUTE]["next_hops"]] == ["10.27.51.1"]
    for path, source, translated, priority in [
        (SUPERVISOR, "30.0.0.5", "10.27.51.145", 100),
        (TKG, "30.0.0.16", "10.27.51.147", 110),
    ]:
        rule = objects[path]
        assert (rule["action"], rule["source_network"], rule["translated_network"]) == ("REFLEXIVE", source, translated)
        assert rule["sequence_number"] == priority
        assert "destination_network" not in rule
        assert len(rule["scope"]) == 2

    mark = lab.control.mark()
    again = site.egress("plan", STACK, code=0)
    assert "No changes." in again.stdout
    site.egress("drift", STACK, code=0)
    assert site.writes(mark) == [], "a refresh writes nothing"

    gone = site.egress("destroy", STACK, "--yes", code=0).stdout
    assert gone.startswith("- default route: deleted, was next hop 10.27.51.1\n- NAT rule for 30.0.0.5: deleted, was ")
    assert gone.index("Plan: 0 to add, 0 to change, 3 to destroy.") < gone.index("will be destroyed")
    assert site.objects() == {}
    deletes = [line.split()[1] for line in site.writes(mark)]
    assert deletes[-1].endswith(ROUTE), "the rules go before the route that they need"
    assert not (site.root / "state").exists(), "the real state is never opened by a lab's run"


def test_json_plan_is_one_json_value(site: Site) -> None:
    (plan,) = json.loads(site.egress("plan", STACK, "--json", code=2).stdout)
    assert (plan["stack"], plan["add"], plan["change"], plan["destroy"]) == (STACK, 3, 0, 0)
    assert all(resource["actions"] == ["create"] for resource in plan["resources"])


class TestDrift:
    def test_a_changed_value_is_shown_with_both_sides_and_repaired(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        site.write(SUPERVISOR, translated_network="10.27.51.99")
        (found,) = json.loads(site.egress("drift", STACK, "--json", code=2).stdout)
        (one,) = found["drift"]
        assert {"attribute": "translated_networks", "state": ["10.27.51.145"], "manager": ["10.27.51.99"]} in one[
            "changed"
        ]
        assert site.egress("drift", STACK, code=2).stdout.splitlines() == [
            f"{STACK}: drift, in the state -> on the manager",
            f"rule {STACK}-egress-supervisor: translated network: 10.27.51.145 -> 10.27.51.99",
        ]
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("drift", STACK, code=0)
        assert site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.145"

    def test_a_deleted_rule_is_drift_and_comes_back(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        site.delete(TKG)
        assert f"rule {STACK}-egress-tkg: deleted\n" in site.egress("drift", STACK, code=2).stdout
        site.egress("apply", STACK, "--yes", code=0)
        assert TKG in site.objects()

    def test_an_object_that_was_only_saved_again_is_no_drift(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        site.write(SUPERVISOR)
        assert "was saved again" in site.egress("drift", STACK, code=0).stderr


class TestRealization:
    def test_an_update_that_ends_in_error_fails_the_apply_and_a_fix_works(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        site.lab.control.realization(SUPERVISOR, "ERROR", "planted", when="next")
        file = site.root / "domains" / f"{STACK}.yaml"
        file.write_text(file.read_text().replace("translated: 10.27.51.145", "translated: 10.27.51.150"))
        failed = site.egress("apply", STACK, "--yes", code=1)
        assert "ERROR" in failed.stdout + failed.stderr
        assert site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.150"

        file.write_text(file.read_text().replace("translated: 10.27.51.150", "translated: 10.27.51.151"))
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("plan", STACK, code=0)

    def test_after_an_error_a_destroy_works(self, site: Site) -> None:
        site.lab.control.realization(SUPERVISOR, "ERROR", "planted")
        site.egress("apply", STACK, "--yes", code=1)
        site.egress("destroy", STACK, "--yes", code=0)
        assert site.objects() == {}


class TestState:
    def test_a_lost_state_is_taken_back_with_nothing_changed(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        (site.root / ".lab" / "state" / f"{STACK}.tfstate").unlink()
        assert "apply wld01 --import-existing" in site.egress("apply", STACK, "--yes", code=1).stderr
        mark = site.lab.control.mark()
        done = site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        assert "3 imported, 0 added, 0 changed, 0 destroyed" in done.stdout
        assert site.writes(mark) == []
        site.egress("plan", STACK, code=0)

    def test_a_saved_plan_is_applied_as_it_is_and_once(self, site: Site, tmp_path: Path) -> None:
        site.egress("plan", STACK, "--out", str(tmp_path / "plans"), code=2)
        assert (tmp_path / "plans" / STACK).stat().st_mode & 0o077 == 0, "a plan holds values: for the owner only"
        site.egress("apply", "--saved", str(tmp_path / "plans"), "--yes", code=0)
        assert site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.145"
        assert "stale" in site.egress("apply", "--saved", str(tmp_path / "plans"), "--yes", code=3).stderr

    def test_a_plan_made_for_one_lab_is_refused_by_another(self, site: Site, tmp_path: Path) -> None:
        site.egress("plan", STACK, "--out", str(tmp_path / "plans"), code=2)
        with Lab() as other:
            other.write_lab_file(Path(site.env["EGRESS_LAB"]))
            refused = site.egress("apply", "--saved", str(tmp_path / "plans"), "--yes", code=3)
            assert (
                f"this plan was made for another target or with other provider settings than the lab {other.host}"
                in refused.stderr
            )
            asked = {entry["method"] for entry in other.control.journal()}
            assert asked <= {"GET"}, "nobody logged in there, and nothing was written"

    def test_without_anybody_to_ask_nothing_is_applied(self, site: Site) -> None:
        assert "give --yes" in site.egress("apply", STACK, code=1).stderr
        assert site.objects() == {}


class TestLikeARealManager:
    def test_the_whole_path_with_a_host_and_a_ca_file_of_its_own(self, manager_site: Site) -> None:
        site = manager_site
        planned = site.egress("plan", STACK, code=2)
        assert planned.stderr.startswith(f"target: {site.lab.host} | engine: ")
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("plan", STACK, code=0)
        assert (site.root / "state" / f"{STACK}.tfstate").is_file()
        assert not (site.root / ".lab").exists()
        (lock,) = (site.root / "locks").iterdir()
        assert "3.11.1+lab" in lock.read_text()

    def test_the_default_route_is_protected_against_destruction(self, manager_site: Site) -> None:
        site = manager_site
        site.egress("apply", STACK, "--yes", code=0)
        refused = site.egress("destroy", STACK, "--yes", code=1)
        assert "prevent_destroy" in refused.stderr
        assert len(site.objects()) == 3
        file = site.root / "domains" / f"{STACK}.yaml"
        file.write_text(file.read_text().replace("default_route:\n", "default_route:\n  protect: false\n"))
        site.egress("destroy", STACK, "--yes", code=0)
        assert site.objects() == {}

    def test_no_secret_and_no_absolute_path_is_left_behind(self, manager_site: Site) -> None:
        site = manager_site
        site.egress("apply", STACK, "--yes", code=0)
        for file in [p for p in site.root.rglob("*") if p.is_file() and ".terraform" not in p.parts]:
            assert site.lab.password.encode() not in file.read_bytes(), file
        assert not list((site.root / ".egress" / "runs").glob("*@*")), "no plan, no configuration"

    def test_a_wrong_password_is_told_and_repeated_nowhere(self, manager_site: Site) -> None:
        manager_site.env["NSXT_PASSWORD"] = "not-the-password"
        refused = manager_site.egress("plan", STACK, code=1)
        assert "not-the-password" not in refused.stdout + refused.stderr


def test_a_lab_that_is_gone_is_a_failure_with_the_engines_words(site: Site) -> None:
    retries_at_once(site.root)
    site.lab.stop()
    failed = site.egress("plan", STACK, code=1)
    assert "Error" in failed.stderr
