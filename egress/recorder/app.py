"""The app: one folder with a cdk.tf.json per stack, and the manifest, byte by byte as cdktf 0.21 writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from egress.recorder.construct import Construct
from egress.recorder.handover import hand_over
from egress.recorder.nsxt import REQUIRED_PROVIDER
from egress.recorder.records import Contents, Element
from egress.recorder.stack import TerraformStack

VERSION = "0.21.0"
"""The cdktf whose bytes these are."""


class App(Construct):
    """The root of the tree."""

    def __init__(self, *, outdir: str) -> None:
        super().__init__(None, "")
        folder = self.node.outdir = Path(outdir)
        folder.mkdir(exist_ok=True)  # as cdktf, which makes no parents

    def synth(self) -> None:
        """Writes every stack."""
        stacks = {
            child.node.id: child.node.contents
            for child in self.node.children_.values()
            if isinstance(child, TerraformStack) and child.node.contents is not None
        }
        for name, contents in stacks.items():
            configuration(name, contents)  # what only cdktf can make is found before anything is written
        assert self.node.outdir is not None
        folder = self.node.outdir / "stacks"
        folder.mkdir(exist_ok=True)
        for name, contents in stacks.items():
            (folder / name).mkdir(exist_ok=True)
            (folder / name / "cdk.tf.json").write_bytes(json_text(configuration(name, contents)).encode())
        manifest = {"version": VERSION, "stacks": {name: _entry(name) for name in stacks}}
        (self.node.outdir / "manifest.json").write_bytes(json_text(manifest).encode())


def _entry(name: str) -> dict[str, Any]:
    return {
        "annotations": [],
        "constructPath": name,
        "dependencies": [],
        "name": name,
        "stackMetadataPath": f"stacks/{name}/metadata.json",
        "synthesizedStackPath": f"stacks/{name}/cdk.tf.json",
        "workingDirectory": f"stacks/{name}",
    }


def configuration(name: str, contents: Contents) -> dict[str, Any]:
    """The Terraform of a stack."""
    if len(contents.backends) != 1 or len(contents.providers) != 1:
        hand_over("a stack without one backend and one provider")
    (backend,), (provider,) = contents.backends, contents.providers
    names = {output.id: output.name for output in contents.outputs}
    tree: dict[str, Any] = {
        "//": {
            "metadata": {"backend": backend.kind, "stackName": name, "version": VERSION},
            "outputs": {name: names} if names else {},
        },
        "terraform": {
            "backend": {backend.kind: backend.values},
            "required_providers": {provider.kind: REQUIRED_PROVIDER},
        },
        "provider": {provider.kind: [provider.values]},
    }
    if names:
        tree["output"] = {output.name: output.values for output in contents.outputs}
    for block in contents.blocks:
        _add(tree, block)
    if contents.overrides:
        tree["//"]["metadata"]["overrides"] = {"stack": list(contents.overrides)}
        _put_over(tree, contents.overrides)
    return tree


def _add(tree: dict[str, Any], block: Element) -> None:
    named = tree.setdefault(block.mode, {}).setdefault(block.kind, {})
    if block.name in named:
        hand_over(f"two blocks {block.address}")
    named[block.name] = {**block.values, "//": {"metadata": {"path": block.path, "uniqueId": block.name}}}


def _put_over(tree: dict[str, Any], overrides: dict[str, Any]) -> None:
    for key, value in overrides.items():
        if isinstance(value, dict):
            below = tree.setdefault(key, {})
            if not isinstance(below, dict):
                hand_over("an override of a list")
            _put_over(below, value)
        elif value is None:
            tree.pop(key, None)
        else:
            tree[key] = value


_scalar = json.JSONEncoder(ensure_ascii=False).encode


def json_text(value: object, indent: str = "\n") -> str:
    """JSON as cdktf lays it out: sorted keys (as JavaScript sorts), two spaces, and lines between the brackets of what is empty."""
    if isinstance(value, str):
        return _scalar(value)
    if isinstance(value, dict):
        deeper = f"{indent}  "
        items = [f"{deeper}{_scalar(key)}: {json_text(value[key], deeper)}" for key in _in_order(value)]
        return "{" + ",".join(items) + indent + "}"
    if isinstance(value, list):
        deeper = f"{indent}  "
        return "[" + ",".join([deeper + json_text(item, deeper) for item in value]) + indent + "]"
    return _scalar(value)


def _in_order(keys: dict[str, Any]) -> list[str]:
    """By their UTF-16 code units; of ASCII that is Python's own order."""
    return sorted(keys) if all(map(str.isascii, keys)) else sorted(keys, key=lambda key: key.encode("utf-16-be"))
