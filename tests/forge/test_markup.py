"""Texts of others in what is posted: nothing in them acts, by the rules of GitHub and of GitLab.

What their Markdown makes of them is asked of comrak, which is GitLab's own parser and follows GitHub's specification, with the
extensions of both. What both forges make of the finished page afterwards (mentions, references, emoji, commits), and GitLab's quick actions, are regular expressions of
theirs, which stand here as their documentation and sources have them.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

import comrak
import pytest

from egress import escape

ACTING = {
    "mention": "@team @a/b x@y.example",
    "reference": "#1 acme/egress#1 GH-1 gh-12 GL-3 acme/egress@a1b2c3d",
    "commit": "a1b2c3d 0123456789abcdef0123456789abcdef01234567 A1B2C3D4",
    "url": "http://evil.example https://evil.example ftp://evil www.evil.example WWW.evil.example mailto:a@b.example",
    "link": "[a](http://evil) [a][b] <http://evil> [b]: http://evil",
    "image": "![x](http://evil/x.png)",
    "html": "<b>x</b> <img src=x onerror=y> <details> </details> <!-- tier0-egress: pull-request --> &copy; &#64;team",
    "emphasis": "*a* _a_ **a** ~~a~~ `a` ^a^ $a$ $`a`$",
    "table": "a | b |",
    "emoji": ":+1: :smile:",
    "gitlab reference": '!12 $1 ~label ~"a label" %milestone %"a b" &12 [vulnerability:1] *iteration:"x" acme!12 acme&1',
    "gitlab toc": "[[_TOC_]] [TOC] {+ a +} [- a -]",
    "heading": "# a",
    "setext": "===",
    "rule": "---",
    "stars": "***",
    "list": "- a",
    "plus": "+ a",
    "number": "1. a",
    "quote": "> a",
    "close": "/close",
    "label": "  /label ~x",
    "fence": "```\na",
    "tilde fence": "~~~\na",
    "escaped": r"\@team \#1 \`a\`",
    "lines": "a\n/close\n@team",
}
MENTION = re.compile(r"(?<![\w`])@[\w/-]+")
REFERENCES = {
    "GitHub and GitLab: an issue": re.compile(r"#[0-9]|\b[Gg][HhLl]-[0-9]"),
    "both: a commit": re.compile(r"\b[0-9a-f]{7,40}\b", re.IGNORECASE),
    "both: an emoji": re.compile(r":[a-z0-9_+-]+:"),
    "both: a bare address": re.compile(r"(?:https?|ftp)://|mailto:\S|www\.\S", re.IGNORECASE),
    "both: a mention": MENTION,
}
"""What is made of each piece of text of a page, between its tags and comments."""
GITLAB = re.compile(r"(?<!\\)(?:![0-9]|\$[0-9]|~[\w\"]|%[\w\"]|&[0-9])")
"""What GitLab makes references of, unless a backslash is before it."""
OF_GITLAB = (
    "math_dollars",
    "math_code",
    "multiline_block_quotes",
    "description_lists",
    "superscript",
    "wikilinks_title_after_pipe",
)
ACTION = re.compile(r"^/[a-z_]+", re.MULTILINE | re.IGNORECASE)
"""GitLab's quick actions (lib/gitlab/quick_actions/extractor.rb): at the very beginning of a line."""


class _Page(HTMLParser):
    """Tags of a page, and its pieces of text as a forge's filters meet them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.pieces: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def page(markdown: str) -> _Page:
    extensions, rendering = comrak.ExtensionOptions(), comrak.RenderOptions()
    for one in ("autolink", "table", "strikethrough", "tasklist", "footnotes", "alerts", *OF_GITLAB):
        assert hasattr(extensions, one)
        setattr(extensions, one, True)
    rendering.unsafe_ = True  # what a sanitizer would take away shall not be there
    return _Page(comrak.render_markdown(markdown, extensions, render_options=rendering))


@pytest.mark.parametrize("text", ACTING.values(), ids=ACTING)
@pytest.mark.parametrize("before, after", [("", ""), ("before\n", "\nafter"), ("| a |\n|---|\n| ", " |")])
def test_as_markdown_nothing_acts_and_the_text_can_be_read(text: str, before: str, after: str) -> None:
    posted = f"{before}{escape.markdown(text)}{after}"
    shown = page(posted)
    plain = page(f"{before}x{after}")
    assert shown.tags == plain.tags
    for what, reference in REFERENCES.items():
        for piece in shown.pieces:
            assert not reference.search(piece), f"{what}: {piece}"
    assert not GITLAB.search(re.sub("<!-- -->", "", posted))
    assert not ACTION.search(posted)
    assert escape.line(text).strip() in "".join(shown.pieces)


@pytest.mark.parametrize("text", ACTING.values(), ids=ACTING)
def test_as_a_code_span_nothing_acts(text: str) -> None:
    posted = f"a {escape.code_span(text)} b"
    assert page(posted).tags == ["p", "code"]
    assert not ACTION.search(posted)
    assert not ACTION.search(escape.code_span(text))
    in_table = page(f"| a |\n|---|\n| {escape.code_span(text)} |")
    assert in_table.tags == ["table", "thead", "tr", "th", "tbody", "tr", "td", "code"]


@pytest.mark.parametrize(
    "text", [*ACTING.values(), "```\n/close\n```\n/merge", "````\n</details>\n`````", "a\n\n```\n\n/close"]
)
def test_as_a_code_block_nothing_acts_and_it_ends_where_it_ends(text: str) -> None:
    posted = f"before\n\n{escape.code_block(text)}\n\nafter"
    assert page(posted).tags == ["p", "pre", "code", "p"]
    assert not ACTION.search(posted)


def test_paths_and_addresses_read_as_they_are() -> None:
    for text in (
        "/infra/tier-0s/T0-wld01",
        "10.27.51.1 -> 10.27.51.2",
        "fd00::1/64",
        "50 % of a & b",
        "wld01-egress-supervisor",
    ):
        assert "".join(page(escape.markdown(text)).pieces).strip() == text
