"""Programs on cdktn: what they write is what they write on cdktf, types are checked on either, and a mixture gets a sentence."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from egress.cdk import CDKTF, CDKTN
from egress.layout import STACK_FILE
from tests.cdktn.second import BESIDE, REPOSITORY, environment, needed, python
from tests.recorder import varied

pytestmark = [pytest.mark.slow, needed]

Json = dict[str, Any]
ON_CDKTN = {"EGRESS_CDK": "cdktn"}


def made(out: Path) -> tuple[dict[str, Json], set[str]]:
    """Each stack of an output folder, and the versions of the CDK that they name."""
    found = {file.parent.name: json.loads(file.read_text()) for file in (out / "stacks").glob(f"*/{STACK_FILE}")}
    return found, {stack["//"]["metadata"].pop("version") for stack in found.values()}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def equal_from_both(root: Path, program: str = "main.py") -> dict[str, Json]:
    """The stacks of a program that names no CDK, the same from both but for the version; and byte by byte the same from the recorder."""
    stacks = []
    for env, version in ((None, "0.21.0"), (ON_CDKTN, "0.24.0")):
        recorded = python("-m", "egress.recorder", program, root / "why", cwd=root, env=environment(env))
        assert recorded.returncode == 0, (root / "why").read_text()
        by_recorder = files(root / "cdktf.out")
        shutil.rmtree(root / "cdktf.out")
        done = python(program, cwd=root, env=environment(env))
        assert done.returncode == 0, done.stderr
        assert by_recorder == files(root / "cdktf.out")
        found, versions = made(root / "cdktf.out")
        assert versions == {version}
        stacks.append(found)
        shutil.rmtree(root / "cdktf.out")
    assert stacks[0] == stacks[1]
    return stacks[0]


def project(folder: Path, domains: str = "domains") -> Path:
    folder.mkdir(exist_ok=True)
    shutil.copy(REPOSITORY / "main.py", folder)
    (folder / "cdktf.json").write_text("{}")
    shutil.copytree(REPOSITORY / domains, folder / "domains")
    return folder


@pytest.mark.parametrize(
    "domains, count", [("domains", 2), ("examples/domains", 3), ("egress/template/files/domains", 1)]
)
def test_every_example_is_the_same_from_both(tmp_path: Path, domains: str, count: int) -> None:
    assert len(equal_from_both(project(tmp_path, domains))) == count


def test_fifty_domains_with_every_backend_are_the_same_from_both(tmp_path: Path) -> None:
    varied.write(tmp_path, 50, seed=20261127)
    shutil.copy(REPOSITORY / "main.py", tmp_path)
    (tmp_path / "cdktf.json").write_text("{}")
    stacks = equal_from_both(tmp_path)
    assert len(stacks) == 50
    assert {next(iter(stack["terraform"]["backend"])) for stack in stacks.values()} == {"local", "pg", "s3", "http"}


def on_cdktn(text: str) -> str:
    """A program for cdktf, with the names of cdktn in their place."""
    return re.sub(r"\bcdktf\b", "cdktn", text.replace(CDKTF.bindings, CDKTN.bindings))


def programs() -> dict[str, str]:
    pages = ("README.md", "docs/package.md")
    found = {page: re.findall(r"```python\n(.*?)```", (REPOSITORY / page).read_text(), re.DOTALL) for page in pages}
    assert all(len(blocks) == 1 for blocks in found.values())
    return {page: block for page, (block,) in found.items()}


CDKTN_FIRST = "import tier0_egress\n\n# isort: split\nimport cdktn\n\n# isort: split\n"
"""In front of a program: jsii's Node is that which pip brought, and the constructs run on what is imported."""


