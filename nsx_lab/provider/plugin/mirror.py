"""A filesystem mirror that holds the stand-in: `terraform init` and `tofu init` install it from there as vmware/nsxt."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import click

from nsx_lab.provider.wire.versions import RECORDED, VERSIONS, Version

REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def target() -> str:
    """This machine in the engines' words, for instance linux_amd64."""
    machine = platform.machine().lower()
    return f"{sys.platform}_{_MACHINES.get(machine, machine)}"


def write_mirror(directory: Path, release: Version = RECORDED) -> Path:
    """Write the mirror, which changes nothing if it is there already. Returns `directory`."""
    launcher = launcher_of(release)
    for registry in REGISTRIES:
        folder = directory / registry / "vmware" / "nsxt" / release.name / target()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"terraform-provider-nsxt_v{release.name}"
        if not path.is_file() or path.read_bytes() != launcher or path.stat().st_mode & 0o777 != 0o755:
            part = path.with_name(f".{path.name}.{os.getpid()}")
            part.write_bytes(launcher)
            part.chmod(0o755)
            part.replace(path)
    return directory


def launcher_of(release: Version) -> bytes:
    """The launcher's bytes: the same on every machine, and those of the recorded version never change, since lock files know them."""
    text = Path(__file__).parents[1].joinpath("launcher.sh").read_bytes()
    return text if release is RECORDED else text.replace(b'"$@"', release.name.encode())


@click.command("mirror")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--provider-version",
    type=click.Choice(list(VERSIONS)),
    default=RECORDED.name,
    show_default=True,
    help="Which version of vmware/nsxt to stand in for.",
)
def mirror(directory: Path, provider_version: str) -> None:
    """Write a provider mirror with the lab's stand-in for vmware/nsxt into DIRECTORY."""
    try:
        click.echo(write_mirror(directory, VERSIONS[provider_version]).resolve())
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or directory}: {error.strerror}: no mirror can be written there"
        ) from error
