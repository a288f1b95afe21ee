"""A lab against a dictionary: whatever is done to it, it holds what a dictionary would."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from nsx_lab.manager.http.auth import User
from nsx_lab.manager.http.running import World
from nsx_lab.manager.http.wire import Answer, Request
from nsx_lab.manager.nsx import schema
from nsx_lab.manager.store import seed
from nsx_lab.manager.store.errors import NsxError

T0 = "/infra/tier-0s/T0"
CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec"
ADMIN = User("admin")
RULES = st.fixed_dictionaries(
    {
        "action": st.just("REFLEXIVE"),
        "source_network": st.sampled_from(["30.0.0.5", "30.0.0.6"]),
        "translated_network": st.sampled_from(["10.27.51.145", "10.27.51.147"]),
    },
    optional={
        "enabled": st.booleans(),
        "sequence_number": st.integers(0, 2000),
        "description": st.text(max_size=4),
        "tags": st.lists(st.fixed_dictionaries({"scope": st.text(max_size=3), "tag": st.text(max_size=3)}), max_size=2),
    },
)


class LabAndDictionary(RuleBasedStateMachine):
    """Writes to NAT rules by PATCH, partial PATCH, PUT, trees and DELETE, beside a plain dictionary of what they should be."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        services = {
            "resource_type": "ChildLocaleServices",
            "LocaleServices": {"id": "default", "edge_cluster_path": CLUSTER},
        }
        gateway = {"resource_type": "ChildTier0", "Tier0": {"id": "T0", "children": [services]}}
        document = {"format": "nsx-lab-seed", "version": 1, "infra": {"resource_type": "Infra", "children": [gateway]}}
        self.world.manager.seed(seed.of_document(document))
        self.model: dict[str, dict[str, Any]] = {}
        self.revision: dict[str, int] = {}

    names = Bundle("names")

    @rule(target=names, name=st.sampled_from(["a", "b", "c", "größe", "x y"]))
    def a_name(self, name: str) -> str:
        return name

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        request = Request(
            method, f"/policy/api/v1{path}", "", headers or {}, json.dumps(body).encode() if body is not None else b""
        )
        try:
            return self.world.policy.answer(request, ADMIN)
        except NsxError as error:
            return Answer(error.status, error.body)

    def path(self, name: str) -> str:
        return f"{T0}/nat/USER/nat-rules/{name}"

    def written(self, name: str, body: dict[str, Any]) -> None:
        self.model[name] = body
        self.revision[name] = self.revision.get(name, -1) + 1

    @rule(name=names, body=RULES)
    def patch(self, name: str, body: dict[str, Any]) -> None:
        assert self.ask("PATCH", self.path(name), body).status == 200
        self.written(name, body)

    @rule(name=names, logging=st.booleans())
    def partial_patch(self, name: str, logging: bool) -> None:
        answer = self.ask("PATCH", self.path(name), {"logging": logging}, {"nsx-enable-partial-patch": "true"})
        assert answer.status == (200 if name in self.model else 400)
        if name in self.model:
            self.written(name, {**self.model[name], "logging": logging})

    @rule(name=names, body=RULES, stale=st.booleans())
    def put(self, name: str, body: dict[str, Any], stale: bool) -> None:
        current = self.revision.get(name)
        sent = body if current is None else {**body, "_revision": current - 1 if stale else current}
        answer = self.ask("PUT", self.path(name), sent)
        assert answer.status == (412 if stale and current is not None else 200)
        if answer.status == 200:
            self.written(name, body)

    @rule(name=names)
    def delete(self, name: str) -> None:
        assert self.ask("DELETE", self.path(name)).status == (200 if name in self.model else 404)
        self.model.pop(name, None)
        self.revision.pop(name, None)

    @rule(name=names, other=names, body=RULES, broken=st.booleans())
    def tree(self, name: str, other: str, body: dict[str, Any], broken: bool) -> None:
        rules = [{"id": name, **body}, *([{"id": other, "action": "NONSENSE"}] if broken else [])]
        children = [{"resource_type": "ChildPolicyNatRule", "PolicyNatRule": each} for each in rules]
        section = {"resource_type": "ChildPolicyNat", "PolicyNat": {"id": "USER", "children": children}}
        infra = {
            "resource_type": "Infra",
            "children": [{"resource_type": "ChildTier0", "Tier0": {"id": "T0", "children": [section]}}],
        }
        assert self.ask("PATCH", "/infra", infra).status == (400 if broken else 200)
        if not broken:
            self.written(name, body)

    @invariant()
    def list_holds_what_the_dictionary_holds(self) -> None:
        listed = self.ask("GET", f"{T0}/nat/USER/nat-rules").body
        assert listed["result_count"] == len(self.model)
        assert {obj["id"] for obj in listed["results"]} == set(self.model)
        for obj in listed["results"]:
            expected = {"enabled": True, "logging": False, "sequence_number": 0, **self.model[obj["id"]]}
            assert expected.items() <= obj.items()
            assert obj["_revision"] == self.revision[obj["id"]]
            assert ("tags" in obj) == ("tags" in expected)
            assert schema.problems("PolicyNatRule", obj) == []

    @invariant()
    def search_and_realization_agree(self) -> None:
        found = {obj["id"] for obj in self.world.manager.find("resource_type:PolicyNatRule")}
        realized = {
            path.rpartition("/")[2] for path in self.world.manager.realization.realized() if "/nat-rules/" in path
        }
        assert found == realized == set(self.model)


LabAndDictionary.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLabAndDictionary = LabAndDictionary.TestCase
