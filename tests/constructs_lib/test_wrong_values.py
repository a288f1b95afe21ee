"""Whatever is wrong with an argument, its type included, ends in a RefusedValueError that names it. For every argument there is."""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import re
from collections.abc import Callable
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

import pytest
from cdktf import App, Fn, TerraformProvider, TerraformStack, TerraformVariable, Token
from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider
from constructs import Construct
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tier0_egress.constructs import (
    BfdPeer,
    EgressException,
    EgressMapping,
    EgressSnatPair,
    HaMode,
    NextHop,
    RealizationCheck,
    RefusedValueError,
    Tier0DefaultRoute,
    Tier0Gateway,
    Tier0StaticRoute,
)
from tier0_egress.constructs.values import unresolved

T0 = "/infra/tier-0s/T0"
HOP = NextHop(address="10.27.51.1")
MAPPING = EgressMapping(source="30.0.0.5", translated="10.27.51.145", nsx_id="m", priority=7)
OTHER = EgressMapping(source="30.0.0.6", translated="10.27.51.146", nsx_id="n", priority=8)
THIRD = EgressMapping(source="30.0.0.7", translated="10.27.51.147", nsx_id="o", priority=9)


class Place:
    """A stack with one of everything that an argument may be wrongly given."""

    def __init__(self, folder: Path) -> None:
        self.app = App(outdir=str(folder))
        self.stack = TerraformStack(self.app, "test")
        self.provider = NsxtProvider(self.stack, "nsxt", host="nsx.example.com")
        self.gateway = Tier0Gateway.from_id(self.stack, "Tier0", gateway_id="T0")
        self.route = Tier0DefaultRoute(self.stack, "Route", gateway_path=T0, nsx_id="r", next_hops=[HOP])
        self.variable = TerraformVariable(self.stack, "list", type="list(string)")
        self.count = 0

    def fresh(self) -> str:
        """An id that is not taken."""
        self.count += 1
        return f"Fresh{self.count}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


Maker = Callable[..., object]
# What makes a right one of each; `scope` and `id_` come on top for constructs.
VALUES: dict[str, tuple[Maker, dict[str, Any]]] = {
    "NextHop": (NextHop, {"address": "10.27.51.1"}),
    "BfdPeer": (BfdPeer, {"nsx_id": "p", "peer_address": "10.27.51.1"}),
    "EgressMapping": (EgressMapping, {"source": "30.0.0.5", "translated": "10.27.51.145", "nsx_id": "m"}),
    "EgressException": (EgressException, {"destination": "10.0.0.0/8", "nsx_id": "e", "priority": 6}),
}
CONSTRUCTS: dict[str, tuple[Maker, Callable[[Place], dict[str, Any]]]] = {
    "Tier0Gateway.from_id": (Tier0Gateway.from_id, lambda place: {"gateway_id": "T0"}),
    "Tier0Gateway.from_display_name": (Tier0Gateway.from_display_name, lambda place: {"display_name": "T0"}),
    "Tier0DefaultRoute": (
        Tier0DefaultRoute,
        lambda place: {"gateway_path": T0, "nsx_id": "r", "next_hops": [HOP]},
    ),
    "Tier0StaticRoute": (
        Tier0StaticRoute,
        lambda place: {"gateway_path": T0, "nsx_id": "s", "network": "10.0.0.0/8", "next_hops": [HOP]},
    ),
    "EgressSnatPair": (
        EgressSnatPair,
        lambda place: {
            "gateway_path": T0,
            "ha_mode": HaMode.ACTIVE_ACTIVE,
            "applied_to": [],
            "supervisor": MAPPING,
            "tkg": OTHER,
        },
    ),
    "RealizationCheck": (RealizationCheck, lambda place: {"resource": place.route}),
}


def parameters(maker: Any) -> dict[str, inspect.Parameter]:
    signature = inspect.signature(maker.__init__ if inspect.isclass(maker) else maker)
    return {name: parameter for name, parameter in signature.parameters.items() if name != "self"}


def arguments(maker: Maker) -> list[str]:
    return list(parameters(maker))


CASES = [
    (name, argument) for name, (maker, _) in [*VALUES.items(), *CONSTRUCTS.items()] for argument in arguments(maker)
]


