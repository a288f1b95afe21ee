"""The lab file: how other programs find a running lab. It holds throw-away credentials that open this one lab and nothing else."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT, VERSION = "nsx-lab", 1


@dataclass(frozen=True, slots=True)
class LabFile:
    """Contents of a lab file. `host` is host:port, `ca` is PEM, `pid` the process that serves the lab."""

    host: str
    ca: str
    username: str
    password: str
    control_token: str
    pid: int

    def write(self, path: Path) -> None:
        """Writes it in one step, readable by its owner only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "version": VERSION, **asdict(self)}, file, indent=1)
            file.write("\n")
        scratch.replace(path)

    def remove(self, path: Path) -> None:
        """Removes the file, unless another lab has written its own there since."""
        try:
            if read_lab_file(path).control_token == self.control_token:
                path.unlink(missing_ok=True)
        except (OSError, ValueError):
            return


def read_lab_file(path: Path) -> LabFile:
    """Reads a lab file; ValueError when it is none."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}: is the lab running?") from error
    except ValueError as error:
        raise ValueError(f"{path}: not a lab file: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT or document.get("version") != VERSION:
        raise ValueError(f'{path}: not a lab file: expected "format": "{FORMAT}", "version": {VERSION}')
    try:
        return LabFile(**{key: value for key, value in document.items() if key not in ("format", "version")})
    except TypeError as error:
        raise ValueError(f"{path}: not a lab file: {error}") from error
