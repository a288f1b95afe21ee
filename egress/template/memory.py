"""What egress wrote into a repository: kept in it as JSON, so that a later version knows what is its own and what somebody changed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from egress.domain import EgressError

FILE = ".egress-template.json"
_LARGEST = 4 * 2**20
"""Bytes that are read; what is written has some 50 KB."""


@dataclass(frozen=True)
class Memory:
    """Files as they were written, by name, for a CI system, by a version. Format `egress-template`, version 1."""

    ci: Literal["github", "gitlab", "none"]
    written_by: str
    project_id: str
    files: dict[str, str]
    format: Literal["egress-template"] = "egress-template"
    version: Literal[1] = 1

    def text(self) -> str:
        """As it is kept: a line of a file is no line here, so that nobody edits it by mistake."""
        return json.dumps(_MEMORY.dump_python(self, mode="json"), indent=1, sort_keys=True) + "\n"


_MEMORY: TypeAdapter[Memory] = TypeAdapter(Memory)


def read(folder: Path) -> Memory:
    """The memory of a repository. Errors: EgressError where there is none, or it cannot be read."""
    file = folder / FILE
    try:
        with file.open("rb") as opened:
            return _MEMORY.validate_json(opened.read(_LARGEST))
    except FileNotFoundError:
        raise EgressError(
            f"no {FILE} in {str(folder)!r}: what egress init wrote there is not known. Write it anew beside it (egress init NEW) and "
            "compare, or give --update the folder of a repository that this version wrote or later"
        ) from None
    except OSError as error:
        raise EgressError(f"{str(file)!r} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(map(str, first["loc"])) or "the whole"
        raise EgressError(f"{str(file)!r} cannot be read ({at}: {first['msg']}): take it from git again") from None