def make(place: Place, name: str, argument: str, wrong: object) -> Any:
    """Makes the thing with one argument wrong and all the others right."""
    if name in VALUES:
        maker, right = VALUES[name]
        return maker(**(right | {argument: wrong}))
    build, rights = CONSTRUCTS[name]
    return build(**({"scope": place.stack, "id_": place.fresh()} | rights(place) | {argument: wrong}))


def _endless() -> list[Any]:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    return deep


# Wrong for every argument of every construct, whatever its type.
NEVER: dict[str, Callable[[Place], object]] = {
    "an object": lambda place: object(),
    "bytes": lambda place: b"10.0.0.1",
    "a set": lambda place: {"a"},
    "a class": lambda place: NextHop,
    "a function": lambda place: len,
    "a number of 5,000 digits": lambda place: 10**5000,
    "a list without an end": lambda place: _endless(),
    "a complex number": lambda place: 1j,
    "not a number": lambda place: float("nan"),
    "infinity": lambda place: float("inf"),
    "a path of the file system": lambda place: Path("/infra/tier-0s/T0"),
    "an interface address": lambda place: IPv4Interface("10.27.51.1/24"),
    "a whole app": lambda place: place.app,
    "a list of lists": lambda place: [["a"]],
    "a list of nothing": lambda place: [None],
    "a list of numbers": lambda place: [1, 2],
    "a list of bytes": lambda place: [b"a"],
    "a mapping to nothing": lambda place: {"a": None},
    "a mapping to numbers": lambda place: {"a": 5},
    "a mapping of nothing": lambda place: {None: None},
}
# Wrong for most; what some argument takes is named beside it.
SOMEWHERE: dict[str, tuple[Callable[[Place], object], set[str]]] = {
    "nothing": (
        lambda place: None,
        {
            *(
                "interface_path",
                "tags",
                "ip_version",
                "provider",
                "EgressMapping.priority",
                "EgressMapping.destination",
            ),
            *("supervisor", "tkg", "more", "exceptions", "default_route"),
            *("EgressMapping.display_name", "BfdPeer.display_name", "Tier0DefaultRoute.display_name"),
            *("EgressException.display_name", "Tier0StaticRoute.display_name"),
        },
    ),
    "true": (lambda place: True, {"enabled", "protect", "stateful_active_active"}),
    "zero": (lambda place: 0, {"delay", "priority"}),
    "a negative number": (lambda place: -1, set()),
    "a fraction": (lambda place: 1.5, set()),
    "empty text": (lambda place: "", {"description"}),
    "text": (lambda place: "text", {"nsx_id", "gateway_id", "display_name", "description", "id_"}),
    "text of two lines": (lambda place: "a\nb", {"description", "id_"}),
    "text of 2,000 letters": (lambda place: "x" * 2000, {"id_"}),
    "a path of a Tier-1": (
        lambda place: "/infra/tier-1s/T1",
        {"display_name", "description", "id_", "profile_path", "interface_path"},
    ),
    "an empty list": (lambda place: [], {"bfd_peers", "source_addresses", "applied_to"}),
    "an empty mapping": (lambda place: {}, {"tags", "more", "exceptions"}),
    "a mapping": (lambda place: {"address": "10.0.0.1"}, {"tags"}),
    "a mapping without a key": (lambda place: {"": MAPPING}, set()),
    "a list of text": (lambda place: ["text"], set()),
    "a list of addresses": (lambda place: ["10.0.0.1"], {"source_addresses"}),
    "a list of mappings": (lambda place: [{"address": "10.0.0.1"}], set()),
    "a list that Terraform knows": (lambda place: place.variable.list_value, {"source_addresses", "applied_to"}),
    "an element of such a list": (lambda place: place.variable.list_value[0], set()),
    "that and another": (lambda place: [*place.variable.list_value, "10.0.0.1"], set()),
    "a map that Terraform knows": (lambda place: Token.as_string_map(place.variable), set()),
    "an expression object": (lambda place: place.variable.boolean_value, {"enabled"}),
    "a variable": (lambda place: place.variable, {"scope"}),
    "a gateway": (lambda place: place.gateway, {"scope"}),
    "a route": (lambda place: place.route, {"scope", "resource", "default_route"}),
    "a resource": (lambda place: place.route.resource, {"scope", "resource"}),
    "a path": (
        lambda place: place.route.path,
        {
            *(
                "address",
                "nsx_id",
                "peer_address",
                "source",
                "destination",
                "translated",
                "gateway_id",
                "display_name",
                "description",
            ),
            *("gateway_path", "interface_path", "profile_path", "firewall_match", "network"),
        },
    ),
    "a mapping object": (lambda place: THIRD, {"supervisor", "tkg"}),
    "a hop": (lambda place: HOP, set()),
    "a provider": (lambda place: place.provider, {"scope", "provider"}),
    "a provider of something else": (
        lambda place: TerraformProvider(place.stack, place.fresh(), terraform_resource_type="aws"),
        {"scope"},
    ),
    "a construct outside of any stack": (lambda place: Construct(place.app, place.fresh()), set()),
    "an id that is taken": (
        lambda place: "Route",
        {"nsx_id", "gateway_id", "display_name", "description"},
    ),
}


