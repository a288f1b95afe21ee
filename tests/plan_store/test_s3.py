"""The store in S3, against a server that speaks it."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from egress.domain import EgressError, PlanAgainError
from egress.plan_store import Key, PlanStore, open_store
from egress.plan_store.seal import VARIABLE

KEY = b64encode(b"k" * 32).decode()
WLD01 = Key.of("wld01", "apply", b'{"a": 1}')

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def env(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    found = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        VARIABLE: KEY,
    }
    for name, text in found.items():
        monkeypatch.setenv(name, text)
    boto3.client("s3").create_bucket(Bucket="plans")
    return found


@pytest.fixture
def plans(env: dict[str, str]) -> PlanStore:
    return open_store("s3://plans/team/egress", env)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "tfplan").write_bytes(b"secret of the plan")
    return folder


def test_what_is_put_is_got_and_nobody_else_can_read_it(plans: PlanStore, saved: Path, tmp_path: Path) -> None:
    plans.put(WLD01, saved)
    plans.get(WLD01, tmp_path / "got")
    assert (tmp_path / "got" / "tfplan").read_bytes() == b"secret of the plan"
    kept = boto3.client("s3").get_object(Bucket="plans", Key=f"team/egress/{WLD01.name}")["Body"].read()
    assert b"secret" not in kept
    plans.delete(WLD01)
    plans.delete(WLD01)
    with pytest.raises(
        PlanAgainError, match="no plan to apply what is synthesised now is kept in s3://plans/team/egress"
    ):
        plans.get(WLD01, tmp_path / "again")


def test_one_stacks_plan_under_anothers_name_is_refused(plans: PlanStore, saved: Path, tmp_path: Path) -> None:
    other = Key.of("wld02", "apply", b'{"a": 1}')
    plans.put(WLD01, saved)
    source = f"plans/team/egress/{WLD01.name}"
    boto3.client("s3").copy_object(Bucket="plans", Key=f"team/egress/{other.name}", CopySource=source)
    with pytest.raises(EgressError, match="was kept for another stack"):
        plans.get(other, tmp_path / "got")


def test_what_is_too_old_is_taken_away_and_nothing_else(
    plans: PlanStore, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans.put(WLD01, saved)
    client = boto3.client("s3")
    client.put_object(Bucket="plans", Key="team/egress/README", Body=b"x")
    client.put_object(Bucket="plans", Key="other.plan", Body=b"x")
    assert plans.expire() == 0

    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 8 * 86_400)
    assert plans.expire() >= 1
    left = [one["Key"] for one in client.list_objects_v2(Bucket="plans")["Contents"]]
    assert sorted(left) == ["other.plan", "team/egress/README"]


def test_no_bucket_and_no_server_are_sentences(
    env: dict[str, str], saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(EgressError, match="s3://no-such-bucket does not .*NoSuchBucket, there is no such bucket"):
        open_store("s3://no-such-bucket", env).get(WLD01, tmp_path / "got")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(EgressError, match="s3://plans cannot be asked to keep wld01/apply-"):
        open_store("s3://plans", env).put(WLD01, saved)


def test_no_credentials_is_a_sentence(env: dict[str, str], saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(EgressError, match="cannot be asked to keep .*credentials"):
        open_store("s3://plans", env).put(WLD01, saved)
