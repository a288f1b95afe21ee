"""The commands of `egress shell`: small scripts in one folder, which comes first on PATH."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from egress.cdk import BOTH, VARIABLE
from egress.domain import credentials
from egress.toolchain.tools.engine import Engine
from egress.toolchain.tools.node import find_node


def write_commands(
    folder: Path, engine: Engine, clis: Mapping[str, Path], prefixes: Mapping[str, str], others: Collection[str] = ()
) -> Path:
    """Writes the scripts and returns their folder.

    `python` is among them, as cdktf.json says `python main.py`: it is the Python that egress itself runs on. clis: by command, the script of
    each CDK's CLI; a program that names no CDK runs on that whose command is given. prefixes: of
    each stack's credentials. others: every prefix of the project, none of which an engine sees as it is.
    """
    folder.mkdir(parents=True, exist_ok=True)
    python, node = shlex.quote(sys.executable), shlex.quote(str(find_node()))
    engine_name = "tofu" if engine.product == "OpenTofu" else "terraform"
    engine_script = folder / engine_name
    commands = {
        **{name: _cli(name, script, node, engine_script) for name, script in clis.items()},
        "node": f'exec {node} "$@"',
        engine_name: f'{_credentials(prefixes, others)}exec {shlex.quote(str(engine.command))} "$@"',
        "python": f'exec {python} "$@"',
        "python3": f'exec {python} "$@"',
        "egress": f'exec {python} -m egress "$@"',
        "nsx-lab": f'exec {python} -m nsx_lab "$@"',
    }
    for cdk in BOTH:
        if cdk.name not in clis:  # of a shell that was opened when it was installed
            (folder / cdk.name).unlink(missing_ok=True)
    for name, text in commands.items():
        file = folder / name
        script = f"#!/bin/sh\n{text}\n"
        if not file.is_file() or file.read_text() != script:
            file.write_text(script)
            file.chmod(0o755)
    return folder


def _cli(name: str, script: Path, node: str, engine: Path) -> str:
    settings = f'{VARIABLE}="${{{VARIABLE}:-{name}}}" TERRAFORM_BINARY_NAME={shlex.quote(str(engine))}'
    return f'{settings} exec {node} {shlex.quote(str(script))} "$@"'


def _credentials(prefixes: Mapping[str, str], others: Collection[str]) -> str:
    """Shell lines that give the engine, in a stack's folder, the credentials of that stack's manager as NSXT_*, and no others.

    cdktf calls the engine in the folder of each stack and knows one set of credentials. The lines hold names, no values.
    """
    known = " ".join(credentials.VARIABLES)
    theirs = " ".join(sorted(set(others) - {credentials.DEFAULT}))
    cases = "".join(
        f"  {stack}) prefix={prefix} ;;\n"
        for stack, prefix in sorted(prefixes.items())
        if prefix != credentials.DEFAULT
    )
    return f"""\
case "${{PWD##*/}}" in
{cases}  *) prefix={credentials.DEFAULT} ;;
esac
for name in {known}; do
  eval "value=\\${{${{prefix}}_$name-}}"
  unset "{credentials.DEFAULT}_$name"
  [ -z "$value" ] || export "{credentials.DEFAULT}_$name=$value"
done
for name in {known} {credentials.HOST}; do
  for other in {theirs}; do unset "${{other}}_$name"; done
done
for name in $(env | sed -n 's/^{credentials.DEFAULT}_\\([A-Z_]*\\)=.*/\\1/p'); do
  case " {known} " in *" $name "*) ;; *) unset "{credentials.DEFAULT}_$name" ;; esac
done
"""
