"""The provider vmware/nsxt: from a mirror, a registry, or the lab's stand-in, which talks to labs only.

EGRESS_PROVIDER=mirror:DIR|registry|lab decides. Without it: a registry, if the set-up could reach one (`.egress/provider.json`
remembers); else the stand-in, if the target is a lab; else a refusal.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from egress.domain import EgressError, LabTarget
from egress.layout import LAB_FOLDER
from egress.toolchain.running.processes import run
from egress.writing import write

PROBE_SECONDS = 3.0
_ADDRESSES = ("registry.terraform.io/vmware/nsxt", "registry.opentofu.org/vmware/nsxt")
_MEMORY = Path(".egress") / "provider.json"
_PROBE = "https://registry.terraform.io/.well-known/terraform.json"
_MIRROR_HELP = (
    "on a machine with a network: terraform providers mirror DIR (or tofu), copy DIR here, "
    "and set EGRESS_PROVIDER=mirror:DIR; or EGRESS_PROVIDER=registry if the registry can be reached after all"
)


@dataclass(frozen=True)
class Provider:
    """Where the engine gets the provider from. `mirror` is None for a registry."""

    origin: str
    mirror: Path | None
    stand_in: bool = False

    @property
    def key(self) -> str:
        """A name for the source of the provider, fit for a folder: one and the same source, one and the same key."""
        if self.mirror is None:
            return "registry"
        if self.stand_in:
            return "stand-in"
        return f"mirror-{hashlib.sha256(str(self.mirror).encode()).hexdigest()[:12]}"

    def __str__(self) -> str:
        return f"vmware/nsxt {self.origin}"


def find_provider(root: Path, *, lab: bool, env: Mapping[str, str] = os.environ) -> Provider:
    """The provider to use for a run in the project folder `root`; `lab` says whether the target is one.

    Errors: EgressError when a real manager is the target and there is no real provider, or when EGRESS_PROVIDER is wrong.
    """
    chosen = env.get("EGRESS_PROVIDER", "")
    kind, _, folder = chosen.partition(":")
    if kind == "mirror" and folder:
        return _mirror(Path(folder).expanduser())
    if chosen == "registry" or (not chosen and _registry_was_reached(root)):
        return Provider("from its registry", None)
    if chosen not in ("", "lab"):
        raise EgressError(f"EGRESS_PROVIDER={chosen} is not allowed, allowed is mirror:DIR, registry or lab")
    if not lab:
        raise EgressError(
            "the target is a real NSX Manager, and there is no real provider: the lab's stand-in talks to labs only. "
            + _MIRROR_HELP
        )
    return Provider("3.11.1+lab (the lab's stand-in)", _stand_in(root), stand_in=True)


def find_locked_source(mirror: Path | None, env: Mapping[str, str] = os.environ) -> Provider:
    """Where the provider that a project locks comes from: a mirror, given or of EGRESS_PROVIDER, else its registry. Errors: EgressError."""
    kind, _, folder = env.get("EGRESS_PROVIDER", "").partition(":")
    if mirror is not None:
        return _mirror(mirror)
    return _mirror(Path(folder).expanduser()) if kind == "mirror" and folder else Provider("from its registry", None)


def _mirror(folder: Path) -> Provider:
    for registry in ("registry.terraform.io", "registry.opentofu.org"):
        if (folder / registry / "vmware" / "nsxt").is_dir():
            return Provider(f"from the mirror {folder.name}", folder.resolve())
    raise EgressError(f"EGRESS_PROVIDER=mirror:{folder}: no registry.terraform.io/vmware/nsxt in there. {_MIRROR_HELP}")


def _stand_in(root: Path) -> Path:
    """The stand-in's mirror below `.lab/`. The lab's own command writes it, since this room may not import the lab; it is
    called only when the mirror, or the lab that it was written by, is not what it was then."""
    mirror = root / LAB_FOLDER / "mirror"
    stamp = mirror.with_name("mirror.stamp")
    if not stamp.is_file() or stamp.read_bytes() != _looks(mirror).encode():
        done = run([sys.executable, "-m", "nsx_lab", "mirror", mirror])
        if done.code:
            raise EgressError(f"the lab's stand-in could not be written to {mirror}: {done.err.strip()}")
        stamp.write_text(_looks(mirror))
    return mirror


def _looks(mirror: Path) -> str:
    """What a mirror and the installed lab look like: name, size, time and mode of every file. Cheap, and moves with any change."""
    lab = importlib.util.find_spec("nsx_lab")
    folders = [mirror, *(Path(found) / "provider" for found in (lab.submodule_search_locations or () if lab else ()))]
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if "__pycache__" not in file.parts]
    seen = [(str(file), file.stat()) for file in files if file.is_file()]
    return json.dumps([[name, stat.st_size, stat.st_mtime_ns, stat.st_mode] for name, stat in seen])


def reattached(provider: Provider, lab: LabTarget | None) -> dict[str, str]:
    """Variables by which an engine uses the lab's resident stand-in instead of starting one three times a run; none where there is no
    such one, or another provider was chosen. Not for `init`: that installs the provider and locks it."""
    resident = lab.stand_in if lab is not None and provider.stand_in else None
    if lab is None or resident is None or not _answers(resident.socket):
        return {}
    known = {
        "Protocol": "grpc",
        "ProtocolVersion": resident.protocol,
        "Pid": lab.pid,
        "Test": True,  # it is not the engine's to end
        "Addr": {"Network": "unix", "String": str(resident.socket)},
    }
    return {"TF_REATTACH_PROVIDERS": json.dumps(dict.fromkeys(_ADDRESSES, known))}


def _answers(path: Path) -> bool:
    """Whether somebody listens there: a lab that was killed leaves its socket behind, and the engine's words for that help nobody."""
    with socket.socket(socket.AF_UNIX) as knocking:
        try:
            knocking.connect(str(path))
        except OSError:
            return False
    return True


def _registry_was_reached(root: Path) -> bool:
    try:
        memory = json.loads((root / _MEMORY).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(memory, dict) and memory.get("registry") is True


def probe_registry(root: Path) -> bool:
    """Asks the provider registry once, for at most three seconds, and remembers the answer below `.egress/`."""
    from egress.lean_httpx import httpx  # takes its time to load, and only the set-up probes

    try:
        reached = httpx.get(_PROBE, timeout=PROBE_SECONDS).status_code == httpx.codes.OK
    except httpx.HTTPError:
        reached = False
    file = root / _MEMORY
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"registry": reached}) + "\n")
    return reached


def engine_config(provider: Provider, file: Path) -> str | None:
    """Writes the engine's CLI configuration for a mirror to `file` and returns its path; None for a registry, where the
    user's own configuration is the right one."""
    if provider.mirror is None:
        return None
    addresses = list(_ADDRESSES)
    text = (
        "provider_installation {\n"
        f"  filesystem_mirror {{\n    path    = {json.dumps(str(provider.mirror))}\n    include = {json.dumps(addresses)}\n  }}\n"
        f"  direct {{\n    exclude = {json.dumps(addresses)}\n  }}\n}}\n"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_file() or file.read_bytes() != text.encode():
        write(file, text)  # at once: another run's engine may read it now
    return str(file)
