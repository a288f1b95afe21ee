"""Builds what a release hands out: wheel, sdist and their hashes, in dist/.

usage: python tools/dist.py [--tag TAG]

Everything is built twice: from this checkout, and from the sdist of that, unpacked elsewhere. Both must give the same bytes, which
shows that the sdist is complete and that neither folder, time nor umask is in them. SOURCE_DATE_EPOCH: default the last commit's
time. --tag: the tag that is released; refused unless it is v<version> and the changelog has that version.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
SUMS = "SHA256SUMS"


def main() -> int:
    """Builds, compares, and writes dist/. Exit code 1 with a sentence when something does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tag", default="")
    parser.add_argument("--out", type=Path, default=DIST, metavar="DIR")
    given = parser.parse_args()
    if given.tag:
        refuse_wrong_tag(given.tag)
    env = {"SOURCE_DATE_EPOCH": last_commit(), **os.environ}
    with tempfile.TemporaryDirectory() as scratch:
        first, second = Path(scratch, "first"), Path(scratch, "second")
        build(ROOT, first, env, umask=0o022)
        (sdist,) = first.glob("*.tar.gz")
        with tarfile.open(sdist) as archive:
            archive.extractall(Path(scratch, "source"), filter="data")
        (source,) = Path(scratch, "source").iterdir()
        build(source, second, env, umask=0o077)
        sums = hashes(first)
        if sums != hashes(second):
            return fail(f"the builds differ: {sums} from the checkout, {hashes(second)} from its sdist")
        given.out.mkdir(parents=True, exist_ok=True)
        for old in [*given.out.glob("*.whl"), *given.out.glob("*.tar.gz")]:
            old.unlink()
        for name in sums:
            (given.out / name).write_bytes((first / name).read_bytes())
    text = "".join(f"{digest}  {name}\n" for name, digest in sums.items())
    (given.out / SUMS).write_text(text)
    print(text, end="")
    return 0


def refuse_wrong_tag(tag: str) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    if tag != f"v{version}":
        sys.exit(fail(f"the tag is {tag}, pyproject.toml says {version}: allowed is v{version}"))
    if f"\n## [{version}]" not in (ROOT / "CHANGELOG.md").read_text():
        sys.exit(fail(f"CHANGELOG.md has no section [{version}]: name what is unreleased after it"))


def last_commit() -> str:
    """Time of the last commit in seconds, or a fixed one outside of a repository."""
    done = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, text=True, capture_output=True, check=False)
    return done.stdout.strip() or "1577836800"


def build(source: Path, out: Path, env: dict[str, str], umask: int) -> None:
    """Wheel and sdist of a folder, each from that folder."""
    command = [sys.executable, "-m", "build", "--wheel", "--sdist", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False, umask=umask)
    if done.returncode:
        sys.exit(fail(f"the build of {source.name} failed:\n{done.stdout}{done.stderr}"))


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 by file name."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def fail(sentence: str) -> int:
    print(f"dist: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
