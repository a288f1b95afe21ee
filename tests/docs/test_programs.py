"""The finder of programs finds them however they are written; tests/cdktn runs what it finds."""

from __future__ import annotations

import pytest

from tests.docs.programs import Program, in_docstrings, in_page

CODE = 'import tier0_egress.constructs as nsx\n\nnsx.NextHop(address="10.0.0.1")\n'
INDENTED = "".join(f"    {line}" if line.strip() else line for line in CODE.splitlines(keepends=True))


@pytest.mark.parametrize(
    "page",
    [
        f"Text.\n\n```python\n{CODE}```\n",
        f"Text.\n\n```\n{CODE}```\nMore.\n",
        f"Text.\n\n~~~ py\n{CODE}~~~\n",
        f"Text:\n\n{INDENTED}\nMore.\n",
        f"Text:\n\n{INDENTED}",
    ],
)
def test_a_program_is_found_however_it_is_marked(page: str) -> None:
    assert list(in_page(page)) == [CODE]


@pytest.mark.parametrize(
    "page", ["```console\n$ egress plan\n```\n", "    pip install tier0-egress\n", "- import of a state\n"]
)
def test_what_imports_nothing_is_no_program(page: str) -> None:
    assert list(in_page(page)) == []


def test_a_program_in_a_docstring_is_found() -> None:
    inner = "".join(f"    {line}" if line.strip() else line for line in INDENTED.splitlines(keepends=True))
    source = f'def one() -> None:\n    """What it does.\n\n{inner}    """\n'
    assert list(in_docstrings(source)) == [CODE]
    assert list(in_docstrings(f'"""A module.\n\n{INDENTED}"""\n')) == [CODE]


@pytest.mark.parametrize(
    "text, of_a_cdk",
    [
        (CODE, True),
        ("from cdktn import App\n", True),
        ("def f():\n    from cdktf_cdktf_provider_nsxt.provider import NsxtProvider\n", True),
        ("from nsx_lab import Lab\n", False),
    ],
)
def test_a_program_of_a_cdk_imports_one_or_the_constructs(text: str, of_a_cdk: bool) -> None:
    assert Program("here", text).of_a_cdk is of_a_cdk
