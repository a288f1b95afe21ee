"""What a domain file has to say so that an object on the manager is the one that it makes; and what no file can say.

A stack's rules are in section USER, enabled, not logged, for every service. What else an object is, adopting it would change, or lose:
the provider's write is the whole object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from egress.adoption.attributes import canonical, differences, lost, pairs, read
from egress.adoption.hops import hop_edits, hop_whys
from egress.adoption.objects import CHANGE_FIRST, At, Own, Theirs
from egress.adoption.place import Place
from egress.domain import WorkloadDomain
from egress.domain.editing import Edit, told
from egress.domain.fields import Description, DisplayName, PolicyId, TagScope, TagValue, listed, quoted
from egress.inventory.whose import owner
from egress.policy import paths
from egress.policy.owned import BfdPeer, NatRule, NoSnatRule, Route, default_tags
from egress.policy.paths import Section, last
from egress.policy.presence import stack_of
from egress.policy.tree import Json
from egress.vocabulary import RESERVED_IDS, FirewallMatch

_ID = TypeAdapter(PolicyId)
_NAME, _TEXT = TypeAdapter(DisplayName), TypeAdapter(Description)
_SCOPE, _TAG = TypeAdapter(TagScope), TypeAdapter(TagValue)


@dataclass(frozen=True)
class Said:
    """What the file has to say of an object, and why it cannot say all of it."""

    edits: tuple[Edit, ...]
    whys: tuple[str, ...]


def said(own: Own, theirs: Theirs, place: Place) -> Said:
    """The edits that make an object of the file the one on the manager. The scope of rules is that of all of them, and looked at elsewhere."""
    edits: list[Edit] = []
    whys = [*_strangers(place.domain, theirs), *_damage(theirs)]
    if isinstance(own.made, BfdPeer):
        whys += _peer(own, theirs)
        return Said((), tuple(whys))
    for part in (_identity(own, theirs, place.domain), _content(own, theirs, place)):
        for one in part:
            if isinstance(one, Edit):
                edits.append(one)
            else:
                whys.append(one)
    return Said(tuple(edits), tuple(whys))


def _strangers(domain: WorkloadDomain, theirs: Theirs) -> Iterator[str]:
    """Why an object is somebody else's, who writes it, too."""
    stack, whose = stack_of(theirs.body), owner(theirs.body)
    if stack is not None and stack != domain.made_as:
        yield f"its tags say that stack {stack} manages it: egress rename {stack} {domain.stack} if it was renamed"
    if whose:
        yield f"it was made by NCP or nsx-operator for {whose}, which would write it again"
    if theirs.body.get("_system_owned") is True:
        yield "NSX itself owns it"
    if theirs.body.get("_protection") not in (None, "", "NOT_PROTECTED"):
        yield f"it is protected ({theirs.body['_protection']}), so that its creator alone may change it"


def _damage(theirs: Theirs) -> Iterator[str]:
    """What adopting an object would change or lose."""
    body = theirs.body
    if paths.is_nat_rule(theirs.path):
        if theirs.section != Section.USER:
            yield (
                f"it is in section {theirs.section}, a stack's rules are in {Section.USER}, and a rule cannot be moved: suppress "
                "second-rule-for-a-source in the file with that reason, let egress apply make its like, see with egress explain --live "
                f"that it works, delete {quoted(last(theirs.path))} in NSX Manager, and take the suppression out"
            )
        if not theirs.enabled:
            yield "it is disabled, and a stack's rules are not: enable it in NSX, or delete it there"
        if body.get("logging"):
            yield f"it is logged, which an apply would switch off: {CHANGE_FIRST}"
        if body.get("service"):
            yield f"it is limited to service {last(str(body['service']))}, which a stack's rules are not: {CHANGE_FIRST}"
        if body.get("translated_ports"):
            yield f"it has translated ports {body['translated_ports']}, which a stack's rules have not: {CHANGE_FIRST}"
        if body.get("policy_based_vpn_mode"):
            yield (
                f"it has policy_based_vpn_mode {body['policy_based_vpn_mode']}, with which the provider refuses every later change of it "
                f"(provider 3.11.1, recording 04b): {CHANGE_FIRST}"
            )
    names = lost(theirs.path, body)
    if names:
        yield f"it has {listed(names)}, which the provider does not know and its write of the whole object would drop: {CHANGE_FIRST}"


def _identity(own: Own, theirs: Theirs, domain: WorkloadDomain) -> Iterator[Edit | str]:
    """Id, name, description, tags."""
    entry, body = own.entry, theirs.body
    assert entry is not None, "a BFD peer is not asked"
    id_, name = last(theirs.path), str(body.get("display_name") or "")
    if id_ != own.made.identity.nsx_id:
        yield _valid(_ID, id_, "id") or Edit((*own.at, "nsx_id"), id_)
        if id_ in RESERVED_IDS:
            yield f"its id {quoted(id_)} is one that the API uses itself"
    if (entry.display_name or id_) != name:
        yield _valid(_NAME, name, "name") or Edit((*own.at, "display_name"), name)
    description = str(body.get("description") or "")
    if entry.description != description:
        yield _valid(_TEXT, description, "description") or Edit((*own.at, "description"), description)
    yield from _tags((*own.at, "tags"), entry.tags, default_tags(domain), body)


