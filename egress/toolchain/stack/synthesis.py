"""Synthesis: main.py runs in a process of its own and leaves one folder with a cdk.tf.json per stack.

It runs on the recorder, which writes the bytes that its CDK would (cdktf, or cdktn where EGRESS_CDK or main.py itself say so); where
main.py asks for more of it than the recorder knows, on the CDK, from the beginning. EGRESS_SYNTH=cdktf takes the CDK at once.

The recorder's process is forked from this one where that is the same as a new one (`_may_be_forked`): what both import, most of it the
typed model, is loaded once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from egress.cdk import BOTH, ROOTS, VARIABLE, CdkError, chosen, made_by, misfit, named
from egress.domain import EgressError
from egress.layout import STACKS, STACKS_FILE, Places
from egress.recorder import HANDED_OVER
from egress.toolchain.running.forked import Forked, forked
from egress.toolchain.running.own_files import read_object
from egress.toolchain.running.processes import Ended, run
from egress.toolchain.running.scratch import scratch
from egress.toolchain.running.workers import can_fork
from egress.toolchain.tools.node import find_node

RECORDER = "egress.recorder"
"""The module that runs main.py (docs/decisions/0014)."""
_IN_A_VARIABLE = 64 * 2**10
"""Bytes of stack names that go into a variable; more go into a file. Linux refuses a variable of 128 KiB (MAX_ARG_STRLEN, execve(2))."""


@dataclass(frozen=True)
class Synthesised:
    """What main.py made: the folder of each stack, and what it said besides."""

    folders: dict[str, Path]
    notes: str


@dataclass(frozen=True)
class Synthesis:
    """A synthesis that has begun: of these stacks, by `app`, into a folder of this run. `recorder`: its process, where that is a fork."""

    app: Path
    stacks: tuple[str, ...]
    out: Path
    env: Mapping[str, str]
    recorder: Forked | None

    def made(self) -> Synthesised:
        """What main.py made, once it has ended. Errors: EgressError with main.py's own words."""
        done, notes = self._ended()
        if done.code:
            raise EgressError(f"synthesis failed:{_said((done.err or done.out).strip())}")
        made, version = _manifest(self.out)
        missing = [stack for stack in self.stacks if stack not in made]
        if missing:
            raise EgressError(f"main.py made no stack {', '.join(missing)}: it is to make one for each domain file")
        return Synthesised(
            {stack: self.out / "stacks" / stack for stack in self.stacks},
            "\n".join((*notes, *_overruled(version), done.err.strip())).strip(),
        )

    def _ended(self) -> tuple[Ended, tuple[str, ...]]:
        """How main.py ended, and what is to be told about the way."""
        notes: tuple[str, ...] = ()
        if self.recorder or _recorder_is_wanted(self.app.parent):
            done = (
                self.recorder.ended() if self.recorder else self._run("-m", RECORDER, self.app.name, _note_in(self.out))
            )
            if done.code != HANDED_OVER:
                return done, ()
            note = _note_in(self.out)
            notes = (_handed_over(note.read_text(encoding="utf-8") if note.is_file() else "it did not say why"),)
        return self._run(self.app.name, JSII_NODE=str(find_node())), notes

    def _run(self, *arguments: str | Path, **env: str) -> Ended:
        return run([sys.executable, *arguments], cwd=self.app.parent, env={**self.env, **env})


@contextmanager
def synthesising(root: Path, stacks: Sequence[str], *, lab: bool) -> Iterator[Synthesis]:
    """Begins to synthesise the named stacks of the project `root` into a folder of this run, which goes when the context ends.

    main.py is told what to do by the environment: EGRESS_STACKS, or EGRESS_STACKS_FILE where the names are too many for a variable;
    CDKTF_OUTDIR; and, if the target is a lab, EGRESS_LAB.
    Errors: EgressError where there is no main.py, or a variable says what is not known.
    """
    app = root / "main.py"
    if not app.is_file():
        raise EgressError(f"no main.py in {str(root)!r}: it is the CDKTF app, egress init writes one")
    own = Places(root, lab).own
    own.mkdir(parents=True, exist_ok=True)
    with scratch(own, "synth-") as out, ExitStack() as running:
        ours = {STACKS, STACKS_FILE} if lab else {STACKS, STACKS_FILE, "EGRESS_LAB"}
        env = {
            **{key: value for key, value in os.environ.items() if key not in ours},
            **_naming(stacks, out),
            "CDKTF_OUTDIR": str(out),
        }
        recorder = None
        if _recorder_is_wanted(root) and _may_be_forked(root):
            recorder = running.enter_context(forked(partial(_record, app, _note_in(out)), cwd=root, env=env))
        yield Synthesis(app, tuple(stacks), out, env, recorder)


