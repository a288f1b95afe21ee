"""The app: one folder with a cdk.tf.json per stack, and the manifest, byte by byte as cdktf 0.21 and cdktn 0.24 write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from egress.cdk import CDKTF, Cdk
from egress.recorder.construct import Construct
from egress.recorder.handover import hand_over
from egress.recorder.installed import RELEASES, Release
from egress.recorder.nsxt import REQUIRED_PROVIDER
from egress.recorder.records import Contents, Element
from egress.recorder.stack import TerraformStack


class App(Construct):
    """The root of the tree."""

    __release: ClassVar[Release] = RELEASES[CDKTF.name]  # private to this class: no name of a program's own can meet it

    def __init__(self, *, outdir: str) -> None:
        super().__init__(None, "")
        folder = self.node.outdir = Path(outdir)
        folder.mkdir(exist_ok=True)  # as cdktf, which makes no parents

    def synth(self) -> None:
        """Writes every stack."""
        release = self.__release
        stacks = {
            child.node.id: child.node.contents
            for child in self.node.children_.values()
            if isinstance(child, TerraformStack) and child.node.contents is not None
        }
        for name, contents in stacks.items():  # what only the CDK can make is found before anything is written
            configuration(name, contents, release.version)
        assert self.node.outdir is not None
        folder = self.node.outdir / "stacks"
        folder.mkdir(exist_ok=True)
        for name, contents in stacks.items():
            (folder / name).mkdir(exist_ok=True)
            made = configuration(name, contents, release.version)
            (folder / name / "cdk.tf.json").write_bytes(release.text(made).encode())
        manifest = {"version": release.version, "stacks": {name: _entry(name) for name in stacks}}
        (self.node.outdir / "manifest.json").write_bytes(release.text(manifest).encode())


def app_of(cdk: Cdk) -> type[App]:
    """The app class of a CDK."""
    return type("App", (App,), {"__module__": App.__module__, "_App__release": RELEASES[cdk.name]})


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


def configuration(name: str, contents: Contents, version: str) -> dict[str, Any]:
    """The Terraform of a stack."""
    if len(contents.backends) != 1 or len(contents.providers) != 1:
        hand_over("a stack without one backend and one provider")
    (backend,), (provider,) = contents.backends, contents.providers
    names = {output.id: output.name for output in contents.outputs}
    tree: dict[str, Any] = {
        "//": {
            "metadata": {"backend": backend.kind, "stackName": name, "version": version},
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
