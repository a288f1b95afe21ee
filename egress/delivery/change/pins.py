"""What every stack's plan depends on without its configuration showing it: pinned packages, and the locked provider."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from egress.escape import line as one_line
from egress.toolchain.tools.provider_lock import locked_version

SHARED = ("requirements*.txt", "requirements*.lock", "constraints*.txt", "uv.lock", "locks/*.lock.hcl")
"""Patterns in the project folder."""
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*(?P<version>[^\s;\\#]+)")
_FEW = 5
"""Pins of a file that are told one by one."""


def moved(here: Path, there: Path) -> tuple[str, ...]:
    """What moved from one project folder to another, one entry a file: `requirements.txt: tier0-egress 0.1.0 -> 0.2.0`. Comments and
    blank lines move nothing."""
    names = sorted({str(file.relative_to(root)) for root in (here, there) for file in _shared(root)})
    return tuple(told for name in names if (told := _told(name, _text(there / name), _text(here / name))))


def _shared(root: Path) -> Iterator[Path]:
    return (file for pattern in SHARED for file in root.glob(pattern))


def _text(file: Path) -> str | None:
    return file.read_text(encoding="utf-8", errors="backslashreplace") if file.is_file() else None


def _told(name: str, before: str | None, after: str | None) -> str:
    """What moved in a file; empty where nothing did."""
    if before is None or after is None:
        return f"{name} is {'new' if before is None else 'gone'}" if before != after else ""
    if _meant(before) == _meant(after):
        return ""
    changes = list(_changes(_pins(before), _pins(after)))
    shown = [one_line(change) for change in changes[:_FEW]]
    if len(changes) > _FEW:
        shown.append(f"{len(changes) - _FEW} more")
    return f"{name}: {', '.join(shown)}" if shown else f"{name} differs"


def _meant(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _pins(text: str) -> dict[str, str]:
    """Versions by package, as pip's requirements or a provider lock state them."""
    found = {match["name"].lower(): match["version"] for line in _meant(text) if (match := _PIN.match(line))}
    provider = locked_version(text)
    return found | ({f"{provider[0]}/vmware/nsxt": provider[1]} if provider else {})


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """This distribution first: it is what makes the plans."""
    for name in sorted({*before, *after}, key=lambda one: (one != "tier0-egress", one)):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield f"{name} {now} is new" if was is None else f"{name} {was} is gone"
        elif was != now:
            yield f"{name} {was} -> {now}"
