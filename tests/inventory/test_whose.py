"""Whose an object is: the tags that NCP and nsx-operator put on it."""

from __future__ import annotations

from typing import Any

import pytest

from egress.inventory.whose import Owner, owner, tags


def tagged(**held: str) -> dict[str, Any]:
    return {
        "tags": [{"scope": scope.replace("__", "/").replace("_op", "-op"), "tag": tag} for scope, tag in held.items()]
    }


CASES = {
    "NCP": (tagged(ncp__cluster="c8", ncp__project="dev", ncp__project_uid="u1"), Owner("c8", "dev", "u1")),
    "nsx-operator": (tagged(nsx_op__cluster="c9", nsx_op__namespace="dev"), Owner("c9", "dev")),
    "of VMs": (tagged(nsx_op__vm_namespace="vms", nsx_op__vm_namespace_uid="u2"), Owner("", "vms", "u2")),
    "of nobody": (tagged(colour="red"), Owner()),
    "without tags": ({}, Owner()),
    "with tags that are none": ({"tags": ["x", None, {"tag": 3}, {"scope": None, "tag": None}]}, Owner()),
    "with a text for tags": ({"tags": "ncp/cluster"}, Owner()),
}


@pytest.mark.parametrize("name", CASES)
def test_tags_say_whose_an_object_is(name: str) -> None:
    body, expected = CASES[name]
    assert owner(body) == expected


def test_the_namespace_of_a_rule_counts_before_the_cluster_of_the_tier1_that_namespaces_share() -> None:
    tier1 = tagged(ncp__cluster="c8")
    assert owner(tagged(ncp__project="dev"), tier1) == Owner("c8", "dev")
    assert owner(tagged(ncp__cluster="c8"), tagged(ncp__project="dev")) == Owner("c8", "dev")
    assert owner(tagged(colour="red"), tier1) == Owner("c8")
    assert owner() == Owner()


def test_an_owner_in_words() -> None:
    assert str(Owner("c8", "dev")) == "namespace dev of cluster c8"
    assert str(Owner("", "dev")) == "namespace dev"
    assert str(Owner("c8")) == "cluster c8"
    assert not Owner(uid="u1")
    assert str(Owner(uid="u1")) == ""


def test_a_tag_without_a_scope_has_the_empty_one() -> None:
    assert tags({"tags": [{"tag": "loose"}, {"scope": "a", "tag": "b"}]}) == {"": "loose", "a": "b"}
