"""Answers that are kept give the same survey again, hold no secret, and a folder that is not whole is told in a sentence."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.inventory.survey import Survey
from egress.manager import survey
from egress.manager.redaction import without_secrets
from egress.manager.refusals import LoginError
from egress.manager.saved_answers import answering_from, keeping, read_index
from nsx_lab import Lab
from tests.manager.hand_made import T0, T9, Json, gaps, hand_made, way


@pytest.fixture(scope="module")
def by_hand() -> Iterator[Lab]:
    with hand_made() as lab:
        yield lab


@pytest.fixture(scope="module")
def kept(by_hand: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of answers. Tests change copies of it."""
    folder = tmp_path_factory.mktemp("saved") / "answers"
    keep(by_hand, folder)
    return folder


def keep(lab: Lab, folder: Path, *tier0s: str) -> Survey:
    with keeping(folder, way(lab)) as manager:
        return survey(manager, tier0s)


def again(folder: Path, *tier0s: str) -> Survey:
    with answering_from(folder) as manager:
        return survey(manager, tier0s)


def test_kept_answers_give_the_equal_survey_and_nobody_is_asked(by_hand: Lab, tmp_path: Path) -> None:
    seen = keep(by_hand, tmp_path / "kept")
    mark = by_hand.control.mark()
    assert again(tmp_path / "kept") == seen
    assert by_hand.control.journal(mark) == []
    assert seen.gateways == (T0, T9)


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 200, "body": "{cut"}, {"status": 500, "body": "<html>"}])
def test_what_was_not_seen_is_not_seen_again_in_the_same_words(tmp_path: Path, fault: Json) -> None:
    with hand_made() as lab:
        lab.control.fault(method="GET", path="*/search/query", times=0, status=404)
        lab.control.fault(method="GET", path="*/nat/USER/nat-rules", times=0, **fault)
        seen = keep(lab, tmp_path / "kept")
    assert "NAT rules of T9: " in gaps(seen)
    assert again(tmp_path / "kept") == seen


def test_what_was_not_asked_then_is_said_to_be_so(by_hand: Lab, tmp_path: Path) -> None:
    keep(by_hand, tmp_path / "kept", "T9")
    seen = again(tmp_path / "kept")
    assert seen.gateways == (T0, T9)
    told = [str(one) for one in seen.unseen]
    assert (
        f"static routes of T0-wld01: the answers in '{tmp_path / 'kept'}' have none to '/policy/api/v1{T0}/static-routes': it was not asked then"
        in told
    )
    assert not [one for one in told if "T9" in one]


def test_the_folder_is_for_its_owner_and_says_what_it_is(by_hand: Lab, kept: Path) -> None:
    index = read_index(kept)
    assert (index.host, index.nsx) == (by_hand.host, "4.2.0.0.0.24105821")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", index.when)
    modes = {stat.S_IMODE(one.stat().st_mode) for one in [kept, *kept.rglob("*")]}
    assert modes == {0o700, 0o600}
    assert by_hand.password not in "".join(one.read_text() for one in kept.rglob("*.json"))


def test_a_lab_starts_from_kept_answers(kept: Path) -> None:
    with Lab(seed=kept / "answers") as lab:
        assert set(again(kept).objects) <= set(lab.control.objects())


def test_a_folder_that_holds_something_is_not_written_to_and_nothing_is_asked(by_hand: Lab, kept: Path) -> None:
    mark = by_hand.control.mark()
    with pytest.raises(EgressError, match="is not empty: name a new folder for the answers"):
        keep(by_hand, kept)
    assert by_hand.control.journal(mark) == []


def test_a_survey_that_fails_leaves_what_it_has_heard(by_hand: Lab, tmp_path: Path) -> None:
    with pytest.raises(EgressError, match="no Tier-0 with the id 'T8'"):
        keep(by_hand, tmp_path / "kept", "T8")
    assert list(read_index(tmp_path / "kept").answers) == ["/policy/api/v1/infra/tier-0s"]


