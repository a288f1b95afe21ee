"""Plans between pull request and merge: found again by what they were made from, for their owner, whole, and for a few days."""

from __future__ import annotations

import io
import os
import sys
import tarfile
import time
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from egress.domain import EgressError, PlanAgainError
from egress.plan_store import Key, PlanStore, open_store, parcel, places, seal
from egress.plan_store.seal import VARIABLE, PlanKey

KEY = b64encode(b"k" * 32).decode()
OTHER_KEY = b64encode(b"o" * 32).decode()
WLD01 = Key.of("wld01", "apply", b'{"a": 1}')


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder as of a saved plan."""
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "tfplan").write_bytes(bytes(range(256)) * 10)
    (folder / ".terraform.lock.hcl").write_text("# lock")
    (folder / "egress.json").write_text("{}")
    return folder


def opened(tmp_path: Path, key: str = "", **more: str) -> PlanStore:
    return open_store(str(tmp_path / "store"), {VARIABLE: key, **more})


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def kept_file(tmp_path: Path) -> Path:
    return tmp_path / "store" / WLD01.name


@pytest.mark.parametrize("key", ["", KEY, urlsafe_b64encode(b"\xff" * 32).decode()])
def test_what_is_put_is_got_whole_and_private(tmp_path: Path, saved: Path, key: str) -> None:
    plans = opened(tmp_path, key)
    plans.put(WLD01, saved)
    plans.get(WLD01, tmp_path / "got")
    assert contents(tmp_path / "got") == contents(saved)
    for folder in (tmp_path / "store", kept_file(tmp_path).parent, tmp_path / "got"):
        assert folder.stat().st_mode & 0o777 == 0o700
    for file in (kept_file(tmp_path), *(tmp_path / "got").iterdir()):
        assert file.stat().st_mode & 0o777 == 0o600
    assert (b"# lock" in kept_file(tmp_path).read_bytes()) is False


def test_another_stack_verb_or_configuration_has_another_plan(tmp_path: Path, saved: Path) -> None:
    opened(tmp_path).put(WLD01, saved)
    for key in (
        Key.of("wld02", "apply", b'{"a": 1}'),
        Key.of("wld01", "destroy", b'{"a": 1}'),
        Key.of("wld01", "apply", b'{"a": 2}'),
    ):
        with pytest.raises(PlanAgainError, match=f"{key.stack}: no plan to {key.verb} what is synthesised now is kept"):
            opened(tmp_path).get(key, tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_deleted_is_missing_and_deleting_twice_is_nothing(tmp_path: Path, saved: Path) -> None:
    plans = opened(tmp_path)
    plans.put(WLD01, saved)
    plans.delete(WLD01)
    plans.delete(WLD01)
    with pytest.raises(PlanAgainError):
        plans.get(WLD01, tmp_path / "got")


def test_a_plan_that_is_too_old_is_missing_and_said_to_be(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = opened(tmp_path, KEY, EGRESS_PLAN_DAYS="2")
    plans.put(WLD01, saved)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * 86_400 - 60)
    plans.get(WLD01, tmp_path / "got")
    monkeypatch.setattr(time, "time", lambda: now + 2 * 86_400 + 60)
    with pytest.raises(PlanAgainError, match=r"that is younger than 2 days \(EGRESS_PLAN_DAYS\): plan again"):
        plans.get(WLD01, tmp_path / "again")
    monkeypatch.setattr(time, "time", lambda: now - 3_600)
    with pytest.raises(PlanAgainError, match="its plan is of the future"):
        plans.get(WLD01, tmp_path / "again")


def test_what_is_too_old_is_taken_away(tmp_path: Path, saved: Path) -> None:
    plans = opened(tmp_path)
    plans.put(WLD01, saved)
    fresh = Key.of("wld02", "apply", b"")
    plans.put(fresh, saved)
    long_ago = time.time() - 8 * 86_400
    os.utime(kept_file(tmp_path), (long_ago, long_ago))
    assert plans.expire() == 1
    assert not kept_file(tmp_path).exists()
    plans.get(fresh, tmp_path / "got")


def _flip(position: int) -> Callable[[bytes], bytes]:
    return lambda kept: kept[:position] + bytes([kept[position] ^ 1]) + kept[position:][1:]


@pytest.mark.parametrize("key", ["", KEY])
@pytest.mark.parametrize(
    "change",
    [
        lambda kept: b"",
        lambda kept: kept[:20],
        lambda kept: kept[:41],
        lambda kept: kept[:-1],
        lambda kept: kept + b"x",
        _flip(-1),
        _flip(60),
        _flip(19),  # the date
        _flip(3),
    ],
)
def test_what_was_cut_or_changed_is_refused_and_never_taken_for_missing(
    tmp_path: Path, saved: Path, key: str, change: Callable[[bytes], bytes]
) -> None:
    plans = opened(tmp_path, key)
    plans.put(WLD01, saved)
    kept_file(tmp_path).write_bytes(change(kept_file(tmp_path).read_bytes()))
    with pytest.raises(EgressError, match="wld01/apply-") as told:
        plans.get(WLD01, tmp_path / "got")
    assert not isinstance(told.value, PlanAgainError)
    assert not (tmp_path / "got").exists()


@pytest.mark.parametrize("key", ["", KEY])
def test_the_plan_of_one_stack_is_not_served_for_another(tmp_path: Path, saved: Path, key: str) -> None:
    plans = opened(tmp_path, key)
    other = Key.of("wld02", "apply", b'{"a": 1}')
    plans.put(WLD01, saved)
    plans.put(other, saved)
    kept_file(tmp_path).replace(tmp_path / "store" / other.name)
    with pytest.raises(EgressError, match="was kept for another stack or configuration"):
        plans.get(other, tmp_path / "got")


def test_the_wrong_key_no_key_and_no_seal_are_told_apart(tmp_path: Path, saved: Path) -> None:
    opened(tmp_path, KEY).put(WLD01, saved)
    with pytest.raises(EgressError, match=f"was sealed with another key than {VARIABLE} holds"):
        opened(tmp_path, OTHER_KEY).get(WLD01, tmp_path / "got")
    with pytest.raises(EgressError, match=f"is sealed, and {VARIABLE} is not set"):
        opened(tmp_path).get(WLD01, tmp_path / "got")
    opened(tmp_path).put(WLD01, saved)
    with pytest.raises(
        EgressError, match=f"is not sealed although {VARIABLE} is set, so anybody may have put it there"
    ):
        opened(tmp_path, KEY).get(WLD01, tmp_path / "got")


@pytest.mark.parametrize(
    "env, words",
    [
        ({VARIABLE: "not base64!"}, "is no base64"),
        ({VARIABLE: b64encode(b"short").decode()}, "holds 5 bytes, allowed are 32"),
        ({VARIABLE: "é"}, "is no base64"),
        ({"EGRESS_PLAN_DAYS": "0"}, "is '0', allowed are 1 to 90 days"),
        ({"EGRESS_PLAN_DAYS": "-1"}, "allowed are 1 to 90 days"),
        ({"EGRESS_PLAN_DAYS": "a week"}, "allowed are 1 to 90 days"),
    ],
)
def test_a_wrong_variable_is_a_sentence_without_the_key(tmp_path: Path, env: dict[str, str], words: str) -> None:
    with pytest.raises(EgressError, match=words) as told:
        open_store(str(tmp_path), env)
    assert "not base64!" not in str(told.value)


@pytest.mark.parametrize("url", ["", "gs://x/y", "s3://", "s3://B", "s3://ok/../%00", "https://x", "file:///x"])
def test_what_is_no_store_is_a_sentence(url: str) -> None:
    with pytest.raises(EgressError, match=r"allowed are a folder and s3://BUCKET/PREFIX"):
        open_store(url, {VARIABLE: KEY})


def test_s3_without_a_key_is_refused() -> None:
    with pytest.raises(EgressError, match=r"plans in S3 are sealed.*openssl rand -base64 32 makes a key"):
        open_store("s3://plans/egress", {})


@pytest.mark.parametrize("url", ["store", "s3://plans/egress"])
def test_without_the_extra_its_name_is_told(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("boto3", "cryptography.hazmat.primitives.ciphers.aead"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EgressError, match=r"is not installed: pip install 'tier0-egress\[s3\]'"):
        open_store(url, {VARIABLE: KEY})


def _hostile(*members: tarfile.TarInfo, content: bytes = b"x") -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            tar.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return zlib.compress(plain.getvalue())


def _link(kind: bytes, name: str = "tfplan") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member


HOSTILE = {
    "a path upwards": _hostile(tarfile.TarInfo("../outside")),
    "an absolute path": _hostile(tarfile.TarInfo("/tmp/outside")),
    "a folder": _hostile(tarfile.TarInfo("sub/file")),
    "two dots": _hostile(tarfile.TarInfo("..")),
    "a link": _hostile(_link(tarfile.SYMTYPE)),
    "a link, then a file through it": _hostile(_link(tarfile.SYMTYPE, "a"), tarfile.TarInfo("a")),
    "a hard link": _hostile(_link(tarfile.LNKTYPE)),
    "a device": _hostile(_link(tarfile.CHRTYPE)),
    "a pipe": _hostile(_link(tarfile.FIFOTYPE)),
    "a hidden character": _hostile(tarfile.TarInfo("tf\nplan")),
    "twice the same": _hostile(tarfile.TarInfo("a"), tarfile.TarInfo("a")),
    "too many": _hostile(*(tarfile.TarInfo(f"f{number}") for number in range(33))),
    "no tar": zlib.compress(b"x" * 2000),
    "not compressed": b"tar",
    "cut": _hostile(tarfile.TarInfo("a"), content=os.urandom(4096))[:-900],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_parcel_writes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(EgressError, match="the plan in the store"):
        parcel.unpack(HOSTILE[name], tmp_path / "deep" / "got")
    assert list(tmp_path.iterdir()) == []


def test_a_parcel_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcel, "MOST_BYTES", 100_000)
    with pytest.raises(EgressError, match="unpacks to too much"):
        parcel.unpack(zlib.compress(bytes(10_000_000)), tmp_path / "got")


def test_a_kept_file_that_is_too_large_is_read_no_further(
    tmp_path: Path, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(tmp_path).put(WLD01, saved)
    monkeypatch.setattr(places, "MOST_KEPT", 100)
    with pytest.raises(EgressError, match="is larger than"):
        opened(tmp_path).get(WLD01, tmp_path / "got")


def test_links_and_pipes_in_a_folder_of_plans_are_refused(tmp_path: Path, saved: Path) -> None:
    plans = opened(tmp_path)
    plans.put(WLD01, saved)
    file = kept_file(tmp_path)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EgressError, match="cannot be read"):
        plans.get(WLD01, tmp_path / "got")
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(EgressError, match="is no regular file"):
        plans.get(WLD01, tmp_path / "got")
    file.unlink()
    file.parent.rename(tmp_path / "moved")
    file.parent.symlink_to(tmp_path / "moved")
    with pytest.raises(EgressError, match="is a link"):
        plans.get(WLD01, tmp_path / "got")
    with pytest.raises(EgressError, match="is a link"):
        plans.put(WLD01, saved)


def test_a_store_that_is_a_file_is_a_sentence(tmp_path: Path, saved: Path) -> None:
    (tmp_path / "store").write_text("x")
    with pytest.raises(EgressError, match="cannot be"):
        opened(tmp_path).put(WLD01, saved)
    with pytest.raises(EgressError, match="cannot be read"):
        opened(tmp_path).get(WLD01, tmp_path / "got")


def test_two_seals_of_one_plan_differ(saved: Path) -> None:
    key = PlanKey.parse(KEY)
    assert seal.seal(b"x", "n", 1, key) != seal.seal(b"x", "n", 1, key)
