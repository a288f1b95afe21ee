"""Writes the repository from the files beside this one; `files/` holds them under names that no tool mistakes for its own."""

from __future__ import annotations

import os
import re
import textwrap
import uuid
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Literal

from egress import escape, writing
from egress.domain import EgressError
from egress.domain.schema import part_schema, schema, text
from egress.template import memory
from egress.template.memory import Memory

_FILES = Path(__file__).with_name("files")
_PLACES = {
    "main.py.txt": "main.py",
    "cdktf.json": "cdktf.json",
    "requirements.txt": "requirements.txt",
    "requirements-lab.txt": "requirements-lab.txt",
    "domains/wld01.yaml": "domains/wld01.yaml",
    "gitignore": ".gitignore",
    "README.md": "README.md",
}


class Ci(StrEnum):
    """The CI system whose workflows are written."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


_WORKFLOWS = {
    Ci.GITHUB: {
        "github/action.yml": ".github/actions/egress/action.yml",
        "github/pull-request.yml": ".github/workflows/egress.yml",
        "github/comment.yml": ".github/workflows/egress-comment.yml",
        "github/apply.yml": ".github/workflows/egress-apply.yml",
        "github/nightly.yml": ".github/workflows/egress-nightly.yml",
        "github/actionlint.yaml": ".github/actionlint.yaml",
        "github/zizmor.yaml": ".github/zizmor.yml",
    },
    Ci.GITLAB: {"gitlab/gitlab-ci.yml": ".gitlab-ci.yml"},
    Ci.NONE: {},
}
_STEPS = {"install.sh", "lab.sh"}
"""Scripts that stand in several workflows, each at the place of its mark: `@install@` of install.sh."""
SCHEMA = "schemas/workload-domain.schema.json"
PART_SCHEMA = "schemas/workload-domain-part.schema.json"
GENERATED = (SCHEMA, PART_SCHEMA)
"""Written by a version from its own model: nobody's to change."""

_IGNORED = ".gitignore"


@dataclass(frozen=True)
class Written:
    """What was written into a folder, and what was `left`, as something else is there. `unignored`: lines that a `.gitignore`
    which was left lacks."""

    files: tuple[str, ...]
    left: tuple[str, ...]
    unignored: tuple[str, ...]


def write(folder: Path, ci: Ci = Ci.GITHUB) -> Written:
    """Writes a new repository into `folder`, which is made if needed: every file that is not there yet. Names are relative to it.

    It is pinned to the version that runs. Errors: EgressError; what was written so far is taken away again then.
    """
    project_id = str(uuid.uuid4())
    files = contents(ci, project_id)
    left = tuple(name for name in (*files, memory.FILE) if os.path.lexists(folder / name))
    new = {name: content for name, content in files.items() if name not in left}
    if new and memory.FILE not in left:
        new[memory.FILE] = remembered(ci.value, project_id, new).text()
    done: list[Path] = []
    try:
        for name, content in new.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            writing.write(folder / name, content)
            done.append(folder / name)
    except OSError as error:
        _take_away(done)
        raise EgressError(f"{escape.line(repr(str(error.filename)))} cannot be written: {error.strerror}") from None
    except EgressError:
        _take_away(done)
        raise
    return Written(tuple(new), left, _unignored(folder, files) if _IGNORED in left else ())


def _take_away(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _unignored(folder: Path, files: dict[str, str]) -> tuple[str, ...]:
    try:
        there = (folder / _IGNORED).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        there = []
    return tuple(line for line in files[_IGNORED].splitlines() if line not in there)


def remembered(ci: Literal["github", "gitlab", "none"], project_id: str, files: dict[str, str]) -> Memory:
    """What is to be known of these files when a later version comes."""
    own = {name: content for name, content in files.items() if name not in GENERATED}
    return Memory(ci, metadata.version("tier0-egress"), project_id, own)


def contents(ci: Ci = Ci.GITHUB, project_id: str = "") -> dict[str, str]:
    """The repository's files by name, with the workflows of a CI system. project_id: left out, a new one."""
    places = _PLACES | _WORKFLOWS[ci]
    files = {name: (_FILES / source).read_text(encoding="utf-8") for source, name in places.items()}
    if ci is not Ci.NONE:
        files["README.md"] += (_FILES / "README-ci.md").read_text(encoding="utf-8")
    for step in _STEPS:
        script = (_FILES / step).read_text(encoding="utf-8")
        files = {name: _put_in(content, f"@{Path(step).stem}@", script) for name, content in files.items()}
    values = {"@version@": metadata.version("tier0-egress"), "@project_id@": project_id or str(uuid.uuid4())}
    for mark, value in values.items():
        files = {name: content.replace(mark, value) for name, content in files.items()}
    return files | {SCHEMA: text(schema()), PART_SCHEMA: text(part_schema())}


def _put_in(content: str, mark: str, script: str) -> str:
    """A script in place of the line that is its mark, as deep as that."""
    return re.sub(rf"^( *){mark}\n", lambda found: textwrap.indent(script, found[1]), content, flags=re.MULTILINE)
