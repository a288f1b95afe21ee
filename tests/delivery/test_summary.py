"""Affected stacks as Markdown."""

from __future__ import annotations

from egress.delivery.change.affected import Affected, Why
from egress.delivery.change.summary import of_affected


def test_affected_stacks_are_a_table() -> None:
    assert of_affected([], "main") == "No stack differs from `main`.\n\n"
    text = of_affected([Affected("a", Why.NEW), Affected("b", Why.EVERYTHING, "requirements.txt differs")], "main")
    assert "| a | new |\n| b | everything: requirements.txt differs |\n" in text


def test_what_others_wrote_is_text_in_the_summary() -> None:
    table = of_affected([Affected("a", Why.CHANGED, "host a -> @team <b> [c](d) #1 ![](e) | f")], "ma`in")
    assert r"changed: host a -\> @<!-- -->team \<b\> \[c\]\(d\) #<!-- -->1 \!\[\]\(e\) \| f |" in table
    assert "``ma`in``" in table
