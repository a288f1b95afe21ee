"""A manager's answers kept in a folder, and a manager that answers from one: the same reading, without access.

    DIR/index.json          format, version, host, version of NSX, when, and for each path with its query: status, file, SHA-256
    DIR/answers/0001.json   the JSON of one answer, without secrets (redaction); `nsx-lab --seed DIR/answers` takes them

No header and nothing that is no JSON is kept. Everything is for its owner alone.
"""

from __future__ import annotations

import hashlib
import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from egress.deadline import Deadline
from egress.domain import EgressError
from egress.domain.fields import Host, quoted
from egress.escape import line
from egress.lean_httpx import httpx
from egress.manager.access import Access
from egress.manager.client import MAX_BYTES, VERSION, Manager
from egress.manager.network import BoundedTransport
from egress.manager.redaction import without_secrets
from egress.manager.refusals import PartError, parsed
from egress.writing import private_folder, write

FORMAT: Final = "egress-answers"
FORMAT_VERSION: Final = 1
INDEX, ANSWERS = "index.json", "answers"


class _Kept(BaseModel):
    """One answer. file: None for one that held no JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Annotated[int, Field(ge=100, le=599)]
    file: Annotated[str, Field(pattern=r"^[0-9]{4,9}\.json$")] | None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None


class Index(BaseModel):
    """What a folder of answers holds. nsx: version of NSX, None where it was not told. when: of the first answer, UTC."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["egress-answers"] = FORMAT
    version: Literal[1] = FORMAT_VERSION
    host: Host
    nsx: str | None
    when: str
    answers: dict[str, _Kept]


@contextmanager
def keeping(
    folder: Path, access: Access, deadline: Deadline | None = None, tell: Callable[[int], None] = lambda _: None
) -> Iterator[Manager]:
    """A manager whose answers are kept in a folder, which must be new or empty. The index is written at the end, also after an error; where
    nothing of use was answered, the folder goes again.

    Errors: EgressError when the folder holds something or cannot be written.
    """
    _refuse_used(folder)
    private_folder(folder)
    private_folder(folder / ANSWERS)
    deadline = deadline or Deadline()
    transport = _Keeping(folder, BoundedTransport(access.tls, deadline.left))
    with Manager(access, deadline=deadline, tell=tell, transport=transport) as manager:
        try:
            yield manager
        finally:
            _finish(folder, transport.index(access.host))


def _finish(folder: Path, index: Index) -> None:
    if any(one.status == 200 for one in index.answers.values()):
        write(folder / INDEX, index.model_dump_json(indent=1) + "\n", private=True)
        return
    with suppress(OSError):  # somebody put something into it
        for one in index.answers.values():
            if one.file is not None:
                (folder / ANSWERS / one.file).unlink()
        (folder / ANSWERS).rmdir()
        folder.rmdir()


def _refuse_used(folder: Path) -> None:
    try:
        used = folder.is_dir() and any(folder.iterdir())
    except OSError as error:
        raise EgressError(f"{_named(folder)} cannot be looked into: {error.strerror}") from None
    if used:
        raise EgressError(f"{_named(folder)} is not empty: name a new folder for the answers")


@contextmanager
def answering_from(folder: Path, tell: Callable[[int], None] = lambda _: None) -> Iterator[Manager]:
    """A manager that answers from a folder; what was not asked then is a PartError. Errors: EgressError for a folder that cannot be used."""
    index = read_index(folder)
    nobody = Access(index.host, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), None)
    with Manager(nobody, lambda _: None, tell=tell, transport=_Answering(folder, index)) as manager:
        yield manager


