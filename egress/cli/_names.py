"""Names that are typed on a command line: stacks, edges, senders, rules. What they mean, and how a shell completes them.

The values come from the project's domain files, read when a shell asks; files that are wrong are passed over there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from egress.cli.context import Project
from egress.domain import EgressError, WorkloadDomain
from egress.domain.fields import quoted
from egress.domain.files import DEFAULTS, FOLDER
from egress.layout import Places

Decorated = Callable[..., Any]


def is_path(name: str) -> bool:
    """Whether a name is a file's path and no stack: it has a slash, or `.yaml` at its end."""
    return "/" in name or name.endswith((".yaml", ".yml"))


class _Completed(click.ParamType[str]):
    """A text that a shell completes with `values`, and with files where `files` is true."""

    files = False

    def values(self, ctx: click.Context) -> Iterable[str]:
        """What may be typed, in the order in which it is offered. Errors: EgressError, which means nothing."""
        raise NotImplementedError

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The values that begin as what was typed."""
        try:
            found = [CompletionItem(value) for value in dict.fromkeys(self.values(ctx)) if value.startswith(incomplete)]
        except EgressError:
            found = []
        return [*found, CompletionItem(incomplete, type="file")] if self.files and not found else found


class StackName(_Completed):
    """A stack's name. The path of its domain file means the same. remembered: of stacks whose file is gone, too."""

    name = "stack"
    files = True

    def __init__(self, *, remembered: bool = False) -> None:
        self._remembered = remembered

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The stack's name; whether there is such a stack is another question. Errors: click's, for a path elsewhere."""
        project = ctx.find_object(Project) if ctx else None
        if project is None or not is_path(value):
            return value
        if found := _stack_of(value, project.root):
            return found
        near = (
            f"did you mean {FOLDER}/{value}?"
            if (project.root / FOLDER / value).is_file()
            else "give one, or the stack's name"
        )
        told = f"{quoted(value)} is no domain file below {FOLDER}/ of this project: {near}"
        raise click.BadParameter(told, ctx=ctx, param=param)

    def values(self, ctx: click.Context) -> Iterable[str]:
        project = project_of(ctx)
        return [*project.stacks, *(_forgotten(project) if self._remembered else ())]


def _stack_of(path: str, root: Path) -> str | None:
    """The stack that a file below a project's `domains` gives, whether or not the file is still there."""
    file = Path.cwd() / path
    at = Path(os.path.normpath(file.parent.resolve() / file.name))
    if not at.is_relative_to(root / FOLDER) or at.name == DEFAULTS or at.suffix != ".yaml":
        return None
    return "-".join(at.relative_to(root / FOLDER).with_suffix("").parts)


def _forgotten(project: Project) -> Iterable[str]:
    """Stacks without a file that this checkout remembers."""
    folder = Places(project.root, project.lab is not None).remembered("").parent
    return sorted(file.stem for file in folder.glob("[!.]*.json"))


class StackOrFile(StackName):
    """A stack, or any domain file: the text as it was typed."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text itself."""
        return value


class Losable(_Completed):
    """What can fail of the stacks that were named before, of all where none was: edges, uplinks, next hops, networks of uplinks."""

    name = "what"

    def values(self, ctx: click.Context) -> Iterable[str]:
        domains = _named(ctx)
        uplinks = [uplink for domain in domains for uplink in domain.tier0.uplinks]
        found = [*(one.edge for one in uplinks), *(one.id for one in uplinks)]
        found += [str(hop.address) for domain in domains for hop in domain.default_route.next_hops]
        return found + [str(one.address.network) for one in uplinks]


class Sender(_Completed):
    """Whose packets: a mapping, a Tier-1, or the outside."""

    name = "sender"

    def __init__(self, *further: str) -> None:
        self._further = further

    def values(self, ctx: click.Context) -> Iterable[str]:
        found = list(self._further)
        for domain in _named(ctx):
            found += domain.egress.mappings
            found += domain.tier1s
        return found


class Target(_Completed):
    """Where packets go: what has a name, and the DNS servers."""

    name = "target"

    def values(self, ctx: click.Context) -> Iterable[str]:
        return ["registry", "ingress", *(str(server) for domain in _named(ctx) for server in domain.dns_addresses)]


class RuleId(_Completed):
    """A preflight rule's id."""

    name = "rule"

    def values(self, ctx: click.Context) -> Iterable[str]:
        from egress.checks import RULES

        return sorted(rule.id for rule in RULES)


class GateRuleId(_Completed):
    """The id of a rule of the gate."""

    name = "rule"

    def values(self, ctx: click.Context) -> Iterable[str]:
        from egress.review.gate.registry import BY_ID

        return sorted(BY_ID)


def project_of(ctx: click.Context) -> Project:
    """The project that a command line is about: also while it is typed, when no command has begun yet."""
    return ctx.find_object(Project) or Project(ctx.find_root().params.get("root"))


def _named(ctx: click.Context) -> tuple[WorkloadDomain, ...]:
    """The domains of the stacks that stand on the command line, all where there are none; those that can be read."""
    given = ctx.params.get("stacks") or ctx.params.get("stack") or ()
    names = {given} if isinstance(given, str) else set(given)
    names |= set(ctx.args)  # where an option still lacks its value, click has not told arguments apart
    root = project_of(ctx).root
    names = {(_stack_of(name, root) or name) if is_path(name) else name for name in names}
    domains = project_of(ctx).fleet.readable().domains
    return tuple(domain for domain in domains if domain.stack in names) or domains


def stacks_argument(function: Decorated) -> Decorated:
    """Any number of stacks; without one, all."""
    return click.argument("stacks", nargs=-1, metavar="[STACK]...", type=StackName())(function)


def stack_argument(function: Decorated) -> Decorated:
    """One stack."""
    return click.argument("stack", type=StackName())(function)
