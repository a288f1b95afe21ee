"""What does not go together: both CDKs in a program, versions that do not fit, bindings of the other. Each gets one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cdktn.second import BESIDE, ON_CDKTN, REPOSITORY, SYNTHESISED, environment, needed, project, python

pytestmark = [pytest.mark.slow, needed]

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
}


@pytest.mark.parametrize("program", MIXED)
def test_a_mixture_of_the_two_gets_one_clear_sentence(tmp_path: Path, program: str) -> None:
    text, sentence = MIXED[program]
    (tmp_path / "mixed.py").write_text(f"import tier0_egress\n{text}\n")
    done = python("mixed.py", cwd=tmp_path, env=environment())
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].partition("Error: ")[2].startswith(sentence), done.stderr


NOT_RUN = {
    "both, before the constructs": (
        "import cdktf\nimport cdktn",
        "this program has imported cdktf and cdktn, and the constructs run on one of the two: import one only",
    ),
    "a program on cdktn, and no bindings of it": (
        "import cdktn\nwithout('cdktn_provider_nsxt')",
        "cdktn_provider_nsxt is not installed, the bindings for programs on cdktn: pip install 'tier0-egress[cdktn]'",
    ),
    "a program on cdktf, and no bindings of it": (
        "import cdktf\nwithout('cdktf_cdktf_provider_nsxt')",
        "cdktf_cdktf_provider_nsxt is not installed, the bindings for programs on cdktf: pip install 'tier0-egress'",
    ),
}
WITHOUT = """\
import sys, tier0_egress
from importlib.machinery import PathFinder
def without(package):
    class Finder(PathFinder):
        find_spec = lambda name, *rest: None if name == package else PathFinder.find_spec(name, *rest)
    sys.meta_path = [Finder if one is PathFinder else one for one in sys.meta_path]
"""
"""A machine on which a package is not installed."""


@pytest.mark.parametrize("package", ["constructs", "stacks"])
@pytest.mark.parametrize("program", NOT_RUN)
def test_a_program_that_no_cdk_can_run_ends_with_one_sentence_and_no_traceback(
    tmp_path: Path, program: str, package: str
) -> None:
    text, sentence = NOT_RUN[program]
    (tmp_path / "mixed.py").write_text(f"{WITHOUT}{text}\nimport tier0_egress.{package}\n")
    done = python("mixed.py", cwd=tmp_path, env=environment())
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1


def test_what_else_goes_wrong_in_a_program_that_was_refused_a_cdk_is_told_with_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "mixed.py").write_text(
        "import tier0_egress, cdktf, cdktn\ntry:\n    import tier0_egress.constructs\nexcept ImportError:\n    pass\n1 / 0\n"
    )
    done = python("mixed.py", cwd=tmp_path, env=environment())
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_versions_that_do_not_fit_are_told_in_one_sentence_by_main_and_by_egress(tmp_path: Path) -> None:
    """cdktn beside the constructs that cdktf is locked with, which is too new for it."""
    root = project(tmp_path / "project")
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


@pytest.mark.parametrize(
    "named, imported, version, notes",
    [
        ("cdktn", "", "0.24.0", ""),
        ("", "cdktn", "0.24.0", ""),
        ("cdktf", "cdktn", "0.24.0", "synthesised by cdktn, which main.py imports, whatever EGRESS_CDK says"),
        ("cdktn", "cdktf", "0.21.0", "synthesised by cdktf, which main.py imports, whatever EGRESS_CDK says"),
    ],
)
def test_egress_synthesises_a_program_on_either_without_node_and_says_what_was_overruled(
    tmp_path: Path, named: str, imported: str, version: str, notes: str
) -> None:
    """Whether the environment names the CDK or the program imports it, which wins."""
    root = project(tmp_path / "project")
    text = (root / "main.py").read_text()
    first = f"import tier0_egress\nimport {imported}\n" if imported else ""
    (root / "main.py").write_text(text.replace("from pathlib", f"{first}from pathlib", 1))
    no_node = {"JSII_NODE": str(tmp_path / "none")}
    done = python("-c", SYNTHESISED, cwd=root, env=environment({"EGRESS_CDK": named} | no_node))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [version, notes]


def test_constructs_on_the_one_and_a_program_on_the_other_are_not_recorded(tmp_path: Path) -> None:
    """The constructs were imported first, so they run on cdktf: the sentence is theirs, as without the recorder."""
    root = project(tmp_path / "project")
    text, sentence = MIXED["constructs on cdktf, a program on cdktn"]
    (root / "main.py").write_text(f"import tier0_egress\n{text}\n")
    done = python("-c", SYNTHESISED, cwd=root, env=environment())
    assert sentence in done.stderr


@pytest.mark.parametrize(
    "first, sentence",
    [
        ("import cdktn\nimport cdktf_cdktf_provider_nsxt", "cdktf_cdktf_provider_nsxt is made for cdktf, and this"),
        ("import cdktf, cdktn\nimport tier0_egress.constructs", "this program has imported cdktf and cdktn"),
        ("import cdktn", "main.py imports cdktn, and cdktn is not installed: pip install 'tier0-egress[cdktn]'"),
        (
            "from cdktn import App",
            "main.py imports cdktn, and cdktn is not installed: pip install 'tier0-egress[cdktn]'",
        ),
    ],
)
def test_egress_says_of_a_main_that_no_cdk_fits_one_sentence(tmp_path: Path, first: str, sentence: str) -> None:
    root = project(tmp_path / "project")
    (root / "main.py").write_text(first)
    done = python(
        "-c", SYNTHESISED, cwd=root, env=environment({"PYTHONPATH": ""} if "not installed" in sentence else {})
    )
    assert done.stderr.splitlines()[-1].startswith(f"egress.domain.problems.EgressError: synthesis failed: {sentence}")
