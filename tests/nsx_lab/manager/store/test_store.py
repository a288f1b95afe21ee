"""The store and a transaction on top of it: what is looked up is what a look at everything finds, and costs no look at everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsx_lab.manager.nsx.manager import Manager
from nsx_lab.manager.store import seed
from nsx_lab.manager.store.errors import NsxError
from nsx_lab.manager.store.store import Change, Object, Store, Transaction

PATHS = st.sampled_from(["/infra/a", "/infra/b", "/infra/a/c", "/infra/a/d", "/infra/b/c"])
TYPES = st.sampled_from(["Tier1", "Segment"])
LINKS = st.sampled_from(["", "/infra/a", "/infra/b"])
WRITES = st.lists(st.tuples(PATHS, TYPES, LINKS, st.booleans()), max_size=10)


def written(writes: list[tuple[str, str, str, bool]]) -> list[tuple[str, Object | None]]:
    made: list[tuple[str, Object | None]] = []
    for number, (path, kind, link, gone) in enumerate(writes):
        obj = {
            "path": path,
            "parent_path": path.rpartition("/")[0],
            "resource_type": kind,
            "tier0_path": link,
            "number": number,
        }
        made.append((path, None if gone else obj))
    return made


@settings(max_examples=500, deadline=None)
@given(WRITES, WRITES)
def test_transaction_finds_what_a_look_at_everything_finds(
    before: list[tuple[str, str, str, bool]], after: list[tuple[str, str, str, bool]]
) -> None:
    store = Store()
    stored: dict[str, Object] = {}
    for path, obj in written(before):
        store.apply([Change(path, stored.get(path), obj)])
        if obj is None:
            stored.pop(path, None)
        else:
            stored[path] = obj
    tx, staged = Transaction(store), dict[str, Object | None]()
    for path, obj in written(after):
        staged[path] = obj
        if obj is None:
            tx.delete(path)
        else:
            tx.put(path, obj)
    final = {path: obj for path, obj in {**stored, **staged}.items() if obj is not None}

    def scan(**wanted: str) -> list[int]:
        return sorted(
            obj["number"] for obj in final.values() if all(obj[key] == value for key, value in wanted.items())
        )

    def numbers(found: list[Object]) -> list[int]:
        return sorted(obj["number"] for obj in found)

    for parent in ("/infra", "/infra/a", "/infra/b"):
        assert sorted(tx.child_paths(parent)) == sorted(
            path for path, obj in final.items() if obj["parent_path"] == parent
        )
        for kind in ("Tier1", "Segment"):
            assert numbers(tx.children(parent, kind)) == scan(parent_path=parent, resource_type=kind)
    for kind in ("Tier1", "Segment"):
        assert numbers(tx.of_type(kind)) == scan(resource_type=kind)
        for link in ("/infra/a", "/infra/b"):
            assert numbers(tx.linked(kind, "tier0_path", link)) == scan(resource_type=kind, tier0_path=link)
    store.apply(tx.changes())
    assert {obj["path"]: obj for obj in store.objects()} == final
    assert sorted(store.child_paths("/infra/a")) == sorted(path for path in final if path.startswith("/infra/a/"))


def test_a_change_keeps_its_place_in_lists() -> None:
    store = Store()
    for path, obj in written([(f"/infra/{name}", "Tier1", "", False) for name in "abc"]):
        store.apply([Change(path, None, obj)])
    (_, changed), = written([("/infra/a", "Tier1", "/infra/b", False)])  # fmt: skip
    store.apply([Change("/infra/a", store.get("/infra/a"), changed)])
    assert store.child_paths("/infra") == ["/infra/a", "/infra/b", "/infra/c"]
    assert list(store.index.find(resource_type="Tier1")) == ["/infra/a", "/infra/b", "/infra/c"]


CLUSTER = "/infra/sites/default/enforcement-points/default/edge-clusters/ec"


def child(kind: str, **fields: Any) -> dict[str, Any]:
    return {"resource_type": f"Child{kind}", kind: {"resource_type": kind, **fields}}


def tree(tier0s: int, rules: int) -> dict[str, Any]:
    """Tier-0s with rules, and with a Tier-1, a segment and a route each."""
    children = []
    for number in range(tier0s):
        made = [
            child("PolicyNatRule", id=f"r{rule}", action="REFLEXIVE", source_network=f"30.0.{rule}.1", translated_network=f"10.27.{rule}.1")
            for rule in range(rules)
        ]  # fmt: skip
        services = child("LocaleServices", id="default", edge_cluster_path=CLUSTER)
        nat = child("PolicyNat", id="USER", children=made)
        route = child("StaticRoutes", id="d", network="0.0.0.0/0", next_hops=[{"ip_address": "10.27.51.1"}])
        children.append(child("Tier0", id=f"t{number}", children=[services, nat, route]))
        children.append(child("Tier1", id=f"t{number}", tier0_path=f"/infra/tier-0s/t{number}"))
        subnet = {"gateway_address": "172.16.1.1/24"}
        children.append(
            child("Segment", id=f"s{number}", connectivity_path=f"/infra/tier-1s/t{number}", subnets=[subnet])
        )
    return {"resource_type": "Infra", "children": children}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], int]:
    """How many objects are looked at while something is done."""
    count = [0]
    for owner in (Store, Transaction):
        get = owner.get

        def counted(self: Any, path: str, get: Any = get) -> Object | None:
            count[0] += 1
            found: Object | None = get(self, path)
            return found

        monkeypatch.setattr(owner, "get", counted)
    for name in ("written", "changes"):
        every = getattr(Transaction, name)

        def counted_all(self: Any, every: Any = every) -> list[Any]:
            found: list[Any] = every(self)
            count[0] += len(found)
            return found

        monkeypatch.setattr(Transaction, name, counted_all)

    def measure(action: Callable[[], object]) -> int:
        count[0] = 0
        action()
        return count[0]

    return measure


def test_seed_looks_at_as_many_objects_per_write_whatever_its_size(
    looks: Callable[[Callable[[], object]], int],
) -> None:
    def per_write(tier0s: int, rules: int) -> float:
        document = {"format": "nsx-lab-seed", "version": 1, "infra": tree(tier0s, rules)}
        manager = Manager()
        count = looks(lambda: manager.seed(seed.of_document(document)))
        return count / (tier0s * (rules + 4))

    small, many_gateways, many_rules = per_write(5, 5), per_write(100, 5), per_write(5, 100)
    assert many_gateways <= 1.1 * small
    assert many_rules <= 1.1 * small


def test_write_looks_at_as_many_objects_whatever_the_lab_holds(looks: Callable[[Callable[[], object]], int]) -> None:
    def per_patch(tier0s: int, rules: int) -> list[int]:
        manager = Manager()
        manager.seed(seed.of_document({"format": "nsx-lab-seed", "version": 1, "infra": tree(tier0s, rules)}))
        rule = {"action": "REFLEXIVE", "source_network": "30.0.0.5", "translated_network": "10.27.51.145"}
        hop = {"network": "0.0.0.0/0", "next_hops": [{"ip_address": "10.27.51.1"}]}
        section = "/infra/tier-0s/t0/nat/USER/nat-rules"
        return [
            looks(lambda: manager.patch(f"{section}/new", rule, "admin")),
            looks(lambda: manager.patch(f"{section}/new", rule, "admin")),
            looks(lambda: manager.patch("/infra/tier-0s/t0/static-routes/new", hop, "admin")),
            looks(lambda: manager.patch("/infra/tier-1s/new", {"tier0_path": "/infra/tier-0s/t0"}, "admin")),
            looks(lambda: manager.delete(f"{section}/new")),
            looks(lambda: _refused(lambda: manager.delete("/infra/tier-0s/t0/nat/USER"))),
        ]

    assert per_patch(100, 5) == per_patch(5, 5)
    assert per_patch(5, 100) == per_patch(5, 5)


def _refused(action: Callable[[], object]) -> None:
    with pytest.raises(NsxError):
        action()
