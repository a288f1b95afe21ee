"""The environment of `egress shell`, looked at from outside: what it says, what it refuses, what is not in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from egress.cdk import CDKTN
from egress.domain import EgressError
from egress.domain.credentials import refuse_missing
from egress.toolchain.cdktf_cli import CDKTF_CLI, CDKTN_CLI, CLIS, Cli, find_cli, folder

pytestmark = pytest.mark.slow

EGRESS = Path(sys.executable).with_name("egress")
REPOSITORY = Path(__file__).resolve().parents[2]
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two domains, and a folder that passes for the cdktf CLI."""
    root = tmp_path / "a project"
    (root / "domains").mkdir(parents=True)
    for name in ("cdktf.json", "main.py", "domains/wld01.yaml"):
        (root / name).write_bytes((REPOSITORY / name).read_bytes())
    golden = (root / "domains" / "wld01.yaml").read_text()
    other = golden.replace("name: wld01", "name: wld09").replace("T0-wld01", "T0-wld09")
    other = other.replace("host: nsx-wld01.example.com", "host: nsx-wld09.example.com\n  credentials: NINE")
    (root / "domains" / "wld09.yaml").write_text(other)
    script = tmp_path / "cli" / "node_modules" / "cdktf-cli" / "bundle" / "bin" / "cdktf"
    script.parent.mkdir(parents=True)
    script.write_text("console.log('cdktf', process.argv.slice(2).join(' '))\n")
    return root


