"""Failure texts, joined with what the domain lacks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.answers.remedy import Missing
from egress.diagnosis.diagnosis import diagnose
from egress.diagnosis.failure import Cause, Failure
from egress.diagnosis.failure_texts import read
from egress.diagnosis.meanings import MEANINGS, meaning
from egress.diagnosis.suspicion import wishes
from egress.domain import WorkloadDomain
from egress.reachability.flow import Result
from egress.reachability.view import View
from egress.reachability.view import view as view_of
from tests.diagnosis.test_failure_texts import FAILED, NONE

PODVM = (
    "failed to get images: Image podvm-ns/busybox-91fc8f6fc85b4a0bfe94da01c9913d8e9bcdfb96-v0 has failed. Error: Failed to "
    "resolve on node esxi-dell-n.rainpole.com. Reason: Http request failed. Code 400: ErrorType(2) failed to do request: "
    "Head https://k8s.gcr.io/v2/busybox/manifests/latest: dial tcp 74.125.133.82:443: connect: connection timed out"
)
TKG = (
    'Failed to pull image "k8s.gcr.io/busybox": rpc error: code = Unknown desc = Error response from daemon: Get '
    "https://k8s.gcr.io/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while "
    "awaiting headers)"
)
LOOKUP = (
    'Failed to pull image "k8s.gcr.io/busybox": rpc error: code = Unknown desc = Error response from daemon: Get '
    "https://k8s.gcr.io/v2/: dial tcp: lookup k8s.gcr.io on 127.0.0.53:53: read udp 127.0.0.1:54821->127.0.0.53:53: i/o timeout"
)


def recognise(text: str) -> tuple[Failure, ...]:
    return read(text).failures


def test_the_address_the_port_and_the_name_are_taken_out() -> None:
    (podvm,) = recognise(PODVM)
    assert (podvm.host, str(podvm.address), podvm.port) == ("k8s.gcr.io", "74.125.133.82", 443)
    assert podvm.supervisor is True
    (lookup,) = recognise(LOOKUP)
    assert (lookup.host, lookup.address, lookup.supervisor) == ("k8s.gcr.io", None, None)


def table(*messages: str) -> str:
    """Messages as an event table, wrapped as a terminal of 120 columns wraps them."""
    rows = [
        "Name:  web",
        "Events:",
        "  Type     Reason   Age        From     Message",
        "  ----     ------   ---        ----     -------",
    ]
    for message in messages:
        line = f"  Warning  Failed   <invalid> (x2 over <invalid>)  <unknown>  {message}"
        while line:
            cut = 120 if len(line) <= 120 else line.rindex(" ", 20, 120)
            rows.append(line[:cut])
            line = line[cut:].strip()
    return "\n".join([*rows, '  Normal   BackOff  3m  kubelet  Back-off pulling image "k8s.gcr.io/busybox"'])


def test_an_event_table_gives_each_failure_once_in_its_order() -> None:
    found = recognise(table(PODVM, TKG, TKG, LOOKUP))
    assert [failure.cause for failure in found] == [Cause.CONNECT_TIMEOUT, Cause.CONNECT_TIMEOUT, Cause.LOOKUP_TIMEOUT]


OTHERS = [case["text"] for case in NONE if not re.search("Events:|LAST SEEN", case["text"])]


@pytest.mark.parametrize("other", OTHERS, ids=lambda text: text[:40])
def test_a_failed_pull_beside_something_else_is_found_alone(other: str) -> None:
    rows = other if re.match(r"\s*(Normal|Warning) ", other) else table(" ".join(other.split()))
    assert [failure.cause for failure in recognise(f"{table(TKG)}\n{rows}")] == [Cause.CONNECT_TIMEOUT]
    assert [failure.cause for failure in recognise(f"{rows}\n{table(LOOKUP)}")] == [Cause.LOOKUP_TIMEOUT]


def test_the_next_pods_description_is_no_part_of_an_event() -> None:
    text = f"{table('Failed to pull image: x')}\nName:  other\nMessage: dial tcp 10.0.0.9:443: i/o timeout\n"
    assert recognise(text) == ()


def test_one_pods_success_is_not_anothers() -> None:
    bad = '  Warning  Failed  3m  kubelet  Failed to pull image "r.example.com/a:1": dial tcp 198.51.100.10:443: i/o timeout'
    good = '  Normal   Pulled  1m  kubelet  Successfully pulled image "r.example.com/a:1" in 2s'
    assert recognise(f"Name:  web-1\nEvents:\n{bad}\n{good}\n") == ()
    (failure,) = recognise(f"Name:  web-1\nEvents:\n{bad}\n\nName:  web-2\nEvents:\n{good}\n")
    assert failure.of == "web-1"


def test_every_cause_has_a_meaning_without_holes() -> None:
    assert set(MEANINGS) == set(Cause)
    for cause in Cause:
        for proxy in (None, "", "10.0.0.9:3128"):
            said = meaning(Failure(cause, "", proxy=proxy))
            assert not set("{}") & set(said)
            assert "None" not in said


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(failure.cause in Cause for failure in recognise(text))


PIECES = [
    PODVM,
    TKG,
    LOOKUP,
    "dial tcp",
    "lookup ",
    ": ",
    "i/o timeout",
    "\n",
    "Warning  x ",
    "Get https://",
    "[::1]:53",
    "->",
    '\\"',
]


@given(st.lists(st.sampled_from(PIECES)))
def test_texts_made_of_pieces_are_read_without_an_error(parts: Any) -> None:
    recognise("".join(parts))


def view_without(domain: WorkloadDomain, *names: str) -> View:
    view = seen_by(domain, PODVM)
    return view.changed({path: body for path, body in view.objects.items() if path.split("/")[-1] not in names})


def walked(view: View, text: str, sender: str | None = None) -> Any:
    (failure,) = recognise(text)
    found = diagnose(view, failure, sender)
    missing = [remedy.missing for _, finding in found.walked for remedy in finding.remedies]
    return missing, " ".join(found.sentences())


def test_a_podvm_timeout_is_the_supervisors_missing_nat(golden: WorkloadDomain) -> None:
    missing, said = walked(view_without(golden, "wld01-egress-supervisor"), PODVM)
    assert missing == [Missing.NAT_RULE]
    assert "has no NAT for 30.0.0.5" in said
    assert "REFLEXIVE 30.0.0.5 -> 10.27.51.145" in said


def test_a_tkg_timeout_is_the_tkg_clusters_missing_nat(golden: WorkloadDomain) -> None:
    missing, said = walked(view_without(golden, "wld01-egress-tkg"), TKG)
    assert missing == [Missing.NAT_RULE]
    assert "has no NAT for 30.0.0.16" in said


def test_a_timeout_without_a_default_route_names_the_route(golden: WorkloadDomain) -> None:
    missing, said = walked(view_without(golden, "wld01-default-route"), TKG)
    assert missing == [Missing.DEFAULT_ROUTE]
    assert "the default route 0.0.0.0/0 is missing" in said


def test_a_lookup_timeout_is_the_return_route_on_the_dns_server(golden: WorkloadDomain) -> None:
    missing, said = walked(view_without(golden), LOOKUP)
    assert missing == [Missing.RETURN_ROUTE]
    assert "add on dns 172.20.0.53: 30.0.0.0/24 via 172.20.0.1" in said
    assert "the node's own stub" in said


RETURN_ROUTE = "\nreturn_routes: [{host: 172.20.0.53, to: 30.0.0.0/24, via: [172.20.0.1]}]\n"


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("a server that the file does not list is said, and walked to", True),
        ("a server that the file does not list says SERVFAIL", False),
        ("a stub that says SERVFAIL did not get an answer itself", True),
        ("an IPv6 address is not walked as if it were another", True),
        ("nobody listens", False),
    ],
)
def test_json_tells_whether_it_can_be_the_network(golden: WorkloadDomain, name: str, network: bool) -> None:
    (text,) = [case["text"] for case in FAILED if case["name"] == name]
    (failure,) = recognise(text)
    assert diagnose(seen_by(golden, text), failure).as_json()["network"] is network


def test_the_other_ones_missing_rule_is_not_to_blame(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    missing, said = walked(view_without(domain_of(golden_text + RETURN_ROUTE), "wld01-egress-supervisor"), TKG)
    assert missing == []
    assert "ask with --live" in said


def test_a_timeout_without_a_stage_is_asked_of_lookups_where_connections_work(golden: WorkloadDomain) -> None:
    missing, said = walked(view_without(golden), TKG)
    assert missing == [Missing.RETURN_ROUTE]
    assert "the text does not tell a lookup from a connection" in said
    missing, said = walked(view_without(golden, "wld01-egress-tkg"), TKG)
    assert missing == [Missing.NAT_RULE], "a connection that fails explains the text, nothing else is asked"


def test_the_pods_owner_can_be_named(golden: WorkloadDomain) -> None:
    view = view_without(golden, "wld01-egress-supervisor")
    assert walked(view, TKG, "supervisor")[0] == [Missing.NAT_RULE]
    assert walked(view, TKG, "domain-c8")[0] == [Missing.NAT_RULE]


@pytest.mark.parametrize(
    "text", [case["text"] for case in FAILED if case["stage"] in ("tls", "http", "store", "image name")]
)
def test_what_the_far_side_answered_is_not_the_networks_fault(golden: WorkloadDomain, text: Any) -> None:
    (failure,) = recognise(text)
    if failure.cause is not Cause.ANSWER_TIMEOUT:
        assert diagnose(view_without(golden, "wld01-egress-tkg"), failure).walked == ()


def on(server: str) -> str:
    return LOOKUP.replace("on 127.0.0.53:53", f"on {server}:53")


def seen_by(domain: WorkloadDomain, text: str) -> View:
    return view_of(domain, wishes=wishes(recognise(text), domain))


def test_the_dns_server_of_the_text_is_walked_to(golden: WorkloadDomain) -> None:
    (failure,) = recognise(on("10.9.9.9"))
    assert (failure.host, str(failure.server)) == ("k8s.gcr.io", "10.9.9.9")
    found = diagnose(seen_by(golden, on("10.9.9.9")), failure)
    assert [str(question.flow.to) for question, _ in found.walked] == ["10.9.9.9"]
    assert "10.9.9.9 is not in dns_servers of the file" in found.sentences()[1]
    assert not any("172.20.0.53" in sentence for sentence in found.sentences())


def test_a_dns_server_of_text_and_file_needs_no_note(golden: WorkloadDomain) -> None:
    text = on("172.20.0.53")
    found = diagnose(seen_by(golden, text), recognise(text)[0])
    assert found.notes == ()
    assert "to do: add on dns 172.20.0.53: 30.0.0.0/24 via 172.20.0.1, 172.20.0.2" in found.sentences()


def test_where_nobody_tells_which_server_was_asked_that_is_said(
    golden_text: str, domain_of: Callable[..., WorkloadDomain]
) -> None:
    domain = domain_of(golden_text.replace("dns_servers: [172.20.0.53]", "dns_servers: []"))
    found = diagnose(seen_by(domain, LOOKUP), recognise(LOOKUP)[0])
    assert found.walked == ()
    assert "add dns_servers to the file" in found.sentences()[1]


@pytest.mark.parametrize(
    "text",
    [
        'Failed to pull image "r.io/x": dial tcp [2001:db8::1]:443: i/o timeout',
        'Failed to pull image "r.io/x": dial tcp [2001:db8::1]:443: connect: no route to host',
        on("[2001:db8::1]"),
    ],
)
def test_an_ipv6_address_is_not_walked_as_if_it_were_another(golden: WorkloadDomain, text: str) -> None:
    (failure,) = recognise(text)
    found = diagnose(view_without(golden, "wld01-default-route"), failure)
    assert found.walked == ()
    assert "2001:db8::1 is an IPv6 address, and only IPv4 is walked" in found.sentences()[1]


@pytest.mark.parametrize("address", ["34.198.2.1", "34.198.2.2", "198.51.100.1", "198.51.100.10", "203.0.113.1"])
def test_what_is_said_does_not_depend_on_the_number_of_a_host_outside(golden: WorkloadDomain, address: str) -> None:
    text = f'Failed to pull image "harbor.example.com/a:1": dial tcp {address}:443: i/o timeout'
    assert walked(seen_by(golden, text), text)[0] == []
    bare = seen_by(golden, text).changed(view_without(golden, "wld01-egress-tkg").objects)
    assert walked(bare, text)[0] == [Missing.NAT_RULE]


def test_a_host_that_one_text_names_is_not_in_the_way_of_another(golden: WorkloadDomain) -> None:
    beside = 'Failed to pull image "harbor.example.com/a:1": dial tcp 198.51.100.1:443: i/o timeout'
    view = view_of(golden, wishes=wishes([*recognise(beside), *recognise(TKG)], golden))
    (failure,) = recognise(TKG)
    pulls, _ = diagnose(view, failure).walked
    assert pulls[1].verdict.result is Result.ALL
