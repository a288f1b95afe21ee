"""Files that egress writes for people: whole or not at all, with the mode they had, and a sentence where it cannot be done.

`click.open_file(atomic=True)` would do, but it puts the new file in place even where writing it failed (8.5.1).
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from egress import escape
from egress.domain.problems import EgressError

PRIVATE = 0o600
PRIVATE_FOLDER = 0o700


def write(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Writes a file beside its place and renames it. A new file gets the usual mode, an old one keeps its own.

    private: the file holds values of a manager: its owner alone may read it, and a link in its place is refused instead of
    followed. Devices and pipes are written to as they are. Errors: EgressError; what was there before is still there then.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    _refuse_link(path, private)
    try:
        before = _look(path)
        if _is_device(path, before):
            path.write_bytes(raw)
            return
        mode = PRIVATE if private else stat.S_IMODE(before.st_mode) if before else 0o666 & ~_umask()
        _replace(Path(os.path.realpath(path)), raw, mode, before)
    except OSError as error:
        raise _cannot(path, error) from None


def append(path: Path, text: str) -> None:
    """Adds text to the end of a file, which is made if it is not there. Errors: EgressError; nothing was added then."""
    _refuse_link(path, private=True)
    try:
        before = _look(path)
        try:
            with path.open("ab") as file:
                file.write(text.encode("utf-8"))
        except OSError:
            _take_back(path, before)
            raise
    except OSError as error:
        raise _cannot(path, error) from None


def private_folder(path: Path) -> None:
    """A folder that its owner alone may enter, made if it is not there. Errors: EgressError, also for a link in its place."""
    _refuse_link(path, private=True)
    try:
        path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        path.chmod(PRIVATE_FOLDER)
    except OSError as error:
        raise _cannot(path, error) from None


def _refuse_link(path: Path, private: bool) -> None:
    if private and path.is_symlink() and not _below_dev(path):
        raise EgressError(f"{_shown(path)} is a link, and what is written there holds values: name the file itself")


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _take_back(path: Path, before: os.stat_result | None) -> None:
    with contextlib.suppress(OSError):  # a pipe takes nothing back
        if before is None:
            path.unlink()
        elif stat.S_ISREG(before.st_mode):
            os.truncate(path, before.st_size)


def _is_device(path: Path, found: os.stat_result | None) -> bool:
    """Whether there is no file to be replaced: /dev/stdout, /dev/null, a pipe."""
    if found is None or stat.S_ISDIR(found.st_mode):
        return False
    return _below_dev(path) or not stat.S_ISREG(found.st_mode)


def _below_dev(path: Path) -> bool:
    return path.is_absolute() and path.parts[1:2] in (("dev",), ("proc",))


def _replace(target: Path, raw: bytes, mode: int, before: os.stat_result | None) -> None:
    if before is not None and stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(None, "it is a folder")
    handle, beside = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            if before is not None:
                with contextlib.suppress(OSError):  # only root may give a file away
                    os.fchown(handle, before.st_uid, before.st_gid)
            os.fchmod(handle, mode)
            os.fsync(handle)
        Path(beside).replace(target)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _shown(path: Path) -> str:
    return escape.line(repr(str(path)))


def _cannot(path: Path, error: OSError) -> EgressError:
    if isinstance(error, FileNotFoundError) and not path.parent.is_dir():  # /proc is there, and takes no files
        return EgressError(f"{_shown(path)} cannot be written: there is no folder {_shown(path.parent)}, make it first")
    return EgressError(f"{_shown(path)} cannot be written: {error.strerror}")
