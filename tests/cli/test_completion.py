"""What a shell completes: commands, stacks, edges, senders, targets, rules. And a stack by the path of its file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.slow

EGRESS = Path(sys.executable).with_name("egress")
REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "commands.md").read_text()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two domains, with edges of their own, and a file that is none."""
    (tmp_path / "cdktf.json").write_text("{}")
    shutil.copytree(REPOSITORY / "domains", tmp_path / "domains")
    golden = tmp_path / "domains" / "wld01.yaml"
    golden.write_text(golden.read_text().replace("edge01", "alpha").replace("edge02", "beta"))
    (tmp_path / "domains" / "broken.yaml").write_text("version: [")
    return tmp_path


def completed(project: Path, *words: str) -> list[str]:
    """What bash is offered for the last word."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("EGRESS_")}
    env |= {
        "_EGRESS_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["egress", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run([EGRESS], cwd=project, env=env, text=True, capture_output=True, check=False)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line.startswith("plain,")]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("pl",), ["plan"]),
        (("plan", ""), ["broken", "prod-wld02", "wld01"]),
        (("apply", "wld01", "p"), ["prod-wld02"]),
        (("shell", "--stack", "w"), ["wld01"]),
        (("rename", "w"), ["wld01"]),
        (("explain", "wld01", "--without", "1"), ["10.27.51.1", "10.27.51.0/24", "172.20.0.0/24"]),
        (("explain", "prod-wld02", "--without", "edge01"), ["edge01", "edge01-uplink1"]),
        (("report", "domains/wld01.yaml", "--without", "a"), ["alpha", "alpha-uplink1", "alpha-services"]),
        (("explain", "--without", "e"), ["edge01", "edge02", "edge01-uplink1", "edge02-uplink1"]),
        (("explain", "wld01", "--from", ""), ["outside", "supervisor", "tkg", "domain-c8", "vnet-domain-c8"]),
        (("explain", "wld01", "--to", ""), ["registry", "ingress", "172.20.0.53"]),
        (("diagnose", "wld01", "--from", "s"), ["supervisor"]),
        (("check", "--explain", "single"), ["single-next-hop"]),
        (("topology", "wld01", "--format", "m"), ["mermaid"]),
    ],
)
def test_a_shell_is_offered(project: Path, words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(project, *words) == offered


def test_outside_of_a_project_nothing_is_offered_and_nothing_is_said(tmp_path: Path) -> None:
    assert completed(tmp_path, "plan", "") == []
    assert completed(tmp_path, "explain", "--without", "") == []


def test_stacks_that_are_only_remembered_are_offered_to_be_destroyed(project: Path) -> None:
    (project / ".egress" / "stacks").mkdir(parents=True)
    (project / ".egress" / "stacks" / "gone.json").write_text("{}")
    assert completed(project, "destroy", "g") == ["gone"]
    assert completed(project, "plan", "g") == []


def line_for(shell: str) -> str:
    (found,) = re.findall(rf"^\| {shell}[^|]*\| `(.+?)` \|", PAGE, re.MULTILINE)
    return str(found).replace("\\|", "|")


SCRIPTS = {
    "bash": "COMP_WORDS=(egress plan w); COMP_CWORD=2; _egress_completion egress w plan; printf '%s\\n' \"${COMPREPLY[@]}\"",
    "fish": 'complete -C "egress plan w"',
    "zsh": "[[ ${_comps[egress]} == _egress_completion ]] && echo wld01",
}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_documented_line_works_in_the_shell(project: Path, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")
    begin = "autoload -Uz compinit; compinit -u -D\n" if shell == "zsh" else ""
    script = f"{begin}{line_for(shell)}\n{SCRIPTS[shell]}\n"
    env = os.environ | {"PATH": f"{EGRESS.parent}{os.pathsep}{os.environ['PATH']}", "HOME": str(project)}
    done = subprocess.run([shell, "-c", script], cwd=project, env=env, text=True, capture_output=True, check=False)
    assert "wld01" in done.stdout, done.stderr


@pytest.mark.parametrize("command", ["explain", "routes", "topology", "show", "seed"])
def test_the_path_of_a_domain_file_is_its_stack(run: Run, project: Path, command: str) -> None:
    (project / "domains" / "broken.yaml").unlink()
    code, by_name = run(command, "prod-wld02")
    assert (code, by_name) == run(command, "domains/prod/wld02.yaml")
    assert (code, by_name) == run(command, str(project / "domains" / "prod" / "wld02.yaml"))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "wld01.yaml",
            "'wld01.yaml' is no domain file below domains/ of this project: did you mean domains/wld01.yaml?",
        ),
        (
            "/elsewhere/domains/wld01.yaml",
            "is no domain file below domains/ of this project: give one, or the stack's name",
        ),
        ("domains/prod/_defaults.yaml", "is no domain file below domains/ of this project"),
        ("domains/../cdktf.yaml", "is no domain file below domains/ of this project"),
        ("domains/gone.yaml", "no stack 'gone', there are: "),
    ],
)
def test_a_path_that_is_no_domain_file_is_told(project: Path, path: str, said: str) -> None:
    (project / "domains" / "broken.yaml").unlink()
    done = subprocess.run([EGRESS, "explain", path], cwd=project, text=True, capture_output=True, check=False)
    assert done.returncode == 1
    assert said in done.stderr


def test_a_rule_is_explained_where_it_was_met(run: Run) -> None:
    code, text = run("check", "--explain", "single-next-hop")
    assert code == 0
    assert text.startswith("single-next-hop (warning): the default route has more than one next hop\n")
    assert "source: " in text
    code, text = run("check", "--explain", "single-hop")
    assert (code, text) == (1, "egress: no rule is called 'single-hop', did you mean single-next-hop?")
