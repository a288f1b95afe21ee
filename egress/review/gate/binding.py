"""What holds: a branch cannot loosen its own gate. Of the base's file and the branch's, the stricter word counts everywhere.

Rules and limits: the stricter of both. Frozen managers: those of both. Overrides: those that are on the base already; those of the branch
alone only where code owners of the base have to review its gate file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from egress.domain import DomainFileError, Problem, WorkloadDomain
from egress.domain.fields import listed, nearest, quoted
from egress.domain.managers import ManagerKey
from egress.domain.tree import Spot, follow
from egress.review.finding import Demand
from egress.review.gate.base import Base
from egress.review.gate.policy import Freeze, Given, PolicyFile
from egress.review.gate.registry import BY_ID, RULES


@dataclass(frozen=True)
class Answer:
    """An override, and why it does not count; empty where it does."""

    given: Given
    refused: str = ""


@dataclass(frozen=True)
class Binding:
    """What holds. `demands`: by rule; None for one that is off. `notes`: what there is to say of the files."""

    demands: Mapping[str, Demand | None]
    deletions: int
    frozen: tuple[Freeze, ...]
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]


def bind(here: PolicyFile, base: Base | None) -> Binding:
    """What holds of the branch's file and the base's. base: None where nobody gave one, as on a desk: then the branch's file alone holds."""
    there = base.gate if base else here
    demands = {rule.id: _stricter(_said(here, rule.id), _said(there, rule.id)) for rule in RULES}
    frozen = tuple(dict.fromkeys((*there.policy.frozen, *here.policy.frozen)))
    deletions = min(here.policy.limits.deletions, there.policy.limits.deletions)
    return Binding(demands, deletions, frozen, tuple(_answers(here, base)), tuple(_notes(here, base, demands)))


def _said(file: PolicyFile, rule: str) -> Demand | None:
    said = file.policy.rules.get(rule)
    return said.demand.demand if said else BY_ID[rule].demand


def _stricter(one: Demand | None, other: Demand | None) -> Demand | None:
    return max((one, other), key=lambda demand: -1 if demand is None else demand.strictness)


def _answers(here: PolicyFile, base: Base | None) -> Iterator[Answer]:
    there = base.gate.policy.overrides if base else here.policy.overrides
    yield from (Answer(given) for given in there)
    for given in here.policy.overrides:
        if given in there or base is None:
            continue
        refused = f"the override by {given.who} does not count: it is not on {base.name}, and no code owner there has to review the gate file"
        yield Answer(given, "" if base.owned_by else refused)


def _notes(here: PolicyFile, base: Base | None, demands: Mapping[str, Demand | None]) -> Iterator[str]:
    if base is None:
        if here.policy.overrides:
            yield "without --base nobody checked where the overrides come from: each of them counts"
    else:
        looser = [rule.id for rule in RULES if _said(here, rule.id) != demands[rule.id]]
        if looser:
            yield f"here looser than on {base.name}, where the stricter word holds: {listed(looser)}"
        if here.policy.limits.deletions > base.gate.policy.limits.deletions:
            yield f"limits.deletions is higher here than on {base.name}, which holds: {base.gate.policy.limits.deletions}"
        gone = [one.why for one in base.gate.policy.frozen if one not in here.policy.frozen]
        if gone:
            yield f"frozen on {base.name} and not here, which holds: {listed(gone)}"
        if base.owned_by and any(one not in base.gate.policy.overrides for one in here.policy.overrides):
            yield (
                f"overrides of this branch count, as {listed(base.owned_by)} own the gate file by CODEOWNERS of {base.name}: that holds only "
                "if the protection of the branch demands their review"
            )
    for rule, demand in demands.items():
        said = here.policy.rules.get(rule) or (base.gate.policy.rules.get(rule) if base else None)
        if demand is None and said:
            yield f"{rule} is off: {said.why}"


def refuse_unknown(
    file: PolicyFile, stacks: Collection[str], domains: Iterable[WorkloadDomain], known: PolicyFile | None = None
) -> None:
    """Errors: DomainFileError for a rule, a stack or a manager that there is not: misspelt, it would stop or free nothing, silently.

    known: what is on the base already, which is no longer asked for its stacks and managers: those may have gone since.
    """
    if file.tree is None:
        return
    problems = [*_unknown_rules(file)]
    hosts = {str(ManagerKey.of(domain.nsx.host)) for domain in domains}
    for number, given in enumerate(file.policy.overrides):
        if given.stack not in stacks and not (known and given in known.policy.overrides):
            problems.append(_unknown(file, ("overrides", number, "stack"), "stack", given.stack, stacks))
    for number, freeze in enumerate(file.policy.frozen):
        for place, host in enumerate(freeze.managers):
            if str(ManagerKey.of(host)) not in hosts and not (known and freeze in known.policy.frozen):
                problems.append(
                    _unknown(file, ("frozen", number, "managers", place), "domain file's manager", host, hosts)
                )
    if problems:
        raise DomainFileError(problems)


def _unknown_rules(file: PolicyFile) -> Iterator[Problem]:
    for name in file.policy.rules:
        at = ("rules", name)
        if name not in BY_ID:
            yield _unknown(file, at, "rule of the gate", name, BY_ID)
        elif BY_ID[name].fixed and _said(file, name) is not Demand.DENY:
            spot = _spot(file, at)
            yield Problem(spot.key_place, spot.key, f"{name} always denies, it cannot be set: take it out")
    for number, given in enumerate(file.policy.overrides):
        if given.rule not in BY_ID:
            yield _unknown(file, ("overrides", number, "rule"), "rule of the gate", given.rule, BY_ID)


def _unknown(file: PolicyFile, at: tuple[str | int, ...], what: str, name: str, known: Iterable[str]) -> Problem:
    names = sorted(known)
    near = nearest(name, names)
    meant = f"did you mean {near}?" if near else f"there are: {listed(names) or 'none'}"
    spot = _spot(file, at)
    return Problem(
        spot.key_place if at[0] == "rules" else spot.place, spot.key, f"no {what} is {quoted(name)}, {meant}"
    )


def _spot(file: PolicyFile, at: tuple[str | int, ...]) -> Spot:
    assert file.tree is not None
    return follow(file.tree, at)
