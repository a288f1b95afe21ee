"""`egress drift --issue`: one issue per stack, opened, updated, kept open while nothing is known, closed when it is well."""

from __future__ import annotations

import pytest

from egress.checks import Report
from egress.delivery.content.drift import Changed, Drift
from egress.forge.github import LABEL
from egress.review import drift_issue
from tests.e2e.sites import SUPERVISOR, Site
from tests.forge.github import Forge

HOSTILE = "@team ![x](http://evil) #1 <b> | /close\n~label"


def drift_of(value: str, count: int = 1) -> list[Drift]:
    changed = tuple(Changed("display_name", "a", value) for _ in range(count))
    return [Drift("nsxt_policy_nat_rule.x", SUPERVISOR, False, changed)]


def test_the_same_drift_gives_the_same_words_and_hostile_ones_do_nothing() -> None:
    said = drift_issue.body("wld01", "nsx.example.com", drift_of(HOSTILE), Report(()))
    assert said == drift_issue.body("wld01", "nsx.example.com", drift_of(HOSTILE), Report(()))
    for acting in ("@team", "![x]", "](", "#1", "<b>", "\n~"):
        assert acting not in said
    assert "`egress apply wld01`" in said


def test_what_does_not_fit_is_counted() -> None:
    said = drift_issue.body("wld01", "nsx", drift_of("x" * 1000, 100), Report(()))
    assert len(said) < 30_000
    assert " more, which `egress drift` shows" in said


def test_what_was_known_stays_while_a_stack_cannot_be_compared_and_is_not_told_twice() -> None:
    once = drift_issue.not_compared("wld01", "no answer", "a table")
    again = drift_issue.not_compared("wld01", "still none", once)
    assert again.count("a table") == 1
    assert ("no answer" in again, "still none" in again) == (False, True)
    assert again == drift_issue.not_compared("wld01", "still none", again)
    assert "What was seen last" not in drift_issue.not_compared("wld01", "no answer", "")


@pytest.fixture
def nightly(site: Site, forge: Forge, job: dict[str, str]) -> Site:
    """An applied domain on a lab, and a job of the repository without a pull request."""
    with (site.root / "main.py").open("a") as program:
        program.write("\nimport os\nassert 'GITHUB_TOKEN' not in os.environ, 'what runs here is not to post'\n")
    site.egress("apply", "--yes", code=0)
    site.env |= {key: value for key, value in job.items() if key != "GITHUB_REF"} | {"NO_PROXY": "*"}
    return site


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_a_night_opens_the_next_updates_and_the_last_closes(nightly: Site, forge: Forge) -> None:
    night = ["drift", "--issue", "github"]
    other = forge.put_issue("drift", "<!-- tier0-egress: drift wld99 -->\na", labels=(LABEL,))
    nightly.egress(*night, "wld01", code=0)
    assert other["state"] == "open"
    assert "wld99: issue closed" in nightly.egress(*night, code=0).stderr
    assert other["state"] == "closed"
    forge.issues.clear()

    nightly.write(SUPERVISOR, description="by hand @team")
    done = nightly.egress(*night, code=2)
    (issue,) = forge.issues
    assert f"wld01: issue made ({issue['html_url']})" in done.stderr
    assert "by hand @<!-- -->team" in issue["body"]
    before = len([one for one in forge.asked if one.method != "GET"])
    assert "wld01: issue unchanged" in nightly.egress(*night, code=2).stderr
    assert len([one for one in forge.asked if one.method != "GET"]) == before

    nightly.write(SUPERVISOR, description="by hand", enabled=False)
    assert "wld01: issue updated" in nightly.egress(*night, code=2).stderr
    assert "| enabled |" in issue["body"]

    (state,) = nightly.root.rglob("wld01.tfstate")
    for file, damage in ((state, "{"), (nightly.root / "main.py", "raise SystemExit('no')")):
        whole = file.read_text()
        file.write_text(damage)
        assert "wld01: issue updated" in nightly.egress(*night, code=1).stderr
        assert (issue["state"], len(forge.issues)) == ("open", 1)
        assert "could not be compared by the last run" in issue["body"]
        assert "| enabled |" in issue["body"]
        file.write_text(whole)

    token = nightly.env.pop("GITHUB_TOKEN")
    nightly.egress("apply", "--yes", code=0)
    nightly.env["GITHUB_TOKEN"] = token
    assert "wld01: issue closed" in nightly.egress(*night, code=0).stderr
    assert issue["state"] == "closed"
    assert ": issue" not in nightly.egress(*night, code=0).stderr

    nightly.write(SUPERVISOR, description="again")
    assert "wld01: issue opened again" in nightly.egress(*night, code=2).stderr
    assert (issue["state"], len(forge.issues)) == ("open", 1)


@pytest.mark.e2e
def test_without_a_token_nothing_is_compared(nightly: Site, forge: Forge) -> None:
    del nightly.env["GITHUB_TOKEN"]
    done = nightly.egress("drift", "--issue", "github", code=1)
    assert done.stderr.startswith("egress: GITHUB_TOKEN is not set")
    assert forge.asked == []
