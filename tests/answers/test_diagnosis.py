"""Failure texts: told apart, and joined with what the domain lacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress.answers.diagnosis import MEANINGS, NETWORK, addresses, diagnose
from egress.answers.failure_texts import Cause, only_backed_off, pulled, recognise
from egress.answers.remedy import Missing
from egress.domain import WorkloadDomain
from egress.reachability.surroundings import Wishes
from egress.reachability.view import View
from egress.reachability.view import view as view_of

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
BACKOFF = 'Back-off pulling image "k8s.gcr.io/busybox"\nError: ImagePullBackOff\nError: ErrImagePull'
CONTAINERD = (
    'Failed to pull image "images.example.com:5000/app:1": failed to pull and unpack image '
    '"images.example.com:5000/app:1": failed to resolve reference "images.example.com:5000/app:1": failed to do '
    'request: Head "https://images.example.com:5000/v2/app/manifests/1": '
)

SAMPLES = [
    (PODVM, Cause.CONNECT_TIMEOUT),
    (TKG, Cause.CONNECT_TIMEOUT),
    (LOOKUP, Cause.LOOKUP_TIMEOUT),
    (f"{CONTAINERD}dial tcp 198.51.100.10:5000: i/o timeout", Cause.CONNECT_TIMEOUT),
    (f"{CONTAINERD}dial tcp [2001:db8::1]:5000: i/o timeout", Cause.CONNECT_TIMEOUT),
    (f"{CONTAINERD}dial tcp 198.51.100.10:5000: connect: no route to host", Cause.UNREACHABLE),
    (f"{CONTAINERD}dial tcp 198.51.100.10:5000: connect: network is unreachable", Cause.UNREACHABLE),
    (f"{CONTAINERD}dial tcp 198.51.100.10:5000: connect: connection refused", Cause.REFUSED),
    (f"{CONTAINERD}dial tcp: lookup images.example.com on 10.96.0.10:53: no such host", Cause.NO_SUCH_NAME),
    (f"{CONTAINERD}dial tcp: lookup images.example.com: no such host", Cause.NO_SUCH_NAME),
    (f"{CONTAINERD}dial tcp: lookup images.example.com on 172.20.0.53:53: server misbehaving", Cause.LOOKUP_REFUSED),
    (
        f"{CONTAINERD}dial tcp: lookup images.example.com on 172.20.0.53:53: read udp 10.0.0.2:3->172.20.0.53:53: "
        "read: connection refused",
        Cause.LOOKUP_REFUSED,
    ),
    (f"{CONTAINERD}net/http: TLS handshake timeout", Cause.HANDSHAKE_TIMEOUT),
    (
        f"{CONTAINERD}tls: failed to verify certificate: x509: certificate signed by unknown authority",
        Cause.CERTIFICATE,
    ),
    (f"{CONTAINERD}x509: certificate has expired or is not yet valid", Cause.CERTIFICATE),
    (f"{CONTAINERD}http: server gave HTTP response to HTTPS client", Cause.PLAIN_HTTP),
    (f"{CONTAINERD}unexpected status code 401 Unauthorized", Cause.UNAUTHORIZED),
    (
        "pull access denied for app, repository does not exist or may require 'docker login': denied: x",
        Cause.UNAUTHORIZED,
    ),
    (f"{CONTAINERD}unexpected status: 429 Too Many Requests", Cause.RATE_LIMIT),
    ("toomanyrequests: You have reached your pull rate limit", Cause.RATE_LIMIT),
    (f"{CONTAINERD}read tcp 10.0.0.2:4->198.51.100.10:5000: read: connection reset by peer", Cause.RESET),
    (f"{CONTAINERD}unexpected EOF", Cause.RESET),
    ("manifest for app:9 not found: manifest unknown: manifest unknown", Cause.NOT_FOUND),
    (
        'Failed to apply default image tag "UPPER": couldn\'t parse image name "UPPER": invalid reference format',
        Cause.BAD_NAME,
    ),
    ("rpc error: code = DeadlineExceeded desc = context deadline exceeded", Cause.CONNECT_TIMEOUT),
]


@pytest.mark.parametrize(("text", "cause"), SAMPLES)
def test_each_text_is_told_apart(text: Any, cause: Any) -> None:
    assert [failure.cause for failure in recognise(text)] == [cause]


OTHERS = [
    'Readiness probe failed: Get "http://192.168.128.7:8080/healthz": net/http: request canceled while waiting for connection '
    "(Client.Timeout exceeded while awaiting headers)",
    'Liveness probe failed: Get "https://192.168.128.7:8443/": dial tcp 192.168.128.7:8443: connect: connection refused',
    "Liveness probe errored: rpc error: code = DeadlineExceeded desc = context deadline exceeded",
    'Error: failed to start container "app": OCI runtime create failed: exec: "/app": permission denied: unknown',
    'Error: failed to create containerd task: exec: "/run.sh": stat /run.sh: no such file or directory: unknown',
    "Back-off restarting failed container app in pod web_default(1)",
    "MountVolume.SetUp failed for volume nfs: mount failed: Connection timed out",
    "Unable to attach or mount volumes: unmounted volumes=[data]: timed out waiting: context deadline exceeded",
    "0/3 nodes are available: 3 Insufficient memory",
    "open /etc/app.yaml: permission denied: unknown",
]
"""What looks like a failed pull and is none."""


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_pull_is_not_taken_for_one(text: str) -> None:
    assert recognise(text) == ()
    assert recognise(table(text)) == ()


@pytest.mark.parametrize("text", OTHERS)
def test_a_failed_pull_beside_it_is_found_alone(text: str) -> None:
    assert [failure.cause for failure in recognise(table(text, TKG))] == [Cause.CONNECT_TIMEOUT]
    assert [failure.cause for failure in recognise(table(LOOKUP, text))] == [Cause.LOOKUP_TIMEOUT]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("Unhealthy", 'Get "http://192.168.128.7:8080/": dial tcp 192.168.128.7:8080: i/o timeout'),
        ("FailedMount", "rpc error: code = DeadlineExceeded desc = context deadline exceeded"),
        ("FailedAttachVolume", "dial tcp 10.0.0.9:443: connect: connection refused"),
    ],
)
def test_an_event_of_another_reason_is_no_pull(reason: str, message: str) -> None:
    pulled_before = '  Normal   Pulled     3m  kubelet  Successfully pulled image "app" in 2s'
    text = f"Events:\n{pulled_before}\n  Warning  {reason}  1m  kubelet  {message}"
    assert recognise(text) == ()
    assert pulled(text)


def test_the_pull_of_a_sandbox_image_is_one() -> None:
    text = '  Warning  FailedCreatePodSandBox  1m  kubelet  failed to pull image "pause": dial tcp 10.0.0.9:443: i/o timeout'
    assert [failure.address for failure in recognise(text)] == ["10.0.0.9"]


def test_every_cause_has_a_sample_and_a_meaning() -> None:
    assert {cause for _, cause in SAMPLES} == set(Cause) == set(MEANINGS)


def test_the_address_the_port_and_the_name_are_taken_out() -> None:
    (podvm,) = recognise(PODVM)
    assert (podvm.host, podvm.address, podvm.port, podvm.supervisor) == ("k8s.gcr.io", "74.125.133.82", 443, True)
    (lookup,) = recognise(LOOKUP)
    assert (lookup.host, lookup.address, lookup.supervisor) == ("k8s.gcr.io", None, None)
    (six,) = recognise(SAMPLES[4][0])
    assert (six.host, six.address, six.port) == ("images.example.com", "2001:db8::1", 5000)


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


def test_back_off_alone_is_no_failure_of_its_own() -> None:
    assert recognise(BACKOFF) == ()
    assert only_backed_off(BACKOFF)
    assert not only_backed_off("Successfully pulled image")


def test_a_pulled_image_is_recognised() -> None:
    assert pulled('Successfully pulled image "a" in 3s')
    assert recognise('Successfully pulled image "a" in 3s') == ()


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert all(failure.cause in Cause for failure in recognise(text))


@given(st.lists(st.sampled_from([PODVM, TKG, LOOKUP, "dial tcp", "lookup ", ": ", "i/o timeout", "\n", "Warning  x "])))
def test_texts_made_of_pieces_are_read_without_an_error(parts: Any) -> None:
    recognise("".join(parts))


def view_without(domain: WorkloadDomain, *names: str) -> View:
    view = view_of(domain, wishes=Wishes(hosts=addresses(recognise(PODVM))))
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


def test_the_other_ones_missing_rule_is_not_to_blame(golden: WorkloadDomain) -> None:
    missing, said = walked(view_without(golden, "wld01-egress-supervisor"), TKG)
    assert missing == []
    assert "ask with --live" in said


def test_the_pods_owner_can_be_named(golden: WorkloadDomain) -> None:
    view = view_without(golden, "wld01-egress-supervisor")
    assert walked(view, TKG, "supervisor")[0] == [Missing.NAT_RULE]
    assert walked(view, TKG, "domain-c8")[0] == [Missing.NAT_RULE]


@pytest.mark.parametrize("text", [text for text, cause in SAMPLES if cause not in NETWORK])
def test_what_the_far_side_answered_is_not_the_networks_fault(golden: WorkloadDomain, text: Any) -> None:
    (failure,) = recognise(text)
    assert diagnose(view_without(golden, "wld01-egress-tkg"), failure).walked == ()


def on(server: str) -> str:
    return LOOKUP.replace("on 127.0.0.53:53", f"on {server}:53")


def seen_by(domain: WorkloadDomain, text: str) -> View:
    return view_of(domain, wishes=Wishes(hosts=addresses(recognise(text))))


def test_the_dns_server_of_the_text_is_walked_to(golden: WorkloadDomain) -> None:
    (failure,) = recognise(on("10.9.9.9"))
    assert (failure.host, failure.server) == ("k8s.gcr.io", "10.9.9.9")
    found = diagnose(seen_by(golden, on("10.9.9.9")), failure)
    assert [str(question.flow.to) for question, _ in found.walked] == ["10.9.9.9"]
    assert "10.9.9.9 was asked, which is not in dns_servers of the file" in found.sentences()[1]
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
