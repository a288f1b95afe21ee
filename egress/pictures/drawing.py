"""Runs Graphviz: the picture's places and lines are its work (docs/decisions/0004)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from egress.domain import EgressError
from egress.pictures.finishing import finished
from egress.pictures.graph_text import dot
from egress.pictures.picture import Picture

_SECONDS = 60


def svg(picture: Picture, *, down: bool = False) -> str:
    """The picture as an SVG element, without an XML head, fit to stand in a page. Errors: EgressError without Graphviz.

    down: from the top to the bottom, for narrow pages and paper; left out: from left to right.
    """
    program = layouter()
    try:
        done = subprocess.run(
            [program, "-Tsvg"],
            input=dot(picture, down=down, bare=True),
            text=True,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EgressError(f"{program} cannot draw: {error}") from None
    if done.returncode or "<svg" not in done.stdout:
        raise EgressError(f"{program} cannot draw: {done.stderr.strip() or f'it ended with {done.returncode}'}")
    return finished(done.stdout[done.stdout.index("<svg") :], picture, "tall" if down else "wide")


def layouter() -> str:
    """The Graphviz to use: the wheel's beside this Python, else `dot` on PATH. Errors: EgressError with the way to one."""
    beside = Path(sys.executable).with_name("graphviz-pure")
    for found in (str(beside) if beside.exists() else None, shutil.which("graphviz-pure"), shutil.which("dot")):
        if found:
            return found
    raise EgressError("no Graphviz to draw with: install the extra tier0-egress[pictures], or Graphviz (dot) itself")
