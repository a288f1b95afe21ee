"""kubectl's JSON and YAML: events of two kinds, pods' container states, what other objects say of themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from egress.diagnosis.failure import Cause
from egress.diagnosis.failure_texts import Reading, read
from egress.domain import EgressError

TIMEOUT = (
    'failed to do request: Head "https://harbor.example.com/v2/a/manifests/1": dial tcp 198.51.100.10:443: i/o timeout'
)
IMAGE = "harbor.example.com/a:1"


def event(reason: str, message: str, minute: int = 0, pod: str = "web-1", **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{pod}.1", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": pod},
        "type": "Warning",
        "reason": reason,
        "message": message,
        "lastTimestamp": f"2026-11-26T10:{minute:02}:00Z",
        **more,
    }


def failed(minute: int = 0, pod: str = "web-1") -> dict[str, Any]:
    return event("Failed", f'Failed to pull image "{IMAGE}": {TIMEOUT}', minute, pod)


def pulled(minute: int = 0, pod: str = "web-1") -> dict[str, Any]:
    return event("Pulled", f'Successfully pulled image "{IMAGE}" in 2s', minute, pod)


def read_both(*items: dict[str, Any]) -> Reading:
    """The reading of a list as JSON, which must be that of the same as YAML."""
    whole = {"apiVersion": "v1", "kind": "List", "items": list(items)}
    reading = read(json.dumps(whole, indent=4))
    assert read(yaml.safe_dump(whole)) == reading
    return reading


def test_an_event_names_its_cause_its_target_and_its_pod() -> None:
    (failure,) = read_both(failed()).failures
    assert failure.cause is Cause.CONNECT_TIMEOUT
    assert (failure.host, str(failure.address), failure.port) == ("harbor.example.com", "198.51.100.10", 443)
    assert (failure.of, failure.image) == ("pod/web-1", IMAGE)


def test_a_single_event_is_one_too() -> None:
    assert [failure.of for failure in read(json.dumps(failed())).failures] == ["pod/web-1"]


def test_events_of_the_newer_kind_say_note_and_regarding() -> None:
    newer = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "regarding": {"kind": "Pod", "name": "web-2"},
        "reason": "Failed",
        "note": f'Failed to pull image "{IMAGE}": {TIMEOUT}',
        "series": {"count": 3, "lastObservedTime": "2026-11-26T10:00:00.123456Z"},
    }
    assert [failure.of for failure in read_both(newer).failures] == ["pod/web-2"]


def test_a_probe_is_no_pull_in_any_form() -> None:
    reading = read_both(event("Unhealthy", f"Readiness probe failed: {TIMEOUT}"))
    assert reading.failures == ()
    assert "Readiness probe failed" in reading.others[0]


def test_what_was_pulled_later_is_over_whatever_the_order_of_the_list() -> None:
    for items in ([failed(1), pulled(2)], [pulled(2), failed(1)]):
        reading = read_both(*items)
        assert reading.failures == ()
        assert [failure.cause for failure in reading.over] == [Cause.CONNECT_TIMEOUT]


def test_what_fails_after_it_was_pulled_is_a_failure() -> None:
    reading = read_both(pulled(1), failed(2))
    assert [failure.cause for failure in reading.failures] == [Cause.CONNECT_TIMEOUT]
    assert reading.over == ()


def test_another_pods_success_is_not_this_ones() -> None:
    reading = read_both(failed(1), pulled(2, pod="web-2"))
    assert [failure.of for failure in reading.failures] == ["pod/web-1"]


def test_what_failed_in_the_same_way_is_told_once_with_its_pods() -> None:
    (failure,) = read_both(*(failed(pod=f"web-{number}") for number in range(5))).failures
    assert failure.of == "pod/web-0, pod/web-1, pod/web-2 and 2 more"


def test_another_images_success_is_not_this_ones() -> None:
    other = event("Pulled", 'Successfully pulled image "harbor.example.com/b:1" in 2s', 2)
    assert len(read_both(failed(1), other).failures) == 1


def pod(**state: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-1"},
        "status": {"containerStatuses": [{"name": "a", "image": IMAGE, "state": state}]},
    }


def test_a_pods_waiting_container_tells_what_its_event_told() -> None:
    waiting = {"reason": "ErrImagePull", "message": f'rpc error: failed to pull image "{IMAGE}": {TIMEOUT}'}
    (failure,) = read_both(pod(waiting=waiting)).failures
    assert (failure.cause, failure.of, failure.image) == (Cause.CONNECT_TIMEOUT, "pod/web-1", IMAGE)


def test_a_pod_that_waits_with_a_pull_says_nothing_of_its_own() -> None:
    waiting = {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{IMAGE}"'}
    reading = read_both(pod(waiting=waiting))
    assert (reading.failures, reading.backed_off) == ((), True)


@pytest.mark.parametrize("state", [{"running": {"startedAt": "2026-11-26T10:00:00Z"}}, {"terminated": {"exitCode": 1}}])
def test_a_container_that_ran_has_its_image(state: dict[str, Any]) -> None:
    assert read_both(pod(**state)).pulled


def test_a_container_that_ends_again_and_again_is_no_failed_pull() -> None:
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=a"}
    assert read_both(pod(waiting=waiting)).failures == ()


def test_an_app_of_kapp_controller_and_a_build_of_kpack_are_read_by_their_status() -> None:
    app = {
        "apiVersion": "kappctrl.k14s.io/v1alpha1",
        "kind": "App",
        "metadata": {"name": "ingress"},
        "status": {"usefulErrorMessage": "vendir: Error: Fetching image: Get \"https://harbor.example.com/v2/\": dial tcp: lookup harbor.example.com on 10.96.0.10:53: server misbehaving"},
    }  # fmt: skip
    build = {
        "kind": "Build",
        "metadata": {"name": "b"},
        "status": {"conditions": [{"message": "HEAD https://harbor.example.com/v2/a/manifests/1: unexpected status code 401 Unauthorized"}]},
    }  # fmt: skip
    assert [(one.cause, one.of) for one in read_both(app, build).failures] == [
        (Cause.LOOKUP_REFUSED, "app/ingress"),
        (Cause.UNAUTHORIZED, "build/b"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"apiVersion": "v1", "items": [', "this begins as kubectl's JSON and is none"),
        ("apiVersion: v1\nitems:\n- kind: Event\n  message: 'cut", "this begins as kubectl's YAML and is none (line 4"),
        ('{"items": ' + "[" * 100_000, "nested too deep"),
        ("items: " + "[" * 200_000 + "]" * 200_000, "nested too deep"),
        ("apiVersion: v1\na: &a [1]\nitems: [*a, *a]\n", "this YAML has aliases"),
    ],
)
def test_what_only_begins_as_a_document_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(EgressError, match=said.replace("(", r"\(")):
        read(text)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"items": None},
        {"items": [None, 1, [], "x"]},
        {"items": [{"kind": "Event", "message": 1, "involvedObject": [], "series": 3, "lastTimestamp": {}}]},
        {"kind": "Pod", "status": {"containerStatuses": [1, {"state": []}, {"state": {"waiting": "x"}}]}},
        {"kind": "Pod", "status": "x"},
        {"kind": "App", "metadata": 1, "status": [[["x"]]]},
    ],
)
def test_odd_documents_are_read_without_an_error(value: Any) -> None:
    assert read(json.dumps({"kind": "List", "items": [value]} if not isinstance(value, dict) else value)).failures == ()


def test_a_log_whose_lines_are_json_is_a_log() -> None:
    line = json.dumps({"level": "error", "msg": f'Failed to pull image "{IMAGE}": {TIMEOUT}'})
    assert len(read(f"{line}\n{line}\n").failures) == 1
