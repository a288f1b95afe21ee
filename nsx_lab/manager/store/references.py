"""Who refers to whom: paths inside objects, and what they forbid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from nsx_lab.manager.store import errors
from nsx_lab.manager.store.envelope import SERVER_FIELDS
from nsx_lab.manager.store.kinds import locate
from nsx_lab.manager.store.ledger import Evidence, claim
from nsx_lab.manager.store.store import BEGINNINGS, Change, Object, Transaction

claim(
    "a gateway takes its locale services, BGP configuration and NAT sections along when deleted; interfaces, routes and rules keep it",
    Evidence.ACCEPTANCE,
    "TestAccResourceNsxtPolicyTier0Gateway_withEdgeCluster deletes a Tier-0 by ChildTier0 with marked_for_delete alone; that other children keep it: terraform-provider-nsxt #877, #942",
    "test_references.py::test_gateway_with_rules_cannot_be_deleted",
)
claim(
    "a segment takes its binding maps along when deleted; ports keep it",
    Evidence.CITATION,
    "terraform-provider-nsxt 3.11.1, segment_common.go waits until the list of ports is empty, as NSX refuses the deletion before",
    "test_objects.py::test_segment_takes_its_bindings_along_and_is_kept_by_ports",
)
claim(
    "a path in a field must lead to an object that exists, else 400/500012 naming it; paths of types the lab has not are not checked",
    Evidence.CAPTURED,
    "code and text: real_nsx_policy_api_report.md line 8392; for references: vmware-nsxlib 19.4.3 NsxInvalidPath",
    "test_references.py::test_reference_to_nothing_is_refused",
)


def references(obj: Object) -> set[str]:
    """Policy paths that the object's own fields hold."""
    found: set[str] = set()
    for key, value in obj.items():
        if isinstance(value, str):
            if value.startswith(BEGINNINGS) and key not in SERVER_FIELDS:
                found.add(value)
        elif isinstance(value, dict | list) and key not in SERVER_FIELDS:
            found.update(_paths(value))
    return found


def _paths(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.startswith(BEGINNINGS):
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _paths(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _paths(inner)


class ReferenceIndex:
    """Referrers by target, kept in step with the store."""

    def __init__(self) -> None:
        self._by_target: dict[str, dict[str, None]] = {}
        self._targets: dict[str, set[str]] = {}
        """What each object refers to, of those that refer to anything."""

    def apply(self, changes: Iterable[Change]) -> None:
        for change in changes:
            for target in self._targets.pop(change.path, ()):
                referrers = self._by_target[target]
                del referrers[change.path]
                if not referrers:
                    del self._by_target[target]
            targets = references(change.after) if change.after else set()
            if targets:
                self._targets[change.path] = targets
            for target in targets:
                self._by_target.setdefault(target, {})[change.path] = None

    def referrers(self, path: str) -> list[str]:
        return list(self._by_target.get(path, ()))

    def clear(self) -> None:
        self._by_target.clear()
        self._targets.clear()


def check_targets(tx: Transaction) -> None:
    """Refuses a transaction in which an object written refers to an object that is not there."""
    for obj in tx.written():
        for target in sorted(references(obj)):
            place = locate(target)
            if place is not None and not place.is_collection and tx.get(target) is None:
                raise errors.invalid_path(target)


def check_deletions(tx: Transaction, index: ReferenceIndex) -> None:
    """Refuses a transaction that deletes an object somebody outside of it still needs. Drops along what goes along."""
    for path in tx.deleted():
        blockers = []
        for child in tx.below(path):
            place = locate(child)
            if place is not None and place.kind.goes_along:
                tx.delete(child)
            elif tx.get(child) is not None:
                blockers.append(child)
        if blockers:
            raise errors.still_referenced(path, blockers)
    for path in tx.deleted():
        referrers = [
            who for who in index.referrers(path) if (still := tx.get(who)) is not None and path in references(still)
        ]
        if referrers:
            raise errors.still_referenced(path, referrers)
