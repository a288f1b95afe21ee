"""How a data plane begins and ends, and that the host does not notice."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nsx_lab.dataplane import ApplyError, Dataplane, Flow, Unavailable, WorldError, dataplane
from nsx_lab.dataplane.kernel import namespaces, tools
from tests.dataplane.worlds import PULL, SUPERVISOR, build, infra, world

HOLDER = """
import json, sys, time
from nsx_lab.dataplane import Dataplane
document = json.loads(sys.stdin.readline())
with Dataplane.from_world_file(document) as plane:
    print(json.dumps(plane.where()), flush=True)
    time.sleep(600)
"""


def interfaces_of_the_host() -> set[str]:
    return {path.name for path in Path("/sys/class/net").iterdir()}


@pytest.mark.slow
def test_the_host_does_not_notice(plane: Dataplane) -> None:
    before, forwards = interfaces_of_the_host(), Path("/proc/sys/net/ipv4/ip_forward").read_text()
    named = Path("/run/netns")
    names = set(named.iterdir()) if named.exists() else set()
    build(plane, infra([SUPERVISOR]), world())
    assert plane.probe(PULL).returned
    assert interfaces_of_the_host() <= before
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == forwards
    assert (set(named.iterdir()) if named.exists() else set()) == names


@pytest.mark.slow
def test_after_kill_nothing_is_left(real_packets: None) -> None:
    document = {"format": "egress-world", "version": 1, "infra": infra([SUPERVISOR]), "world": world()}
    pipe = subprocess.PIPE
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdin=pipe, stdout=pipe, text=True)
    assert holder.stdin is not None
    assert holder.stdout is not None
    holder.stdin.write(json.dumps(document) + "\n")
    holder.stdin.flush()
    agent = os.pidfd_open(int(json.loads(holder.stdout.readline())["user"].split("/")[2]))
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    ended, _, _ = select.select([agent], [], [], 20)
    os.close(agent)
    holder.stdin.close()
    holder.stdout.close()
    assert ended, "the process that holds the namespaces outlived its parent"


def test_an_update_touches_only_what_differs(plane: Dataplane) -> None:
    build(plane, infra([]), world())
    before = {name: Path(path).stat().st_ino for name, path in plane.where()["nodes"].items()}
    build(plane, infra([SUPERVISOR]), world())
    assert {name: Path(path).stat().st_ino for name, path in plane.where()["nodes"].items()} == before
    build(plane, infra([SUPERVISOR]), world(down=["edge02"]))
    assert set(before) - set(plane.where()["nodes"]) == {"T0-wld01/edge02"}


@pytest.mark.parametrize(
    "flow, said",
    [
        (Flow("nobody", "198.51.100.10"), "'nobody' is no host or pod, allowed are registry"),
        (Flow("pod-c8", "198.51.100.10", "sctp"), "protocol 'sctp', allowed are tcp, udp, icmp"),
        (Flow("pod-c8", "198.51.100.10", "tcp", 0), "port 0, allowed are 1 to 19999"),
        (Flow("pod-c8", "198.51.100", "tcp", 80), "'198.51.100' is not an IP address"),
    ],
)
def test_a_probe_that_makes_no_sense_is_refused(plane: Dataplane, flow: Flow, said: str) -> None:
    build(plane, infra([SUPERVISOR]), world())
    with pytest.raises(WorldError) as caught:
        plane.probe(flow)
    assert said in str(caught.value)


def test_an_unknown_pin_is_refused(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR]), world())
    with pytest.raises(WorldError, match="route nowhere"):
        plane.pin({"route nowhere": 0})


def test_a_sender_without_an_address_of_the_family_says_so(plane: Dataplane) -> None:
    build(plane, infra([SUPERVISOR]), world())
    outcome = plane.probe(Flow("client", "2001:db8:100::10", "tcp", 443), explain=True)
    assert outcome.lost == {"node": "client", "reason": "no source address", "reply": False}


def test_a_missing_tool_is_named_with_the_package_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tools, "_PLACES", str(tmp_path))
    with pytest.raises(Unavailable) as caught:
        tools.Tools()
    assert (caught.value.reason, caught.value.remedy) == (
        "ip and nft not found",
        "Debian, Ubuntu: apt-get install iproute2 nftables",
    )


def test_a_kernel_that_forbids_it_is_told_with_the_way_to_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(name: str, *arguments: int) -> None:
        raise PermissionError(1, f"{name}: Operation not permitted")

    monkeypatch.setattr(namespaces, "_call", forbid)
    with pytest.raises(Unavailable) as caught:
        namespaces.leave_the_host()
    assert "does not let this user make network namespaces" in caught.value.reason
    assert "unprivileged_userns" in caught.value.remedy


@pytest.mark.slow
def test_what_the_holding_process_cannot_do_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    says = json.dumps({"unavailable": "no nft", "remedy": "install it"})
    monkeypatch.setattr(dataplane, "AGENT", (sys.executable, "-c", f"print('{says}')"))
    with pytest.raises(Unavailable, match="no real packets here: no nft; install it"):
        Dataplane(world(), {}).start()


def test_a_data_plane_that_is_not_running_says_so() -> None:
    with pytest.raises(ApplyError, match="not running"):
        Dataplane({"segments": {}}, {}).where()
