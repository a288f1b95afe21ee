"""Affected stacks as Markdown for the job summary of a CI system."""

from __future__ import annotations

from collections.abc import Sequence

from egress import escape
from egress.delivery.change.affected import Affected


def of_affected(found: Sequence[Affected], base: str) -> str:
    """The affected stacks and why, in a table."""
    if not found:
        return f"No stack differs from {escape.code_span(base)}.\n\n"
    rows = [f"| {one.stack} | {one.why}{f': {escape.markdown(one.detail)}' if one.detail else ''} |" for one in found]
    return "\n".join(
        [f"Stacks that differ from {escape.code_span(base)}:", "", "| stack | why |", "|---|---|", *rows, "", ""]
    )
