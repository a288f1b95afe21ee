"""Wheels as they are compared and packed: the same content gives the same bytes, whenever and wherever it is built."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

Files = dict[str, bytes]
_WHEN = (2020, 1, 1, 0, 0, 0)  # a zip file knows no time before 1980; which one it is does not matter


def read(wheel: Path) -> Files:
    """The files of a wheel, without its RECORD, which follows from the others."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


def expanded(files: Mapping[str, bytes]) -> Files:
    """The same with `package.tgz/<file>` in place of each JavaScript package, so that differences have a name."""
    found: Files = {}
    for name, content in files.items():
        if name.endswith(".tgz"):
            found |= {f"{name}/{inner}": text for inner, text in _unpacked(content).items()}
        else:
            found[name] = content
    return found


def _unpacked(tgz: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(tgz)) as archive:
        streams = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}


def timeless(tgz: bytes) -> bytes:
    """A JavaScript package with the same files, sorted, and without times, owners and modes of whoever packed it."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for name, content in sorted(_unpacked(tgz).items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def write(wheel: Path, files: Mapping[str, bytes]) -> None:
    """Writes a wheel of these files, with its RECORD."""
    (info,) = {name.split("/")[0] for name in files if ".dist-info/" in name}
    record = "".join(f"{name},sha256={_digest(content)},{len(content)}\n" for name, content in sorted(files.items()))
    every = {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(every.items()):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
