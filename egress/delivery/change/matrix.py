"""The fan-out of a CI system over affected stacks, as one JSON value.

GitHub: a job matrix (`strategy.matrix: ${{ fromJSON(...) }}`), 256 jobs at most, and an empty one is an error of the workflow
(GitHub Docs, "Running variations of jobs in a workflow"). GitLab: `parallel:matrix` is fixed when a pipeline is made, so that
what is found by a job needs a child pipeline, whose file is that job's artifact; YAML, of which JSON is a part. 200 jobs at most,
and a pipeline without a job is an error (GitLab Docs, "CI/CD YAML syntax reference", parallel:matrix and trigger:include:artifact).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from egress.delivery.change.affected import Affected, Change, Why
from egress.domain import EgressError

GITLAB_FILE = "/.gitlab/egress-stack.yml"
"""The file of the repository that the child pipeline takes its job from."""
GITLAB_JOB = ".egress-stack"
"""That job, which finds STACK, VERB and TIER0 in its environment."""


class System(StrEnum):
    """A CI system."""

    GITHUB = "github"
    GITLAB = "gitlab"

    @property
    def most(self) -> int:
        """Jobs that a matrix may have."""
        return {System.GITHUB: 256, System.GITLAB: 200}[self]


@dataclass(frozen=True)
class Entry:
    """A job of the fan-out: its stacks, sorted, and their Tier-0s. destroys: one of them at least is planned to be destroyed."""

    stacks: tuple[str, ...]
    tier0s: tuple[str, ...]
    destroys: bool

    @property
    def values(self) -> dict[str, str]:
        """Texts: a shell takes several names apart at the blanks, and no name has one."""
        verb = "destroy" if self.destroys else "plan"
        return {"stack": " ".join(self.stacks), "verb": verb, "tier0": " ".join(self.tier0s)}


def entries(change: Change, chunks: int | None, most: int) -> tuple[Entry, ...]:
    """The jobs: one a stack; with `chunks` so many at most, the stacks of one Tier-0 in one of them.

    Errors: EgressError for more jobs than the `most` that the CI system takes.
    """
    if chunks is not None and chunks > most:
        raise EgressError(
            f"{chunks} chunks, this CI system takes {most} jobs in a matrix at most: give --chunks {most}"
        )
    if chunks is None:
        groups = [[one] for one in change.stacks]
        if len(groups) > most:
            raise EgressError(
                f"{len(groups)} stacks, this CI system takes {most} jobs in a matrix at most: give --chunks {most}, or fewer"
            )
    else:
        groups = _chunks(list(_by_gateway(change).values()), chunks)
    return tuple(_entry(change, group) for group in groups)


def value(found: Sequence[Entry], system: System) -> dict[str, Any]:
    """What the CI system takes."""
    if system is System.GITHUB:
        return {"include": [one.values for one in found]}
    if not found:
        return {"nothing-to-plan": {"script": ["echo no stack is affected"]}}
    matrix = [{name.upper(): text for name, text in one.values.items()} for one in found]
    return {"include": [{"local": GITLAB_FILE}], "egress": {"extends": GITLAB_JOB, "parallel": {"matrix": matrix}}}


def _by_gateway(change: Change) -> dict[object, list[Affected]]:
    """The stacks by Tier-0; one whose file cannot be read is by itself."""
    groups: dict[object, list[Affected]] = {}
    for one in change.stacks:
        groups.setdefault(change.gateways.get(one.stack, one.stack), []).append(one)
    return groups


def _chunks(groups: list[list[Affected]], count: int) -> list[list[Affected]]:
    """The groups in `count` parts at most, none of them taken apart: the largest first, each to the smallest part."""
    parts: list[list[Affected]] = [[] for _ in range(min(count, len(groups)))]
    for group in sorted(groups, key=len, reverse=True):
        min(parts, key=len).extend(group)
    return [sorted(part, key=lambda one: one.stack) for part in parts]


def _entry(change: Change, group: Sequence[Affected]) -> Entry:
    gateways = sorted({change.gateways[one.stack].name for one in group if one.stack in change.gateways})
    return Entry(tuple(one.stack for one in group), tuple(gateways), any(one.why is Why.REMOVED for one in group))
