"""What a program gets with the constructs, and what it does not."""

from __future__ import annotations

import json
import subprocess
import sys


def loaded_by(statement: str) -> set[str]:
    """The modules of a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    return set(json.loads(done.stdout))


def test_constructs_alone_load_neither_pydantic_nor_yaml_nor_the_domain_model() -> None:
    loaded = loaded_by("import constructs_lib")
    assert "cdktf" in loaded
    roots = {name.split(".")[0] for name in loaded}
    assert roots.isdisjoint({"pydantic", "pydantic_core", "yaml", "httpx", "click", "rich"})
    assert {name for name in loaded if name.startswith("egress")} == {"egress", "egress.vocabulary"}
