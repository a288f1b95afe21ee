"""The gate over a real plan of a real engine, between a branch and its base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.sites import STACK, TKG, Site
from tests.repositories import git

pytestmark = pytest.mark.e2e

OVERRIDE = """version: 1
overrides:
  - rule: next-hop-moved
    stack: wld01
    who: Nora of the network team
    why: the new router takes over 10.27.51.2
    until: 2999-12-31
    ticket: CHG0042
"""


def commit(root: Path, message: str) -> None:
    git(root, "add", "domains", "cdktf.json", "main.py", *(["gate.yaml"] if (root / "gate.yaml").exists() else []))
    git(root, "commit", "-q", "-m", message)


def gate(site: Site, plans: Path, code: int) -> str:
    return site.egress("gate", str(plans), "--base", "main", code=code).stdout


def test_a_next_hop_moves_once_somebody_answers_for_it_on_the_base(site: Site, tmp_path: Path) -> None:
    plans, file = tmp_path / "plans", site.root / "domains" / f"{STACK}.yaml"
    git(site.root, "init", "-q")
    commit(site.root, "the domain")
    site.egress("plan", STACK, "--out", str(plans), code=2)
    assert "the gate passes: 1 plan" in gate(site, plans, 0), "a first plan only makes things"
    site.egress("apply", "--saved", str(plans), "--yes", code=0)

    git(site.root, "checkout", "-q", "-b", "branch")
    file.write_text(file.read_text().replace("{address: 10.27.51.1}", "{address: 10.27.51.2}"))
    (site.root / "gate.yaml").write_text(OVERRIDE)
    commit(site.root, "another router, and I answer for myself")
    site.egress("plan", STACK, "--out", str(plans), code=2)
    said = gate(site, plans, 2)
    assert "override: default route: next hop 10.27.51.1 -> 10.27.51.2 [next-hop-moved]" in said
    assert "the override by Nora of the network team does not count: it is not on main" in said

    git(site.root, "checkout", "-q", "main")
    git(site.root, "checkout", "-q", "branch", "--", "gate.yaml")
    commit(site.root, "Nora answers")
    git(site.root, "checkout", "-q", "branch")
    assert "Nora of the network team answers for it until 2999-12-31 (CHG0042)" in gate(site, plans, 0)

    site.write(TKG, translated_network="10.27.51.99")
    site.egress("plan", STACK, "--out", str(plans), code=2)
    drifted = gate(site, plans, 2)
    assert (
        "NAT rule for 30.0.0.16 was changed by hand (translated network 10.27.51.147 -> 10.27.51.99), and the plan undoes that"
        in drifted
    )
    site.write(TKG, translated_network="10.27.51.147")
    site.egress("plan", STACK, "--out", str(plans), code=2)
    gate(site, plans, 0)
    site.egress("apply", "--saved", str(plans), "--yes", code=0)


def test_what_somebody_took_away_by_hand_is_not_put_back_in_silence(site: Site, tmp_path: Path) -> None:
    plans, file = tmp_path / "plans", site.root / "domains" / f"{STACK}.yaml"
    site.egress("apply", STACK, "--yes", code=0)
    site.delete(TKG)
    file.write_text(file.read_text().replace("10.27.51.145}", "10.27.51.146}"))
    site.egress("plan", STACK, "--out", str(plans), code=2)
    found = json.loads(site.egress("gate", str(plans), "--json", code=2).stdout)["findings"]
    (stops,) = [one for one in found if one["stops"]]
    assert (stops["rule"], stops["what"]) == (
        "overwrites-drift",
        "NAT rule for 30.0.0.16 was deleted by hand, and the plan undoes that",
    )
    (seen,) = [one for one in found if one["rule"] == "flow-seen-otherwise"]
    assert "seen as 10.27.51.145 -> will work, seen as 10.27.51.146" in seen["what"]


def test_the_end_of_the_last_domain_is_one_finding_that_somebody_answers_for_on_the_base(
    site: Site, tmp_path: Path
) -> None:
    plans = tmp_path / "plans"
    git(site.root, "init", "-q")
    commit(site.root, "the domain")
    site.egress("apply", STACK, "--yes", code=0)
    git(site.root, "checkout", "-q", "-b", "branch")
    git(site.root, "rm", "-q", f"domains/{STACK}.yaml")
    (site.root / "gate.yaml").write_text(OVERRIDE.replace("next-hop-moved", "stack-destroyed"))
    git(site.root, "add", "gate.yaml")
    git(site.root, "commit", "-q", "-m", "an end, and I answer for myself")
    site.egress("plan", "--base", "main", "--out", str(plans), code=2)
    (one,) = [line for line in gate(site, plans, 2).splitlines() if line.startswith(("  deny", "  override"))]
    assert one.startswith("  override: all 3 objects of the stack are deleted: default route, NAT rule for 30.0.0.5,")

    git(site.root, "checkout", "-q", "main")
    git(site.root, "checkout", "-q", "branch", "--", "gate.yaml")
    commit(site.root, "Nora answers")
    git(site.root, "checkout", "-q", "branch")
    assert "Nora of the network team answers for it" in gate(site, plans, 0)
