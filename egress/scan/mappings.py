"""The keys under which a file's mappings stand: supervisor and tkg where that is certain, else the namespace's name or the rule's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from egress.inventory.coverage import mapping_name
from egress.inventory.senders import EgressAddress, Holder
from egress.inventory.whose import tags
from egress.policy.paths import last
from egress.policy.presence import OURS
from egress.scan.names import Names
from egress.scan.rule_order import Rule
from egress.vocabulary import SUPERVISOR, TITLES, TKG

_SUPERVISORS = re.compile(r"domain-c[0-9]+(:[0-9a-f-]{36})?")
"""The Tier-1 of a Supervisor has the id of its vSphere cluster (docs/glossary.md; the write-up's domain-c8)."""
_OF_CLUSTERS = re.compile(r"vnet-domain-c[0-9]+.*")
"""That of a TKG cluster before vSphere 7.0 U1c, when each had one of its own (the write-up's vnet-domain-c8)."""


@dataclass(frozen=True)
class Mapping:
    """A rule under its key. senders: what sends with addresses that it translates."""

    key: str
    rule: Rule
    senders: tuple[EgressAddress, ...]


def named(rules: Sequence[Rule], senders: Sequence[EgressAddress]) -> tuple[Mapping, ...]:
    """Mappings under keys of their own: supervisor and tkg first, the others in their order."""
    of = {one.path: tuple(sender for sender in senders if sender.network.subnet_of(one.match.source)) for one in rules}
    titled = {key: [one for one in rules if _is(key, one, of[one.path])] for key in TITLES}
    certain = {one[0].path: key for key, one in titled.items() if len(one) == 1}
    names = Names(TITLES)
    found = [
        Mapping(certain.get(one.path) or names.give(_wanted(one, of[one.path])), one, of[one.path]) for one in rules
    ]
    order = list(TITLES)
    return tuple(sorted(found, key=lambda one: order.index(one.key) if one.key in order else len(order)))


def _is(key: str, rule: Rule, senders: Sequence[EgressAddress]) -> bool:
    """Whether a rule is certainly that of the Supervisor, or of the TKG cluster."""
    if tags(rule.body).get("managed-by") == OURS:
        return last(rule.path).endswith(f"-egress-{key}")
    if len(senders) != 1 or senders[0].network != rule.match.source or senders[0].holder is not Holder.TIER1:
        return False
    if key == SUPERVISOR:
        return bool(_SUPERVISORS.fullmatch(senders[0].name)) and not senders[0].owner.namespace
    return key == TKG and bool(_OF_CLUSTERS.fullmatch(senders[0].name))


def _wanted(rule: Rule, senders: Sequence[EgressAddress]) -> str:
    """What a key should be like: of a rule for one sender the sender's, else the rule's own name."""
    if len(senders) == 1 and senders[0].network == rule.match.source:
        return mapping_name(senders[0])
    if tags(rule.body).get("managed-by") == OURS and "-egress-" in last(rule.path):
        return last(rule.path).rpartition("-egress-")[2]
    return str(rule.body.get("display_name") or last(rule.path))
