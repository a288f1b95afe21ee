"""The mappings of one gateway together: which there are, their priorities, and what they may not share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from itertools import permutations

from egress.vocabulary import DEFAULT_PRIORITIES, SUPERVISOR, TKG, NatAction, hidden

from .egress_mapping import EgressMapping
from .ip import network_of
from .tree import node_id
from .values import RefusedValueError, first_repeated, instance, shown, unresolved


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
    if not mappings:
        raise RefusedValueError(
            "no mapping given, allowed are supervisor, tkg and more: leave the construct out instead"
        )
    return mappings


def _check_keys(further: Mapping[object, object]) -> None:
    for key in further:
        if not isinstance(key, str) or not key.strip() or unresolved(key):
            raise RefusedValueError(f"more: {shown(key)} is no key, allowed is text that names the rule in the program")
        if key in (SUPERVISOR, TKG):
            raise RefusedValueError(f"more: {key!r} is a name of its own, allowed is any other key: give it as {key}=")
    alike = first_repeated(node_id(str(key)) for key in further)
    if alike is not None:
        raise RefusedValueError(f"more: two keys become {alike!r} in the construct tree, allowed are different ones")


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


def check_together(mappings: Mapping[str, EgressMapping], priorities: Mapping[str, int], action: NatAction) -> None:
    """Raises RefusedValueError for rules that NSX would not tell apart, or of which one would never act."""
    for mapping in mappings.values():
        mapping.check(action)
    # MP API, NatRule.rule_priority: among equal priorities the "evaluation sequence is undefined".
    _refuse_repeated("priority", list(priorities.values()), "rules of equal priority are evaluated in no defined order")
    _refuse_repeated("nsx_id", [m.nsx_id for m in mappings.values()], "one object would be written twice")
    sources = _known({key: network_of(mapping.source) for key, mapping in mappings.items()})
    _refuse_repeated("source", list(sources.values()), "only the rule of the lowest priority number would act")
    _refuse_hidden(sources, priorities)
    if action is NatAction.REFLEXIVE:
        # NSX admin guide: REFLEXIVE also rewrites the destination of what comes in, one to one.
        translated = _known({key: network_of(mapping.translated) for key, mapping in mappings.items()})
        _refuse_overlap("translated", translated, "REFLEXIVE is one to one and sends answers to one source only")


def _known(networks: Mapping[str, IPv4Network | None]) -> dict[str, IPv4Network]:
    return {key: network for key, network in networks.items() if network is not None}


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


def _refuse_hidden(sources: Mapping[str, IPv4Network], priorities: Mapping[str, int]) -> None:
    for narrow, wide in permutations(sources, 2):
        if unresolved(priorities[narrow]) or unresolved(priorities[wide]):
            continue
        if hidden(sources[narrow], priorities[narrow], sources[wide], priorities[wide]):
            raise RefusedValueError(
                f"source: {_short(sources[narrow])!r} of {narrow} lies in {_short(sources[wide])!r} of {wide}, whose priority "
                f"{priorities[wide]} is looked at first, so its rule would never act: give it a smaller number than that"
            )


def _short(value: object) -> str:
    return str(value).removesuffix("/32")
