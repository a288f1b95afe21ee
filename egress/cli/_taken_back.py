"""What `egress apply --back-to REF` does with domain files: they are as at the reference while it plans and asks, and stay so once somebody agreed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from egress.cli.context import Project
from egress.cli.output import echo, say
from egress.delivery.files.earlier import Earlier, earlier
from egress.domain import find_files
from egress.domain.files import select
from egress.layout import Places
from egress.writing import private_folder, write


class TakenBack:
    """Domain files that are as they were, by stack."""

    def __init__(self, files: Sequence[Earlier], reference: str, root: Path, copies: Path) -> None:
        self._left = {one.file.stack: one for one in files if one.differs}
        self._reference, self._root, self._copies = reference, root, copies

    @classmethod
    @contextmanager
    def at(cls, project: Project, stacks: Sequence[str], reference: str) -> Iterator[TakenBack]:
        """Writes the files of the stacks as they were at a git reference, after it showed what changes in them. What nobody agreed to by the end
        of this is undone. The text that goes is kept in the project's own folder from the beginning. Errors: EgressError."""
        files = earlier(project.root, select(find_files(project.root), stacks), reference)
        copies = Places(project.root, project.lab is not None).own / "replaced"
        back = cls(files, reference, project.root, copies)
        for one in files:
            if not one.differs:
                say(f"{one.file.shown} is as at {reference} already")
        try:
            for one in back._left.values():
                private_folder(copies)
                write(back._copy(one), one.now, private=True)
                echo(one.diff(reference))
                write(one.file.path, one.then)
            yield back
        finally:
            for one in back._left.values():
                back._undo(one)

    def keep(self, stack: str) -> None:
        """From now on the file of a stack stays as it was at the reference."""
        one = self._left.pop(stack, None)
        if one is not None:
            say(
                f"{one.file.shown} is as at {self._reference} now: commit it; what it said before is in {self._shown(one)}"
            )

    def keeping(self, stack: str, agreed: Callable[[str], bool]) -> Callable[[str], bool]:
        """Asks as `agreed` does, and keeps the file where the answer is yes."""

        def asked(question: str) -> bool:
            answer = agreed(question)
            if answer:
                self.keep(stack)
            return answer

        return asked

    def ask_alone(self, stack: str, agreed: Callable[[str], bool]) -> None:
        """Asks about the file of a stack for which there is nothing to apply. Errors: as of `agreed`."""
        one = self._left.get(stack)
        if one is not None and agreed(
            f"leave {one.file.shown} as it was at {self._reference}? the manager is so already"
        ):
            self.keep(stack)

    def _undo(self, one: Earlier) -> None:
        if one.file.path.read_bytes() == one.then:
            write(one.file.path, one.now)
        elif one.file.path.read_bytes() != one.now:
            say(
                f"{one.file.shown} was changed meanwhile and stays as it is; what it said before is in {self._shown(one)}"
            )
            return
        self._copy(one).unlink(missing_ok=True)

    def _copy(self, one: Earlier) -> Path:
        return self._copies / f"{one.file.stack}.yaml"

    def _shown(self, one: Earlier) -> str:
        return self._copy(one).relative_to(self._root).as_posix()