@pytest.mark.parametrize("wrong", NEVER)
def test_what_is_right_nowhere_is_refused_by_every_argument(place: Place, wrong: str) -> None:
    assert len(CASES) > 40
    for name, argument in CASES:
        assert_refused(place, name, argument, NEVER[wrong](place))


@pytest.mark.parametrize("wrong", SOMEWHERE)
def test_what_is_right_somewhere_is_refused_by_the_others(place: Place, wrong: str) -> None:
    value, taken_by = SOMEWHERE[wrong]
    for name, argument in CASES:
        if argument in taken_by or f"{name}.{argument}" in taken_by:
            made = make(place, name, argument, value(place))
            if argument == "id_":
                place.stack.node.try_remove_child(made.node.id)  # for the next construct
        else:
            assert_refused(place, name, argument, value(place))


def assert_refused(place: Place, name: str, argument: str, wrong: object) -> None:
    """By a sentence: one line, no period at the end; it names the argument and what is allowed."""
    with pytest.raises(RefusedValueError) as refused:
        make(place, name, argument, wrong)
    said = str(refused.value)
    assert re.match(rf"(next hop )?{argument}(\[.*?\])?: ", said) or ": two" in said, said
    assert "\n" not in said
    assert not said.endswith(".")
    assert len(said) < 500
    assert "object at 0x" not in said
    assert "allowed" in said or "write '" in said, said


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_value_gets_an_argument_to_fail_in_another_way(place: Place, data: st.DataObject) -> None:
    name, argument = data.draw(st.sampled_from(CASES))
    plain = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=20)
        | st.binary(max_size=4)
        | st.ip_addresses()
    )
    value = data.draw(
        plain | st.lists(plain, max_size=2) | st.dictionaries(st.text(max_size=5) | st.none(), plain, max_size=2)
    )
    with contextlib.suppress(RefusedValueError):
        make(place, name, argument, value)


def test_a_number_token_is_known_without_asking_javascript(place: Place) -> None:
    numbers: list[Any] = [TerraformVariable(place.stack, place.fresh(), type="number").number_value for _ in range(9)]
    for number in [*numbers, 0.0, -1.5, 1e308, -1.7e308, numbers[0] / 2]:
        assert unresolved(number) is Token.is_unresolved(number)


def test_an_argument_is_refused_before_anything_is_made(place: Place) -> None:
    before = len(place.stack.node.children)
    for name in CONSTRUCTS:
        for argument in arguments(CONSTRUCTS[name][0]):
            with pytest.raises(RefusedValueError):
                make(place, name, argument, object())
    assert len(place.stack.node.children) == before


