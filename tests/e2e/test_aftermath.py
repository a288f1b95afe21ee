"""What an apply says when it has ended: how far it came, what to type next, that nothing is left to do; and the record that it keeps."""

from __future__ import annotations

import json
import time
from datetime import datetime

import pytest

from tests.e2e.sites import ROUTE, STACK, SUPERVISOR, TKG, Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


def test_a_failed_apply_says_what_was_done_and_the_command_that_ends_it(site: Site) -> None:
    site.env |= {"GITHUB_ACTOR": "octocat"}
    site.lab.control.fault(method="PATCH", path=f"*{SUPERVISOR}", status=400)
    failed = site.egress("apply", STACK, "--yes", "--record", "record.json", "--summary", "summary.md", code=1)
    assert f"egress: {STACK}: the apply failed, 2 of 3 done\n" in failed.stderr
    assert "  done: default route: new, next hop 10.27.51.1\n" in failed.stderr
    assert "  not done: NAT rule for 30.0.0.5: new, REFLEXIVE to 10.27.51.145, priority 100" in failed.stderr
    *_, advice = failed.stderr.strip().splitlines()
    assert advice == f"read the engine's words above, mend, then: egress apply {STACK}"

    record = json.loads((site.root / "record.json").read_text())
    assert (record["format"], record["version"]) == ("egress-apply", 1)
    assert record["who"] == {"name": "octocat", "known_by": "GITHUB_ACTOR"}
    (entry,) = record["stacks"]
    assert entry["outcome"] == "failed"
    assert [one["done"] for one in entry["objects"]] == [True, False, True]
    assert entry["plan_after"] is None

    done = site.egress(
        *advice.partition("egress ")[2].split(), "--yes", "--record", "record.json", "--summary", "summary.md", code=0
    )
    assert f"{STACK}: planned again, nothing is left to do" in done.stderr
    record = json.loads((site.root / "record.json").read_text())
    (entry,) = record["stacks"]
    (rule,) = entry["objects"]
    assert (rule["object"], rule["became"], rule["before"], rule["done"]) == (
        "NAT rule for 30.0.0.5",
        "new",
        None,
        True,
    )
    assert entry["plan_after"] == {"empty": True, "differs": [], "why_not": None}
    assert "image pulls from TKG: work, seen as 10.27.51.147" in [one["told"] for one in entry["flows"]]
    assert record["not_reached"] == []
    assert len(entry["plan_sha256"]) == 64
    assert entry["target"] == f"the lab {site.lab.host}"
    begun, ended = (datetime.fromisoformat(entry[name]) for name in ("begun", "ended"))
    assert begun <= ended
    assert begun.utcoffset() is not None
    summary = (site.root / "summary.md").read_text()
    assert summary.count("## Applied by octocat, ") == 2
    assert "A plan right after it is empty." in summary
    assert (site.root / "record.json").stat().st_mode & 0o077 == 0
    assert site.lab.password not in summary + json.dumps(record)


def test_what_somebody_changed_while_it_was_applied_is_found_by_the_plan_afterwards(site: Site) -> None:
    site.lab.control.realization(TKG, "hold")
    process = site.start("apply", STACK, "--yes", "--record", "record.json")
    deadline = time.monotonic() + 60
    while SUPERVISOR not in site.objects() or TKG not in site.objects():
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()[0]
    site.write(SUPERVISOR, translated_network="10.27.51.99")
    site.lab.control.realization(TKG, "REALIZED")
    words, _ = process.communicate(timeout=60)
    assert process.returncode == 1, words
    assert "applied, and a plan right after it is not empty:" in words
    assert "NAT rule for 30.0.0.5: translated network 10.27.51.99 -> 10.27.51.145" in words
    (entry,) = json.loads((site.root / "record.json").read_text())["stacks"]
    assert entry["outcome"] == "applied, and something is left to do"
    assert ROUTE in site.objects()


def test_a_record_that_cannot_be_written_stops_the_apply_before_it_begins(site: Site) -> None:
    refused = site.egress("apply", STACK, "--yes", "--record", "nowhere/record.json", code=1)
    assert "there is no folder" in refused.stderr
    assert site.objects() == {}
