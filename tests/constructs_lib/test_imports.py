"""What a program gets with the constructs, and what it does not; one set of modules under each name that a checkout has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def answer(code: str) -> object:
    """What a fresh interpreter, started in the checkout, prints as JSON."""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_constructs_alone_load_neither_pydantic_nor_yaml_nor_the_domain_model() -> None:
    loaded = answer("import tier0_egress.constructs, sys, json; print(json.dumps(sorted(sys.modules)))")
    assert isinstance(loaded, list)
    roots = {name.split(".")[0] for name in loaded}
    assert "cdktf" in roots
    assert roots.isdisjoint({"pydantic", "pydantic_core", "yaml", "httpx", "click", "rich"})
    ours = {name for name in loaded if name.startswith("egress")}
    assert ours == {"egress", "egress.cdk", "egress.node", "egress.policy", "egress.policy.paths", "egress.vocabulary"}


@pytest.mark.parametrize("names", [("constructs_lib", "tier0_egress.constructs"), ("stacks", "tier0_egress.stacks")])
@pytest.mark.parametrize("folder_first", [True, False])
def test_the_name_of_the_folder_leads_to_the_same_modules(names: tuple[str, str], folder_first: bool) -> None:
    folder, package = names
    order = names if folder_first else (package, folder)
    code = f"""
import json, sys
from importlib import import_module
for name in {order}:
    import_module(name)
files = [module.__file__ for module in {{id(m): m for m in sys.modules.values()}}.values() if getattr(module, "__file__", None)]
own = [file.rsplit("/", 2)[1:] for file in files if "/tier0_egress/" in file or "/{folder}/" in file]
same = all(sys.modules[n] is sys.modules[n.replace("{folder}", "{package}", 1)] for n in list(sys.modules) if n.split(".")[0] == "{folder}")
print(json.dumps([same, len(own), len({{tuple(o) for o in own}})]))
"""
    found = answer(code)
    assert isinstance(found, list)
    same, loaded, distinct = found
    assert same
    assert loaded == distinct > 5


def test_nothing_here_uses_the_name_of_a_folder() -> None:
    code = [
        *ROOT.glob("*.py"),
        *(file for room in ("egress", "examples", "stacks", "constructs_lib") for file in (ROOT / room).rglob("*.py")),
    ]
    assert len(code) > 100
    words = ("import stacks", "from stacks", "import constructs_lib", "from constructs_lib")
    assert [
        file for file in code if file.read_text().startswith(words) or any(f"\n{w}" in file.read_text() for w in words)
    ] == []
