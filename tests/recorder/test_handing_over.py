"""What the recorder does not know exactly it does not guess: cdktf does the whole program, and says itself what is wrong with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from egress.domain import EgressError
from egress.layout import STACK_FILE
from egress.recorder import HANDED_OVER
from egress.toolchain.stack.synthesis import synthesised

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
START = """\
import os
from cdktf import App, LocalBackend, TerraformOutput, TerraformStack
from cdktf_cdktf_provider_nsxt.provider import NsxtProvider
from cdktf_cdktf_provider_nsxt.policy_nat_rule import PolicyNatRule, PolicyNatRuleTag
from constructs import Construct
app = App(outdir=os.environ["CDKTF_OUTDIR"])
RULE = {"action": "SNAT", "display_name": "r", "gateway_path": "/infra/tier-0s/t"}
def stack_of(kind=TerraformStack, name="wld01"):
    stack = kind(app, name)
    LocalBackend(stack, path="x")
    NsxtProvider(stack, "nsxt", host="nsx.example.com")
    return stack
"""
STRANGE = {
    "a function of cdktf": (
        "from cdktf import Fn\nTerraformOutput(stack_of(), 'o', value=Fn.upper('a'))\napp.synth()",
        "cdktf.Fn",
    ),
    "a name that is looked for in a try": (
        "try:\n    from cdktf import Aspects\nexcept ImportError:\n    pass\nstack_of()\napp.synth()",
        "cdktf.Aspects",
    ),
    "another module of the bindings": (
        "import cdktf_cdktf_provider_nsxt.policy_gateway_prefix_list\nstack_of()\napp.synth()",
        "cdktf_cdktf_provider_nsxt.policy_gateway_prefix_list",
    ),
    "a token made by cdktf": (
        "from cdktf import Token\nTerraformOutput(stack_of(), 'o', value=Token.as_string('a'))\napp.synth()",
        "Token.as_string",
    ),
    "an expression around a token": (
        "s = stack_of()\nr = PolicyNatRule(s, 'r', **RULE)\nTerraformOutput(s, 'o', value='${upper(' + r.path + ')}')\napp.synth()",
        "an expression that is put together from tokens",
    ),
    "a text that may be a number of cdktf's": (
        "TerraformOutput(stack_of(), 'o', value='at -1.8881545897087503e+289')\nstack = None",
        "a text with what may be a number token",
    ),
    "an override of a resource": (
        "PolicyNatRule(stack_of(), 'r', **RULE).add_override('logging', True)\napp.synth()",
        "PolicyNatRule.add_override",
    ),
    "an attribute set afterwards": (
        "PolicyNatRule(stack_of(), 'r', **RULE).rule_priority = 5\napp.synth()",
        "PolicyNatRule.rule_priority set from outside",
    ),
    "a name with a hash": (
        "PolicyNatRule(Construct(stack_of(), 'a'), 'b', **RULE)\napp.synth()",
        "a name with a hash, which cdktf makes of a path",
    ),
    "a naming scheme of one's own": (
        "class Own(TerraformStack):\n    def _allocate_logical_id(self, element):\n        return 'x' + element.node.id\n"
        "PolicyNatRule(stack_of(Own), 'r', **RULE)\napp.synth()",
        "Own._allocate_logical_id in place of cdktf's own",
    ),
    "a dict in place of a struct": (
        "PolicyNatRule(stack_of(), 'r', tag=[{'scope': 'a', 'tag': 'b'}], **RULE)\napp.synth()",
        "a value of class dict where PolicyNatRuleTag is expected",
    ),
    "an output that is a list": (
        "TerraformOutput(stack_of(), 'o', value=['a'])\napp.synth()",
        "a value of class list where text is expected",
    ),
    "a second provider": (
        "s = stack_of()\nNsxtProvider(s, 'other', host='b', alias='b')\napp.synth()",
        "NsxtProvider(alias=...)",
    ),
    "a kind of rule of one's own": (
        "class Own(PolicyNatRule):\n    pass\nOwn(stack_of(), 'r', **RULE)\napp.synth()",
        "Own, a kind of element of the program's own",
    ),
    "another kind of stack": (
        "TerraformStack(app, 'wld01')\napp.synth()",
        "a stack without one backend and one provider",
    ),
}  # fmt: skip
"""Programs that cdktf runs and the recorder does not, with the reason it gives."""
WRONG = {
    "a wrong type": ("PolicyNatRule(stack_of(), 'r', **{**RULE, 'action': 5})", "type of argument action must be str"),
    "an id that is taken": ("s = stack_of()\nConstruct(s, 'a')\nConstruct(s, 'a')", "There is already a Construct with name 'a'"),
    "an argument left out": ("PolicyNatRule(stack_of(), 'r', action='SNAT')", "missing 2 required keyword-only arguments"),
    "a name for a stack": ("stack_of(name='a b')", "It contains a whitespace character"),
    "an error of its own": ("stack_of()\nraise LookupError('their own words')", "LookupError: their own words"),
}  # fmt: skip
"""Programs that cdktf refuses, with words of its refusal."""


def root(tmp_path: Path, program: str) -> Path:
    (tmp_path / "main.py").write_text(START + program)
    (tmp_path / "cdktf.json").write_text("{}")
    return tmp_path


def recorded(folder: Path, **env: str) -> tuple[int, str]:
    """Exit code and reason of the recorder."""
    (folder / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "egress.recorder", "main.py", "why"],
        cwd=folder,
        env={**os.environ, "CDKTF_OUTDIR": str(folder / "out"), **env},
        check=False,
        capture_output=True,
    )
    return done.returncode, (folder / "why").read_text() if (folder / "why").exists() else done.stderr.decode()


@pytest.mark.parametrize("case", STRANGE)
def test_what_it_does_not_know_is_left_to_cdktf_with_the_reason(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, reason = STRANGE[case]
    folder = root(tmp_path, program)
    assert recorded(folder) == (HANDED_OVER, reason)
    assert [path for path in (folder / "out").rglob("*") if path.is_file()] == [], "nothing half made is left"
    if any(part in program for part in ("alias", "Stack(app", "e+289")):
        return  # of these cdktf makes no stack wld01 either
    with synthesised(folder, ["wld01"], lab=False) as made:
        assert reason in made.notes
        by_hand_over = (made.folders["wld01"] / STACK_FILE).read_bytes()
    monkeypatch.setenv("EGRESS_SYNTH", "cdktf")
    with synthesised(folder, ["wld01"], lab=False) as made:
        assert "recorder" not in made.notes
        assert (made.folders["wld01"] / STACK_FILE).read_bytes() == by_hand_over


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_in_cdktfs_words(tmp_path: Path, case: str) -> None:
    program, words = WRONG[case]
    with (
        pytest.raises(EgressError, match=r"(?s)synthesis failed:.*" + words.replace("(", r"\(")),
        synthesised(root(tmp_path, program), ["wld01"], lab=False),
    ):
        pass


@pytest.mark.parametrize(
    "variable", ["CDKTF_CONTEXT_JSON", "CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS", "SYNTH_HCL_OUTPUT"]
)
def test_settings_that_are_meant_for_cdktf_reach_it(tmp_path: Path, variable: str) -> None:
    folder = root(tmp_path, "stack_of()\napp.synth()")
    assert recorded(folder, **{variable: "{}"}) == (HANDED_OVER, f"the variable {variable}")


def test_another_word_for_the_way_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EGRESS_SYNTH", "fast")
    shutil.copy(REPOSITORY / "main.py", tmp_path)
    with (
        pytest.raises(EgressError, match="EGRESS_SYNTH is 'fast', allowed are recorder"),
        synthesised(tmp_path, ["wld01"], lab=False),
    ):
        pass


def test_a_refusal_of_ours_needs_no_cdktf(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "main.py", tmp_path)
    (tmp_path / "domains").mkdir()
    (tmp_path / "domains" / "a.yaml").write_text("version: 2\n")
    code, told = recorded(tmp_path)
    assert code == 1
    assert "domains/a.yaml:1" in told
