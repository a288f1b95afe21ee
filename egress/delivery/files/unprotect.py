"""Taking the protection of a default route away: `protect: false`, written into the domain file where a review sees it."""

from __future__ import annotations

from egress.domain.editing import Edit, edited

_PROTECT = Edit(("default_route", "protect"), False)


def unprotected(text: str, shown: str) -> str:
    """The text of a domain file with `default_route.protect: false`; comments, layout and line ends stay as they are.

    Errors: DomainFileError for a text that is not YAML; EgressError where the place for the key cannot be found safely.
    """
    return edited(text, shown, [_PROTECT])
