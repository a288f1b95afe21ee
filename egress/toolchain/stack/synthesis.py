"""Synthesis: main.py runs in a process of its own and leaves one folder with a cdk.tf.json per stack.

It runs on the recorder, which writes the bytes that its CDK would (cdktf, or cdktn where EGRESS_CDK or main.py itself say so); where
main.py asks for more of it than the recorder knows, on the CDK, from the beginning. EGRESS_SYNTH=cdktf takes the CDK at once.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from egress.cdk import BOTH, VARIABLE, CdkError, chosen, made_by, misfit, named
from egress.domain import EgressError
from egress.layout import STACKS, STACKS_FILE, Places
from egress.recorder import HANDED_OVER
from egress.toolchain.running.own_files import read_object
from egress.toolchain.running.processes import Ended, run
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


@contextmanager
def synthesised(root: Path, stacks: Sequence[str], *, lab: bool) -> Iterator[Synthesised]:
    """Synthesises the named stacks of the project `root` into a folder of this run, which goes when the context ends.

    main.py is told what to do by the environment: EGRESS_STACKS, or EGRESS_STACKS_FILE where the names are too many for a variable;
    CDKTF_OUTDIR; and, if the target is a lab, EGRESS_LAB.
    Errors: EgressError with main.py's own words.
    """
    app = root / "main.py"
    if not app.is_file():
        raise EgressError(f"no main.py in {str(root)!r}: it is the CDKTF app, egress init writes one")
    own = Places(root, lab).own
    own.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="synth-", dir=own) as scratch:
        out = Path(scratch)
        ours = {STACKS, STACKS_FILE} if lab else {STACKS, STACKS_FILE, "EGRESS_LAB"}
        env = {
            **{key: value for key, value in os.environ.items() if key not in ours},
            **_naming(stacks, out),
            "CDKTF_OUTDIR": str(out),
        }
        done, notes = _run(app, env, out / "handed-over")
        if done.code:
            raise EgressError(f"synthesis failed:{_said((done.err or done.out).strip())}")
        made, version = _manifest(out)
        missing = [stack for stack in stacks if stack not in made]
        if missing:
            raise EgressError(f"main.py made no stack {', '.join(missing)}: it is to make one for each domain file")
        yield Synthesised(
            {stack: out / "stacks" / stack for stack in stacks},
            "\n".join((*notes, *_overruled(version), done.err.strip())).strip(),
        )


def _naming(stacks: Sequence[str], folder: Path) -> dict[str, str]:
    """The variable that names stacks to main.py."""
    names = ",".join(stacks)
    if len(names.encode()) <= _IN_A_VARIABLE:
        return {STACKS: names}
    file = folder / "asked-for"
    file.write_text("".join(f"{stack}\n" for stack in stacks), encoding="utf-8")
    return {STACKS_FILE: str(file)}


def _run(app: Path, env: dict[str, str], note: Path) -> tuple[Ended, tuple[str, ...]]:
    """Runs main.py; how that ended, and what is to be told about the way. `note`: where the recorder says why it gave up."""
    notes: tuple[str, ...] = ()
    if _recorder_is_wanted(app.parent):
        done = run([sys.executable, "-m", RECORDER, app.name, note], cwd=app.parent, env=env)
        if done.code != HANDED_OVER:
            return done, ()
        why = note.read_text(encoding="utf-8") if note.is_file() else "it did not say why"
        notes = (_handed_over(why),)
    return run([sys.executable, app.name], cwd=app.parent, env={**env, "JSII_NODE": str(find_node())}), notes


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
