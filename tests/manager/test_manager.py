"""The read-only client against a lab: the same answers from the manager as from the file, and a sentence for every refusal."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from egress.answers.questions import questions
from egress.domain import EgressError, WorkloadDomain, load_domains
from egress.manager import Manager, sight
from egress.manager.access import Access, access
from egress.policy.identity import GatewayKey
from egress.policy.owned import owned
from egress.policy.seed import seed
from egress.reachability import Result, Walker
from egress.reachability.view import Live, view
from nsx_lab import Lab

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def golden() -> WorkloadDomain:
    return load_domains(REPOSITORY, ["wld01"])[0]


@pytest.fixture
def lab(golden: WorkloadDomain) -> Iterator[Lab]:
    with Lab(seed=seed([golden])) as lab:
        yield lab


def _access(lab: Lab, password: str | None = None) -> Access:
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    return Access(lab.host, tls, (lab.username, lab.password if password is None else password))


def _apply(lab: Lab, domain: WorkloadDomain) -> None:
    """Puts what the stack would make onto the lab, through its API."""
    tls = ssl.create_default_context(cadata=lab.ca_pem)
    with httpx.Client(
        base_url=f"https://{lab.host}/policy/api/v1", verify=tls, auth=(lab.username, lab.password)
    ) as api:
        for path, body in owned(domain).objects(GatewayKey.of(domain).path).items():
            if body and not path.endswith("/nat/USER"):
                api.patch(path, json=body).raise_for_status()


def _results(domain: WorkloadDomain, manager: Manager) -> dict[str, Result]:
    seen = view(domain, source=Live.of("the lab", sight(manager, domain)))
    walker = Walker(seen.topology)
    return {question.title: walker.walk(question.flow).result for question in questions(seen)}


def test_an_applied_domain_reads_the_same_from_the_manager_as_from_its_file(golden: WorkloadDomain, lab: Lab) -> None:
    _apply(lab, golden)
    planned = view(golden)
    walker = Walker(planned.topology)
    expected = {question.title: walker.walk(question.flow).result for question in questions(planned)}
    with Manager(_access(lab)) as manager:
        assert _results(golden, manager) == expected
    assert set(expected.values()) == {Result.ALL, Result.NONE}


def test_before_the_apply_nothing_works(golden: WorkloadDomain, lab: Lab) -> None:
    with Manager(_access(lab)) as manager:
        assert set(_results(golden, manager).values()) == {Result.NONE}


def test_a_gateway_known_by_its_display_name_is_found(golden: WorkloadDomain, lab: Lab) -> None:
    named = golden.tier0.model_copy(update={"id": None, "display_name": "T0-wld01"})
    with Manager(_access(lab)) as manager:
        assert manager.gateway(named)[0] == "/infra/tier-0s/T0-wld01"


def test_a_display_name_that_nobody_has_is_told(golden: WorkloadDomain, lab: Lab) -> None:
    named = golden.tier0.model_copy(update={"id": None, "display_name": "T0"})
    with Manager(_access(lab)) as manager, pytest.raises(EgressError, match="no Tier-0 with the display name 'T0'"):
        manager.gateway(named)


def test_a_missing_gateway_is_a_sentence_that_names_it(golden: WorkloadDomain, lab: Lab) -> None:
    other = golden.tier0.model_copy(update={"id": "T0-other"})
    with Manager(_access(lab)) as manager, pytest.raises(EgressError, match=r"has no /infra/tier-0s/T0-other \(404"):
        manager.gateway(other)


def test_a_wrong_password_is_a_sentence_about_credentials(golden: WorkloadDomain, lab: Lab) -> None:
    with Manager(_access(lab, "wrong")) as manager, pytest.raises(EgressError, match="does not let this user in"):
        sight(manager, golden)


def test_a_certificate_of_an_unknown_authority_is_refused_at_once(golden: WorkloadDomain, lab: Lab) -> None:
    waits: list[float] = []
    strange = Access(lab.host, ssl.create_default_context(), (lab.username, lab.password))
    with (
        Manager(strange, waits.append) as manager,
        pytest.raises(EgressError, match="is not trusted: name its authority"),
    ):
        sight(manager, golden)
    assert waits == []


def test_reading_leaves_no_trace_but_gets(golden: WorkloadDomain, lab: Lab) -> None:
    with Manager(_access(lab)) as manager:
        sight(manager, golden)
    assert {entry["method"] for entry in lab.control.journal()} == {"GET"}


class _Answers:
    """A transport that gives prepared answers, and keeps what was asked."""

    def __init__(self, *answers: httpx.Response | httpx.TransportError) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer


def _prepared(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> tuple[Manager, _Answers, list[float]]:
    transport = _Answers(*answers)
    waits: list[float] = []
    real = httpx.Client

    def client(**options: Any) -> httpx.Client:
        return real(**{**options, "transport": httpx.MockTransport(transport)})

    monkeypatch.setattr(httpx, "Client", client)
    return Manager(Access("nsx.example.com", ssl.create_default_context(), ("u", "p")), waits.append), transport, waits


def test_an_overloaded_manager_is_asked_again_after_the_time_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "3"})
    manager, transport, waits = _prepared(monkeypatch, busy, httpx.Response(503), httpx.Response(200, json={"id": "a"}))
    assert manager.get("/infra/tier-0s/a") == {"id": "a"}
    assert waits == [3.0, 0.4]
    assert len(transport.asked) == 3


def test_after_four_tries_the_last_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    manager, transport, _ = _prepared(monkeypatch, *[httpx.Response(503) for _ in range(4)])
    with pytest.raises(EgressError, match="answered /infra with 503"):
        manager.get("/infra")
    assert len(transport.asked) == 4


def test_a_broken_connection_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = httpx.ReadError("reset")
    manager, _, _ = _prepared(monkeypatch, broken, httpx.Response(200, json={}))
    assert manager.get("/infra") == {}


def test_a_manager_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    manager, _, _ = _prepared(monkeypatch, *[httpx.ConnectError("refused")] * 4)
    with pytest.raises(EgressError, match=r"nsx\.example\.com cannot be reached: refused"):
        manager.get("/infra")


def test_pages_are_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    first = httpx.Response(200, json={"results": [{"id": "a"}], "cursor": "next"})
    second = httpx.Response(200, json={"results": [{"id": "b"}]})
    manager, transport, _ = _prepared(monkeypatch, first, second)
    assert [body["id"] for body in manager.all("/infra/tier-0s")] == ["a", "b"]
    assert transport.asked[1].url.params["cursor"] == "next"


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (401, "", "does not let this user in (401)"),
        (
            403,
            "The credentials were incorrect or the account specified has been locked.",
            "does not let this user in (403",
        ),
        (403, "User is not authorized to perform this operation.", "does not let this user read /infra (403"),
        (404, "not found", "has no /infra (404"),
        (500, "", "answered /infra with 500"),
    ],
)
def test_each_refusal_is_a_sentence_of_its_own(
    monkeypatch: pytest.MonkeyPatch, status: int, message: str, expected: str
) -> None:
    answer = httpx.Response(status, json={"error_message": message})
    manager, _, _ = _prepared(monkeypatch, answer)
    with pytest.raises(EgressError) as told:
        manager.get("/infra")
    assert expected in str(told.value)


@pytest.mark.parametrize("answer", [httpx.Response(200, text="<html>"), httpx.Response(200, json=[1])])
def test_something_that_is_no_manager_is_told(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> None:
    manager, _, _ = _prepared(monkeypatch, answer)
    with pytest.raises(EgressError, match="is it an NSX Manager"):
        manager.get("/infra")


def test_without_credentials_it_says_which_variables_to_set(golden: WorkloadDomain, tmp_path: Path) -> None:
    with pytest.raises(EgressError, match="set NSXT_USERNAME and NSXT_PASSWORD"):
        access(golden, tmp_path, None, {})


def test_the_password_is_not_in_what_access_shows_of_itself(golden: WorkloadDomain, tmp_path: Path) -> None:
    held = access(golden, tmp_path, None, {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "hidden"})
    assert held.login == ("u", "hidden")
    assert "hidden" not in repr(held)


def test_a_ca_file_that_is_missing_is_a_sentence(golden: WorkloadDomain, tmp_path: Path) -> None:
    named = golden.model_copy(update={"nsx": golden.nsx.model_copy(update={"ca_file": "nowhere.pem"})})
    with pytest.raises(EgressError, match=r"nsx\.ca_file 'nowhere\.pem' cannot be used"):
        access(named, tmp_path, None, {})
