"""A stack knows its own: lost states, renamed and removed files, objects and states of nobody, strangers in the way."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.sites import ROUTE, STACK, SUPERVISOR, TIER0, TKG, Site

pytestmark = pytest.mark.e2e

NEW = "wld09"


def state(site: Site, stack: str = STACK) -> Path:
    return site.root / ".lab" / "state" / f"{stack}.tfstate"


def rename(site: Site) -> None:
    """What a colleague does: the file, and the name in it."""
    file = site.root / "domains" / f"{STACK}.yaml"
    file.with_name(f"{NEW}.yaml").write_text(file.read_text().replace(f"name: {STACK}", f"name: {NEW}"))
    file.unlink()


def rules(site: Site, *command: str, code: int) -> set[str]:
    """Ids of the rules that a command's JSON tells findings of."""
    (one,) = json.loads(site.egress(*command, "--json", code=code).stdout)
    return {finding["rule"] for finding in one["findings"]}


class TestNothingIsTracked:
    def test_a_stack_that_was_never_applied_has_no_green_drift(self, site: Site) -> None:
        assert rules(site, "drift", STACK, code=2) == {"nothing-tracked"}
        assert "tracks nothing, and none is on the manager" in site.egress("drift", STACK, code=2).stderr
        assert rules(site, "plan", STACK, code=2) == set(), "a first plan is nothing to wonder about"
        assert "tracks nothing" in site.egress("destroy", STACK, "--yes", code=2).stderr

    def test_a_lost_state_is_told_by_every_command_with_the_remedy_that_works(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        site.write(SUPERVISOR, translated_network="10.27.51.99")
        state(site).unlink()
        for command, code in (("plan", 2), ("drift", 2), ("destroy", 2), ("apply", 1)):
            told = site.egress(
                command, STACK, *(["--yes"] if command in ("apply", "destroy") else []), code=code
            ).stderr
            assert "tracks nothing, and 3 of its 3 objects are on the manager [nothing-tracked]" in told, command
            assert f"egress apply {STACK} --import-existing" in told
        assert len(site.objects()) == 3
        site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        assert site.objects()[SUPERVISOR]["translated_network"] == "10.27.51.145"
        site.egress("drift", STACK, code=0)

    def test_an_object_that_fell_out_of_the_state_is_told_and_taken_back(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        told = site.egress("engine", STACK, "--", "state", "rm", "nsxt_policy_nat_rule.Egress_tkg", code=0).stderr
        assert "no longer tracked: nsxt_policy_nat_rule.Egress_tkg" in told
        assert rules(site, "drift", STACK, code=2) == {"own-object-untracked"}
        assert "refused, nothing was changed" in site.egress("apply", STACK, "--yes", code=1).stderr
        site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        site.egress("drift", STACK, code=0)

    def test_only_what_is_on_the_manager_is_taken_back_and_the_rest_is_made(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        for rule in ("supervisor", "tkg"):
            site.egress("engine", STACK, "--", "state", "rm", f"nsxt_policy_nat_rule.Egress_{rule}", code=0)
        site.delete(TKG)
        site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        assert len(site.objects()) == 3
        site.egress("drift", STACK, code=0)

    def test_a_rule_whose_create_ended_before_it_was_read_back_is_the_stacks_own(self, site: Site) -> None:
        site.lab.control.fault(method="GET", path=f"/policy/api/v1{TKG}", status=403, after=1)
        site.egress("apply", STACK, "--yes", code=1)
        kept = json.loads(state(site).read_text())["resources"]
        (tkg,) = (one["instances"][0] for one in kept if one["name"] == "Egress_tkg")
        assert tkg["status"] == "tainted"
        assert not tkg["attributes"]["path"]
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("drift", STACK, code=0)


DAMAGED = {
    b"": "is empty",
    b'{"version": 4, "resources": [': "is cut off",
    b"[]": "holds no JSON object",
    b'{"resources": "x"}': "is no Terraform state",
    b'{"version": 4, "lineage": "x", "serial": 1, "resources": [1]}': "is no Terraform state",
    b'{"version": 99, "lineage": "x", "serial": 1, "resources": []}': "has format version 99, allowed is 4",
    b"\xff\xfe\x00binary": "is no text",
    b'{"a":' * 100_000: "is no JSON that can be read",
}
"""What may lie where the state should, and what is said of it."""


class TestDamagedState:
    def test_a_damaged_state_ends_in_a_sentence_with_the_way_out(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        for content, said in DAMAGED.items():
            for command in (("plan",), ("drift",), ("apply", "--yes"), ("destroy", "--yes")):
                state(site).write_bytes(content)
                told = site.egress(command[0], STACK, *command[1:], code=1).stderr
                assert said in told
                assert "--import-existing takes the stack's objects back" in told
                assert "defect" not in told
        assert len(site.objects()) == 3
        state(site).unlink()
        site.egress("apply", STACK, "--import-existing", "--yes", code=0)
        site.egress("plan", STACK, code=0)

    def test_the_state_of_another_stack_is_refused(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        data = json.loads(
            state(site).read_text().replace('"tag": "wld01"', '"tag": "wld77"').replace("wld01-", "wld77-")
        )
        state(site).write_text(json.dumps(data))
        assert "state-of-another-stack" in rules(site, "drift", STACK, code=2)
        assert (
            "tracks the objects of wld77, and none of this stack" in site.egress("apply", STACK, "--yes", code=1).stderr
        )


class TestRenamed:
    def test_a_renamed_file_doubles_nothing_and_rename_keeps_every_id(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        before, mark = site.objects(), site.lab.control.mark()
        rename(site)
        for command in (("plan", NEW), ("drift", NEW), ("apply", NEW, "--yes")):
            told = site.egress(*command, code=1 if command[0] == "apply" else 2).stderr
            assert f"egress rename {STACK} {NEW}" in told
        assert "the project keeps a state of wld01, and no domain file gives that stack" in told
        site.egress("rename", STACK, NEW, "--yes", code=0)
        assert f"name: {NEW}\nformerly: {STACK}\n" in (site.root / "domains" / f"{NEW}.yaml").read_text()
        site.egress("plan", NEW, code=0)
        site.egress("drift", NEW, code=0)
        assert site.objects() == before
        assert site.writes(mark) == [], "nothing was sent to the manager"
        assert "nothing to do" in site.egress("rename", STACK, NEW, "--yes", code=0).stderr
        assert f"egress destroy {NEW}" in site.egress("destroy", STACK, "--yes", code=1).stderr
        site.egress("destroy", NEW, "--yes", code=0)
        assert site.objects() == {}

    def test_a_rename_is_refused_while_the_old_file_stands_or_the_new_one_has_objects(self, site: Site) -> None:
        assert "is still there" in site.egress("rename", STACK, STACK, "--yes", code=1).stderr
        site.egress("apply", STACK, "--yes", code=0)
        assert "has a state of its own" in site.egress("rename", "wld00", STACK, "--yes", code=1).stderr
        rename(site)
        assert "no state of wld00" in site.egress("rename", "wld00", NEW, "--yes", code=1).stderr

    def test_a_state_that_was_moved_by_hand_is_told_and_rename_writes_the_file(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        rename(site)
        state(site).rename(state(site, NEW))
        assert "state-of-another-stack" in rules(site, "plan", NEW, code=2)
        site.egress("apply", NEW, "--yes", code=1)
        site.egress("rename", STACK, NEW, "--yes", code=0)
        site.egress("plan", NEW, code=0)


class TestRemoved:
    def test_a_stack_without_a_file_is_destroyed_by_what_was_remembered(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        (site.root / "domains" / f"{STACK}.yaml").unlink()
        site.egress("destroy", STACK, "--yes", code=0)
        assert site.objects() == {}
        assert (
            "this checkout did not apply it: give --from REF" in site.egress("destroy", STACK, "--yes", code=1).stderr
        )

    def test_or_by_what_git_had(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        git = ["git", "-C", str(site.root), "-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "main.py", "cdktf.json", "domains"], check=True)
        subprocess.run([*git, "commit", "-qm", "with the file"], check=True)
        (site.root / "domains" / f"{STACK}.yaml").unlink()
        (site.root / ".lab" / ".egress" / "stacks" / f"{STACK}.json").unlink()
        assert "give --from REF" in site.egress("destroy", STACK, "--yes", code=1).stderr
        assert "git does not know" in site.egress("destroy", STACK, "--from", "nowhere", "--yes", code=1).stderr
        site.egress("destroy", STACK, "--from", "HEAD", "--yes", code=0)
        assert site.objects() == {}

    def test_what_is_remembered_and_damaged_is_told(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        (site.root / "domains" / f"{STACK}.yaml").unlink()
        file = site.root / ".lab" / ".egress" / "stacks" / f"{STACK}.json"
        whole = file.read_bytes()
        for damaged in (b"", whole[: len(whole) // 2], b"\xff\xfe", b"[]", b"{}", whole.replace(b"tier0:", b"tier9:")):
            file.write_bytes(damaged)
            assert "give --from REF" in site.egress("destroy", STACK, "--yes", code=1).stderr
        assert len(site.objects()) == 3
        file.write_bytes(whole)
        site.egress("destroy", STACK, "--yes", code=0)


class TestStrangers:
    def _put(self, site: Site, path: str, **body: object) -> None:
        with site._api() as api:
            api.patch(f"/policy/api/v1{path}", json=body).raise_for_status()

    def test_a_rule_that_matches_before_ours_is_drift(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        foreign = f"{TIER0}/nat/USER/nat-rules/foreign"
        self._put(
            site,
            foreign,
            action="REFLEXIVE",
            source_network="30.0.0.0/28",
            translated_network="10.27.51.160/28",
            sequence_number=1,
        )
        assert rules(site, "drift", STACK, code=2) == {"foreign-rule-first"}
        told = site.egress("drift", STACK, code=2).stderr
        assert (
            "REFLEXIVE foreign, which no stack of this tool made (section USER, priority 1) matches 30.0.0.0/28 before"
            in told
        )
        self._put(
            site,
            foreign,
            action="REFLEXIVE",
            source_network="30.0.0.0/28",
            translated_network="10.27.51.160/28",
            sequence_number=900,
        )
        site.egress("drift", STACK, code=0)

    def test_a_second_default_route_and_a_second_rule_are_refused_before_and_told_after(self, site: Site) -> None:
        hop = [{"ip_address": "10.27.51.77", "admin_distance": 1}]
        self._put(site, f"{TIER0}/static-routes/foreign", network="0.0.0.0/0", next_hops=hop)
        self._put(
            site,
            f"{TIER0}/nat/USER/nat-rules/foreign",
            action="REFLEXIVE",
            source_network="30.0.0.16",
            translated_network="10.27.51.160",
            sequence_number=5,
        )
        assert rules(site, "plan", STACK, code=2) == {"second-default-route", "second-rule-for-a-source"}
        assert "refused, nothing was changed" in site.egress("apply", STACK, "--yes", code=1).stderr
        assert {ROUTE, TKG} & set(site.objects()) == set()
        file = site.root / "domains" / f"{STACK}.yaml"
        reason = "the network team keeps both until the move is done"
        suppressed = "".join(
            f"  - {{rule: {rule}, reason: {reason}}}\n" for rule in ("second-default-route", "second-rule-for-a-source")
        )
        file.write_text(f"{file.read_text()}{suppressed}")
        site.egress("apply", STACK, "--yes", code=0)
        site.egress("drift", STACK, code=0)

    def test_objects_of_a_stack_that_nobody_knows_are_told(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        tags = [{"scope": "managed-by", "tag": "tier0-egress"}, {"scope": "stack", "tag": "lost"}]
        self._put(
            site,
            f"{TIER0}/nat/USER/nat-rules/lost-egress-tkg",
            action="REFLEXIVE",
            source_network="30.9.0.16",
            translated_network="10.27.51.160",
            sequence_number=500,
            tags=tags,
        )
        assert rules(site, "drift", STACK, code=2) == {"objects-of-no-stack"}

    def test_another_ha_mode_or_uplink_than_declared_is_drift(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        file = site.root / "domains" / f"{STACK}.yaml"
        file.write_text(file.read_text().replace("10.27.51.147/24", "10.27.51.148/24"))
        assert "uplink-differs" in rules(site, "drift", STACK, code=2)
        assert (
            "the file says 10.27.51.148/24, edge02-uplink1 has 10.27.51.147/24"
            in site.egress("drift", STACK, code=2).stderr
        )

    def test_a_gateway_that_cannot_be_read_is_no_green_drift(self, site: Site) -> None:
        site.egress("apply", STACK, "--yes", code=0)
        site.lab.control.fault(method="GET", path="*/locale-services", status=403, times=9)
        told = site.egress("drift", STACK, code=1).stderr
        assert "was not seen: " in told
        assert "no drift" not in told
