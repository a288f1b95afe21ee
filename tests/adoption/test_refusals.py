"""What is not adopted, and why: a table. Each case stands on a world that is adopted without it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.adoption.conftest import UPLINKS, World, hop, tags

SUP = ("30.0.0.5", "10.27.51.145")
HOP = "[{address: 10.27.51.1}]"
Act = Callable[[World], object]


def text(world: World, old: str, new: str) -> World:
    assert old in world.text
    world.text = world.text.replace(old, new)
    return world


CASES: dict[str, tuple[str, Act, str, str]] = {
    # which world, what is done to it, where it is refused, the words
    "two rules do the same": (
        "world",
        lambda w: w.rule("twin", *SUP, sequence_number=9),
        "egress.supervisor",
        "2 objects do the same (rule 'sup': REFLEXIVE 30.0.0.5 -> 10.27.51.145, priority 7, section USER; rule 'twin'",
    ),
    "two routes do the same": (
        "world",
        lambda w: w.route("twin"),
        "default_route",
        "take all but one away in NSX, or write the id of the one that is meant: default_route.nsx_id",
    ),
    "one in each of two sections": (
        "world",
        lambda w: w.rule("twin", *SUP, section="DEFAULT"),
        "egress.supervisor",
        "2 objects do the same",
    ),
    "two routes of one hop in place of one of two": (
        "world",
        lambda w: (
            text(w, "[{address: 10.27.51.1}]", "[{address: 10.27.51.1}, {address: 10.27.51.2}]"),
            w.route("second", next_hops=[hop("10.27.51.2")]),
        ),
        "default_route",
        "static route 'core' does something else (0.0.0.0/0 via 10.27.51.1): change default_route.next_hops or the route in NSX first, "
        "so that both say the same; static route 'second' does",
    ),
    "another translated address": (
        "world",
        lambda w: w.rule("sup", SUP[0], "10.27.51.99"),
        "egress.supervisor",
        "write egress.supervisor.translated: 10.27.51.99, or change the rule in NSX first",
    ),
    "another action": (
        "standby",
        lambda w: w.rule("sup", *SUP, action="REFLEXIVE"),
        "egress.supervisor",
        "the file's ha_mode makes SNAT rules: change tier0.ha_mode if it is wrong, else the rule in NSX first",
    ),
    "a rule for a service": (
        "world",
        lambda w: w.rule("sup", *SUP, service="/infra/services/HTTPS"),
        "egress.supervisor",
        "it is for a service only, which a stack's rules are not",
    ),
    "another next hop": (
        "world",
        lambda w: w.route("core", next_hops=[hop("10.27.51.9")]),
        "default_route",
        "(0.0.0.0/0 via 10.27.51.9)",
    ),
    "another next hop besides": (
        "world",
        lambda w: w.route("core", next_hops=[hop("10.27.51.1"), hop("10.27.51.9")]),
        "default_route",
        "(0.0.0.0/0 via 10.27.51.1, 10.27.51.9)",
    ),
    "a default route that drops": (
        "world",
        lambda w: w.route("core", next_hops=[hop()]),
        "default_route",
        "(0.0.0.0/0 via nothing, dropped)",
    ),
    "a hop of two interfaces": (
        "world",
        lambda w: w.route("core", next_hops=[hop("10.27.51.1", 1, *UPLINKS)]),
        "default_route",
        "next hop 10.27.51.1 leaves by 2 interfaces (edge01-uplink1, edge02-uplink1), of which the provider keeps the first alone",
    ),
    "a hop by an interface that no file has": (
        "world",
        lambda w: w.route("core", next_hops=[hop("10.27.51.1", 1, UPLINKS[0].replace("uplink1", "uplink9"))]),
        "default_route",
        "leaves by edge01-uplink9, which the file does not have: write that interface into tier0",
    ),
    "a hop without a distance": (
        "world",
        lambda w: w.route("core", next_hops=[{"ip_address": "10.27.51.1"}]),
        "default_route",
        "has admin distance nothing, which the provider takes for 0, allowed is 1 to 255",
    ),
    "a route on secondary edges": (
        "world",
        lambda w: w.route("core", enabled_on_secondary=True),
        "default_route",
        "it has enabled_on_secondary, which the provider does not know and its write of the whole object would drop",
    ),
    "a field of a later version": (
        "world",
        lambda w: w.rule("sup", *SUP, new_field={"a": 1}),
        "egress.supervisor",
        "it has new_field, which the provider does not know",
    ),
    "a field of a hop of a later version": (
        "world",
        lambda w: w.route("core", next_hops=[hop("10.27.51.1") | {"weight": 3}]),
        "default_route",
        "it has next_hops.weight, which the provider does not know",
    ),
    "logged": ("world", lambda w: w.rule("sup", *SUP, logging=True), "egress.supervisor", "it is logged, which an apply"),
    "disabled": ("world", lambda w: w.rule("sup", *SUP, enabled=False), "egress.supervisor", "it is disabled, and a stack's"),
    "with ports": (
        "world",
        lambda w: w.rule("sup", *SUP, translated_ports="443"),
        "egress.supervisor",
        "it has translated ports 443",
    ),
    "with a mode of policy based VPN": (
        "world",
        lambda w: w.rule("sup", *SUP, policy_based_vpn_mode="BYPASS"),
        "egress.supervisor",
        "it has policy_based_vpn_mode BYPASS, with which the provider refuses every later change",
    ),
    "in another section": (
        "world",
        lambda w: (w.objects.pop(w.rule("sup", *SUP)), w.rule("sup", *SUP, section="INTERNAL")),
        "egress.supervisor",
        "it is in section INTERNAL, a stack's rules are in USER, and a rule cannot be moved",
    ),
    "in a list": (
        "standby",
        lambda w: w.rule("sup", "30.0.0.5,30.0.0.6", SUP[1], sequence_number=7),
        "egress.supervisor",
        "with priorities below 7; egress apply; egress explain --live says whether they work; then delete 'sup' in NSX Manager",
    ),
    "in a list with blanks, after which nothing can come first": (
        "standby",
        lambda w: w.rule("sup", "30.0.0.6 , 30.0.0.5", SUP[1]),
        "egress.supervisor",
        "with any priorities, after you gave this rule a greater number than theirs in NSX",
    ),
    "in a range": (
        "standby",
        lambda w: w.rule("sup", "30.0.0.4-30.0.0.7", SUP[1]),
        "egress.supervisor",
        "rule 'sup' is for several networks at once (SNAT 30.0.0.4-30.0.0.7 -> 10.27.51.145",
    ),
    "towards one destination of several": (
        "standby",
        lambda w: w.rule("corp", None, None, action="NO_SNAT", destination_network="10.0.0.0/8,192.168.0.0/16"),
        "egress.exceptions.corporate",
        "rule 'corp' is for several networks at once",
    ),
    "spelt as a range of one": (
        "world",
        lambda w: w.rule("sup", "30.0.0.5-30.0.0.5", SUP[1]),
        "egress.supervisor",
        "it spells its source '30.0.0.5-30.0.0.5', which means what the file says and which every plan would change for its spelling",
    ),
    "spelt with blanks": ("world", lambda w: w.rule("sup", " 30.0.0.5", SUP[1]), "egress.supervisor", "it spells its source ' 30.0.0.5'"),
    "spelt as a list that is one network": (
        "world",
        lambda w: (
            text(w, "source: 30.0.0.5, translated: 10.27.51.145", "source: 30.0.0.4/31, translated: 10.27.51.144/31"),
            w.rule("sup", "30.0.0.4,30.0.0.5", "10.27.51.144/31"),
        ),
        "egress.supervisor",
        "it spells its source '30.0.0.4,30.0.0.5'",
    ),
    "spelt ANY": ("standby", lambda w: w.rule("all", "ANY", "10.27.51.150"), "egress.more.rest", "it spells its source 'ANY'"),
    "spelt any": ("standby", lambda w: w.rule("all", "any", "10.27.51.150"), "egress.more.rest", "it spells its source 'any'"),
    "a destination that is spelt ANY": (
        "standby",
        lambda w: w.rule("all", None, "10.27.51.150", destination_network="ANY"),
        "egress.more.rest",
        "it spells its destination 'ANY'",
    ),
    "a destination of a REFLEXIVE rule": (
        "world",
        lambda w: w.rule("sup", *SUP, destination_network="0.0.0.0/0"),
        "egress.supervisor",
        "it spells its destination '0.0.0.0/0'",
    ),
    "spelt as everything": ("standby", lambda w: w.rule("all", "0.0.0.0/0", "10.27.51.150"), "egress.more.rest", "it spells its source '0.0.0.0/0'"),
    "spelt with host bits": (
        "world",
        lambda w: (text(w, "ingress:", "routes: {a: {network: 10.9.0.0/16, next_hops: [{address: 10.27.51.7}]}}\ningress:"), w.route("a", "10.9.1.1/16", next_hops=[hop("10.27.51.7")])),
        "routes.a",
        "it spells its network '10.9.1.1/16', a stack writes 10.9.0.0/16",
    ),
    "spelt in capitals": (
        "world",
        lambda w: (text(w, "ingress:", "routes: {a: {network: '2001:db8::/32', next_hops: [{address: '2001:db8:51::a'}]}}\ningress:"), w.route("a", "2001:DB8::/32", next_hops=[hop("2001:DB8:51::A")])),
        "routes.a",
        "it spells its network '2001:DB8::/32', a stack writes 2001:db8::/32: every plan would change the spelling: change it in NSX first; "
        "its next hop 2001:DB8:51::A is spelt in another way",
    ),
    "an exception that the firewall sees": (
        "standby",
        lambda w: w.rule("corp", None, None, action="NO_SNAT", destination_network="10.0.0.0/8"),
        "egress.exceptions.corporate",
        "it has firewall_match MATCH_INTERNAL_ADDRESS, which an apply would make BYPASS",
    ),
    "a stack's of this project": (
        "world",
        lambda w: w.others.update({w.rule("sup", *SUP): "wld02"}),
        "egress.supervisor",
        "stack wld02 of this project has it already",
    ),
    "a stack's of another project": (
        "world",
        lambda w: w.rule("sup", *SUP, tags=tags(managed_by="tier0-egress", stack="far")),
        "egress.supervisor",
        "its tags say that stack far manages it: egress rename far wld01 if it was renamed",
    ),
    "NCP's": (
        "world",
        lambda w: w.rule("sup", *SUP, tags=[{"scope": "ncp/cluster", "tag": "c8"}, {"scope": "ncp/project", "tag": "dev"}]),
        "egress.supervisor",
        "it was made by NCP or nsx-operator for namespace dev of cluster c8",
    ),
    "protected": (
        "world",
        lambda w: w.rule("sup", *SUP, _protection="REQUIRE_OVERRIDE"),
        "egress.supervisor",
        "it is protected (REQUIRE_OVERRIDE)",
    ),
    "two tags of one scope": (
        "world",
        lambda w: w.rule("sup", *SUP, tags=[{"scope": "a", "tag": "1"}, {"scope": "a", "tag": "2"}]),
        "egress.supervisor",
        "it has 2 tags, several of scope 'a', and a file has one of each scope",
    ),
    "an empty tag": (
        "world",
        lambda w: w.rule("sup", *SUP, tags=[{"scope": "", "tag": ""}]),
        "egress.supervisor",
        "it has a tag without scope and value, at which the provider stops writing tags",
    ),
    "a name that hides something": (
        "world",
        lambda w: w.rule("sup", *SUP, display_name="sup\u202e"),
        "egress.supervisor",
        "its name cannot stand in a file (character 4 is U+202E RIGHT-TO-LEFT OVERRIDE",
    ),
    "an id that no file takes": (
        "world",
        lambda w: (w.objects.pop(w.rule("sup", *SUP)), w.rule("a&b", *SUP)),
        "egress.supervisor",
        "its id cannot stand in a file ('a&b' is not allowed here",
    ),
    "different scopes": (
        "world",
        lambda w: w.rule("sup", *SUP, scope=[], sequence_number=7),
        "egress.applied_to",
        "the rules are applied to different interfaces (rule 'sup' at every interface; rule 'tkg' at edge01-uplink1, edge02-uplink1)",
    ),
    "a scope that no file has": (
        "world",
        lambda w: [w.rule(name, *pair, scope=["/infra/labels/x"], sequence_number=number) for number, (name, pair) in enumerate({"sup": SUP, "tkg": ("30.0.0.16", "10.27.51.147")}.items())],
        "egress.applied_to",
        "the rules are applied to /infra/labels/x, which the file does not have",
    ),
    "equal priorities": (
        "world",
        lambda w: w.rule("sup", *SUP, sequence_number=8),
        "egress.tkg",
        "egress.supervisor and egress.tkg would all have priority 8, and NSX does not say which of equal ones comes first",
    ),
    "the priority of one that is to be added": (
        "world",
        lambda w: (w.objects.pop(w.rule("tkg", None, None)), w.rule("sup", *SUP, sequence_number=110)),
        "egress.tkg",
        "would all have priority 110",
    ),
    "one object for two entries": (
        "world",
        lambda w: text(w, "more: {}", "more: {again: {source: 30.0.0.5, translated: 10.27.51.145, priority: 120}}"),
        "egress.more.again",
        "Supervisor, REFLEXIVE 30.0.0.5 -> 10.27.51.145 of this file would be the same object",
    ),
    "the id of one that is to be added": (
        "world",
        lambda w: (w.objects.pop(w.rule("sup", None, None)), w.objects.pop(w.rule("tkg", None, None)), w.rule("wld01-egress-tkg", *SUP)),
        "egress.tkg",
        "it has the id that the file gives: write another egress.tkg.nsx_id",
    ),
    "our id with something else": (
        "world",
        lambda w: (w.objects.pop(w.rule("sup", None, None)), w.rule("wld01-egress-supervisor", SUP[0], "10.27.51.77")),
        "egress.supervisor",
        "write egress.supervisor.translated: 10.27.51.77, or change the rule in NSX first",
    ),
    "a BFD peer of another id": (
        "world",
        lambda w: text(w, HOP, f"{HOP}\n  bfd: {{}}").peer("gw"),
        "default_route.bfd",
        "BFD peer 'gw': watches 10.27.51.1: NSX takes one BFD peer for each address, and a stack's has an id of its own that no file can "
        "change: delete BFD peer 'gw' in NSX Manager (until the next apply a dead 10.27.51.1 is not noticed)",
    ),
    "a BFD peer of our id that is not as the file says": (
        "world",
        lambda w: text(w, HOP, f"{HOP}\n  bfd: {{}}").peer("wld01-bfd-10-27-51-1", bfd_profile_path="/infra/bfd-profiles/fast"),
        "default_route.bfd",
        "its bfd_profile_path is '/infra/bfd-profiles/fast', the file makes it '/infra/bfd-profiles/default'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_with_the_reason(case: str, request: pytest.FixtureRequest) -> None:
    which, act, at, words = CASES[case]
    world: World = request.getfixturevalue(which)
    assert world.whys() == {}, "without it all is well"
    act(world)
    assert words in world.whys().get(at, ""), world.whys()
    assert all(why.isprintable() for why in world.whys().values())
