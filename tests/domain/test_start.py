"""What a program pays for the model before it has read a file: counted, as counts make no noise."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = """
import json
from pathlib import Path
from pydantic import BaseModel
import egress.domain

def complete(kind):
    return {kind.__name__} if kind.__pydantic_complete__ else set()

def below(kind):
    return set().union(*(complete(one) | below(one) for one in kind.__subclasses__() if one.__module__.startswith("egress.")))

started = below(BaseModel)
egress.domain.load_domains(Path(), ["wld01"])
print(json.dumps([sorted(started), sorted(below(BaseModel))]))
"""


LOADED = """
import sys
from pydantic import BaseModel
import egress.checks

def below(kind):
    return {one for sub in kind.__subclasses__() for one in ({sub} | below(sub)) if one.__module__.startswith("egress.")}

print(*sorted(sys.modules))
print(*sorted({one.__module__ for one in below(BaseModel) if "annotations" in vars(sys.modules[one.__module__])}))
"""


def test_what_only_mistakes_and_pages_need_is_not_loaded_and_no_annotation_of_a_model_is_compiled_from_its_text() -> (
    None
):
    done = subprocess.run([sys.executable, "-c", LOADED], cwd=ROOT, text=True, capture_output=True, check=True)
    loaded, from_text = done.stdout.split("\n")[:2]
    assert "egress.domain.model" in loaded.split()
    assert not {"difflib", "html"} & set(loaded.split())
    assert from_text == ""


def test_models_are_completed_when_a_file_is_read_and_those_inside_of_a_domain_with_it() -> None:
    done = subprocess.run([sys.executable, "-c", COMPLETE], cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    started, read = json.loads(done.stdout)
    assert started == []
    assert read == ["Realization", "WorkloadDomain"]  # a default is made by its own model
