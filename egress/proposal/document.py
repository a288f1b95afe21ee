"""Proposals as data: what `egress propose --json` prints and `--from` takes, so that who reads managers need not be who writes branches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from egress.domain import EgressError
from egress.domain.fields import quoted
from egress.proposal.proposal import Proposal

__all__ = ["FORMAT", "as_data", "from_data"]

FORMAT = "egress-proposal"
_VERSION = 1
_WHERE = ("egress", "tier1s")
"""The keys of a domain file below which a proposal edits. Another one, nsx.host say, would send a login elsewhere."""
_PROPOSALS = TypeAdapter(tuple[Proposal, ...])


def as_data(proposals: Sequence[Proposal]) -> dict[str, Any]:
    """Proposals as one JSON value."""
    return {"format": FORMAT, "version": _VERSION, "proposals": _PROPOSALS.dump_python(tuple(proposals), mode="json")}


def from_data(data: Any, what: str) -> tuple[Proposal, ...]:
    """The proposals in a JSON value; `what`: it, in words. Errors: EgressError for anything else, and for an edit that is none of a proposal."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise EgressError(f"{what} is no proposal: egress propose --out FILE writes one")
    if data.get("version") != _VERSION:
        raise EgressError(
            f"{what} is a proposal of version {quoted(data.get('version'))}, allowed is {_VERSION}: make it anew"
        )
    try:
        found = _PROPOSALS.validate_python(data.get("proposals"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise EgressError(f"{what} cannot be read at proposals.{where}: {first['msg'].lower()}: make it anew") from None
    for one in found:
        for edit in one.edits:
            if len(edit.at) < 2 or edit.at[0] not in _WHERE:
                key = ".".join(map(str, edit.at))
                raise EgressError(
                    f"{what} edits {quoted(key)} of {one.stack}, allowed are keys below {' and '.join(_WHERE)}"
                )
    return found
