"""Routes outside NSX: only what the walk misses, over every way that the HA mode allows, in each format."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml

from egress.answers.returns import OutsideRoute, assumed_routes, missing_routes
from egress.answers.route_text import FORMATS, render
from egress.domain import WorkloadDomain
from egress.reachability.view import view as view_of

ONE = OutsideRoute("dns", IPv4Network("30.0.0.0/24"), (IPv4Address("172.20.0.1"),), "")
TWO = OutsideRoute("router", IPv4Network("30.0.1.0/25"), (IPv4Address("10.27.51.145"), IPv4Address("10.27.51.147")), "")


def test_the_golden_domain_lacks_one_route_on_its_dns_server(golden: WorkloadDomain) -> None:
    (route,) = missing_routes(view_of(golden))
    assert (route.on, str(route.to), [str(one) for one in route.via]) == (
        "dns 172.20.0.53",
        "30.0.0.0/24",
        ["172.20.0.1", "172.20.0.2"],
    )


def test_a_declared_route_is_not_missing_and_is_told_as_declared(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    text = golden_text + "\nreturn_routes: [{host: 172.20.0.53, to: 30.0.0.0/24, via: [172.20.0.1]}]\n"
    view = view_of(domain_of(text))
    assert missing_routes(view) == ()
    assert ("dns 172.20.0.53", "the domain file says that it is there") in [(r.on, r.why) for r in assumed_routes(view)]


def test_a_domain_whose_dns_servers_see_translated_addresses_lacks_nothing(standby: WorkloadDomain) -> None:
    assert missing_routes(view_of(standby)) == ()


@pytest.mark.parametrize(
    ("mode", "via"),
    [("ACTIVE_ACTIVE", ["10.27.51.145", "10.27.51.147"]), ("ACTIVE_STANDBY", ["10.27.51.145"])],
)
def test_an_upstream_route_uses_every_edge_that_the_ha_mode_allows(
    golden_text: str, domain_of: Callable[..., WorkloadDomain], mode: str, via: Any
) -> None:
    text = golden_text.replace("translated: 10.27.51.14", "translated: 10.99.0.14").replace("ACTIVE_ACTIVE", mode)
    routes = [route for route in missing_routes(view_of(domain_of(text))) if route.on == "upstream gateway"]
    assert {str(route.to) for route in routes} == {"10.99.0.145/32", "10.99.0.147/32"}
    assert [str(one) for one in routes[0].via] == via


def test_the_ha_vip_is_the_way_in_where_there_is_one(standby: WorkloadDomain) -> None:
    (route,) = assumed_routes(view_of(standby))
    (vip,) = standby.tier0.ha_vips
    assert [str(one) for one in route.via] == [str(vip.address.ip)]


def test_without_routes_every_format_is_empty() -> None:
    assert {render(name, []) for name in FORMATS} == {""}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_the_machine_in_a_comment_and_every_way(name: Any) -> None:
    text = render(name, [ONE, TWO])
    assert "on dns" in text
    for way in (*ONE.via, *TWO.via):
        assert str(way) in text


GRAMMARS = {
    "windows": r"route -p ADD (?:\d+\.){3}\d+ MASK (?:\d+\.){3}\d+ (?:\d+\.){3}\d+ METRIC \d+",
    "ios": r"ip route (?:\d+\.){3}\d+ (?:\d+\.){3}\d+ (?:\d+\.){3}\d+",
    "nxos": r"ip route (?:\d+\.){3}\d+/\d+ (?:\d+\.){3}\d+",
    "junos": r"set routing-options static route (?:\d+\.){3}\d+/\d+ next-hop (?:\d+\.){3}\d+",
    "vyos": r"set protocols static route (?:\d+\.){3}\d+/\d+ next-hop (?:\d+\.){3}\d+",
}


@pytest.mark.parametrize("name", GRAMMARS)
def test_the_lines_have_the_form_of_the_command_reference(name: Any) -> None:
    lines = FORMATS[name]([ONE, TWO])
    assert len(lines) == 3
    assert [line for line in lines if not re.fullmatch(GRAMMARS[name], line)] == []


def test_a_windows_mask_belongs_to_the_prefix_and_the_second_way_costs_more() -> None:
    assert FORMATS["windows"]([TWO]) == [
        "route -p ADD 30.0.1.0 MASK 255.255.255.128 10.27.51.145 METRIC 1",
        "route -p ADD 30.0.1.0 MASK 255.255.255.128 10.27.51.147 METRIC 2",
    ]


def test_netplan_is_yaml_with_a_route_for_each_way() -> None:
    tree = yaml.safe_load(render("netplan", [TWO]))
    routes = tree["network"]["ethernets"]["eth0"]["routes"]
    assert routes == [
        {"to": "30.0.1.0/25", "via": "10.27.51.145", "metric": 100},
        {"to": "30.0.1.0/25", "via": "10.27.51.147", "metric": 200},
    ]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("netplan") is None, reason="netplan is not installed (Debian package netplan.io)")
def test_netplan_takes_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "etc/netplan"
    folder.mkdir(parents=True)
    file = folder / "50-egress.yaml"
    file.write_text(render("netplan", [ONE, TWO]))
    file.chmod(0o600)
    done = subprocess.run(["netplan", "generate", "--root-dir", tmp_path], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "30.0.1.0/25" in "".join(path.read_text() for path in (tmp_path / "run/systemd/network").iterdir())


def _namespaces() -> bool:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return False
    return subprocess.run(["unshare", "-Urn", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not _namespaces(), reason="network namespaces are not allowed here, or ip (iproute2) is missing")
def test_the_kernel_takes_the_linux_commands_twice() -> None:
    links = (
        "ip link add dns0 type veth peer name peer0 && ip addr add 172.20.0.53/24 dev dns0 && ip link set dns0 up && ip link set peer0 up && "
        "ip addr add 10.27.51.1/24 dev dns0"
    )
    commands = " && ".join(FORMATS["linux"]([ONE, TWO]))
    script = f"{links} && {commands} && {commands} && ip -o route show"
    done = subprocess.run(["unshare", "-Urn", "sh", "-c", script], text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "30.0.0.0/24 via 172.20.0.1 dev dns0" in done.stdout
    assert done.stdout.count("30.0.1.0/25") == 1
    assert done.stdout.count("nexthop via") == 2
