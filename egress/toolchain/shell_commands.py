"""The commands of `egress shell`: small scripts in one folder, which comes first on PATH."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from egress.toolchain.engine import Engine
from egress.toolchain.node import find_node

_VARIABLES = (
    "USERNAME",
    "PASSWORD",
    "CLIENT_AUTH_CERT_FILE",
    "CLIENT_AUTH_KEY_FILE",
    "CLIENT_AUTH_CERT",
    "CLIENT_AUTH_KEY",
    "REMOTE_AUTH",
    "SESSION_AUTH",
    "CA",
    "CA_FILE",
    "ALLOW_UNVERIFIED_SSL",
)
"""What the provider reads as NSXT_<name> to know who it is and whom it talks to (provider 3.12.0, provider.go)."""


def write_commands(folder: Path, engine: Engine, cli: Path, prefixes: Mapping[str, str]) -> Path:
    """Writes the scripts and returns their folder.

    `python` is among them, as cdktf.json says `python main.py`: it is the Python that egress itself runs on. prefixes: of
    each stack's credentials.
    """
    folder.mkdir(parents=True, exist_ok=True)
    python, node = shlex.quote(sys.executable), shlex.quote(str(find_node()))
    engine_name = "tofu" if engine.product == "OpenTofu" else "terraform"
    engine_script = folder / engine_name
    commands = {
        "cdktf": f'TERRAFORM_BINARY_NAME={shlex.quote(str(engine_script))} exec {node} {shlex.quote(str(cli))} "$@"',
        "node": f'exec {node} "$@"',
        engine_name: f'{_credentials(prefixes)}exec {shlex.quote(str(engine.command))} "$@"',
        "python": f'exec {python} "$@"',
        "python3": f'exec {python} "$@"',
        "egress": f'exec {python} -m egress "$@"',
        "nsx-lab": f'exec {python} -m nsx_lab "$@"',
    }
    for name, text in commands.items():
        file = folder / name
        script = f"#!/bin/sh\n{text}\n"
        if not file.is_file() or file.read_text() != script:
            file.write_text(script)
            file.chmod(0o755)
    return folder


def _credentials(prefixes: Mapping[str, str]) -> str:
    """Shell lines that give the engine, in a stack's folder, the credentials of that stack's manager as NSXT_*.

    cdktf calls the engine in the folder of each stack and knows one set of credentials. The lines hold names, no values.
    """
    other = {stack: prefix for stack, prefix in prefixes.items() if prefix != "NSXT"}
    if not other:
        return ""
    cases = "\n".join(f"  {stack}) prefix={prefix} ;;" for stack, prefix in sorted(other.items()))
    return f"""\
case "${{PWD##*/}}" in
{cases}
  *) prefix= ;;
esac
if [ -n "$prefix" ]; then
  for name in {" ".join(_VARIABLES)}; do
    eval "value=\\${{${{prefix}}_$name-}}"
    unset "NSXT_$name"
    [ -z "$value" ] || export "NSXT_$name=$value"
  done
fi
"""
