"""The README's words are true: its commands run, its code is the example that runs, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.e2e.sites import Site

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]


def test_the_code_is_the_example_that_other_tests_run() -> None:
    (code,) = re.findall(r"<!-- (examples/\S+) -->\n```python\n(.*?)```", README, re.DOTALL)
    assert code[1] == (REPOSITORY / code[0]).read_text()


@pytest.mark.parametrize(("number", "file"), [(0, "docs/first-domain.md"), (1, "domains/wld01.yaml")])
def test_the_yaml_is_part_of_the_first_domain_and_of_the_golden_one(number: int, file: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    lines = {" ".join(line.split("#")[0].split()) for line in (REPOSITORY / file).read_text().splitlines()}
    for line in blocks[number].splitlines():
        assert " ".join(line.split()) in lines, line


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_a_link_leads_somewhere(target: str) -> None:
    assert (REPOSITORY / target).exists()


@pytest.mark.slow
def test_the_readme_has_two_commands_and_both_are_make_targets() -> None:
    assert [command.split("#")[0].strip() for command in COMMANDS[:2]] == ["make demo", "make test"]
    for target in ("demo", "test"):
        assert subprocess.run(["make", "-n", target], cwd=REPOSITORY, capture_output=True, check=False).returncode == 0


@pytest.mark.e2e
@pytest.mark.slow
def test_make_demo_goes_as_told() -> None:
    done = subprocess.run(["make", "demo"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as told" in done.stdout
    assert "setting up" not in done.stdout, "a second run does no set-up work"
    assert "\x1b[" not in done.stdout, "no colours when piped"


@pytest.mark.e2e
def test_the_egress_commands_run_in_the_readmes_order(site: Site) -> None:
    expected = {"check": 0, "plan": 2, "apply": 0, "drift": 0, "explain": 2, "routes": 2, "report": 2}
    commands = [shlex.split(command, comments=True) for command in COMMANDS if command.startswith("egress ")]
    assert [command[1] for command in commands] == list(expected)
    for _, name, *rest in commands:
        site.egress(name, *rest, *(["--yes"] if name == "apply" else []), code=expected[name])
