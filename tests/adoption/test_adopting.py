"""Objects are matched by what they do, and the file then says what they are."""

from __future__ import annotations

from typing import Any

import pytest

from egress.adoption import still_there
from egress.domain.yaml_tree import plain_of
from tests.adoption.conftest import GOLDEN, SERVICES, STANDBY, T0, UPLINKS, World, hop, tags, written


def says(text: str) -> Any:
    return plain_of(text, "x")


def test_ids_names_and_priorities_are_those_of_the_manager_and_nothing_is_left_to_say(world: World) -> None:
    text, after = world.adopted()
    assert written(world.adoption()) == {
        "default_route.nsx_id": "core",
        "default_route.tags": {},
        "egress.supervisor.nsx_id": "sup",
        "egress.supervisor.tags": {},
        "egress.supervisor.priority": 7,
        "egress.tkg.nsx_id": "tkg",
        "egress.tkg.tags": {},
        "egress.tkg.priority": 8,
    }
    assert after.edits == ()
    assert still_there(world.adoption(), after)
    assert says(text)["egress"]["supervisor"]["nsx_id"] == "sup"


def test_every_kind_of_rule_is_matched(standby: World) -> None:
    _, after = standby.adopted()
    assert {match.own.at[-1]: match.theirs.path.rsplit("/", 1)[1] for match in after.matches} == {
        "default_route": "core",
        "supervisor": "sup",
        "tkg": "tkg",
        "rest": "all",
        "corporate": "corp",
    }
    assert after.agrees


def test_what_is_not_there_stays_to_add_and_what_is_nobodys_is_counted() -> None:
    world = World()
    world.rule("sup", "30.0.0.5", "10.27.51.145")
    world.rule("dnat", None, "30.0.0.5", action="DNAT", destination_network="10.27.51.9")
    world.route("other", "10.9.0.0/16")
    found = world.adoption()
    assert [own.at[-1] for own in found.missing] == ["default_route", "tkg"]
    assert found.strangers == {"rule": 1, "static route": 1}


def test_a_file_that_names_them_has_nothing_to_say(world: World) -> None:
    text, _ = world.adopted()
    assert World(text, world.objects).adoption().edits == ()
    assert World(text, world.objects).adoption().agrees


def test_names_of_any_kind_go_into_the_file_as_they_are(world: World) -> None:
    name, description = "a: 'b' \"c\" # d, {e} [f] ${g} %{h} é \\", "two\nlines\t: x"
    world.rule("x y.z~1", "30.0.0.5", "10.27.51.145", display_name=name, description=description)
    del world.objects[f"{T0}/nat/USER/nat-rules/sup"]
    text, after = world.adopted()
    entry = says(text)["egress"]["supervisor"]
    assert (entry["nsx_id"], entry["display_name"], entry["description"]) == ("x y.z~1", name, description)
    assert after.agrees


class TestTags:
    def test_tags_of_the_manager_replace_those_of_the_file_one_by_one(self, world: World) -> None:
        world.text = GOLDEN.replace("translated: 10.27.51.145}", "translated: 10.27.51.145, tags: {a: '1', b: '2'}}")
        world.rule("sup", "30.0.0.5", "10.27.51.145", tags=tags(a="1", c="3"), sequence_number=7)
        text, after = world.adopted()
        assert says(text)["egress"]["supervisor"]["tags"] == {"a": "1", "b": None, "c": "3"}
        assert after.agrees

    def test_tags_of_our_own_need_no_word(self, world: World) -> None:
        world.rule("sup", "30.0.0.5", "10.27.51.145", tags=tags(managed_by="tier0-egress", stack="wld01"))
        assert "egress.supervisor.tags" not in written(world.adoption())


class TestNextHops:
    TWO = GOLDEN.replace(
        "[{address: 10.27.51.1}]", "[{address: 10.27.51.1, shared: true}, {address: 10.27.51.2, admin_distance: 9}]"
    )

    def test_distances_and_interfaces_are_set_where_the_hops_stand(self) -> None:
        world = World(self.TWO)
        world.route("core", next_hops=[hop("10.27.51.1", 3, UPLINKS[0]), hop("10.27.51.2")])
        text, after = world.adopted()
        assert says(text)["default_route"]["next_hops"] == (
            {"address": "10.27.51.1", "shared": True, "admin_distance": 3, "interface": "edge01-uplink1"},
            {"address": "10.27.51.2", "admin_distance": 1},
        )
        assert after.agrees

    def test_another_order_is_a_new_list_as_the_provider_compares_the_order(self) -> None:
        world = World(self.TWO)
        world.route("core", next_hops=[hop("10.27.51.2", 9), hop("10.27.51.1")])
        text, after = world.adopted()
        assert says(text)["default_route"]["next_hops"] == (
            {"address": "10.27.51.2", "admin_distance": 9},
            {"address": "10.27.51.1", "shared": True},
        )
        assert after.agrees

    def test_hops_that_the_defaults_give_are_written_into_the_domains_own_file(self, world: World) -> None:
        from egress.adoption import adoption
        from tests.adoption.conftest import domain_of

        world.route("core", next_hops=[hop("10.27.51.1", 3)])
        found = adoption(domain_of(GOLDEN), T0, world.below(), {}, {})
        assert written(found)["default_route.next_hops"] == [{"address": "10.27.51.1", "admin_distance": 3}]

    @pytest.mark.parametrize("network", ["10.9.0.0/16", "2001:db8:9::/48"])
    def test_further_routes_null_routes_and_ipv6_routes_are_matched_by_their_network(self, network: str) -> None:
        address = "2001:db8:51::7" if ":" in network else "10.27.51.7"
        routes = f"routes:\n  far: {{network: '{network}', next_hops: [{{address: '{address}'}}]}}\n  none: {{network: 10.99.0.0/16, discard: true}}\n"
        world = World(GOLDEN.replace("ingress:", f"{routes}ingress:"))
        world.route("a", network, next_hops=[hop(address, 5)])
        world.route("b", "10.99.0.0/16", next_hops=[hop()])
        text, after = world.adopted()
        assert [match.own.at for match in after.matches] == [("routes", "far"), ("routes", "none")]
        assert after.agrees
        assert says(text)["routes"]["far"]["next_hops"][0]["admin_distance"] == 5


