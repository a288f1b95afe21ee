"""The real cdktf CLI 0.21.0 on the lab, in `egress shell`; and what main.py says to it outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from egress.domain import load_domains
from egress.policy.seed import seed
from egress.toolchain.cdktf_cli import bring_cli
from egress.toolchain.tools.node import find_node
from nsx_lab import Lab
from tests.e2e.sites import EGRESS, REPOSITORY, ROUTE, STACK, SUPERVISOR, TKG, Site, lab_site, project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

SECOND = "prod-wld02"
FILES = ("domains/prod/_defaults.yaml", "domains/prod/wld02.yaml")
TIER0_2 = "/infra/tier-0s/T0-wld02"


@pytest.fixture(scope="session")
def cli() -> Path:
    """The CLI, brought if this machine has not got it yet (20 s, once)."""
    return bring_cli()


@pytest.fixture
def two(tmp_path: Path, any_engine: dict[str, str], cli: Path) -> Iterator[Site]:
    """Two domains, one of them ACTIVE_STANDBY, on one lab that holds both Tier-0s."""
    root = project(tmp_path / "seed", *FILES)
    with Lab(seed=json.loads(json.dumps(seed(load_domains(root))))) as lab:
        site = lab_site(tmp_path / "project", lab, any_engine | {"CI": "1"})
        project(site.root, *FILES)
        yield site


def plain(site: Site, *command: str, code: int = 0) -> str:
    """Runs a command in egress shell; returns what it says on standard output."""
    return site.egress("shell", "--", *command, code=code).stdout


def test_deploy_diff_destroy_of_two_domains(two: Site) -> None:
    site, lab = two, two.lab
    # what the CLI prints of two stacks at once may be cut in the middle of a line: the manager is asked
    plain(site, "cdktf", "deploy", "*", "--auto-approve")
    assert (site.root / ".lab" / "cdktf.out" / "stacks" / SECOND / "cdk.tf.json").is_file()
    assert {ROUTE, SUPERVISOR, TKG} == set(site.objects())
    second = {path: o for path, o in lab.control.objects(TIER0_2).items() if o["resource_type"] == "PolicyNatRule"}
    assert len(second) == 2
    assert {rule["action"] for rule in second.values()} == {"SNAT"}, "ACTIVE_STANDBY translates with state"

    mark = lab.control.mark()
    assert "No changes." in plain(site, "cdktf", "diff", SECOND)
    assert "No changes." in site.egress("plan", STACK, code=0).stdout, "egress goes on where cdktf left off"
    assert site.writes(mark) == []

    plain(site, "cdktf", "destroy", "*", "--auto-approve")
    assert site.objects() == {}
    assert not (site.root / "cdktf.out").exists(), "the output of the real domains is not touched by a lab's run"
    assert not (site.root / "state").exists()


def test_stacks_are_selected_by_the_shell_and_by_the_context(two: Site) -> None:
    out = two.root / ".lab"
    said = two.egress("shell", "--stack", SECOND, "--", "cdktf", "synth", code=0).stdout
    assert f"Generated Terraform code for the stacks: {SECOND}\n" in said
    assert _stacks(out) == [SECOND]
    config = json.loads((two.root / "cdktf.json").read_text())
    (two.root / "cdktf.json").write_text(json.dumps(config | {"context": {"egress:stacks": [STACK]}}))
    assert f"Generated Terraform code for the stacks: {STACK}\n" in plain(two, "cdktf", "synth")
    assert _stacks(out) == [STACK]


def test_the_whole_path_with_a_mirror_only(manager_site: Site, cli: Path) -> None:
    site = manager_site
    site.env["CI"] = "1"
    plain(site, "cdktf", "deploy", STACK, "--auto-approve")
    assert len(site.objects()) == 3
    assert "No changes." in plain(site, "cdktf", "diff", STACK)
    assert (site.root / "state" / f"{STACK}.tfstate").is_file()
    plain(
        site, "cdktf", "destroy", STACK, "--auto-approve", code=1
    )  # it does not always print the cause (cdk-terrain#169)
    assert len(site.objects()) == 3, "the default route is protected from cdktf, too"


def test_the_engine_and_the_lab_answer_in_it(site: Site, cli: Path) -> None:
    site.egress("apply", STACK, "--yes", code=0)
    engine = "engine=$(command -v terraform || command -v tofu) && $engine init -no-color && $engine plan -no-color"
    words = f"cdktf synth && cd .lab/cdktf.out/stacks/wld01 && {engine} && nsx-lab journal"
    said = plain(site, "sh", "-c", words)
    assert "No changes." in said
    assert f"PATCH  /policy/api/v1{ROUTE}" in said


def test_outside_of_it_the_cdktf_cli_gets_one_sentence(site: Site, cli: Path) -> None:
    done = subprocess.run(
        [find_node(), cli, "synth"], cwd=site.root, env=_bare(site), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "for the lab, which is not allowed" not in done.stdout
    sentence = "start it in egress shell (make shell in a checkout)"
    assert sentence in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stdout + done.stderr


class TestMainUnderTheCli:
    """main.py as the CLI runs it: with the context in CDKTF_CONTEXT_JSON."""

    def run(self, root: Path, code: int, **env: str) -> str:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "CDKTF_", "TF_"))}
        env = {"CDKTF_CONTEXT_JSON": "{}"} | env
        done = subprocess.run(
            [sys.executable, "main.py"], cwd=root, env=clean | env, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        assert not code or len(done.stderr.splitlines()) == 1
        return done.stderr

    def test_without_credentials(self, tmp_path: Path) -> None:
        said = self.run(project(tmp_path), 1)
        assert said.startswith("cdktf finds no credentials in NSXT_*: start it in egress shell")

    def test_with_credentials_in_the_environment_it_works_without_the_shell(self, tmp_path: Path) -> None:
        self.run(project(tmp_path), 0, NSXT_USERNAME="u", NSXT_PASSWORD="p")
        assert (tmp_path / "cdktf.out" / "manifest.json").is_file()

    def test_with_those_of_another_manager(self, tmp_path: Path) -> None:
        root = project(tmp_path)
        file = root / "domains" / f"{STACK}.yaml"
        file.write_text(file.read_text().replace("nsx:\n", "nsx:\n  credentials: NINE\n"))
        said = self.run(root, 1, NSXT_USERNAME="u", NSXT_PASSWORD="p")
        assert (
            "wld01 takes its credentials from NINE_*, which plain cdktf does not know: start it in egress shell" in said
        )
        self.run(root, 0, EGRESS_SHELL="managers")

    def test_in_the_shell_of_another_lab(self, site: Site) -> None:
        env = {"EGRESS_LAB": site.env["EGRESS_LAB"], "CDKTF_OUTDIR": ".lab/cdktf.out"}
        assert f"for the lab {site.lab.host}" in self.run(site.root, 1, **env, EGRESS_SHELL="lab 127.0.0.1:1")
        self.run(site.root, 0, **env, EGRESS_SHELL=f"lab {site.lab.host}")

    def test_in_the_shell_of_a_lab_whose_variable_is_gone(self, tmp_path: Path) -> None:
        assert "EGRESS_LAB is not set any more" in self.run(project(tmp_path), 1, EGRESS_SHELL="lab 127.0.0.1:40443")

    @pytest.mark.parametrize("asked", ['"prod-wld02"', '" prod-wld02 ,"', '["prod-wld02"]'])
    def test_a_context_names_stacks_as_a_list_or_with_commas(self, tmp_path: Path, asked: str) -> None:
        root = project(tmp_path, *FILES)
        env = {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "p", "EGRESS_SHELL": "managers"}
        self.run(root, 0, **env, CDKTF_CONTEXT_JSON=f'{{"egress:stacks": {asked}}}')
        assert _stacks(tmp_path) == [SECOND]

    @pytest.mark.parametrize("asked", ["{}", "7", '["wld01", 7]'])
    def test_a_context_that_names_no_stacks(self, tmp_path: Path, asked: str) -> None:
        context = f'{{"egress:stacks": {asked}}}'
        env = {"NSXT_USERNAME": "u", "NSXT_PASSWORD": "p", "CDKTF_CONTEXT_JSON": context}
        if asked == "{}":
            self.run(project(tmp_path), 0, **env)
        else:
            assert "allowed is a list of stack names" in self.run(project(tmp_path), 1, **env)


def test_make_shell_runs_one_command(cli: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    assert '$(BIN)/egress shell $(if $(CMD),-- sh -c "$$CMD")' in makefile
    command = f'{EGRESS} shell -- sh -c "$CMD"'
    env = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_"))}
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=REPOSITORY,
        env=env | {"CMD": "cdktf --version"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().endswith("0.21.0"), done.stderr


def _stacks(home: Path) -> list[str]:
    return sorted(json.loads((home / "cdktf.out" / "manifest.json").read_text())["stacks"])


def _bare(site: Site) -> dict[str, str]:
    """The lab named, the packages on PATH, and nothing else of what the shell gives."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("EGRESS_", "NSXT_", "TF_", "CDKTF_"))}
    return kept | {"EGRESS_LAB": site.env["EGRESS_LAB"], "PATH": path, "CI": "1", "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1"}
