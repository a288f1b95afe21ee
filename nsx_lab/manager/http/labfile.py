"""The lab file: how other programs find a running lab. It holds throw-away credentials that open this one lab and nothing else."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nsx_lab.shape import Shape, integer, one_of, text
from nsx_lab.stand_in import PROTOCOL
from nsx_lab.strict_json import parse

FORMAT, VERSION = "nsx-lab", 1
SHAPE = Shape(
    {
        "format": one_of([FORMAT]),
        "version": one_of([VERSION]),
        **dict.fromkeys(("host", "ca", "username"), text(minLength=1)),
        **dict.fromkeys(("password", "control_token"), text(writeOnly=True)),
        "pid": integer(1),
        "stand_in": {"type": "object", "properties": {"socket": text(minLength=1)}, "required": ["socket"]},
    },
    required=["format", "version", "host", "ca", "username", "password", "control_token", "pid"],
    others=True,
)


@dataclass(frozen=True, slots=True)
class LabFile:
    """Contents of a lab file. `host` is host:port, `ca` is PEM, `pid` the process that serves the lab.

    `stand_in`: the socket of the resident stand-in, None where there is none. In the file it is an optional key, as all others that
    may come: {"socket": PATH, "protocol": 6}. Who does not know a key passes over it.
    """

    host: str
    ca: str
    username: str
    password: str
    control_token: str
    pid: int
    stand_in: Path | None = None

    def write(self, path: Path) -> None:
        """Writes it in one step, readable by its owner only."""
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._document(), file, indent=1)
            file.write("\n")
        scratch.replace(path)

    def _document(self) -> dict[str, Any]:
        document = {"format": FORMAT, "version": VERSION, **asdict(self)}
        del document["stand_in"]
        if self.stand_in is not None:
            document["stand_in"] = {"socket": str(self.stand_in), "protocol": PROTOCOL}
        return document

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
        document = parse(path.read_bytes())
        SHAPE.check(document)
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}: is the lab running?") from error
    except ValueError as error:
        raise ValueError(f"{path}: not a lab file: {error}") from error
    known = {key: document[key] for key in ("host", "ca", "username", "password", "control_token", "pid")}
    stand_in = document.get("stand_in")
    return LabFile(**known, stand_in=Path(stand_in["socket"]) if stand_in else None)
