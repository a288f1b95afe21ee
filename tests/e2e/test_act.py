"""The workflows that `egress init` writes, run whole by act: package from a folder of wheels, jobs in folders of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.e2e.act import WorkflowRun, shelf
from tests.e2e.hosted import Hosted, hosted
from tests.e2e.sites import REPOSITORY
from tests.e2e.test_workflow import plain

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
FORK = "somebody/egress"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shelf(tmp_path_factory.mktemp("shelf") / "packages")


@pytest.fixture
def here(tmp_path: Path, wheel: Path, packages: Path, any_engine: dict[str, str]) -> Iterator[Hosted]:
    with hosted(tmp_path, wheel, packages, any_engine) as made:
        yield made


def test_a_pull_request_of_a_fork_is_planned_on_a_lab_that_has_the_base(here: Hosted) -> None:
    here.branch("change")
    file = here.root / "domains" / "wld01.yaml"
    file.write_text(file.read_text().replace("translated: 10.27.51.4", "translated: 10.27.51.148"))
    here.commit("another address")
    run = here.pull_request("change", of=FORK)
    assert set(run.jobs) == {"check", "lab"}, "no job of ours runs for a fork"
    assert "| wld01 | changed |" in run.one("check").summary
    run.one("lab")
    assert here.forge.comments == [], "its token may only read"

    here.comments_for(run, FORK).one("comment")
    (comment,) = here.forge.comments
    told = plain(comment["body"])
    assert "wld01: 0 to add, 1 to change, 0 to destroy" in told, "the base was applied to the lab first"
    assert "target: lab 127.0.0.1:" in told
    assert "nobody has looked into it" in told


def test_a_pull_request_that_moves_no_stack_is_told_so_by_packages_held_to_their_hashes(here: Hosted) -> None:
    (wheel,) = (here.root / "wheels").iterdir()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = f"--no-index\n--find-links wheels\ntier0-egress=={metadata.version('tier0-egress')} --hash=sha256:{digest}\n"
    lock += "".join((REPOSITORY / "requirements" / name).read_text() for name in ("lock.txt", "engine.txt"))
    (here.root / "requirements.lock").write_text(lock)
    here.commit("locked")
    here.branch("words")
    (here.root / "README.md").write_text("other words\n")
    here.commit("other words")
    run = here.pull_request("words")
    assert set(run.jobs) == {"check", "review"}
    run.one("review")
    (comment,) = here.forge.comments
    assert "no stack changes" in comment["body"]

    (here.root / "requirements.lock").write_text(lock.replace(digest, "0" * 64))
    here.commit("another package of that name and version")
    refused = here.pull_request("words").one("check", "failure")
    assert "DO NOT MATCH THE HASHES" in refused.log


def test_a_strangers_artifact_is_data_and_says_nothing_for_itself(here: Hosted) -> None:
    here.branch("change")
    here.forge.pull_requests[12] = ("somebody:change", here.commit_of("change"))
    ended = WorkflowRun(77, 0, {}, "")
    left = here.actions.artifacts / "77" / "egress-affected"
    left.mkdir(parents=True)
    told = [{"stack": "wld01", "why": "changed", "detail": "@everyone [free](https://evil.example)"}]
    (left / "affected.json").write_text(json.dumps(told))
    (left / "comment.md").write_text("# approved by the network team")
    here.comments_for(ended, FORK).one("comment")
    (comment,) = here.forge.comments
    assert "no plan of it is here" in comment["body"]
    assert "evil" not in comment["body"]
    assert "approved by" not in comment["body"]

    (left / "wld01").mkdir()
    (left / "wld01" / "plan.json").symlink_to("/etc/hostname")
    refused = here.comments_for(ended, FORK).one("comment", "failure")
    assert "is a link, a pipe or a folder" in refused.log
    assert len(here.forge.comments) == 1
