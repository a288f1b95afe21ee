"""The files of a saved plan as one run of bytes: a compressed tar that is read member by member into memory, never extracted.

What a stranger packed can neither write elsewhere nor fill a disk: plain names, regular files, bounded numbers and sizes.
"""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from pathlib import Path

from egress.domain import EgressError
from egress.writing import private_folder, write

MOST_FILES = 32
MOST_BYTES = 256 * 2**20
"""Of all files together. Assumption: a plan of a stack with 1,000 rules has 10 MiB."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")


def pack(folder: Path) -> bytes:
    """The regular files of a folder. Errors: EgressError for what would not be unpacked again."""
    plain = io.BytesIO()
    size = 0
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        files = sorted(file for file in folder.iterdir() if file.is_file() and not file.is_symlink())
        for file in files:
            content = file.read_bytes()
            size += len(content)
            if not _is_plain(file.name) or size > MOST_BYTES or len(files) > MOST_FILES:
                raise EgressError(f"{str(folder)!r} is no folder of a saved plan: {_limits()}")
            member = tarfile.TarInfo(file.name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return zlib.compress(plain.getvalue())


def unpack(parcel: bytes, folder: Path) -> None:
    """Writes the files into a new private folder, all or none. Errors: EgressError for a parcel that is damaged or that `pack` did not make."""
    files = _files(parcel)
    private_folder(folder)
    for name, content in files.items():
        write(folder / name, content, private=True)


def _files(parcel: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_inflated(parcel)), mode="r:") as tar:
            for member in tar:
                stream = tar.extractfile(member) if member.isreg() else None
                if stream is None or not _is_plain(member.name) or member.name in found or len(found) >= MOST_FILES:
                    raise EgressError(f"the plan in the store holds what no saved plan has: {_limits()}")
                found[member.name] = stream.read(MOST_BYTES)
    except (tarfile.TarError, zlib.error, ValueError, OverflowError, EOFError, OSError):
        raise EgressError("the plan in the store is damaged: plan again") from None
    return found


def _inflated(parcel: bytes) -> bytes:
    inflate = zlib.decompressobj()
    most = MOST_BYTES + 2**16  # and the heads of the members
    plain = inflate.decompress(parcel, most)
    if inflate.unconsumed_tail:
        raise EgressError(f"the plan in the store unpacks to too much: {_limits()}")
    if not inflate.eof:
        raise EOFError
    return plain


def _is_plain(name: str) -> bool:
    return bool(_NAME.fullmatch(name)) and name not in (".", "..")


def _limits() -> str:
    return f"allowed are {MOST_FILES} files with plain names, {MOST_BYTES // 2**20} MiB together"
