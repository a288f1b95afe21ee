"""Plans as Markdown."""

from __future__ import annotations

from egress.delivery.affected import Affected, Why
from egress.delivery.summary import MAX_WORDS, of_affected, render

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


def test_what_others_wrote_is_text_in_the_summary() -> None:
    counts = {
        "add": 0,
        "change": 1,
        "destroy": 0,
        "import": 0,
        "resources": [{"address": "a`|\u202e", "actions": ["update"]}],
    }
    text = render("wld01", "target: x", counts, "```\n\x1b]0;t\x07 @team [a](b)")
    assert "| update | ``a`\\|\\u202e`` |" in text
    assert text.count("````") == 2
    assert "\\x1b]0;t\\x07 @team [a](b)" in text
    table = of_affected([Affected("a", Why.CHANGED, "host a -> @team <b> [c](d) #1 ![](e) | f")], "ma`in")
    assert r"changed: host a -\> @<!-- -->team \<b\> \[c\]\(d\) #<!-- -->1 \!\[\]\(e\) \| f |" in table
    assert "``ma`in``" in table
