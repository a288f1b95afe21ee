"""A folder of saved plans: what is missing or edited in it is never taken for a good result."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from egress.delivery.planning import saved
from egress.domain import EgressError
from egress.review import planned_run
from egress.review.comment import COMMENT, render
from egress.review.consequence import as_json
from egress.review.planned_run import AffectedStack, PlannedRun, failure
from tests.review.plans import TKG, plan, reviewed


def lay(directory: Path, stack: str = "wld01", of: str | None = None) -> Path:
    """A saved plan in `directory`, as egress plan --out lays it."""
    one = reviewed(of or stack, plan({TKG: None}))
    folder = directory / stack
    folder.mkdir(parents=True, exist_ok=True)
    files = dict.fromkeys(saved.FILES, b"x")
    files[saved.CONTENT] = json.dumps(one.content.raw).encode()
    files[saved.REVIEW] = as_json(one.review)
    note = {
        "format": "egress-plan",
        "version": 3,
        "stack": stack,
        "run": "target: x",
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / saved.NOTE).write_text(json.dumps(note))
    return folder


def affected(directory: Path, *stacks: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    told = [{"stack": stack, "why": "changed", "detail": "", "more": 1} for stack in stacks]
    (directory / planned_run.AFFECTED).write_text(json.dumps(told))


def test_plans_are_read_with_their_reviews(tmp_path: Path) -> None:
    lay(tmp_path, "b")
    lay(tmp_path, "a")
    run = PlannedRun.read(tmp_path)
    assert [one.stack for one in run.plans] == ["a", "b"]
    assert run.plans[0].digest == hashlib.sha256(b"x").hexdigest()
    assert run.plans[0].changes
    assert (run.failed, run.missing, run.affected) == ((), (), None)


def test_a_folder_without_anything_is_an_error_and_an_empty_list_of_stacks_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(EgressError, match="no saved plan in .*: egress plan --out"):
        PlannedRun.read(tmp_path)
    affected(tmp_path)
    assert PlannedRun.read(tmp_path).affected == ()


def test_an_affected_stack_without_plan_or_failure_is_missing(tmp_path: Path) -> None:
    affected(tmp_path, "a", "b", "c")
    lay(tmp_path, "a")
    failure("b", "boom").write(tmp_path)
    run = PlannedRun.read(tmp_path)
    assert [one.stack for one in run.plans] == ["a"]
    assert [one.stack for one in run.failed] == ["b"]
    assert run.missing == (AffectedStack("c", "changed"),)


def test_a_failure_takes_the_place_of_the_plan_of_an_earlier_run(tmp_path: Path) -> None:
    lay(tmp_path, "a")
    failure("a", "y" * 50_000).write(tmp_path)
    run = PlannedRun.read(tmp_path)
    assert not run.plans
    assert len(run.failed[0].words) == 20_000
    assert (tmp_path / "a" / planned_run.FAILED).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", [*saved.FILES])
def test_an_edited_file_is_refused(tmp_path: Path, name: str) -> None:
    file = lay(tmp_path) / name
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(EgressError, match="is not what was saved, its digest differs"):
        PlannedRun.read(tmp_path)


def test_the_review_of_another_stack_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, "wld01", of="wld02")
    with pytest.raises(EgressError, match="the review of the saved plan is of 'wld02'"):
        PlannedRun.read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"stack": ""}]', b'[{"stack": 1, "why": "x"}]', b"\xff"])
def test_a_list_of_affected_stacks_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    lay(tmp_path)
    (tmp_path / planned_run.AFFECTED).write_bytes(content)
    with pytest.raises(EgressError, match="the list of affected stacks .* cannot be read"):
        PlannedRun.read(tmp_path)


def test_a_removed_stack_of_which_nothing_is_left_is_not_missing_and_a_changed_one_cannot_hide_so(
    tmp_path: Path,
) -> None:
    told = [{"stack": "a", "why": "removed"}, {"stack": "b", "why": "changed"}]
    (tmp_path / planned_run.AFFECTED).write_text(json.dumps(told))
    for stack in ("a", "b"):
        lay(tmp_path, stack)
        planned_run.GoneStack(stack).write(tmp_path)
    run = PlannedRun.read(tmp_path)
    assert not run.plans, "what an earlier run left is taken away"
    assert run.missing == (AffectedStack("b", "changed"),)
    assert "| a | removed: nothing of it is left" in render(run, COMMENT)


def test_the_note_of_another_stack_hides_nothing(tmp_path: Path) -> None:
    planned_run.GoneStack("a").write(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    with pytest.raises(EgressError, match="is of 'a'"):
        PlannedRun.read(tmp_path)
