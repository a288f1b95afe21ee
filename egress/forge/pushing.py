"""How git pushes with the token that posts: as a header for the forge's own host, in the environment of that one call and nowhere else."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import urlsplit

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
        server, pages = place.github(env).server, env.get("GITHUB_SERVER_URL") or "https://github.com"
    else:
        server = place.gitlab(env).server
        pages = env.get("CI_SERVER_URL") or server.url.removesuffix("/api/v4")
    parts = urlsplit(pages)
    login = base64.b64encode(f"{_USERS[kind]}:{server.token}".encode()).decode()
    settings = {f"http.{parts.scheme}://{parts.netloc}/.extraheader": f"Authorization: Basic {login}"}
    return settings | (
        {f"http.{parts.scheme}://{parts.netloc}/.sslCAInfo": server.trust} if isinstance(server.trust, str) else {}
    )
