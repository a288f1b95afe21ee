"""Whether a CODEOWNERS file gives a path an owner, as GitHub and as GitLab read it. Pure.

GitHub: "About code owners": the first of .github/, the root and docs/ is read; the last matching pattern decides; a line that is not
right is skipped; patterns are those of gitignore without `!`, `[ ]` and an escaped `#`.
GitLab: "Code Owners syntax and error handling": root, docs/, .gitlab/; in each section the last matching pattern decides, sections add up;
a section that begins with `^` is optional; owners after a heading are those of entries without any; `!` takes a path out of a section.
Where the pages leave something open, the reading is chosen that finds fewer owners (assumption).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

PLACES = {
    "github": (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
}
"""Where each forge looks, in its order."""
LARGEST = 3 * 2**20
"""Bytes. GitHub does not load a larger file (their documentation)."""
_OWNER = re.compile(r"@{1,2}[A-Za-z0-9_.][A-Za-z0-9_./-]*|[^@\s]+@[^@\s]+\.[^@\s]+")
_HEADING = re.compile(r"(?P<optional>\^)?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?:\s+(?P<owners>.*))?\s*")


def on_github(text: str, path: str) -> tuple[str, ...]:
    """Who has to review a change of `path`, which is relative to the repository."""
    found: tuple[str, ...] = ()
    for pattern, owners in _entries(text):
        wrong = pattern.startswith("!") or "[" in pattern or not all(map(_OWNER.fullmatch, owners))
        if not wrong and re.fullmatch(_like_gitignore(pattern), path):
            found = owners
    return found


@dataclass
class _Section:
    optional: bool = False
    default: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    excluded: bool = field(default=False)


def on_gitlab(text: str, path: str) -> tuple[str, ...]:
    """Whose approval a change of `path`, which is relative to the repository, needs."""
    sections = {"": _Section()}
    now = sections[""]
    for pattern, owners in _entries(text, headings=True):
        heading = _HEADING.fullmatch(pattern)
        if heading:
            now = sections.setdefault(heading["name"].lower(), _Section(optional=bool(heading["optional"])))
            now.optional |= bool(heading["optional"])
            now.default = _valid((heading["owners"] or "").split()) or now.default
        elif pattern.startswith("!"):
            now.excluded |= _as_in_ruby(pattern[1:], path)
        elif _as_in_ruby(pattern, path):
            now.found = _valid(owners) if owners else now.default
    needed = (one.found for one in sections.values() if not one.optional and not one.excluded)
    return tuple(dict.fromkeys(owner for owners in needed for owner in owners))


def _valid(owners: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(owner for owner in owners if _OWNER.fullmatch(owner))


def _entries(text: str, *, headings: bool = False) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Pattern and owners of each line; comments are left out, a blank in a pattern is written `\\ `. headings: such a line is one pattern."""
    for raw in text.splitlines():
        line = re.split(r"(?:^|(?<=\s))#", raw, maxsplit=1)[0].strip()
        if headings and _HEADING.fullmatch(line):
            yield line, ()
        elif line:
            pattern, *owners = re.split(r"(?<!\\)\s+", line)
            yield pattern.replace("\\ ", " "), tuple(owners)


def _like_gitignore(pattern: str) -> str:
    """An expression for the paths that a pattern of GitHub's means. A pattern without a slash but at its end holds at any depth; a folder
    means everything below it, and `docs/*` what is in docs and not deeper."""
    anchored = "/" in pattern.rstrip("/")
    body = _glob(pattern.strip("/"))
    start = "" if anchored else "(?:.*/)?"
    if pattern.endswith("/"):
        return f"{start}{body}/.*"
    return f"{start}{body}" if anchored and pattern.endswith("/*") else f"{start}{body}(?:/.*)?"


def _as_in_ruby(pattern: str, path: str) -> bool:
    """Whether a pattern of GitLab's means a path: File.fnmatch of Ruby with FNM_PATHNAME, after a pattern that does not begin with a slash
    got `/**/` in front and a folder `**/*` at its end."""
    whole = pattern if pattern.startswith("/") else f"/**/{pattern}"
    whole += "**/*" if whole.endswith("/") else ""
    return re.fullmatch(_glob(whole), f"/{path}") is not None


def _glob(pattern: str) -> str:
    parts = re.split(r"((?:(?<=/)|^)\*\*/|(?<=/)\*\*$|\*+|\?|\[[^\]]+\]|\\.)", pattern)
    return "".join(_part(part) for part in parts)


def _part(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"
    if part == "**":
        return ".*"
    if part.startswith("*"):
        return "[^/]*"
    if part == "?":
        return "[^/]"
    if len(part) > 2 and part.startswith("["):
        inside = part[1:-1].replace("\\", "\\\\").replace("[", "\\[")
        return f"[^{inside[1:]}]" if inside[0] in "!^" else f"[{inside}]"
    return re.escape(part[1:] if len(part) == 2 and part.startswith("\\") else part)
