"""Plans as Markdown."""

from __future__ import annotations

from pathlib import Path

from egress.delivery.affected import Affected, Why
from egress.delivery.summary import MAX_WORDS, append, of_affected, render

COUNTS = {
    "add": 1,
    "change": 0,
    "destroy": 1,
    "resources": [{"address": "nsxt_policy_static_route.DefaultRoute", "actions": ["delete", "create"]}],
}
NOTHING = {"add": 0, "change": 0, "destroy": 0, "resources": []}


def test_counts_come_first_and_a_destroy_stands_out() -> None:
    text = render("wld01", "target: x", COUNTS, "words")
    assert text.startswith("### wld01: 1 to add, 0 to change, **1 to DESTROY**\n\ntarget: x\n")
    assert "| delete and create | `nsxt_policy_static_route.DefaultRoute` |" in text
    assert "DESTROY" not in render("wld01", "target: x", NOTHING, "No changes.")


def test_words_cannot_break_out_of_their_fence() -> None:
    text = render("wld01", "target: x", NOTHING, "description = ````\n</details>\n\x1b[31mred\x1b[0m")
    assert "`````text\ndescription = ````\n</details>\nred\n`````\n" in text


def test_long_words_are_cut_and_say_so() -> None:
    text = render("wld01", "target: x", NOTHING, "y" * (MAX_WORDS + 5))
    assert "... cut, 5 characters more" in text
    assert len(text) < MAX_WORDS + 500


def test_affected_stacks_are_a_table() -> None:
    assert of_affected([], "main") == "No stack differs from `main`.\n\n"
    text = of_affected([Affected("a", Why.NEW), Affected("b", Why.EVERYTHING, "requirements.txt differs")], "main")
    assert "| a | new |\n| b | everything: requirements.txt differs |\n" in text


def test_summaries_add_up(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    append(file, "one\n")
    append(file, "two\n")
    assert file.read_text() == "one\ntwo\n"
