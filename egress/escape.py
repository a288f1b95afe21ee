"""Text from outside (files, managers, plans, engines, pasted words), made fit for where it goes. One function a medium.

The door in refuses hidden characters (`hidden`, used by egress/domain); the door out shows them as escapes, so that a true
value can still be read and nothing in it acts: no terminal sequence, no reordering, no markup. Imports nothing of ours.
"""

from __future__ import annotations

import json
import re
import unicodedata
from enum import StrEnum
from typing import Any

HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
)
"""Inside of a regular expression's brackets, as Python and JSON Schema read it: controls (Cc), line and paragraph separators
(Zl, Zp), what reorders a line (Unicode's Bidi_Control) and what is drawn as nothing (Default_Ignorable_Code_Point, Unicode
16, DerivedCoreProperties.txt; assigned or not). Fixed ranges: every Python's own Unicode version gives the same answer."""
HIDDEN_IN_TEXT = HIDDEN.replace(r"\x00-\x1f", r"\x00-\x08\x0b-\x1f")
"""The same without line feed and tab, for text of several lines."""
_ASTRAL = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
_BEYOND = rf"\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff{_ASTRAL}"
"""What a JSON Schema cannot say in a form that every editor reads: lone surrogates and characters beyond U+FFFF."""
# Patterns are compiled when a text meets them first: a command that is to start soon meets few.
_LINE = f"[{HIDDEN}{_BEYOND}]"
_TEXT = f"[{HIDDEN_IN_TEXT}{_BEYOND}]"
_COMMAND = r"(?m)^[ \t]*(:(?=:[A-Za-z-]+(?: [^\n]*)?::)|#(?=#(?:vso|teamcity)?\[))"
"""Lines that a CI system obeys: `::add-mask::x` and `##[command]` (GitHub Actions, workflow commands), `##vso[` (Azure), TeamCity's."""
_UNFINISHED = r"(?:\x1b(?:\[[0-9;]{0,32})?|\r|(?<![^\n])[ \t]*[:#][^\n]{0,1000})\Z"
_AT_THE_BEGINNING = r"^([ \t]*|[ \t]*[0-9]{1,9}(?=\.))([-=/.])"
"""A list, a rule, the underline of a heading, a quick action; the others begin with what is escaped anywhere."""
_HASH = r"(?i)\b[0-9a-f]{7,40}\b"
_PIECE = r".{6}(?=.)"
"""Both forges link what could be a commit: 7 to 40 hexadecimal digits (GitHub's documentation, "Autolinked references")."""
_REFERENCE = r"(?i)[@#:]|(?<=www)\.|\bG[HL]-(?=[0-9])"
_ACTION = r"(?m)^/(?=[A-Za-z])"
_SEQUENCE = r"\x1b\[([0-9;]*)m"
_COLOURS = {"", "0", "1", "2", "3", "4", "22", "23", "24", *map(str, range(31, 38)), "39", *map(str, range(90, 98))}
"""Settings that engines use and that hide nothing: no conceal (8), no background, no black."""
_KINDS = {"Cc": "control character", "Cs": "lone surrogate"}


def hidden(text: str, *, lines: bool = False) -> re.Match[str] | None:
    """The first hidden character in `text`. lines: line feeds and tabs are allowed."""
    return None if _all_shows(text, lines=lines) else re.search(_TEXT if lines else _LINE, text)


def _all_shows(text: str, *, lines: bool) -> bool:
    """Whether there are but ASCII characters that show: so it is with nearly every text, and told in a tenth of the time of a search."""
    return text.isascii() and (text.replace("\n", "") if lines else text).isprintable()


def name(character: str) -> str:
    """A character as messages name it: `U+202E RIGHT-TO-LEFT OVERRIDE`, `control character U+001B`."""
    kind = _KINDS.get(unicodedata.category(character), "")
    return f"{kind} U+{ord(character):04X} {unicodedata.name(character, '')}".strip()


def line(text: str) -> str:
    r"""One line for a terminal, a table cell or a message: also line feed and tab are shown, as \n and \t."""
    return text if _all_shows(text, lines=False) else re.sub(_LINE, _escaped, text)


def terminal(text: str) -> str:
    r"""Lines for a terminal or a CI system's log. Line feeds and tabs stay, CRLF is one line end; the rest is shown as \x1b or
    \u202e. A line that a CI system would take for a command does not begin as one."""
    shown = text if _all_shows(text, lines=True) else re.sub(_TEXT, _escaped, text.replace("\r\n", "\n"))
    if "::" not in shown and "##" not in shown:  # with which every such command begins
        return shown
    return re.sub(_COMMAND, _first_escaped, shown)


