"""CODEOWNERS, as the pages of the two forges say it is read."""

from __future__ import annotations

import pytest

from egress.review.gate.code_owners import on_github, on_gitlab

GATE = "network/gate.yaml"


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("* @a\n", ["@a"]),
        ("gate.yaml @a\n", ["@a"]),
        ("/gate.yaml @a\n", []),
        ("/network/gate.yaml @a\n", ["@a"]),
        ("network/gate.yaml @a\n", ["@a"]),
        ("network/ @a\n", ["@a"]),
        ("/network/ @a\n", ["@a"]),
        ("network @a\n", ["@a"]),
        ("network/* @a\n", ["@a"]),
        ("/n*/g?te.yaml @a\n", ["@a"]),
        ("*.yaml @a @org/net-team dev@example.com\n", ["@a", "@org/net-team", "dev@example.com"]),
        ("**/gate.yaml @a\n", ["@a"]),
        ("/network/** @a\n", ["@a"]),
        ("other/ @a\n", []),
        ("gate @a\n", []),
        ("* @a\ngate.yaml @b\n", ["@b"]),
        ("gate.yaml @b\n* @a\n", ["@a"]),
        ("* @a\nnetwork/gate.yaml\n", []),
        ("* @a # everybody\n", ["@a"]),
        ("# * @a\n", []),
        ("* @a\n!gate.yaml\n", ["@a"]),
        ("* @a\n[g]ate.yaml @b\n", ["@a"]),
        ("* @a\ngate.yaml nobody\n", ["@a"]),
        ("", []),
    ],
)
def test_on_github_the_last_pattern_that_matches_decides(text: str, owners: list[str]) -> None:
    assert list(on_github(text, GATE)) == owners


def test_on_github_a_star_below_a_folder_means_its_files_and_none_deeper() -> None:
    assert on_github("docs/* @a\n", "docs/one.md") == ("@a",)
    assert on_github("docs/* @a\n", "docs/deep/one.md") == ()
    assert on_github("apps/ @a\n", "build/apps/one.md") == ("@a",)
    assert on_github("a\\ b/ @a\n", "a b/one.md") == ("@a",)


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("* @a\n", ["@a"]),
        ("gate.yaml @a\n", ["@a"]),
        ("/gate.yaml @a\n", []),
        ("network/ @a\n", ["@a"]),
        ("network @a\n", []),
        ("/network/* @a\n", ["@a"]),
        ("/network/**/*.yaml @a\n", ["@a"]),
        ("* @a\ngate.yaml @b\n", ["@b"]),
        ("[Net]\ngate.yaml @b\n", ["@b"]),
        ("* @a\n[Net]\ngate.yaml @b\n", ["@a", "@b"]),
        ("^[Net]\ngate.yaml @b\n", []),
        ("[Net][2] @team @other/team\ngate.yaml\n", ["@team", "@other/team"]),
        ("[Net] @team\ngate.yaml @b\n", ["@b"]),
        ("[Net] @team\n*.md\n", []),
        ("[Net]\ngate.yaml @a\n[NET]\ngate.yaml @b\n", ["@b"]),
        ("[Net]\n* @a\n!gate.yaml\n", []),
        ("[Net]\n!gate.yaml\n* @a\n", []),
        ("gate.yaml @@maintainer\n", ["@@maintainer"]),
        ("gate.yaml nobody\n", []),
        ("* @a\ngate.yaml\n", []),
        ("gate.yaml # @a\n", []),
        ("[g]ate.yaml @a\n", ["@a"]),
    ],
)
def test_on_gitlab_sections_add_up_and_optional_ones_do_not_count(text: str, owners: list[str]) -> None:
    assert list(on_gitlab(text, GATE)) == owners


@pytest.mark.parametrize("read", [on_github, on_gitlab])
@pytest.mark.parametrize(
    "text", ["[", "]", "[]\n* @a", "\\", "*" * 5000, "a" * 5000 + " @a", "[[[[\n!\n! @a\n", "**/**/**/** @a"]
)
def test_whatever_is_in_it_an_answer_comes(read: object, text: str) -> None:
    assert isinstance(read(text, GATE), tuple)  # type: ignore[operator]
