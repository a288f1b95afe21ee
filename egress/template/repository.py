"""Writes the repository from the files beside this one; `files/` holds them under names that no tool mistakes for its own."""

from __future__ import annotations

import uuid
from importlib import metadata
from pathlib import Path

from egress.domain import EgressError
from egress.domain.schema import part_schema, schema, text

_FILES = Path(__file__).with_name("files")
_PLACES = {
    "main.py.txt": "main.py",
    "cdktf.json": "cdktf.json",
    "requirements.txt": "requirements.txt",
    "requirements-lab.txt": "requirements-lab.txt",
    "domains/wld01.yaml": "domains/wld01.yaml",
    "gitignore": ".gitignore",
    "README.md": "README.md",
    "workflow/egress.yml": ".github/workflows/egress.yml",
    "workflow/actionlint.yaml": ".github/actionlint.yaml",
}
SCHEMA = "schemas/workload-domain.schema.json"
PART_SCHEMA = "schemas/workload-domain-part.schema.json"


def write(folder: Path) -> tuple[str, ...]:
    """Writes a new repository into `folder`, which is made if needed; returns the files, relative to it.

    It is pinned to the version that runs. Errors: EgressError when one of the files is there already; nothing is written then.
    """
    files = contents()
    there = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if there:
        raise EgressError(
            f"{', '.join(there)} in {str(folder)!r}: already there, and nothing is overwritten: "
            "move it away, or name another folder"
        )
    try:
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise EgressError(f"{error.filename} cannot be written: {error.strerror}") from None
    return tuple(files)


def contents() -> dict[str, str]:
    """The repository's files by name."""
    files = {name: (_FILES / source).read_text(encoding="utf-8") for source, name in _PLACES.items()}
    values = {"@version@": metadata.version("tier0-egress"), "@project_id@": str(uuid.uuid4())}
    for mark, value in values.items():
        files = {name: content.replace(mark, value) for name, content in files.items()}
    return files | {SCHEMA: text(schema()), PART_SCHEMA: text(part_schema())}
