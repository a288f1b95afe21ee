"""What a domain file has to say so that an object on the manager is the one that it makes; and what no file can say.

A stack's rules are in section USER, enabled, not logged, for every service. What else an object is, adopting it would change, or lose:
the provider's write is the whole object.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

from pydantic import TypeAdapter, ValidationError

from egress.adoption.attributes import lost, pairs, read
from egress.adoption.objects import At, Own, Theirs
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

_FIRST = "change it in NSX first"
_ID = TypeAdapter(PolicyId)
_NAME, _TEXT = TypeAdapter(DisplayName), TypeAdapter(Description)
_SCOPE, _TAG = TypeAdapter(TagScope), TypeAdapter(TagValue)


@dataclass(frozen=True)
class Place:
    """Where a match is looked for. given: what the domain's own file says, without its defaults."""

    domain: WorkloadDomain
    gateway: str
    given: Mapping[str, Any]

    def interface(self, path: str) -> str | None:
        """The id under which the file knows an interface, None where it does not."""
        names = self.domain.tier0.interface_ids
        known = {paths.interface(self.gateway, self.domain.tier0.locale_service, name): name for name in names}
        return known.get(path)

    def gives_list(self, at: Sequence[str]) -> bool:
        """Whether the file itself, and not a defaults file, gives the list at a place."""
        here: Any = self.given
        for part in at:
            here = here.get(part) if isinstance(here, Mapping) else None
        return isinstance(here, list | tuple)


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
                f"it is in section {theirs.section}, a stack's rules are in {Section.USER}, and a rule cannot be moved: let egress apply "
                "make its like there, see that it works, then delete this one"
            )
        if not theirs.enabled:
            yield "it is disabled, and a stack's rules are not: enable it in NSX, or delete it there"
        if body.get("logging"):
            yield f"it is logged, which an apply would switch off: {_FIRST}"
        if body.get("service"):
            yield f"it is limited to service {last(str(body['service']))}, which a stack's rules are not: {_FIRST}"
        if body.get("translated_ports"):
            yield f"it has translated ports {body['translated_ports']}, which a stack's rules have not: {_FIRST}"
        if body.get("policy_based_vpn_mode"):
            yield (
                f"it has policy_based_vpn_mode {body['policy_based_vpn_mode']}, with which the provider refuses every later change of it "
                f"(provider 3.11.1, recording 04b): {_FIRST}"
            )
    names = lost(theirs.path, body)
    if names:
        yield f"it has {listed(names)}, which the provider does not know and its write of the whole object would drop: {_FIRST}"


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
        yield f"it has {len(theirs)} tags, several of scope {quoted(twice[0])}, and a file has one of each scope: {_FIRST}"
        return
    if ("", "") in theirs:
        yield f"it has a tag without scope and value, at which the provider stops writing tags: {_FIRST}"
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
        return f"its {what} cannot stand in a file ({error.errors()[0]['msg']}): {_FIRST}"
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
                f"({'that of every exception' if isinstance(rule, NoSnatRule) else 'as the file says'}): {_FIRST}"
            )
        else:
            yield Edit((*own.at, "firewall_match"), found["firewall_match"])
    for attribute, key in (("sources", "source"), ("destinations", "destination"), ("translated", "translated")):
        if found[attribute] == ours[attribute] or (
            key == "destination" and not theirs.destinations and _tolerated(rule)
        ):
            continue
        yield _written(own.at, key, found[attribute])


def _tolerated(rule: NatRule | NoSnatRule) -> bool:
    """Whether a destination of 0.0.0.0/0 is as good as none: that of an SNAT rule is not compared (vmware/nsxt issue 1152)."""
    return isinstance(rule, NatRule) and rule.destination is None


def _written(at: At, key: str, theirs: tuple[str, ...]) -> Edit | str:
    """The same network in the spelling of the manager, which is what the provider compares."""
    text = ",".join(theirs)
    if len(theirs) == 1 and text != "0.0.0.0/0" and _canonical(text):
        return Edit((*at, key), text)
    return f"it spells its {key} {quoted(text)}, which means what the file says and which every plan would change for its spelling: {_FIRST}"


def _canonical(text: str) -> bool:
    """Whether a file that says this address or network makes the stack write the very same text."""
    try:
        return str(ip_network(text) if "/" in text else ip_address(text)) == text
    except ValueError:
        return False


def _route(own: Own, route: Route, theirs: Theirs, place: Place) -> Iterator[Edit | str]:
    found = read(theirs.path, theirs.body)
    if found["network"] != str(route.network):
        yield (
            f"it spells its network {quoted(found['network'])}, a stack writes {route.network}: every plan would change the spelling: {_FIRST}"
        )
    wrong = [why for hop in found["next_hops"] for why in _hop_whys(hop, place, discards=not route.next_hops)]
    if wrong:
        yield from wrong
    elif route.next_hops:
        yield from _hops(own, route, found["next_hops"], place)


def _hop_whys(hop: tuple[str, int, tuple[str, ...]], place: Place, *, discards: bool) -> Iterator[str]:
    address, distance, scope = hop
    name = f"its next hop {address}" if address else "its way out"
    if len(scope) > 1:
        kept = listed([last(path) for path in scope])
        yield f"{name} leaves by {len(scope)} interfaces ({kept}), of which the provider keeps the first alone: {_FIRST}, one a next hop"
    elif scope and (discards or place.interface(scope[0]) is None):
        yield f"{name} leaves by {last(scope[0])}, which the file does not have: write that interface into tier0, or {_FIRST}"
    if address and not _canonical(address):
        yield f"{name} is spelt in another way than a stack writes it: {_FIRST}"
    if not 1 <= distance <= 255 or (discards and distance != 1):
        allowed = "1, that of a route that drops" if discards else "1 to 255"
        yield f"{name} has admin distance {distance or 'nothing, which the provider takes for 0'}, allowed is {allowed}: {_FIRST}"


def _hops(own: Own, route: Route, found: Sequence[tuple[str, int, tuple[str, ...]]], place: Place) -> Iterator[Edit]:
    """The next hops as the manager has them: in place where their order is that of the file, as a new list where it is not."""
    left = [_entry(hop) for hop in route.next_hops]
    now = list(left)
    wanted: list[dict[str, Any]] = []
    for address, distance, scope in found:
        interface = place.interface(scope[0]) if scope else None
        mine = next((one for one in left if (one["address"], one.get("interface")) == (address, interface)), None)
        mine = mine or next(one for one in left if one["address"] == address)
        left.remove(mine)
        hop = {"address": address, "admin_distance": distance, "interface": interface, "shared": mine.get("shared")}
        wanted.append(
            {key: value for key, value in hop.items() if value is not None and (key, value) != ("admin_distance", 1)}
        )
    at = (*own.at, "next_hops")
    in_order = [one["address"] for one in wanted] == [one["address"] for one in now]
    if wanted == now:
        return
    if not in_order or not place.gives_list(at):
        yield Edit(at, wanted)
        return
    for index, (before, after) in enumerate(zip(now, wanted, strict=True)):
        for key, absent in (("admin_distance", 1), ("interface", None)):
            if before.get(key) != after.get(key):
                yield Edit((*at, index, key), after.get(key, absent))


def _entry(hop: Any) -> dict[str, Any]:
    """A next hop as a file says it, without what it need not say."""
    entry: dict[str, Any] = {"address": str(hop.address)}
    if hop.admin_distance != 1:
        entry["admin_distance"] = hop.admin_distance
    if hop.interface:
        entry["interface"] = hop.interface
    if getattr(hop, "shared", False):
        entry["shared"] = True
    return entry


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