@pytest.mark.parametrize("page", programs())
@pytest.mark.parametrize("by_variable", [True, False])
def test_the_program_of_a_page_is_the_same_on_both(tmp_path: Path, page: str, by_variable: bool) -> None:
    text = programs()[page]
    (tmp_path / "one.py").write_text(text)
    (tmp_path / "other.py").write_text(on_cdktn(text) if by_variable else CDKTN_FIRST + on_cdktn(text))
    one = python("one.py", cwd=tmp_path, env=environment())
    assert (one.returncode, one.stderr) == (0, "")
    first, _ = made(tmp_path / "cdktf.out")
    other = python("other.py", cwd=tmp_path, env=environment(ON_CDKTN if by_variable else {}))
    assert (other.returncode, other.stderr) == (0, "")
    second, versions = made(tmp_path / "cdktf.out")
    assert first == second
    assert len(first["wld01"]["resource"]) == 2
    assert versions == {"0.24.0"}


def test_the_tests_of_constructs_and_stacks_hold_on_cdktn() -> None:
    env = environment(ON_CDKTN)
    done = python(
        *("-m", "pytest", "-q", "-p", "tests.cdktn.in_place", "-p", "no:cacheprovider", "-m", "not slow"),
        *("tests/constructs_lib", "tests/stacks", "tests/recorder/test_names.py"),
        cwd=REPOSITORY,
        env=env | {"PYTHONPATH": f"{env['PYTHONPATH']}:{REPOSITORY}"},
    )
    assert done.returncode == 0, done.stdout[-5000:]
    (count,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(count) > 250


TYPED = """\
import tier0_egress.constructs as nsx
from cdktf import App, TerraformStack
from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider
from tier0_egress.stacks import WorkloadDomainStack

stack = TerraformStack(App(), "wld01")
provider = NsxtProvider(stack, "nsxt", host="nsx.example.com")
tier0 = nsx.Tier0Gateway.from_id(stack, "Tier0", gateway_id="T0", provider=provider)
route = nsx.Tier0DefaultRoute(
    stack, "Route", gateway_path=tier0.path, nsx_id="r", next_hops=[nsx.NextHop(address="10.0.0.1")], provider=provider
)
rule = PolicyNatRule(
    stack, "rule", gateway_path=tier0.path, display_name="r", action="SNAT", depends_on=[route.resource]
)
nsx.RealizationCheck(stack, "RouteRealized", resource=route, provider=provider)
nsx.RealizationCheck(stack, "RuleRealized", resource=rule)
"""
WRONG = """\
nsx.RealizationCheck(stack, "Wrong", resource=tier0.path)
nsx.NextHop(adress="10.0.0.1")
nsx.Tier0Gateway.from_id(stack, "Wrong", gateway_id="T0", provider=stack)
"""


@pytest.mark.parametrize("cdk", ["cdktf", "cdktn"])
def test_types_are_checked_in_a_program_on_either(tmp_path: Path, cdk: str) -> None:
    text = TYPED if cdk == "cdktf" else on_cdktn(TYPED)
    (tmp_path / "right.py").write_text(text)
    (tmp_path / "wrong.py").write_text(text + WRONG)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file=", "--cache-dir=.mypy"]
    env = environment()
    if cdk == "cdktn":
        command += ["--python-executable", str(_with_cdktn(tmp_path))]
    done = subprocess.run(
        [*command, "right.py", "wrong.py"], cwd=tmp_path, env=env, text=True, capture_output=True, check=False
    )
    first = len(text.splitlines()) + 1
    places = re.findall(r"^(\w+\.py):(\d+): error", done.stdout, re.MULTILINE)
    assert sorted(set(places)) == [("wrong.py", str(first + number)) for number in range(3)], done.stdout + done.stderr


def _with_cdktn(folder: Path) -> Path:
    """A virtual environment with cdktn in front of our own packages, as a type checker looks at one."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    for found in BESIDE.iterdir():
        (packages / found.name).symlink_to(found)
    (own,) = Path(sys.prefix).glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(f"{own}\n{REPOSITORY}\n")
    return folder / "venv" / "bin" / "python"


def test_cdktn_alone_will_do(tmp_path: Path) -> None:
    """Where somebody has taken cdktf away: nothing has to be set."""
    packages = tmp_path / "packages"
    packages.mkdir()
    (own,) = Path(sys.prefix).glob("lib/python*/site-packages")
    for found in (*BESIDE.iterdir(), *own.iterdir()):
        if found.suffix != ".pth" and found.name not in ("cdktf", "cdktf-0.21.0.dist-info"):
            link = packages / found.name
            if not link.exists() and not (found.parent == own and found.name.startswith("constructs-")):
                link.symlink_to(found)
    root = project(tmp_path / "project", "examples/domains")
    env = environment({"PYTHONPATH": f"{packages}:{REPOSITORY}"})
    bare = [str(Path(sys.executable).resolve()), "-c", SYNTHESISED]
    done = subprocess.run(bare, cwd=root, env=env, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == ["0.24.0", ""]


MIXED = {
    "constructs on cdktf, a program on cdktn": (
        "import tier0_egress.constructs as nsx\nfrom cdktn import App, TerraformStack\n"
        "nsx.Tier0Gateway.from_id(TerraformStack(App(), 's'), 'T', gateway_id='T0')",
        "scope: an object of class TerraformStack is made by cdktn, and the constructs run on cdktf here: "
        "import cdktn before them, or set EGRESS_CDK=cdktn",
    ),
    "a construct of one's own in between": (
        "import tier0_egress.constructs as nsx\nfrom cdktn import App, TerraformStack\nfrom constructs import Construct\n"
        "nsx.Tier0Gateway.from_id(Construct(TerraformStack(App(), 's'), 'c'), 'T', gateway_id='T0')",
        "scope: an object of class TerraformStack is made by cdktn, and the constructs run on cdktf here",
    ),
    "a program on cdktn with cdktf's bindings": (
        "import cdktn\nfrom cdktf_cdktf_provider_nsxt.provider import NsxtProvider",
        "cdktf_cdktf_provider_nsxt is made for cdktf, and this program runs on cdktn: import cdktn_provider_nsxt in its place",
    ),
    "a program on cdktf with cdktn's bindings": (
        "import cdktf\nimport cdktn_provider_nsxt",
        "cdktn_provider_nsxt is made for cdktn, and this program runs on cdktf: import cdktf_cdktf_provider_nsxt in its place",
    ),
    "a provider of the other": (
        "import cdktn\nimport tier0_egress.constructs as nsx\nimport cdktf\n"
        "from cdktf_cdktf_provider_nsxt.provider import NsxtProvider\n"
        "p = NsxtProvider(cdktf.TerraformStack(cdktf.App(), 's'), 'n')\n"
        "nsx.Tier0Gateway.from_id(cdktn.TerraformStack(cdktn.App(), 't'), 'T', gateway_id='T0', provider=p)",
        "provider: an object of class NsxtProvider is made by cdktf, and the constructs run on cdktn here",
    ),
    "a resource of the other": (
        "import cdktn\nimport tier0_egress.constructs as nsx\nimport cdktf\n"
        "from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule\n"
        "r = PolicyNatRule(cdktf.TerraformStack(cdktf.App(), 's'), 'n', gateway_path='/a', display_name='n', action='SNAT')\n"
        "nsx.RealizationCheck(cdktn.TerraformStack(cdktn.App(), 't'), 'T', resource=r)",
        "resource: an object of class PolicyNatRule is made by cdktf, and the constructs run on cdktn here",
    ),
    "a stack of ours in an app of the other": (
        "from egress.domain import load_domains\nfrom tier0_egress.stacks import WorkloadDomainStack\nimport cdktn, pathlib\n"
        f"(d,) = load_domains(pathlib.Path({str(REPOSITORY)!r}), ['wld01'])\nWorkloadDomainStack(cdktn.App(), d)",
        "wld01: its scope is made by cdktn, and the constructs run on cdktf here: import cdktn before them",
    ),
    "both, before the constructs": (
        "import cdktf\nimport cdktn\nimport tier0_egress.constructs",
        "this program has imported cdktf and cdktn, and the constructs run on one of the two: import one only",
    ),
}


@pytest.mark.parametrize("program", MIXED)
def test_a_mixture_of_the_two_gets_one_clear_sentence(tmp_path: Path, program: str) -> None:
    text, sentence = MIXED[program]
    (tmp_path / "mixed.py").write_text(f"import tier0_egress\n{text}\n")
    done = python("mixed.py", cwd=tmp_path, env=environment())
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].partition("Error: ")[2].startswith(sentence), done.stderr


SYNTHESISED = """\
import json, pathlib
from egress.toolchain.synthesis import synthesised
with synthesised(pathlib.Path("."), ["vrf-blue"], lab=False) as made:
    stack = json.loads((made.folders["vrf-blue"] / "cdk.tf.json").read_text())
print(json.dumps([stack["//"]["metadata"]["version"], made.notes]))
"""
"""What every command that plans begins with."""


def test_versions_that_do_not_fit_are_told_in_one_sentence_by_main_and_by_egress(tmp_path: Path) -> None:
    """cdktn beside the constructs that cdktf is locked with, which is too new for it."""
    root = project(tmp_path / "project", "examples/domains")
    for name in ("cdktn", "cdktn-0.24.0.dist-info"):
        (tmp_path / name).symlink_to(BESIDE / name)
    env = environment(ON_CDKTN, beside=tmp_path)
    sentence = re.compile(
        r"constructs 10\.\S+ is installed, cdktn runs on 10\.6 and newer, before 10\.8: pip install 'tier0-egress\[cdktn\]'"
    )
    alone = python("main.py", cwd=root, env=env)
    assert (alone.returncode, alone.stderr.count("\n")) == (1, 1)
    assert sentence.match(alone.stderr)
    synthesised = python("-c", SYNTHESISED, cwd=root, env=env)
    assert synthesised.stderr.splitlines()[-1].startswith("egress.domain.problems.EgressError: constructs 10.")


@pytest.mark.parametrize("env, first", [(ON_CDKTN, ""), ({}, "import tier0_egress\nimport cdktn\n")])
def test_egress_synthesises_a_program_on_cdktn_without_node(tmp_path: Path, env: dict[str, str], first: str) -> None:
    """Whether the environment names it or the program imports it."""
    root = project(tmp_path / "project", "examples/domains")
    text = (root / "main.py").read_text()
    (root / "main.py").write_text(text.replace("from pathlib", f"{first}from pathlib", 1))
    no_node = {"JSII_NODE": str(tmp_path / "none")}
    done = python("-c", SYNTHESISED, cwd=root, env=environment(env | no_node))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["0.24.0", ""]


def test_constructs_on_the_one_and_a_program_on_the_other_are_not_recorded(tmp_path: Path) -> None:
    """The constructs were imported first, so they run on cdktf: the sentence is theirs, as without the recorder."""
    root = project(tmp_path / "project", "examples/domains")
    (root / "main.py").write_text(f"import tier0_egress\n{MIXED['constructs on cdktf, a program on cdktn'][0]}\n")
    done = python("-c", SYNTHESISED, cwd=root, env=environment())
    assert MIXED["constructs on cdktf, a program on cdktn"][1] in done.stderr


@pytest.mark.parametrize(
    "first, sentence",
    [
        ("import cdktn\nimport cdktf_cdktf_provider_nsxt", "cdktf_cdktf_provider_nsxt is made for cdktf, and this"),
        ("import cdktf, cdktn\nimport tier0_egress.constructs", "this program has imported cdktf and cdktn"),
    ],
)
def test_egress_says_of_a_mixture_in_main_that_sentence_alone(tmp_path: Path, first: str, sentence: str) -> None:
    root = project(tmp_path / "project", "examples/domains")
    (root / "main.py").write_text(first)
    done = python("-c", SYNTHESISED, cwd=root, env=environment())
    *_, failed, said = done.stderr.splitlines()
    assert failed == "egress.domain.problems.EgressError: synthesis failed:"
    assert said.startswith(sentence)