class TestSpelling:
    @pytest.mark.parametrize(
        ("source", "translated"),
        [("30.0.0.5/32", "10.27.51.145"), ("30.0.0.5", "10.27.51.145/32"), ("30.0.0.5/32", "10.27.51.145/32")],
    )
    def test_a_network_of_one_address_is_spelt_as_the_manager_does(self, source: str, translated: str) -> None:
        world = World()
        world.rule("sup", source, translated)
        _, after = world.adopted()
        assert after.agrees

    @pytest.mark.parametrize("destination", ["0.0.0.0/0", ""])
    def test_a_destination_of_everything_on_snat_is_none(self, standby: World, destination: str) -> None:
        standby.rule("all", None, "10.27.51.150", sequence_number=900, destination_network=destination)
        _, after = standby.adopted()
        assert after.agrees


class TestScope:
    @pytest.mark.parametrize(
        ("scope", "wanted"),
        [
            ((), "everywhere"),
            (UPLINKS[:1], ["edge01-uplink1"]),
            ((*UPLINKS, *SERVICES), ["edge01-uplink1", "edge02-uplink1", "edge01-services", "edge02-services"]),
        ],
    )
    def test_the_scope_of_the_rules_becomes_that_of_the_file(self, scope: tuple[str, ...], wanted: Any) -> None:
        world = World()
        world.rule("sup", "30.0.0.5", "10.27.51.145", scope=list(scope), sequence_number=1)
        world.rule("tkg", "30.0.0.16", "10.27.51.147", scope=list(scope)[::-1], sequence_number=2)
        assert written(world.adoption())["egress.applied_to"] == wanted
        _, after = world.adopted()
        assert after.agrees

    def test_uplinks_is_what_a_file_says_of_all_of_them(self) -> None:
        world = World(GOLDEN.replace("applied_to: uplinks", "applied_to: everywhere"))
        world.rule("sup", "30.0.0.5", "10.27.51.145", scope=list(UPLINKS))
        assert written(world.adoption())["egress.applied_to"] == "uplinks"


class TestWhichOne:
    def test_the_one_that_the_file_names_is_meant_though_another_does_the_same(self, world: World) -> None:
        world.rule("twin", "30.0.0.5", "10.27.51.145", sequence_number=70)
        world.text = GOLDEN.replace("{source: 30.0.0.5,", "{nsx_id: twin, source: 30.0.0.5,")
        found = world.adoption()
        assert written(found)["egress.supervisor.priority"] == 70
        assert ["rule 'sup' stands beside it" in note for note in found.notes] == [True]

    def test_one_that_is_disabled_is_no_candidate_beside_one_that_is_not(self, world: World) -> None:
        world.rule("off", "30.0.0.5", "10.27.51.145", enabled=False, sequence_number=1)
        assert written(world.adoption())["egress.supervisor.nsx_id"] == "sup"

    def test_one_that_is_marked_for_deletion_is_gone(self, world: World) -> None:
        world.rule("old", "30.0.0.5", "10.27.51.145", marked_for_delete=True)
        assert written(world.adoption())["egress.supervisor.nsx_id"] == "sup"

    def test_ids_that_were_swapped_are_told_apart_by_content(self) -> None:
        world = World()
        world.rule("wld01-egress-tkg", "30.0.0.5", "10.27.51.145", sequence_number=1)
        world.rule("wld01-egress-supervisor", "30.0.0.16", "10.27.51.147", sequence_number=2)
        said = written(world.adoption())
        assert (said["egress.supervisor.nsx_id"], said["egress.tkg.nsx_id"]) == (
            "wld01-egress-tkg",
            "wld01-egress-supervisor",
        )
        _, after = world.adopted()
        assert after.agrees

    def test_the_same_ids_on_another_gateway_are_none(self) -> None:
        world = World()
        world.rule("sup", "30.0.0.5", "10.27.51.145")
        (path,) = world.objects
        world.objects = {path.replace("T0-wld01", "T0-other"): world.objects[path]}
        assert world.adoption().matches == ()


class TestBfd:
    BFD = GOLDEN.replace("[{address: 10.27.51.1}]", "[{address: 10.27.51.1}]\n  bfd: {}")
    OURS = "wld01-bfd-10-27-51-1"
    SOURCES: tuple[str, ...] = ("10.27.51.145", "10.27.51.147")

    def test_a_peer_that_is_as_the_stack_makes_it_is_matched(self) -> None:
        world = World(self.BFD)
        held = tags(managed_by="tier0-egress", stack="wld01")
        world.peer(self.OURS, source_addresses=list(self.SOURCES), tags=held)
        found = world.adoption()
        assert [match.own.title for match in found.matches] == ["BFD peer 10.27.51.1"]
        assert found.edits == ()

    def test_a_peer_that_the_file_says_nothing_of_is_told(self, world: World) -> None:
        world.peer("gw")
        assert (
            "BFD peer 'gw' watches next hop 10.27.51.1, and the file has no default_route.bfd: it stays whose it is"
            in world.adoption().notes
        )


def test_standby_text_is_what_it_says() -> None:
    assert "exceptions" in STANDBY
