"""The record of an apply: who applied which plan to what and when, what became of each object, and whether anything was left to do.

For programs as JSON (format "egress-apply", version 1), for a job summary as Markdown. It holds what the plan showed, and no secret.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib import metadata
from typing import Any

from egress import escape
from egress.delivery.content.network_words import Told, told
from egress.delivery.outcome.aftermath import Proof
from egress.delivery.planning.plans import Plan

FORMAT = {"format": "egress-apply", "version": 1}
_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "BUILD_USER_ID")
"""Where a CI system says who started a job: GitHub, GitLab, Azure Pipelines, Jenkins' build-user-vars (their documentation)."""
_DONE = {True: "yes", False: "no", None: "not known"}


class Result(StrEnum):
    """How a stack's apply ended, beside the outcomes of `plans.apply`."""

    REFUSED = "refused"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    NOT_EMPTY = "applied, and something is left to do"
    NOT_PROVEN = "applied, and whether anything is left to do is not known"


@dataclass
class Entry:
    """What happened to one stack. done: by the address of an object. proof: None where no plan was made afterwards.

    flows: the walk of the domain's flows after the apply, as JSON; None where nobody walked.
    """

    plan: Plan
    begun: str
    ended: str = ""
    outcome: str = ""
    done: dict[str, bool | None] = field(default_factory=dict)
    proof: Proof | None = None
    error: str = ""
    flows: Any = None

    @property
    def objects(self) -> tuple[Told, ...]:
        """What the plan is about."""
        return told(self.plan.content)

    def as_data(self) -> dict[str, Any]:
        """For programs."""
        stack = self.plan.stack
        return {
            "stack": stack.name,
            "target": stack.run.target(stack.domain),
            "verb": self.plan.verb.value,
            "plan_sha256": self.plan.digest,
            "begun": self.begun,
            "ended": self.ended,
            "outcome": str(self.outcome),
            "error": self.error or None,
            "versions": {
                "egress": metadata.version("tier0-egress"),
                "engine": str(stack.run.engine),
                "provider": str(stack.run.provider),
            },
            "objects": [self._object(one) for one in self.objects],
            "plan_after": _proof(self.proof),
            "flows": self.flows,
        }

    def _object(self, one: Told) -> dict[str, Any]:
        return {
            "object": one.object,
            "address": one.address,
            "became": one.became.value,
            "before": one.before or None,
            "after": one.after or None,
            "values": [{"attribute": v.attribute, "before": v.before, "after": v.after} for v in one.values],
            "done": self.done.get(one.address),
        }


@dataclass
class Record:
    """An apply over stacks, as far as it has come. stacks: that were asked for. error: what ended it."""

    stacks: tuple[str, ...]
    begun: str = field(default_factory=lambda: now())
    entries: list[Entry] = field(default_factory=list)
    error: str = ""

    def packed(self) -> Any:
        """What happened in this process since it was last asked, for another one."""
        happened, self.entries = self.entries, []
        return happened

    def unpacked(self, packed: Any) -> None:
        """Adds what happened in another process."""
        self.entries += packed

    def as_data(self, env: Mapping[str, str] = os.environ) -> dict[str, Any]:
        """For programs. `not_reached`: stacks that were left as they were, as an earlier one ended the run."""
        seen = {entry.plan.stack.name for entry in self.entries}
        return FORMAT | {
            "who": who(env),
            "job": _job(env),
            "begun": self.begun,
            "ended": now(),
            "error": self.error or None,
            "stacks": [entry.as_data() for entry in self.entries],
            "not_reached": [name for name in self.stacks if name not in seen],
        }

    def as_markdown(self, env: Mapping[str, str] = os.environ) -> str:
        """For a job summary: per stack the outcome, its objects, and whether a plan afterwards was empty."""
        lines = [f"## Applied by {escape.markdown(who(env)['name'])}, {self.begun}", ""]
        for entry in self.entries:
            lines += _entry(entry)
        data = self.as_data(env)
        if data["not_reached"]:
            lines += [f"Not reached: {', '.join(map(escape.markdown, data['not_reached']))}", ""]
        if self.error and not any(entry.error for entry in self.entries):
            lines += [escape.code_block(self.error), ""]
        return "\n".join([*lines, ""])


def now() -> str:
    """This moment in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def who(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Who applies: the login that a CI system names, else the user of this machine; and from where that is known."""
    for name in _ACTORS:
        if env.get(name):
            return {"name": env[name], "known_by": name}
    try:
        return {"name": getpass.getuser(), "known_by": "the user of this machine"}
    except (KeyError, OSError):  # a container may run under a number that has no name
        return {"name": str(os.getuid()), "known_by": "the user of this machine"}


def _job(env: Mapping[str, str]) -> str | None:
    """The address of the job's page."""
    if env.get("CI_JOB_URL"):
        return env["CI_JOB_URL"]
    parts = [env.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else None


def _proof(proof: Proof | None) -> dict[str, Any] | None:
    if proof is None:
        return None
    return {"empty": proof.empty, "differs": list(proof.differs), "why_not": proof.why_not or None}


def _entry(entry: Entry) -> list[str]:
    stack = entry.plan.stack
    target = escape.markdown(stack.run.target(stack.domain))
    lines = [
        f"### {escape.markdown(stack.name)}: {entry.outcome}",
        "",
        f"On {target}, plan {escape.code_span(entry.plan.digest)}",
        "",
    ]
    if entry.objects:
        lines += ["| object | became | before | after | done |", "|---|---|---|---|---|"]
        lines += [_row(one, entry.done.get(one.address)) for one in entry.objects]
        lines.append("")
    if entry.proof is not None:
        lines += [_PROOFS[entry.proof.empty], ""]
        lines += [f"* {escape.markdown(one)}" for one in entry.proof.differs] + ([""] if entry.proof.differs else [])
    if entry.flows:
        lines += ["What happens to packets now:", ""]
        lines += [f"* {escape.markdown(one['told'])}" for one in entry.flows]
        lines.append("")
    return [*lines, *([escape.code_block(entry.error), ""] if entry.error else [])]


_PROOFS = {
    True: "A plan right after it is empty.",
    False: "**A plan right after it is not empty:**",
    None: "Whether anything is left to do is not known: no plan could be made.",
}


def _row(one: Told, done: bool | None) -> str:
    cells = [one.object, one.became.value]
    if one.values:
        cells += [
            "; ".join(f"{v.attribute} {v.before}" for v in one.values),
            "; ".join(f"{v.attribute} {v.after}" for v in one.values),
        ]
    else:
        cells += [one.before, one.after]
    return f"| {' | '.join(map(escape.markdown, cells))} | {_DONE[done]} |"
