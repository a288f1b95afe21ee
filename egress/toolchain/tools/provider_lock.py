"""The provider lock against the place that the provider comes from."""

from __future__ import annotations

import re
from pathlib import Path

_LOCKED = re.compile(r'provider "(?P<registry>[^"/]+)/vmware/nsxt" \{\s*version\s*=\s*"(?P<version>[^"]+)"')
_ARCHIVE = re.compile(r"terraform-provider-nsxt_(.+?)_[a-z0-9]+_[a-z0-9]+\.zip")


_OTHER_HASH = re.compile(r"match\s+any\s+of\s+the\s+checksums")
_UNREADABLE = "failed to read dependency lock file"
"""How both engines begin to say so (their internal/depsfile)."""


def other_hash(words: str) -> bool:
    """Whether an engine refused a provider because the lock has other hashes."""
    return _OTHER_HASH.search(words.replace("│", " ")) is not None


def locked_version(lock: str) -> tuple[str, str] | None:
    """Registry and version of vmware/nsxt in the text of a lock file; None where it does not name it."""
    found = _LOCKED.search(lock)
    return (found["registry"], found["version"]) if found else None


def mirrored_versions(mirror: Path, registry: str) -> tuple[str, ...]:
    """The versions of vmware/nsxt in a filesystem mirror, packed or unpacked (Terraform, provider installation)."""
    folder = mirror / registry / "vmware" / "nsxt"
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return ()
    packed = (_ARCHIVE.fullmatch(name) for name in names)
    unpacked = (name for name in names if (folder / name).is_dir())
    return tuple(sorted({*unpacked, *(match[1] for match in packed if match)}))


def unlocked(lock: str, mirror: Path) -> str:
    """What is wrong between a lock file and a mirror, in words; empty where the mirror has what is locked."""
    found = locked_version(lock)
    if found is None:
        return ""
    registry, version = found
    there = mirrored_versions(mirror, registry)
    if version in there:
        return ""
    return f"the lock says vmware/nsxt {version}, the mirror {mirror.name} has {', '.join(there) or 'no version of it'}"


def damaged_lock(words: str, file: str) -> str:
    """What to tell where an engine says that it cannot read the lock file, whose name is given; empty where it does not say so."""
    if _UNREADABLE not in words:
        return ""
    return (
        f"{file} is damaged, and no engine can read it: git checkout -- {file} brings back the one that was reviewed; where git has none, "
        "remove it, and the next run writes it anew"
    )