@contextmanager
def synthesised(root: Path, stacks: Sequence[str], *, lab: bool) -> Iterator[Synthesised]:
    """Synthesises the named stacks of the project `root`, as `synthesising`, to the end. Errors: EgressError with main.py's own words."""
    with synthesising(root, stacks, lab=lab) as begun:
        yield begun.made()


def _naming(stacks: Sequence[str], folder: Path) -> dict[str, str]:
    """The variable that names stacks to main.py."""
    names = ",".join(stacks)
    if len(names.encode()) <= _IN_A_VARIABLE:
        return {STACKS: names}
    file = folder / "asked-for"
    file.write_text("".join(f"{stack}\n" for stack in stacks), encoding="utf-8")
    return {STACKS_FILE: str(file)}


def _note_in(out: Path) -> Path:
    """Where the recorder says why it gave up."""
    return out / "handed-over"


def _record(app: Path, note: Path) -> None:
    """Runs main.py on the recorder, as `python -m egress.recorder` does in a new process."""
    from egress.recorder import program

    if not sys.flags.safe_path:
        sys.path[0] = str(app.parent)
    program.run(app.name, note)


def _may_be_forked(root: Path) -> bool:
    """Whether main.py finds the same in a fork of this process as in a new one: nothing of its CDK is loaded here, every module that is
    loaded is the one that it would get, whatever lies beside it, and none is looked for by a path that depends on where one stands."""
    if (
        os.environ.get("EGRESS_NOFORK")
        or not can_fork(patience=0)
        or not ROOTS.isdisjoint(sys.modules)
        or not all(map(os.path.isabs, sys.path))
    ):
        return False
    beside = {entry.name.partition(".")[0] for entry in os.scandir(root)}
    return all(Path(_origin(name)).is_relative_to(root) for name in beside & sys.modules.keys())


def _origin(name: str) -> str:
    """The file of a loaded module; the root of everything for one that has none."""
    return getattr(sys.modules[name], "__file__", None) or os.sep


def _said(words: str) -> str:
    """What main.py ended with: on the same line, or below if it is more than a sentence.

    Of a mixture of the two CDKs, and of one that is not there, the sentence alone, which is all there is to know.
    """
    kind, _, sentence = words.splitlines()[-1].partition(": ") if words else ("", "", "")
    for cdk in BOTH:
        if kind == "ModuleNotFoundError" and sentence == f"No module named {cdk.name!r}":
            return f" main.py imports {cdk.name}, and {misfit(cdk)}"
    ours = kind.endswith((".CdkError", ".RefusedValueError"))
    theirs = kind in ("ImportError", "ModuleNotFoundError") and sentence.startswith(tuple(one.bindings for one in BOTH))
    told = sentence if ours or theirs else words
    return f"\n{told}" if "\n" in told else f" {told}"


def _handed_over(why: str) -> str:
    """What is told of a run that the recorder gave up; `why` is the name that it does not have, or what it met."""
    return f"synthesised by the CDK itself, as main.py uses more of it than the recorder knows: {why}"


def _recorder_is_wanted(root: Path) -> bool:
    way = os.environ.get("EGRESS_SYNTH", "")
    if way not in ("", "recorder", "cdktf"):
        raise EgressError(f"EGRESS_SYNTH is {way!r}, allowed are recorder (the default) and cdktf")
    if os.environ.get(VARIABLE):
        try:
            chosen(os.environ, ())
        except CdkError as error:
            raise EgressError(str(error)) from None
    # a checkout of this project runs its own egress, and one from before the recorder has none
    own = root / "egress"
    return way != "cdktf" and (not own.is_dir() or (own / "recorder").is_dir())


def _overruled(version: str) -> tuple[str, ...]:
    """What is told of a main.py that imports another CDK than EGRESS_CDK names. version: of the CDK that made the stacks."""
    asked, made = named(), made_by(version)
    if asked is None or made is None or made == asked:
        return ()
    return (f"synthesised by {made.name}, which main.py imports, whatever {VARIABLE} says",)


def _manifest(out: Path) -> tuple[frozenset[str], str]:
    """Stacks of the synthesis, and the version of the CDK that made them; empty where that is not told."""
    manifest = read_object(out / "manifest.json", "cdktf's manifest", "does main.py call app.synth()?")
    try:
        return frozenset(manifest["stacks"]), str(manifest.get("version", ""))
    except (TypeError, KeyError):
        raise EgressError("synthesis left a manifest without stacks") from None