@pytest.mark.parametrize(
    "name, argument, wrong, words",
    [
        ("Tier0DefaultRoute", "next_hops", lambda p: ["10.0.0.1"], "next_hops: '10.0.0.1' is not allowed, allowed is an object of class NextHop"),
        ("Tier0DefaultRoute", "next_hops", lambda p: HOP, "next_hops: an object of class NextHop is no list, allowed is a list of NextHop objects"),
        ("Tier0DefaultRoute", "gateway_path", lambda p: p.gateway, "gateway_path: an object of class Tier0Gateway is no text, .*: give its .path"),
        ("Tier0DefaultRoute", "gateway_path", lambda p: p.variable, "gateway_path: an object of class TerraformVariable .*: give its .string_value"),
        ("EgressSnatPair", "default_route", lambda p: p.route.path, "default_route: .* allowed is an object of class Tier0DefaultRoute"),
        ("EgressSnatPair", "applied_to", lambda p: ["uplink1"], "applied_to: 'uplink1' is no policy path, .*/interfaces/uplink1"),
        ("EgressSnatPair", "more", lambda p: {"": MAPPING}, "more: '' is no key, allowed is text"),
        ("EgressSnatPair", "supervisor", lambda p: {"source": "30.0.0.5"}, "supervisor: .* allowed is an object of class EgressMapping"),
        ("EgressMapping", "tags", lambda p: {"a": 5}, r"tags\['a'\]: 5 is no text, allowed are 0 to 256 characters"),
        ("BfdPeer", "nsx_id", lambda p: "Default", "nsx_id: 'Default' is the name of the route inside of its construct"),
        ("BfdPeer", "nsx_id", lambda p: "bfd-peers", "nsx_id: 'bfd-peers' is a name that the API uses itself"),
        ("Tier0DefaultRoute", "nsx_id", lambda p: "bfd-peers", "nsx_id: 'bfd-peers' is a name that the API uses itself"),
        ("NextHop", "address", lambda p: p.variable.list_value[0], r"next hop address: this is a list that only Terraform knows.*Fn\.element"),
        ("EgressMapping", "source", lambda p: p.variable.list_value[0], r"source: this is a list that only Terraform knows.*Fn\.element"),
        ("Tier0DefaultRoute", "next_hops", lambda p: p.variable.list_value, r"next_hops: this is a list that only Terraform knows.*Fn\.element"),
        ("RealizationCheck", "resource", lambda p: p.route.path, "resource: .*: the path alone would not make Terraform wait"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(
    place: Place, name: str, argument: str, wrong: Callable[[Place], object], words: str
) -> None:
    with pytest.raises(RefusedValueError, match=words):
        make(place, name, argument, wrong(place))


def test_hops_of_a_fixed_count_are_taken_from_a_list_that_terraform_knows(
    stack: TerraformStack, synth: Callable[[], dict[str, Any]]
) -> None:
    """What the refusal of such a list advises."""
    hops = TerraformVariable(stack, "hops", type="list(string)").list_value
    Tier0DefaultRoute(
        stack,
        "Route",
        gateway_path=T0,
        nsx_id="r",
        next_hops=[NextHop(address=Fn.element(hops, 0)), NextHop(address=Fn.element(hops, 1))],
    )
    made = synth()["resource"]["nsxt_policy_static_route"]["Route"]["next_hop"]
    assert [hop["ip_address"] for hop in made] == ["${element(var.hops, 0)}", "${element(var.hops, 1)}"]


def test_a_resource_of_other_bindings_can_be_checked(
    stack: TerraformStack, synth: Callable[[], dict[str, Any]]
) -> None:
    class Theirs(PolicyNatRule):
        """Stands for the class that `cdktf get` makes: another one, of the same type."""

    theirs = Theirs(stack, "rule", gateway_path=T0, display_name="x", action="SNAT", translated_networks=["10.0.0.1"])
    RealizationCheck(stack, "Check", resource=theirs)
    info = synth()["data"]["nsxt_policy_realization_info"]["Check"]
    assert info["path"] == "${nsxt_policy_nat_rule.rule.path}"


def documented(maker: Any) -> str:
    return str(maker.__init__.__doc__ if inspect.isclass(maker) else maker.__doc__)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_every_optional_argument_says_its_default_in_one_way(name: str) -> None:
    maker = CONSTRUCTS[name][0]
    lines = re.split(r"\n        (?=[a-z_0-9]+: )", documented(maker))
    said = {line.split(":")[0].strip(): " ".join(line.split()) for line in lines}
    for argument, parameter in parameters(maker).items():
        if argument in ("scope", "id_"):
            continue
        assert argument in said, f"{name}: {argument} is not told"
        assert ("Default: " in said[argument]) is (parameter.default is not parameter.empty), argument


@pytest.mark.parametrize("kind", [NextHop, BfdPeer, EgressMapping])
def test_every_field_has_its_words_beside_it_and_says_its_default(kind: Any) -> None:
    source = inspect.getsource(kind)
    for field in dataclasses.fields(kind):
        (words,) = re.findall(rf'\n    {field.name}: [^\n]*\n    """(.*?)"""', source, re.DOTALL)
        assert ("Default: " in words) is (field.default is not dataclasses.MISSING), field.name
