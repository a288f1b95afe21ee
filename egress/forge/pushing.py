"""How git pushes with the token that posts: as a header for the forge's own host, in the environment of that one call and nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from egress.forge import place
from egress.forge.kinds import Kind

__all__ = ["push_settings"]

_USERS = {Kind.GITHUB: "x-access-token", Kind.GITLAB: "oauth2"}
"""As whom a token logs in over HTTPS (GitHub: authenticating as an installation; GitLab: project access tokens)."""


def push_settings(kind: Kind, env: Mapping[str, str]) -> dict[str, str]:
    """Settings of git, key -> value: the header that actions/checkout would keep in the clone. Errors: EgressError."""
    if kind is Kind.FILE:
        return {}
    if kind is Kind.GITHUB:
        server, host = place.github(env).server, place.pages(env, "GITHUB_SERVER_URL", "https://github.com")
    else:
        server = place.gitlab(env).server
        host = place.pages(env, "CI_SERVER_URL", server.url)
    login = base64.b64encode(f"{_USERS[kind]}:{server.token}".encode()).decode()
    settings = {f"http.{host}/.extraheader": f"Authorization: Basic {login}"}
    return settings | ({f"http.{host}/.sslCAInfo": server.trust} if isinstance(server.trust, str) else {})
