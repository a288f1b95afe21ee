"""What is tried of a store that is not as it should be: each is found out, with a remedy, and no secret is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from egress.toolchain.stack.state_probe import Tried, tried
from egress.toolchain.tools.engine import find_engine
from tests.e2e import postgres, stores
from tests.machine import lacks

pytestmark = pytest.mark.slow


def looked(backend: str, settings: dict[str, Any]) -> list[Tried]:
    return list(tried(backend, settings, f"{backend} states", find_engine(), Path("/nowhere")))


def http(url: str) -> dict[str, Any]:
    lock = f"{url}/states/one/lock"
    ways = {"lock_address": lock, "lock_method": "POST", "unlock_address": lock, "unlock_method": "DELETE"}
    return {"address": f"{url}/states/one", **ways}


def test_an_http_store(monkeypatch: pytest.MonkeyPatch) -> None:
    with stores.http() as (store, shelf):
        for name, value in store.env.items():
            monkeypatch.setenv(name, value)
        state, lock, writes = looked("http", http(store.url))
        assert (state.fix, lock.found, writes.certain) == ("", "it locks", False)
        assert shelf.locks == {}
        assert not [one for one in shelf.requests if one == "POST /states/one"], "the state is not written"

        shelf.locks["/states/one/lock"] = {"ID": "7", "Who": "alice@bastion"}
        assert looked("http", http(store.url))[1].found == "it locks: alice@bastion holds it now"
        assert shelf.locks["/states/one/lock"]["ID"] == "7"
        shelf.locks.clear()

        shelf.locks_nothing = True
        assert looked("http", http(store.url))[1].found == "it does not lock: it was taken twice at once"
        monkeypatch.setenv("TF_HTTP_PASSWORD", "a-wrong-secret")
        (state,) = looked("http", http(store.url))
        assert state.found == "http states answers 401"
        assert "TF_HTTP_PASSWORD" in state.fix
    (state,) = looked("http", http(store.url))
    assert "cannot be reached" in state.found


def test_a_database_that_does_not_let_us(monkeypatch: pytest.MonkeyPatch) -> None:
    where = postgres.programs()
    if where is None:
        lacks("no PostgreSQL server on this machine: Debian's package is postgresql")
    with postgres.server(where) as database:
        monkeypatch.setenv("PG_CONN_STR", database.url.replace(database.password, "a-wrong-secret"))
        (state,) = looked("pg", {"schema_name": "wld01"})
        assert "password authentication failed" in state.found
        assert "a-wrong-secret" not in state.found
        database.ask("CREATE ROLE reader LOGIN PASSWORD 'a-reader'")
        monkeypatch.setenv("PG_CONN_STR", database.url.replace(f"egress:{database.password}", "reader:a-reader"))
        (state,) = looked("pg", {"schema_name": "wld01"})
        assert "permission denied" in state.found
        assert "the role needs CREATE" in state.fix


def test_a_bucket_that_is_not_there_and_a_store_that_does_not_encrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    with stores.s3(encrypts=False) as store:
        for name, value in store.env.items():
            monkeypatch.setenv(name, value)
        no = dict.fromkeys(("credentials_validation", "metadata_api_check", "requesting_account_id"), True)
        settings = {f"skip_{name}": value for name, value in no.items()} | {
            "bucket": stores.BUCKET,
            "key": "one.tfstate",
            "region": "here",
            "endpoints": {"s3": store.url},
            "skip_region_validation": True,
            "use_path_style": True,
            "use_lockfile": True,
            "encrypt": True,
            "max_retries": 1,
        }
        *_, state = looked("s3", settings | {"bucket": "nothing"})
        assert "bucket" in state.fix or "login" in state.fix
        *_, writes = looked("s3", settings)
        assert "asks for encryption" in writes.fix
        assert stores.SECRET not in state.found + writes.found