def _tags(at: At, given: Mapping[str, str] | None, otherwise: Mapping[str, str], body: Json) -> Iterator[Edit | str]:
    """The tags of an object. A file has one tag of a scope; what its defaults give is taken out by a null."""
    theirs = pairs(body)
    twice = [scope for scope, count in Counter(scope for scope, _ in theirs).items() if count > 1]
    if twice:
        yield f"it has {len(theirs)} tags, several of scope {quoted(twice[0])}, and a file has one of each scope: {CHANGE_FIRST}"
        return
    if ("", "") in theirs:
        yield f"it has a tag without scope and value, at which the provider stops writing tags: {CHANGE_FIRST}"
        return
    for scope, tag in theirs:
        wrong = _valid(_SCOPE, scope, "tag scope") or _valid(_TAG, tag, "tag")
        if wrong:
            yield wrong
            return
    wanted = dict(theirs)
    if wanted == (otherwise if given is None else given):
        return
    if given is None:
        yield Edit(at, wanted)
        return
    for scope, tag in wanted.items():
        if given.get(scope) != tag:
            yield Edit((*at, scope), tag)
    for scope in given:
        if scope not in wanted:
            yield Edit((*at, scope), None)


def _valid(kind: TypeAdapter[str], value: str, what: str) -> str:
    """Why a file cannot say a text, or nothing."""
    try:
        kind.validate_python(value)
    except ValidationError as error:
        return f"its {what} cannot stand in a file ({error.errors()[0]['msg']}): {CHANGE_FIRST}"
    return ""


def _content(own: Own, theirs: Theirs, place: Place) -> Iterator[Edit | str]:
    if isinstance(own.made, Route):
        yield from _route(own, own.made, theirs, place)
    elif isinstance(own.made, NatRule | NoSnatRule):
        yield from _rule(own, own.made, theirs)


def _rule(own: Own, rule: NatRule | NoSnatRule, theirs: Theirs) -> Iterator[Edit | str]:
    ours, found = read(own.path, own.body), read(theirs.path, theirs.body)
    if found["priority"] != rule.priority:
        yield Edit((*own.at, "priority"), found["priority"])
    if found["firewall_match"] != ours["firewall_match"]:
        if isinstance(rule, NoSnatRule) or found["firewall_match"] not in list(FirewallMatch):
            yield (
                f"it has firewall_match {found['firewall_match'] or 'nothing'}, which an apply would make {ours['firewall_match']} "
                f"({'that of every exception' if isinstance(rule, NoSnatRule) else 'as the file says'}): {CHANGE_FIRST}"
            )
        else:
            yield Edit((*own.at, "firewall_match"), found["firewall_match"])
    differing = {one.attribute for one in differences(own.path, own.body, theirs.body)}
    for attribute, key in (("sources", "source"), ("destinations", "destination"), ("translated", "translated")):
        if attribute in differing:
            yield _written(own.at, key, found[attribute])


def _written(at: At, key: str, theirs: tuple[str, ...]) -> Edit | str:
    """The same network in the spelling of the manager, which is what the provider compares."""
    text = ",".join(theirs)
    if len(theirs) == 1 and text != "0.0.0.0/0" and canonical(text):
        return Edit((*at, key), text)
    return f"it spells its {key} {quoted(text)}, which means what the file says and which every plan would change for its spelling: {CHANGE_FIRST}"


def _route(own: Own, route: Route, theirs: Theirs, place: Place) -> Iterator[Edit | str]:
    found = read(theirs.path, theirs.body)
    if found["network"] != str(route.network):
        yield (
            f"it spells its network {quoted(found['network'])}, a stack writes {route.network}: every plan would change the spelling: {CHANGE_FIRST}"
        )
    wrong = [why for hop in found["next_hops"] for why in hop_whys(hop, place, discards=not route.next_hops)]
    if wrong:
        yield from wrong
    elif route.next_hops:
        yield from hop_edits(own, route, found["next_hops"], place)


def _peer(own: Own, theirs: Theirs) -> Iterator[str]:
    """How a BFD peer differs from what the file says. Its entry is that of all peers, so that it is for a person to change."""
    ours, found = read(own.path, own.body), read(theirs.path, theirs.body)
    for name, value in ours.items():
        if found[name] != value:
            yield f"its {name} is {_words(found[name])}, the file makes it {_words(value)}: change {told(own.at)} or the peer first"


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return quoted(", ".join("=".join(one) if isinstance(one, tuple) else str(one) for one in value) or "nothing")
    return quoted(value)
