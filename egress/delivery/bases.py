"""A project as it was: what git has at a reference, laid out in a folder that goes again."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from egress.domain import EgressError
from egress.toolchain.processes import run


@contextmanager
def base_folder(root: Path, base: Path | str) -> Iterator[Path]:
    """The project at the base: the folder itself, or what git has at a reference, in a folder that is removed again."""
    if isinstance(base, Path):
        yield base
        return
    if not base or base.startswith("-"):
        raise EgressError(f"{base!r} is no git reference, allowed is a branch, a tag or a commit")
    with tempfile.TemporaryDirectory(prefix="egress-base-") as scratch:
        tar, folder = Path(scratch, "base.tar"), Path(scratch, "base")
        done = run(
            ["git", "archive", "--format=tar", "-o", tar, base], cwd=root
        )  # the project folder, wherever it lies
        if done.code:
            raise EgressError(
                f"git does not give the files of {base!r}: {done.err.strip()} "
                "(in CI the base must have been fetched: actions/checkout with fetch-depth: 0)"
            )
        folder.mkdir()
        try:
            with tarfile.open(tar) as archive:
                archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python before 3.11.4 has none
                archive.extractall(folder)  # noqa: S202 - what git archive wrote
        except tarfile.TarError as error:
            raise EgressError(f"the files of {base!r} cannot be laid out: {error}") from None
        yield folder
