"""Snapshots, and data that outlives the process."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nsx_lab import Lab
from nsx_lab.manager.http.client import ControlError
from nsx_lab.manager.http.labfile import read_lab_file

T0 = "/infra/tier-0s/T0-wld01"
RULE = f"{T0}/nat/USER/nat-rules/nat-vm-a"
SERVE = [sys.executable, "-m", "nsx_lab.cli", "serve"]
ClientOf = Callable[..., httpx.Client]


def test_snapshot_and_restore(lab: Lab, api: httpx.Client, client_of: ClientOf, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    document = lab.control.snapshot()
    api.delete(RULE)
    api.patch("/infra/tier-0s/other", json={})
    lab.control.restore(document)
    assert api.get(RULE).json()["source_network"] == "30.0.0.5"
    assert api.get("/infra/tier-0s/other").status_code == 404
    with Lab() as other:
        other.control.restore(document)
        assert other.control.snapshot() == document
        found = client_of(other).get("/search/query?query=id:nat%5C-vm%5C-a").json()
        assert found["result_count"] == 1


def test_snapshot_keeps_what_is_not_realized(lab: Lab, api: httpx.Client, rule: dict[str, Any]) -> None:
    api.patch(RULE, json=rule)
    lab.control.realization(RULE, "ERROR", "boom", when="next")
    api.patch(RULE, json={**rule, "source_network": "30.0.0.6"})
    document = lab.control.snapshot()
    with Lab() as other:
        other.control.restore(document)
        assert other.realized()[RULE]["source_network"] == "30.0.0.5"
        assert other.control.snapshot()["unrealized"] == document["unrealized"]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"format": "x"}, "not a snapshot"),
        ({"version": 2}, "version 2 is not known"),
        ({"objects": None}, "objects null: a list is expected"),
        ({"more": 1}, "unknown key 'more'"),
        ({"settings": []}, r"settings \[\]: an object is expected"),
        ({"settings": {"semantics": "x"}}, "semantics 'x': allowed are refuse, realize"),
        ({"unrealized": [{"path": "x"}]}, "state is missing"),
        ({"unrealized": [{"path": "x", "state": "ERROR", "realized": None, "alarms": [5]}]}, "message and code"),
        ({"unrealized": [{"path": "x", "state": "ERROR", "realized": {}, "alarms": []}]}, "not an object as"),
        ({"objects": [{"path": "/infra/tier-0s/x"}]}, "not an object as the lab stores them"),
        ({"objects": ["x"]}, "not an object as the lab stores them"),
    ],
)
def test_snapshot_that_is_not_known_is_refused(lab: Lab, api: httpx.Client, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ControlError, match=words):
        lab.control.restore({**lab.control.snapshot(), **change})
    assert api.get(T0).status_code == 200


@pytest.mark.parametrize(
    "field, value, words",
    [
        ("_revision", "x", "_revision 'x': an integer"),
        ("_create_user", None, "_create_user null: text is expected"),
        ("unique_id", ..., "unique_id is missing"),
        ("id", "other", "are not those of its path"),
        ("parent_path", "/infra/tier-1s", "are not those of its path"),
        ("resource_type", "Tier1", "resource_type 'Tier1': allowed are Tier0"),
        ("ha_mode", 5, "ha_mode"),
        ("path", "/infra/tier-0s/x/static-routes/r", "are not those of its path"),
    ],
)
def test_snapshot_with_an_object_that_a_later_write_would_stumble_over_is_refused(
    lab: Lab, api: httpx.Client, field: str, value: Any, words: str
) -> None:
    document = lab.control.snapshot()
    before = lab.control.objects()
    damaged = next(obj for obj in document["objects"] if obj["path"] == T0)
    if value is ...:
        del damaged[field]
    else:
        damaged[field] = value
    with pytest.raises(ControlError, match=words):
        lab.control.restore(document)
    assert lab.control.objects() == before


def test_snapshot_of_a_newer_manager_may_hold_fields_that_the_lab_does_not_know(lab: Lab) -> None:
    document = lab.control.snapshot()
    next(obj for obj in document["objects"] if obj["path"] == T0)["brand_new"] = {"x": 1}
    lab.control.restore(document)
    assert lab.control.objects(type="Tier0")[T0]["brand_new"] == {"x": 1}


def test_snapshot_in_the_wrong_order_or_with_an_object_twice_is_refused(lab: Lab) -> None:
    document = lab.control.snapshot()
    with pytest.raises(ControlError, match="is not there before it"):
        lab.control.restore({**document, "objects": document["objects"][::-1]})
    with pytest.raises(ControlError, match="is there twice"):
        lab.control.restore({**document, "objects": [*document["objects"], document["objects"][-1]]})


def test_data_directory_wins_over_the_seed(
    tmp_path: Path, seed_document: dict[str, Any], client_of: ClientOf, rule: dict[str, Any]
) -> None:
    with Lab(seed_document, data_dir=tmp_path) as lab:
        client_of(lab).patch(RULE, json=rule)
        client_of(lab).delete("/infra/tier-1s/domain-c8")
        before = lab.control.objects()
    with Lab(seed_document, data_dir=tmp_path) as lab:
        assert lab.control.objects() == before
        client_of(lab).patch(RULE, json=rule)
        assert client_of(lab).get(RULE).json()["_revision"] == 1
        assert RULE in lab.realized()


def test_reset_reaches_the_data_directory(
    tmp_path: Path, seed_document: dict[str, Any], client_of: ClientOf, rule: dict[str, Any]
) -> None:
    with Lab(seed_document, data_dir=tmp_path) as lab:
        client_of(lab).patch(RULE, json=rule)
        lab.control.reset()
    with Lab(seed_document, data_dir=tmp_path) as lab:
        assert client_of(lab).get(RULE).status_code == 404
        assert client_of(lab).get(T0).status_code == 200


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    with Lab(data_dir=tmp_path):
        pass
    database = sqlite3.connect(tmp_path / "lab.sqlite3")
    database.execute("update meta set value = '99' where key = 'version'")
    database.commit()
    database.close()
    with pytest.raises(ValueError, match="written by version 99"):
        Lab(data_dir=tmp_path)


def of_another_program(file: Path) -> None:
    file.unlink()
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("create table songs (title text)")


def with_rows(statement: str) -> Callable[[Path], None]:
    def damage(file: Path) -> None:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
            database.execute(statement)

    return damage


@pytest.mark.parametrize(
    "damage, words",
    [
        (lambda file: file.write_bytes(b""), "is empty, so what the lab kept there is lost: move the folder away"),
        (lambda file: file.write_bytes(b"\x89\xfe\x00\xff" * 5000), "file is not a database.*: move the folder away"),
        (lambda file: file.write_text("something else, and long enough to be looked at as a header"), "not a database"),
        (lambda file: file.write_bytes(file.read_bytes()[:5000]), "damaged.*: move the folder away"),
        (lambda file: file.write_bytes(file.read_bytes()[:8192]), "damaged.*: move the folder away"),
        (lambda file: (file.unlink(), file.mkdir()), "unable to open database file.*: move the folder away"),
        (lambda file: file.with_name("lab.sqlite3-wal").write_bytes(b"\x00\xff" * 5000), "-wal is no log of a database.*: move"),
        (of_another_program, "of some other program: give another folder"),
        (with_rows("delete from meta"), "of some other program"),
        (with_rows("update meta set value = '99'"), "written by version 99.* this lab knows version 1: start it with"),
        (with_rows("update objects set body = '{' where number = 2"), "damaged.*: move the folder away"),
        (with_rows("update objects set body = x'ff00' where number = 2"), "damaged.*: move the folder away"),
        (with_rows("update objects set body = '[]' where number = 2"), "not an object as the lab stores them"),
        (with_rows("""update objects set body = '{"path": "/infra/sites/default"}' where number = 1"""), "is missing"),
        (with_rows("delete from objects where number = 1"), "is not there before it"),
    ],
)  # fmt: skip
def test_damaged_data_is_told_in_a_sentence_with_the_way_out(
    tmp_path: Path, damage: Callable[[Path], object], words: str
) -> None:
    data = tmp_path / "data"
    with Lab(data_dir=data):
        pass
    damage(data / "lab.sqlite3")
    before = {file.name for file in data.iterdir()}
    for _ in range(2):  # the refusal mends nothing and takes nothing with it
        with pytest.raises(ValueError, match=words):
            Lab(data_dir=data)
    assert {file.name for file in data.iterdir()} <= before | {"lab.sqlite3-wal", "lab.sqlite3-shm"}
    data.rename(tmp_path / "away")
    with Lab(data_dir=data) as again:
        assert again.control.health()["ok"] is True


def test_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="no lab can keep its configuration there: File exists"):
        Lab(data_dir=tmp_path / "file")


@pytest.mark.slow
def test_second_lab_on_a_data_directory_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, tmp_path / "lab.json") as first:
        second = subprocess.run([*SERVE, "--data-dir", str(data)], capture_output=True, text=True, check=False)
        assert (second.returncode, second.stdout) == (1, "")
        assert re.search(
            rf"another lab keeps its configuration there \(process {first.pid}, since 20\d\d-", second.stderr
        )
        assert "give this one a folder of its own" in second.stderr
        with pytest.raises(ValueError, match=f"process {first.pid}, since"):
            Lab(data_dir=data)
    with Lab(data_dir=data), pytest.raises(ValueError, match=f"process {os.getpid()}, since"):
        Lab(data_dir=data)


@pytest.mark.slow
def test_lock_that_a_dead_lab_left_does_not_count(tmp_path: Path) -> None:
    with serving(tmp_path / "data", tmp_path / "lab.json") as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert (tmp_path / "data" / "lab.lock").read_text().startswith(f"process {first.pid}")
        with Lab(data_dir=tmp_path / "data") as second:
            assert second.control.health()["ok"] is True


def test_lab_that_cannot_start_holds_no_lock(tmp_path: Path, lab: Lab) -> None:
    with pytest.raises(OSError, match="in use"):
        Lab(data_dir=tmp_path, port=int(lab.host.rpartition(":")[2]))
    with Lab(data_dir=tmp_path):
        pass


@contextlib.contextmanager
def serving(data: Path, lab_file: Path) -> Iterator[subprocess.Popen[str]]:
    """`nsx-lab serve` on a data directory, ready."""
    command = [*SERVE, "--data-dir", str(data), "--lab-file", str(lab_file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("lab ready")
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_accepted_writes_survive_kill_9(tmp_path: Path) -> None:
    with serving(tmp_path / "data", tmp_path / "lab.json") as process:
        accepted = accepted_until_it_is_killed(process, tmp_path / "lab.json")
    assert len(accepted) >= 100
    with Lab(data_dir=tmp_path / "data") as again:
        stored = again.control.objects(type="Tier0")
    assert set(accepted) <= set(stored)


def accepted_until_it_is_killed(process: subprocess.Popen[str], lab_file: Path) -> list[str]:
    lab = read_lab_file(lab_file)
    context = ssl.create_default_context(cadata=lab.ca)
    accepted: list[str] = []
    with httpx.Client(
        base_url=f"https://{lab.host}/policy/api/v1", verify=context, auth=(lab.username, lab.password), trust_env=False
    ) as client:
        for number in range(200):
            path = f"/infra/tier-0s/t{number}"
            if number == 100:
                process.send_signal(signal.SIGKILL)
            try:
                if client.patch(path, json={"description": str(number)}).status_code == 200:
                    accepted.append(path)
            except httpx.TransportError:
                break
    return accepted


def test_write_that_cannot_be_kept_is_not_accepted(tmp_path: Path, client_of: ClientOf) -> None:
    with Lab(data_dir=tmp_path) as lab:
        assert lab.world.manager.commit_hooks
        lab.world.manager.commit_hooks.insert(0, _disk_is_full)
        client = client_of(lab, event_hooks={})
        assert client.patch("/infra/tier-0s/x", json={}).status_code == 500
        assert client.get("/infra/tier-0s/x").status_code == 404
        assert "OSError" in lab.control.journal()[0]["note"]
        lab.world.manager.commit_hooks.remove(_disk_is_full)


def _disk_is_full(changes: object) -> None:
    raise OSError("no space left on device")