def read_index(folder: Path) -> Index:
    """The index of a folder, once every answer in it was found to be whole. Errors: EgressError."""
    where = _named(folder)
    try:
        found = parsed(_read(folder / INDEX))
    except FileNotFoundError:
        raise EgressError(
            f"{where} holds no answers of a manager: there is no {INDEX} in it, --save makes one"
        ) from None
    except OSError as error:
        raise EgressError(f"{INDEX} in {where} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise EgressError(f"{INDEX} in {where} is cut or damaged: {error}: save the answers again") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise EgressError(f'{where} holds no answers of a manager: {INDEX} in it does not say "format": "{FORMAT}"')
    if found.get("version") != FORMAT_VERSION:
        raise EgressError(
            f"{where} holds answers of version {quoted(found.get('version'))}, this egress reads version {FORMAT_VERSION}: "
            "use the egress that saved them"
        )
    try:
        index = Index.model_validate(found)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        said = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        raise EgressError(f"{INDEX} in {where} is damaged: {line(said)[:200]}: save the answers again") from None
    for path, kept in index.answers.items():
        _whole(folder, path, kept)
    return index


def _whole(folder: Path, path: str, kept: _Kept) -> bytes:
    """The body of an answer, empty for one that held no JSON. Errors: EgressError where it is not what was written."""
    if kept.file is None:
        return b""
    try:
        body = _read(folder / ANSWERS / kept.file)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise EgressError(
            f"the answer to {quoted(path)} in {_named(folder)} ({kept.file}) cannot be read: {why}: save the answers again"
        ) from None
    if hashlib.sha256(body).hexdigest() != kept.sha256:
        raise EgressError(
            f"the answer to {quoted(path)} in {_named(folder)} ({kept.file}) is cut or was changed: save the answers again"
        )
    return body


def _read(file: Path) -> bytes:
    """Errors: OSError; ValueError for a link or something too long."""
    if file.is_symlink():
        raise ValueError("it is a link")
    with file.open("rb") as opened:
        body = opened.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ValueError(f"it is longer than {MAX_BYTES >> 20} MiB")
    return body


class _Keeping(httpx.BaseTransport):
    """Hands answers on, and keeps each that was read to its end. Of one question the last answer stays."""

    def __init__(self, folder: Path, below: httpx.BaseTransport) -> None:
        self._folder = folder
        self._below = below
        self._kept: dict[str, _Kept] = {}
        self._files: dict[str, str] = {}
        self._turn = threading.Lock()
        self._when = datetime.now(UTC)
        self._nsx: str | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._below.handle_request(request)
        assert isinstance(answer.stream, httpx.SyncByteStream)
        stream = _Heard(answer.stream, lambda raw: self._keep(request, answer, raw))
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream, extensions=answer.extensions)

    def close(self) -> None:
        self._below.close()

    def index(self, host: str) -> Index:
        """What is in the folder."""
        when = self._when.isoformat(timespec="seconds")
        return Index(host=host, nsx=self._nsx, when=when, answers=dict(sorted(self._kept.items())))

    def _keep(self, request: httpx.Request, answer: httpx.Response, raw: bytes) -> None:
        asked = _asked(request)
        try:
            whole = httpx.Response(answer.status_code, headers=answer.headers, content=raw).content
            found = without_secrets(parsed(whole))
        except (ValueError, httpx.DecodingError):
            with self._turn:
                self._kept[asked] = _Kept(status=answer.status_code, file=None, sha256=None)
            return
        body = (json.dumps(found, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")
        with self._turn:
            file = self._files.setdefault(asked, f"{len(self._files) + 1:04}.json")
            self._kept[asked] = _Kept(status=answer.status_code, file=file, sha256=hashlib.sha256(body).hexdigest())
            if request.url.path == VERSION and isinstance(found, dict):
                self._nsx = str(found.get("product_version"))[:100]
        _write_private(self._folder / ANSWERS / file, body)


class _Heard(httpx.SyncByteStream):
    """A stream of bytes that tells what it was once it has ended."""

    def __init__(self, below: httpx.SyncByteStream, tell: Callable[[bytes], None]) -> None:
        self._below = below
        self._tell = tell

    def __iter__(self) -> Iterator[bytes]:
        heard = bytearray()
        for chunk in self._below:
            heard += chunk
            yield chunk
        self._tell(bytes(heard))

    def close(self) -> None:
        self._below.close()


class _Answering(httpx.BaseTransport):
    """Answers from a folder."""

    def __init__(self, folder: Path, index: Index) -> None:
        self._folder = folder
        self._index = index

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = _asked(request)
        kept = self._index.answers.get(asked)
        if kept is None:
            raise PartError(
                f"the answers in {_named(self._folder)} have none to {quoted(request.url.path)}: it was not asked then"
            )
        return httpx.Response(kept.status, content=_whole(self._folder, asked, kept))


def _asked(request: httpx.Request) -> str:
    """Path and query of a question."""
    return request.url.raw_path.decode("ascii")


def _write_private(file: Path, body: bytes) -> None:
    """A new file, or another content for one of ours. Errors: EgressError."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as opened:
            opened.write(body)
    except OSError as error:
        raise EgressError(f"{_named(file)} cannot be written: {error.strerror}") from None


def _named(path: Path) -> str:
    return quoted(str(path))
