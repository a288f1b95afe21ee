"""Text that stands for a value known only when Terraform runs, and what becomes of it in the JSON.

cdktf hands out marks such as `${TfToken[TOKEN.3]}` and puts the reference in their place when it writes. The marks here look
the same, so that programs treat them the same; the reference is put in where a text is given to a block.
"""

from __future__ import annotations

import re
import sys

from egress.recorder.handover import hand_over

_MARK = re.compile(r"\$\{TfToken\[TOKEN\.(\d+)\]\}")
_NUMBER_MARK = re.compile(r"-[\d.]+e\+?\d{3}")  # a token number is a double below -1e280
_references: list[str] = []
"""What stands for each mark in the JSON, by its number."""


def mark(reference: str) -> str:
    """Text for a reference such as `nsxt_policy_nat_rule.a.path`."""
    _references.append(sys.intern(f"${{{reference}}}"))  # the stacks of a fleet have the same ones
    return f"${{TfToken[TOKEN.{len(_references) - 1}]}}"


def resolved(value: str) -> str:
    """The text with references in place of marks; without marks, the text itself."""
    if "TfToken[" not in value:
        if _NUMBER_MARK.search(value):
            hand_over("a text with what may be a number token")
        return value
    whole = _MARK.fullmatch(value)
    if whole:
        return _reference(whole)
    between = _MARK.sub("", value)
    if "TfToken[" in between or "${" in between or "}" in between:
        hand_over("an expression that is put together from tokens")
    return _MARK.sub(_reference, value)


def _reference(match: re.Match[str]) -> str:
    number = int(match.group(1))
    if number >= len(_references):
        hand_over("a token that was not made here")
    return _references[number]