def test_where_nothing_was_answered_the_folder_goes_again(by_hand: Lab, tmp_path: Path) -> None:
    with keeping(tmp_path / "kept", way(by_hand, "admin", "wrong")) as manager, pytest.raises(LoginError):
        survey(manager)
    assert not (tmp_path / "kept").exists()
    keep(by_hand, tmp_path / "kept")


def _index(**changed: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "index.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **changed}))

    return change


def _link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def _first(act: Callable[[Path], object]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        act(folder / "answers" / "0001.json")

    return change


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "no index": (lambda folder: (folder / "index.json").unlink(), "holds no answers of a manager: there is no index.json in it"),
    "a cut index": (lambda folder: (folder / "index.json").write_text('{"format": "egr'), "index.json in .* is cut or damaged"),
    "no JSON object": (lambda folder: (folder / "index.json").write_text("[]"), "does not say \"format\": \"egress-answers\""),
    "another format": (_index(format="egress-plan"), "does not say \"format\": \"egress-answers\""),
    "another version": (_index(version=2), "holds answers of version 2, this egress reads version 1"),
    "a strange host": (_index(host="http://x"), "index.json in .* is damaged: host: "),
    "a file elsewhere": (_index(answers={"/x": {"status": 200, "file": "../../etc/passwd", "sha256": "0" * 64}}), "is damaged: answers./x.file: "),
    "a cut answer": (_first(lambda file: file.write_bytes(file.read_bytes()[:-20])), r"\(0001.json\) is cut or was changed: save the answers again"),
    "a lost answer": (_first(Path.unlink), r"\(0001.json\) cannot be read: .*No such file"),
    "a link": (_first(_link), "cannot be read: it is a link"),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_folder_that_is_not_whole_is_told(kept: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "copy"
    (folder / "answers").mkdir(parents=True)
    for file in kept.rglob("*.json"):
        (folder / file.relative_to(kept)).write_bytes(file.read_bytes())
    act, said = DAMAGES[damage]
    act(folder)
    with pytest.raises(EgressError, match=said) as told:
        again(folder)
    assert "\n" not in str(told.value)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EgressError, match="holds no answers of a manager"):
        again(tmp_path / "none")


def test_secrets_are_missing_whatever_form_they_have() -> None:
    pem = "-----BEGIN RSA PRIVATE KEY-----\nMII"
    answer = {
        "id": "peer",
        "password": "one",
        "auth": {"secret_key": "two", "mode": "MD5"},
        "certificate": [pem, "-----BEGIN CERTIFICATE-----"],
        "settings": [{"key": "api_token", "value": "three"}, {"key": "mtu", "value": 1500}],
        "tags": [{"scope": "ncp/project", "tag": "dev"}, {"scope": "db-password", "tag": "four"}],
        "url": "https://user:five@store.example.com/x",
        "next_hops": [{"ip_address": "10.0.0.1"}],
    }
    assert without_secrets(answer) == {
        "id": "peer",
        "auth": {"mode": "MD5"},
        "certificate": ["-----BEGIN CERTIFICATE-----"],
        "settings": [{"key": "api_token"}, {"key": "mtu", "value": 1500}],
        "tags": [{"scope": "ncp/project", "tag": "dev"}, {"scope": "db-password"}],
        "next_hops": [{"ip_address": "10.0.0.1"}],
    }


def test_a_secret_on_a_manager_is_in_no_file_and_in_no_survey(tmp_path: Path) -> None:
    with hand_made() as lab:
        lab.control.fault(
            method="GET", path="*/neighbors", times=0, status=200,
            body={"results": [{"id": "peer", "neighbor_address": "10.0.0.1", "password": "hunter-2"}], "result_count": 1},
        )  # fmt: skip
        seen = keep(lab, tmp_path / "kept")
    assert again(tmp_path / "kept") == seen
    assert f"{T9}/locale-services/default/bgp/neighbors/peer" in seen.objects
    assert "hunter-2" not in "".join(one.read_text() for one in (tmp_path / "kept").rglob("*.json"))
    assert "hunter-2" not in str(seen)
