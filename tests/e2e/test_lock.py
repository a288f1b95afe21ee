"""`egress lock`: real hashes for every platform, and a plan with a provider of another hash runs nothing."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.toolchain.locking import PLATFORMS, platforms
from tests.e2e.sites import STACK, Site

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
VERSION = "3.11.1"


def packed(mirror: Path, folder: Path, *, more: bytes = b"", platforms: tuple[str, ...] = PLATFORMS) -> Path:
    """The stand-in of an unpacked mirror as a provider in archives, as `terraform providers mirror` leaves it."""
    for launcher in sorted(mirror.rglob("terraform-provider-nsxt_*")):
        target = folder / launcher.relative_to(mirror).parents[2]
        target.mkdir(parents=True)
        for platform in platforms:
            with zipfile.ZipFile(target / f"terraform-provider-nsxt_{VERSION}_{platform}.zip", "w") as archive:
                name = zipfile.ZipInfo(f"terraform-provider-nsxt_v{VERSION}")
                name.external_attr = 0o755 << 16
                archive.writestr(name, launcher.read_bytes() + f"# {platform}\n".encode() + more)
    return folder


def test_a_provider_of_another_hash_is_not_run(manager_site: Site, tmp_path: Path) -> None:
    site = manager_site
    unpacked = Path(site.env["EGRESS_PROVIDER"].removeprefix("mirror:"))
    good = packed(unpacked, tmp_path / "good")

    done = site.egress("lock", "--mirror", str(good), code=0)
    (lock,) = (site.root / "locks").glob("*.lock.hcl")
    assert "for linux_amd64, linux_arm64, darwin_arm64 (3 h1): read the difference, and commit it" in done.stderr
    text = lock.read_text()
    assert f'version     = "{VERSION}"' in text
    site.env["EGRESS_PROVIDER"] = f"mirror:{good}"
    site.egress("plan", STACK, code=2)
    (installed,) = (site.root / ".egress" / "data" / STACK / "providers").rglob("terraform-provider-nsxt_*")
    installed.write_bytes(installed.read_bytes() + b"\n")
    refused = site.egress("plan", STACK, code=1)
    assert "is not one whose hash locks/" in refused.stderr, "the copy that was installed is looked at, too"
    shutil.rmtree(site.root / ".egress" / "data" / STACK)  # as on a runner that has nothing yet
    mark = site.lab.control.mark()
    site.env["EGRESS_PROVIDER"] = f"mirror:{packed(unpacked, tmp_path / 'bad', more=b'x')}"
    refused = site.egress("plan", STACK, code=1)
    assert (
        f"egress: {STACK}: the provider vmware/nsxt from the mirror bad is not one whose hash locks/" in refused.stderr
    )
    assert not any("/api/session/create" in entry["path"] for entry in site.lab.control.journal(mark))
    assert lock.read_text() == text


def test_a_platform_that_a_mirror_lacks_a_lab_and_no_registry_are_told(site: Site, tmp_path: Path) -> None:
    assert "a lab keeps a lock of its own: unset EGRESS_LAB" in site.egress("lock", code=1).stderr
    site.egress("plan", STACK, code=2)
    assert not (site.root / "locks").exists(), "a lab never touches the project's lock"
    unpacked = site.root / ".lab" / "mirror"
    del site.env["EGRESS_LAB"]
    stand_in = site.egress("lock", "--mirror", str(unpacked), "--platform", "linux_amd64", code=1)
    assert "the lab's stand-in" in stand_in.stderr
    mirror = packed(unpacked, tmp_path / "one", platforms=("linux_amd64",))
    lacking = site.egress("lock", "--mirror", str(mirror), "--platform", "darwin_arm64", code=1)
    assert f"there is no vmware/nsxt {VERSION} for darwin_arm64 from the mirror one: " in lacking.stderr
    site.env["HTTPS_PROXY"] = "http://127.0.0.1:9"  # nobody listens on the port of discard
    alone = site.egress("lock", code=1)
    assert "no provider registry can be reached, and no mirror was given: on a machine with a network, " in alone.stderr


def test_the_platforms_that_are_given_are_those_that_the_project_names_from_then_on(tmp_path: Path) -> None:
    assert platforms(tmp_path / "locks", ()) == PLATFORMS
    assert platforms(tmp_path / "locks", ("windows_amd64", "linux_amd64")) == ("windows_amd64", "linux_amd64")
    assert platforms(tmp_path / "locks", ()) == ("windows_amd64", "linux_amd64")
    with pytest.raises(EgressError, match="'my mac' is no platform, allowed is one as in linux_amd64"):
        platforms(tmp_path / "locks", ("my mac",))