def shell(root: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs egress shell with no variable of the caller's in the way."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_", "CDKTF_", "JSII_"))}
    clean["EGRESS_CDKTF_CLI"] = str(root.parent / "cli")
    return subprocess.run(
        [EGRESS, "--root", root, "shell", *arguments], env=clean | env, capture_output=True, text=True, check=False
    )


def variables(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def lab_file(root: Path) -> str:
    file = root.parent / "lab.json"
    said = {"host": "127.0.0.1:40443", "ca": PEM, "username": "admin", "password": "lab-password"}
    file.write_text(json.dumps({"format": "nsx-lab", "version": 1, **said, "control_token": "t", "pid": 1}))
    return str(file)


def test_a_command_gets_its_arguments_and_gives_its_exit_code(project: Path) -> None:
    done = shell(project, "sh", "-c", 'echo "$0|$1"; exit 7', "a b", "--stack")
    assert (done.returncode, done.stdout) == (7, "a b|--stack\n")


def test_cdktf_python_and_egress_are_those_that_belong_together(project: Path) -> None:
    words = "cdktf deploy 'x y'; python -c 'import sys; print(sys.prefix)'; egress --version"
    done = shell(project, "sh", "-c", words)
    assert done.stdout.splitlines() == ["cdktf deploy x y", sys.prefix, "egress, version 0.1.0"]


def test_it_runs_in_the_project_folder(project: Path) -> None:
    assert shell(project, "pwd").stdout.strip() == str(project)


@pytest.mark.parametrize("stack, user", [("wld01", "norbert"), ("wld09", "nina")])
def test_the_engine_gets_the_credentials_of_the_stack_in_whose_folder_it_runs(
    project: Path, tmp_path: Path, stack: str, user: str
) -> None:
    engine = tmp_path / "terraform-that-tells"
    engine.write_text(
        '#!/bin/sh\necho Terraform v1.11.4\necho "$NSXT_USERNAME $NSXT_PASSWORD [$NSXT_REMOTE_AUTH]" >&2\n'
    )
    engine.chmod(0o755)
    env = {"NINE_USERNAME": "nina", "NINE_PASSWORD": "$(p 9)", "NSXT_USERNAME": "norbert", "NSXT_PASSWORD": "$(p 9)"}
    words = f"mkdir -p cdktf.out/stacks/{stack}; cd cdktf.out/stacks/{stack}; terraform plan"
    done = shell(project, "sh", "-c", words, TERRAFORM_BINARY_NAME=str(engine), NSXT_REMOTE_AUTH="true", **env)
    remote = "true" if stack == "wld01" else ""
    assert done.stderr.splitlines()[-1] == f"{user} $(p 9) [{remote}]"
    assert "p 9" not in (project / ".egress" / "shell" / "terraform").read_text()


def test_cdktf_calls_the_engine_by_that_script_and_egress_does_not(project: Path) -> None:
    cli = project.parent / "cli" / "node_modules" / "cdktf-cli" / "bundle" / "bin" / "cdktf"
    cli.write_text("console.log(process.env.TERRAFORM_BINARY_NAME)\n")
    done = shell(project, "sh", "-c", "cdktf; echo $TERRAFORM_BINARY_NAME")
    for_cdktf, for_egress = done.stdout.splitlines()
    assert Path(for_cdktf).parent == project / ".egress" / "shell"
    assert Path(for_egress).parent != Path(for_cdktf).parent


def test_without_credentials_or_provider_it_opens_and_says_so(project: Path) -> None:
    done = shell(project, "true")
    assert done.returncode == 0
    assert "there is no real provider" in done.stderr
    assert "provider: none" in done.stderr
    assert "set NINE_USERNAME and NINE_PASSWORD" in done.stderr
    assert "set NSXT_USERNAME and NSXT_PASSWORD" in done.stderr


def test_stacks_are_selected_by_name(project: Path) -> None:
    assert variables(shell(project, "--stack", "wld09", "env").stdout)["EGRESS_STACKS"] == "wld09"
    assert "EGRESS_STACKS" not in variables(shell(project, "env").stdout)
    assert "no stack 'wld99'" in shell(project, "--stack", "wld99", "env").stderr


def test_a_mirror_is_given_to_every_call_of_the_engine(project: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "registry.terraform.io" / "vmware" / "nsxt").mkdir(parents=True)
    env = {"EGRESS_PROVIDER": f"mirror:{mirror}", "TF_CLI_ARGS_plan": "-refresh=false"}
    seen = variables(shell(project, "--stack", "wld01", "env", **env).stdout)
    assert seen["TF_CLI_ARGS_providers_lock"] == f"-fs-mirror={mirror}"
    assert seen["CDKTF_DISABLE_PLUGIN_CACHE_ENV"] == "1", (
        "a mirror's provider does not get into the user's plugin cache"
    )
    assert str(mirror) in Path(seen["TF_CLI_CONFIG_FILE"]).read_text()
    assert "TF_CLI_ARGS_plan" not in seen


def test_a_lab_moves_everything_below_dot_lab(project: Path, tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    (mirror / "registry.terraform.io" / "vmware" / "nsxt").mkdir(parents=True)
    env = {"EGRESS_LAB": lab_file(project), "EGRESS_PROVIDER": f"mirror:{mirror}", "NSXT_PASSWORD": "real"}
    done = shell(project, "env", **env)
    seen = variables(done.stdout)
    assert (seen["NSXT_PASSWORD"], seen["CDKTF_OUTPUT"]) == ("lab-password", ".lab/cdktf.out")
    assert seen["EGRESS_SHELL"] == "lab 127.0.0.1:40443"
    assert done.stderr.startswith("target: lab 127.0.0.1:40443 | ")
    assert "lab-password" not in done.stderr
    assert not (project / ".egress").exists()


def test_a_command_that_does_not_exist_is_a_sentence(project: Path) -> None:
    done = shell(project, "--stack", "wld01", "no-such-command")
    assert (done.returncode, done.stdout) == (1, "")
    assert "egress: no-such-command does not run: No such file or directory" in done.stderr


def test_credentials_of_a_lab_are_not_taken_for_a_managers() -> None:
    env = {"NSXT_USERNAME": "admin", "NSXT_PASSWORD": "lab-password"}
    refuse_missing("NSXT", env | {"EGRESS_SHELL": "managers"})
    with pytest.raises(EgressError, match="this shell was opened for the lab 127.0.0.1:40443"):
        refuse_missing("NSXT", env | {"EGRESS_SHELL": "lab 127.0.0.1:40443"})


def test_without_a_command_it_is_the_users_own_shell(project: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_", "CDKTF_"))}
    env = clean | {"EGRESS_CDKTF_CLI": str(project.parent / "cli"), "SHELL": "/bin/sh"}
    typed = "cdktf list\nexit 3\n"
    done = subprocess.run(
        [EGRESS, "shell"], cwd=project / "domains", env=env, input=typed, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "cdktf list\n")
    assert "exit leaves" in done.stderr


@pytest.mark.parametrize("home", ["home", "no folder"], ids=["a home", "a home that cannot be written"])
def test_without_a_registry_of_npm_it_is_a_sentence_and_nothing_half_done_is_left(
    project: Path, tmp_path: Path, home: str
) -> None:
    (tmp_path / "no folder").touch()
    nowhere = {"npm_config_registry": "https://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    homes = {"HOME": str(tmp_path / home), "XDG_CACHE_HOME": str(tmp_path / "cache"), "EGRESS_CDKTF_CLI": ""}
    done = shell(project, "true", **nowhere, **homes)
    assert done.returncode == 1
    _, said = done.stderr.splitlines()
    assert said.startswith(
        "egress: the cdktf CLI 0.21.0 could not be brought from npm (FetchError: request to https://127.0.0.1:9/"
    )
    assert said.endswith("EGRESS_CDKTF_CLI a folder that has it; everything but plain cdktf works without it")
    left = [path.name for path in (tmp_path / "cache" / "tier0-egress").iterdir()]
    assert [name for name in left if not name.endswith(".lock")] == []


def test_a_cache_that_cannot_be_made_is_a_sentence(project: Path, tmp_path: Path) -> None:
    (tmp_path / "no folder").touch()
    done = shell(project, "true", HOME=str(tmp_path / "no folder"), XDG_CACHE_HOME="", EGRESS_CDKTF_CLI="")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == [
        f"egress: the cdktf CLI is kept in '{tmp_path}/no folder/.cache/tier0-egress', which cannot be made (Not a directory): "
        "set XDG_CACHE_HOME to a folder that can be written, or EGRESS_CDKTF_CLI to one that has the CLI"
    ]


def test_a_home_that_cannot_be_written_has_no_plugin_cache(project: Path, tmp_path: Path) -> None:
    (tmp_path / "no folder").touch()
    assert "CDKTF_DISABLE_PLUGIN_CACHE_ENV" not in variables(shell(project, "env", HOME=str(tmp_path)).stdout)
    seen = variables(shell(project, "env", HOME=str(tmp_path / "no folder")).stdout)
    assert seen["CDKTF_DISABLE_PLUGIN_CACHE_ENV"] == "1"


@pytest.mark.parametrize(
    "text, said",
    [
        ('{"language": "python"}', 'has no app, the command that cdktf is to run: add "app": "python main.py"'),
        ('{"language": "python", "app": 7}', "has no app, the command that cdktf is to run"),
        ('{"app": "python main.py"}', 'has no language, which cdktf asks for: add "language": "python"'),
        (
            '{"language": "python", "app": "python nowhere.py"}',
            "has the app 'python nowhere.py', and there is no nowhere.py",
        ),
        ('{"language": "python"', "is cut off: egress init writes one"),
    ],
)
def test_a_cdktf_json_that_names_no_app_is_one_sentence_to_the_cli_and_a_note_to_others(
    project: Path, text: str, said: str
) -> None:
    (project / "cdktf.json").write_text(text)
    refused = shell(project, "cdktf", "synth")
    assert (refused.returncode, refused.stdout) == (1, "")
    (sentence,) = refused.stderr.splitlines()
    assert said in sentence
    other = shell(project, "true")
    assert other.returncode == 0
    assert said in other.stderr


@pytest.mark.parametrize(
    "cdk, words, said",
    [
        ("nonsense", "true", "EGRESS_CDK is 'nonsense', allowed are cdktf (the default) and cdktn"),
        ("cdktn", "true", "cdktn is not installed: pip install 'tier0-egress[cdktn]'"),
        ("", "cdktn", "cdktn is not installed: pip install 'tier0-egress[cdktn]'"),
    ],
)
def test_a_cdk_that_is_none_or_not_installed_is_one_sentence(project: Path, cdk: str, words: str, said: str) -> None:
    stale = project / ".egress" / "shell" / "cdktn"
    stale.parent.mkdir(parents=True)
    stale.write_text("#!/bin/sh\necho of an earlier shell\n")
    stale.chmod(0o755)
    done = shell(project, words, EGRESS_CDK=cdk)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == f"egress: {said}"
    assert "Traceback" not in done.stderr


def test_library_and_cli_are_of_one_version() -> None:
    pinned = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"cdktf=={CDKTF_CLI.version}" in pinned
    first, before = CDKTN.versions["cdktn"]
    assert first < CDKTN_CLI.version < before


@pytest.mark.parametrize("cli", CLIS, ids=lambda cli: cli.name)
def test_a_named_folder_without_the_cli_is_refused(tmp_path: Path, cli: Cli) -> None:
    with pytest.raises(EgressError, match=f"EGRESS_{cli.name.upper()}_CLI=.*: no node_modules/{cli.name}-cli"):
        find_cli({f"EGRESS_{cli.name.upper()}_CLI": str(tmp_path)}, cli)


@pytest.mark.parametrize("cli", CLIS, ids=lambda cli: cli.name)
def test_the_cli_is_kept_in_the_users_cache_under_its_lock(tmp_path: Path, cli: Cli) -> None:
    place = folder({"XDG_CACHE_HOME": str(tmp_path)}, cli)
    assert place.parent == tmp_path / "tier0-egress"
    assert place.name.startswith(f"{cli.name}-cli-{cli.version}-")
    assert find_cli({"XDG_CACHE_HOME": str(tmp_path)}, cli) is None


@pytest.mark.parametrize("cli", CLIS, ids=lambda cli: cli.name)
def test_the_npm_lock_names_hashes_and_no_registry(cli: Cli) -> None:
    lock = json.loads((cli.npm_files / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages[f"node_modules/{cli.name}-cli"]["version"] == cli.version
    assert [
        name for name, package in packages.items() if "integrity" not in package and not package.get("inBundle")
    ] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
