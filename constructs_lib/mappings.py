"""The mappings and exceptions of one gateway together: which there are, their priorities, and what they may not share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from itertools import permutations, product
from typing import TypeVar

from egress.vocabulary import ANYWHERE, DEFAULT_PRIORITIES, SUPERVISOR, TKG, Match, NatAction

from .egress_exception import EgressException
from .egress_mapping import EgressMapping, refuse_on_reflexive
from .ip import Ipv4Value, network_of
from .tree import node_id
from .values import RefusedValueError, first_repeated, instance, shown, unresolved

T = TypeVar("T")


def together(supervisor: object, tkg: object, more: object) -> dict[str, EgressMapping]:
    """Key -> mapping, those of the Supervisor and of TKG first. None: there is none."""
    further = {} if more is None else more
    if not isinstance(further, Mapping):
        raise RefusedValueError(
            f'more: {shown(more)} is no mapping, allowed is one such as {{"registry": EgressMapping(...)}}'
        )
    _check_keys(further)
    named = {key: one for key, one in ((SUPERVISOR, supervisor), (TKG, tkg)) if one is not None}
    mappings = {key: instance(one, EgressMapping, key) for key, one in named.items()}
    mappings |= {key: instance(one, EgressMapping, f"more[{key!r}]") for key, one in further.items()}
    return mappings


def exceptions_of(given: object) -> dict[str, EgressException]:
    """Key -> exception. None: there is none."""
    found = {} if given is None else given
    if not isinstance(found, Mapping):
        raise RefusedValueError(
            f'exceptions: {shown(found)} is no mapping, allowed is one such as {{"corporate": EgressException(...)}}'
        )
    _check_names(found, "exceptions")
    return {key: instance(one, EgressException, f"exceptions[{key!r}]") for key, one in found.items()}


def refuse_none(mappings: Mapping[str, EgressMapping], exceptions: Mapping[str, EgressException]) -> None:
    """Refuses a construct that would make nothing, and two rules of one name in the construct tree."""
    if not mappings and not exceptions:
        raise RefusedValueError(
            "no mapping given, allowed are supervisor, tkg, more and exceptions: leave the construct out instead"
        )
    alike = first_repeated([*map(node_id, mappings), *(node_id(exception_id(key)) for key in exceptions)])
    if alike is not None:
        raise RefusedValueError(f"exceptions: {alike!r} in the construct tree is that of a mapping, take another key")


def exception_id(key: str) -> str:
    """Construct id of the rule of an exception."""
    return f"NoSnat_{key}"


def _check_keys(further: Mapping[object, object]) -> None:
    _check_names(further, "more")
    for key in further:
        if key in (SUPERVISOR, TKG):
            raise RefusedValueError(f"more: {key!r} is a name of its own, allowed is any other key: give it as {key}=")


def _check_names(given: Mapping[object, object], prop: str) -> None:
    for key in given:
        if not isinstance(key, str) or not key.strip() or unresolved(key):
            raise RefusedValueError(
                f"{prop}: {shown(key)} is no key, allowed is text that names the rule in the program"
            )
    alike = first_repeated(node_id(str(key)) for key in given)
    if alike is not None:
        raise RefusedValueError(f"{prop}: two keys become {alike!r} in the construct tree, allowed are different ones")


def priorities_of(mappings: Mapping[str, EgressMapping]) -> dict[str, int]:
    """Key -> priority. Raises RefusedValueError for a further mapping without one."""
    priorities: dict[str, int] = {}
    for key, mapping in mappings.items():
        priority = DEFAULT_PRIORITIES.get(key) if mapping.priority is None else mapping.priority
        if priority is None:
            raise RefusedValueError(
                f"more: mapping {key!r} has no priority, allowed is one that no other rule of the gateway has"
            )
        priorities[key] = priority
    return priorities


def check_together(
    mappings: Mapping[str, EgressMapping],
    exceptions: Mapping[str, EgressException],
    priorities: Mapping[str, int],
    action: NatAction,
) -> None:
    """Raises RefusedValueError for rules that NSX would not tell apart, or of which one would never act."""
    if action is NatAction.REFLEXIVE:
        refuse_on_reflexive("exceptions", ", ".join(exceptions), bool(exceptions))
    for mapping in mappings.values():
        mapping.check(action)
    numbers = [*priorities.values(), *(one.priority for one in exceptions.values())]
    ids = [*(one.nsx_id for one in mappings.values()), *(one.nsx_id for one in exceptions.values())]
    # MP API, NatRule.rule_priority: among equal priorities the "evaluation sequence is undefined".
    _refuse_repeated("priority", numbers, "rules of equal priority are evaluated in no defined order")
    _refuse_repeated("nsx_id", ids, "one object would be written twice")
    matches = _known({key: _match(one.source, one.destination, priorities[key]) for key, one in mappings.items()})
    _refuse_equal(matches)
    _refuse_hidden(matches)
    excepted = _known({key: _match(one.source, one.destination, one.priority) for key, one in exceptions.items()})
    _refuse_overtaken(excepted, matches)
    if action is NatAction.REFLEXIVE:
        # NSX admin guide: REFLEXIVE also rewrites the destination of what comes in, one to one.
        translated = _known({key: network_of(mapping.translated) for key, mapping in mappings.items()})
        _refuse_overlap("translated", translated, "REFLEXIVE is one to one and sends answers to one source only")


def _match(source: Ipv4Value, destination: Ipv4Value | None, priority: int) -> Match | None:
    """What a rule matches; None if some of it is known only to Terraform."""
    of, to = network_of(source), ANYWHERE if destination is None else network_of(destination)
    return None if of is None or to is None or unresolved(priority) else Match(of, to, priority)


def _known(values: Mapping[str, T | None]) -> dict[str, T]:
    return {key: value for key, value in values.items() if value is not None}


def _refuse_repeated(prop: str, values: Sequence[object], reason: str) -> None:
    repeated = first_repeated(values)
    if repeated is not None:
        raise RefusedValueError(
            f"{prop}: {_short(repeated)!r} is used twice, allowed is a different one for each rule: {reason}"
        )


def _refuse_overlap(prop: str, networks: Mapping[str, IPv4Network], reason: str) -> None:
    _refuse_repeated(prop, list(networks.values()), reason)
    for one, other in permutations(networks.values(), 2):
        if other.subnet_of(one):
            raise RefusedValueError(
                f"{prop}: {_short(other)!r} lies in {_short(one)!r} of another rule, allowed are networks apart: {reason}"
            )


def _refuse_equal(matches: Mapping[str, Match]) -> None:
    repeated = first_repeated((one.source, one.destination) for one in matches.values())
    if isinstance(repeated, tuple):
        source, destination = repeated
        limited = "" if destination == ANYWHERE else f" towards {_short(destination)!r}"
        raise RefusedValueError(
            f"source: {_short(source)!r}{limited} is used twice, allowed is a different one for each rule: only the rule of the lowest "
            "priority number would act"
        )


def _refuse_hidden(matches: Mapping[str, Match]) -> None:
    for narrow, wide in permutations(matches, 2):
        one, other = matches[narrow], matches[wide]
        if one.hidden_by(other):
            raise RefusedValueError(
                f"source: {_short(one.source)!r} of {narrow} lies in {_short(other.source)!r} of {wide}, whose priority "
                f"{other.priority} is looked at first, so its rule would never act: give it a smaller number than that"
            )


def _refuse_overtaken(exceptions: Mapping[str, Match], mappings: Mapping[str, Match]) -> None:
    for (name, exception), (key, mapping) in product(exceptions.items(), mappings.items()):
        if exception.overtaken_by(mapping):
            raise RefusedValueError(
                f"exceptions: {name} has priority {exception.priority}, and mapping {key}, which takes its packets, {mapping.priority}, "
                "which is looked at first: give the exception a smaller number than that"
            )


def _short(value: object) -> str:
    return str(value).removesuffix("/32")