def coloured(text: str) -> str:
    """An engine's words for a terminal: as `terminal`, and its colours stay."""
    return "".join(
        _colour(part) if number % 2 else terminal(part) for number, part in enumerate(re.split(_SEQUENCE, text))
    )


class Colours(StrEnum):
    """What becomes of an engine's colours: kept on a terminal, left out elsewhere, shown where it was told to use none."""

    KEPT = "kept"
    LEFT_OUT = "left-out"
    SHOWN = "shown"


class Stream:
    """An engine's words as they come, in pieces of any size."""

    def __init__(self, colours: Colours = Colours.KEPT) -> None:
        self._held = ""
        self._fit = {
            Colours.KEPT: coloured,
            Colours.LEFT_OUT: lambda text: terminal(uncoloured(text)),
            Colours.SHOWN: terminal,
        }[colours]

    def feed(self, text: str) -> str:
        """What may be shown of everything so far; the beginning of a sequence is held back until its end is there."""
        text = self._held + text
        found = re.search(_UNFINISHED, text)
        cut = found.start() if found else len(text)
        self._held = text[cut:]
        return self._fit(text[:cut])

    def end(self) -> str:
        """What was held back, now that nothing more comes."""
        rest, self._held = self._held, ""
        return self._fit(rest)


def uncoloured(text: str) -> str:
    """An engine's words without its colours, otherwise as they are."""
    return re.sub(_SEQUENCE, lambda found: "" if _is_colour(found[1]) else found[0], text)


def json_text(value: Any, *, indent: int | None = 2) -> str:
    r"""JSON whose hidden characters are \u escapes, so that it may be printed; a reader gets the true values."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if _all_shows(text, lines=True) else re.sub(_TEXT, _unit_escapes, text)


def markup(text: str) -> str:
    """Text for HTML, SVG or XML, between tags or in a quoted attribute; no character in it that XML forbids."""
    import html  # brings the table of all entities along, and few texts go into a page

    return html.escape(terminal(text))


def markdown(text: str) -> str:
    """Text for one line of Markdown, in a table cell, too: no link, picture, tag, mention, emphasis or reference in it, and at the
    beginning of a line no list, heading, rule or quick action.

    GitHub and GitLab make mentions, references, links and emoji from the finished page, where a backslash is gone: an empty
    comment stays in between. GitLab's references (`!1`, `$1`, `~label`, `%milestone`, `&epic`) end at a backslash
    (docs.gitlab.com/user/markdown, "Escape"), and it executes `/close` where a line begins with it
    (lib/gitlab/quick_actions/extractor.rb). What is not held up: a site's own reference formats (GitHub's custom autolinks).
    """
    shown = re.sub(r"[\\`*_{}\[\]()<>+!|~$&^%]", r"\\\g<0>", line(text))
    shown = re.sub(_AT_THE_BEGINNING, r"\1\\\2", shown)
    shown = re.sub(_HASH, lambda found: re.sub(_PIECE, r"\g<0><!-- -->", found[0]), shown)
    return re.sub(_REFERENCE, r"\g<0><!-- -->", shown)


def code_span(text: str) -> str:
    """Text as a code span for one line of Markdown, in a table cell, too."""
    shown = line(text).replace("|", "\\|")
    ticks = "`" * (_longest_ticks(shown) + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def code_block(text: str, language: str = "text") -> str:
    """Lines as a fenced block of Markdown, whatever backticks are in them. One that begins as GitLab's quick actions do is indented by
    a blank. `language`: a name of ours, that the page may draw it by."""
    shown = re.sub(_ACTION, " /", terminal(uncoloured(text)))  # GitLab ends a block at any line of three backticks
    fence = "`" * max(3, _longest_ticks(shown) + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def dot(text: str) -> str:
    r"""Text for between the quotes of a Graphviz string. Labels decode entities and escapes such as \N: not these."""
    return line(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def mermaid(text: str) -> str:
    """Text for between the quotes of a Mermaid label: its own entities for what could end a label or become markup."""
    return re.sub(r'[#"<>&\[\]{}|`;\\]', lambda found: f"#{ord(found[0])};", line(text))


def terraform(text: str) -> str:
    """Text for a string in Terraform's JSON: it means what it says, no expression is read into it."""
    return text.replace("${", "$${").replace("%{", "%%{")


def _longest_ticks(text: str) -> int:
    return max((len(ticks) for ticks in re.findall("`+", text)), default=0)


def _first_escaped(found: re.Match[str]) -> str:
    return f"{found[0][:-1]}\\x{ord(found[1]):02x}"


def _colour(settings: str) -> str:
    sequence = f"\x1b[{settings}m"
    return sequence if _is_colour(settings) else terminal(sequence)


def _is_colour(settings: str) -> bool:
    return _COLOURS.issuperset(settings.split(";"))


def _unit_escapes(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
