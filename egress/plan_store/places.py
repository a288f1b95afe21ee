"""Where plans are kept, as bytes by name: a folder, which is also what an artifact of a CI system is once it is downloaded, and S3."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from egress.domain import EgressError
from egress.plan_store.key import SUFFIX
from egress.writing import private_folder, write

MOST_KEPT = 128 * 2**20
"""Bytes of a plan as it is kept."""


class Keeping(Protocol):
    """A place. Names have slashes."""

    shown: str

    def read(self, name: str) -> bytes | None:
        """What is kept under a name, None where there is nothing. Errors: EgressError."""

    def write(self, name: str, content: bytes) -> None:
        """Keeps it, in place of what was there. Errors: EgressError."""

    def remove(self, name: str) -> None:
        """Takes it away, if it is there. Errors: EgressError."""

    def older_than(self, moment: float) -> Iterator[str]:
        """Names of what was kept before a second since 1970, by the place's own dates. Errors: EgressError."""


class Folder:
    """A folder of this machine; what is in it is its owner's alone (0600, 0700)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shown = repr(str(folder))

    def read(self, name: str) -> bytes | None:
        file = self._folder / name
        try:
            if file.parent.is_symlink():
                raise EgressError(f"{str(file.parent)!r} is a link, and a store of plans has none")
            # opened without following and without waiting: neither a link nor a pipe is a plan
            handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as stream:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise EgressError(f"{str(file)!r} is no regular file, and a store of plans has no other")
                return _bounded(stream.read(MOST_KEPT + 1), name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EgressError(f"{str(file)!r} cannot be read: {error.strerror}") from None

    def write(self, name: str, content: bytes) -> None:
        file = self._folder / name
        if not self._folder.is_dir():
            private_folder(self._folder)  # one that is there keeps the mode that its owner gave it
        private_folder(file.parent)
        write(file, content, private=True)

    def remove(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise EgressError(f"{str(self._folder / name)!r} cannot be removed: {error.strerror}") from None

    def older_than(self, moment: float) -> Iterator[str]:
        for file in sorted(self._folder.glob(f"*/*{SUFFIX}")):
            with contextlib.suppress(FileNotFoundError):
                if file.lstat().st_mtime < moment:
                    yield str(file.relative_to(self._folder))


class Bucket:
    """A prefix in a bucket of S3, or of a store that speaks it (AWS_ENDPOINT_URL); credentials: the AWS_* variables."""

    def __init__(self, bucket: str, prefix: str, client: Any) -> None:
        self._bucket, self._client = bucket, client
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.shown = f"s3://{bucket}/{self._prefix}".rstrip("/")

    @classmethod
    def connect(cls, bucket: str, prefix: str, own_endpoint: bool) -> Bucket:
        """Nothing is asked yet. own_endpoint: not AWS, where a bucket is part of the path and no name of its own. Errors: EgressError."""
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise EgressError("s3:// needs boto3, which is not installed: pip install 'tier0-egress[s3]'") from None
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"} if own_endpoint else None,
        )
        try:
            return cls(bucket, prefix, boto3.session.Session().client("s3", config=config))
        except (BotoCoreError, ValueError) as error:
            raise EgressError(f"s3://{bucket} cannot be asked: {error}") from None

    def read(self, name: str) -> bytes | None:
        with self._told(f"read {name}"):
            found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            with found["Body"] as body:
                return _bounded(body.read(MOST_KEPT + 1), name)
        return None

    def write(self, name: str, content: bytes) -> None:
        with self._told(f"keep {name}"):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content)

    def remove(self, name: str) -> None:
        with self._told(f"remove {name}"):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + name)

    def older_than(self, moment: float) -> Iterator[str]:
        with self._told("list what is kept"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
            for found in (one for page in pages for one in page.get("Contents", ())):
                if found["Key"].endswith(SUFFIX) and found["LastModified"].timestamp() < moment:
                    yield found["Key"].removeprefix(self._prefix)

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """What S3 answers, as a sentence. An object that is not there is no error: the block ends before its end."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code != "NoSuchKey":
                raise EgressError(f"{self.shown} does not {what}: {code}, {_hint(code, error)}") from None
        except (BotoCoreError, OSError) as error:
            raise EgressError(f"{self.shown} cannot be asked to {what}: {error}") from None


def _hint(code: str, error: Exception) -> str:
    return {
        "NoSuchBucket": "there is no such bucket",
        "AccessDenied": "these credentials may not (and without s3:ListBucket nobody is told that an object is not there)",
        "403": "these credentials may not",
        "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID is of nobody there",
        "SignatureDoesNotMatch": "AWS_SECRET_ACCESS_KEY is another",
        "ExpiredToken": "AWS_SESSION_TOKEN has expired",
    }.get(code, str(error))


def _bounded(content: bytes, name: str) -> bytes:
    if len(content) > MOST_KEPT:
        raise EgressError(f"{name}: is larger than {MOST_KEPT // 2**20} MiB, and no kept plan is")
    return content
