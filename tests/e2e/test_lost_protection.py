"""A protected default route is lost by no command, however the domain file came to let go of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.sites import STACK, Site

pytestmark = pytest.mark.e2e

V6 = f"/infra/tier-0s/T0-wld01/static-routes/{STACK}-default-route-v6"


def _file(site: Site) -> Path:
    return site.root / "domains" / f"{STACK}.yaml"


def _without_route(site: Site) -> None:
    """The route becomes somebody else's."""
    text = _file(site).read_text()
    begin = text.index("default_route:")
    end = text.index("\negress:", begin)
    _file(site).write_text(text[:begin] + "default_route: {external: true}" + text[end:])


def _without_ipv6(site: Site) -> None:
    """The IPv6 route is dropped, the IPv4 one stays."""
    _file(site).write_text(_file(site).read_text().replace(IPV6, ""))


def _other_gateway(site: Site) -> None:
    """The domain moves to another Tier-0: its route would be made anew there."""
    infra = {"resource_type": "Infra", "children": [_tier0("T0-other")]}
    site.lab.control.seed({"format": "nsx-lab-seed", "version": 1, "infra": infra})
    _file(site).write_text(_file(site).read_text().replace("id: T0-wld01", "id: T0-other"))


def _renamed(site: Site) -> None:
    """The file has another name; the stack of old is destroyed by it."""
    new = _file(site).with_name("wld09.yaml")
    new.write_text(_file(site).read_text().replace(f"name: {STACK}", "name: wld09"))
    _file(site).unlink()


IPV6 = '  ipv6: {next_hops: [{address: "2001:db8:51::1"}]}\n'
LOSSES: dict[str, Callable[[Site], None]] = {
    "external": _without_route,
    "ipv6 dropped": _without_ipv6,
    "gateway changed": _other_gateway,
    "renamed": _renamed,
}


def _tier0(name: str) -> dict[str, object]:
    interfaces = [
        {
            "resource_type": "ChildTier0Interface",
            "Tier0Interface": {
                "resource_type": "Tier0Interface",
                "id": f"edge0{n}-uplink1",
                "type": "EXTERNAL",
                "edge_path": f"/infra/sites/default/enforcement-points/default/edge-clusters/T0-wld01-edges/edge-nodes/edge0{n}",
                "subnets": [{"ip_addresses": [f"10.27.51.14{5 + 2 * (n - 1)}"], "prefix_len": 24}],
            },
        }
        for n in (1, 2)
    ]
    services = {"resource_type": "LocaleServices", "id": "default", "children": interfaces}
    body = {
        "resource_type": "Tier0",
        "id": name,
        "ha_mode": "ACTIVE_ACTIVE",
        "children": [{"resource_type": "ChildLocaleServices", "LocaleServices": services}],
    }
    return {"resource_type": "ChildTier0", "Tier0": body}


@pytest.mark.parametrize("loss", LOSSES)
def test_every_verb_refuses_to_lose_a_protected_route(manager_site: Site, loss: str) -> None:
    site = manager_site
    file = _file(site)
    file.write_text(file.read_text().replace("default_route:\n", f"default_route:\n{IPV6}", 1))
    for uplink in (145, 147):
        file.write_text(
            file.read_text().replace(
                f"10.27.51.{uplink}/24}}", f'10.27.51.{uplink}/24, ipv6: "2001:db8:51::{uplink}/64"}}'
            )
        )
    site.egress("apply", STACK, "--yes", code=0)
    before = site.objects()
    assert V6 in before
    LOSSES[loss](site)

    if loss == "renamed":
        refused = site.egress("destroy", STACK, "--yes", code=1)
        assert "this plan takes away 0.0.0.0/0 and ::/0" in refused.stderr
        refused = site.egress("apply", "wld09", "--yes", code=1)
        assert "second-default-route" in refused.stderr
        site.egress("plan", "wld09", "--out", "plans", code=2)
        assert "second-default-route" in site.egress("apply", "--saved", "plans", "--yes", code=1).stderr
        assert "prevent_destroy" not in site.egress("destroy", "wld09", "--yes", code=2).stderr, "it has nothing"
    else:
        verbs = [("apply", STACK, "--yes"), ("destroy", STACK, "--yes"), ("apply", STACK, "--yes", "--import-existing")]
        if loss != "gateway changed":  # there the engine itself refuses to plan: the block is still in the file
            site.egress("plan", STACK, "--out", "plans", code=2)
            verbs.append(("apply", "--saved", "plans", "--yes"))
        for verb in verbs:
            refused = site.egress(*verb, code=1)
            assert "egress unprotect wld01" in refused.stderr or "prevent_destroy" in refused.stderr, verb
        refused = site.egress("engine", STACK, "--", "destroy", "-auto-approve", code=1)
        assert "egress destroy does that, with its guards" in refused.stderr
    assert site.objects() == before, loss


def test_the_step_of_its_own_lets_the_route_go(manager_site: Site) -> None:
    site = manager_site
    site.egress("apply", STACK, "--yes", code=0)
    _without_route(site)
    assert "egress unprotect wld01" in site.egress("destroy", STACK, "--yes", code=1).stderr
    site.egress("unprotect", STACK, "--yes", code=0)
    site.egress("destroy", STACK, "--yes", code=0)
    assert site.objects() == {}


def test_the_same_for_a_stack_whose_file_is_gone(manager_site: Site) -> None:
    site = manager_site
    site.egress("apply", STACK, "--yes", code=0)
    _renamed(site)
    assert "egress unprotect wld01" in site.egress("destroy", STACK, "--yes", code=1).stderr
    site.egress("unprotect", STACK, "--yes", code=0)
    site.egress("destroy", STACK, "--yes", code=0)
    assert site.objects() == {}
    site.egress("apply", "wld09", "--yes", code=0)
