"""Where a manager is and how to get in: from the domain file and the environment, or from a lab file. TLS is always verified."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from egress.domain import EgressError, LabTarget, WorkloadDomain


@dataclass(frozen=True)
class Access:
    """A manager's host, the TLS context to meet it with, and user and password (None where a client certificate is used)."""

    host: str
    tls: ssl.SSLContext
    login: tuple[str, str] | None = field(repr=False)


def access(domain: WorkloadDomain, root: Path, lab: LabTarget | None, env: Mapping[str, str]) -> Access:
    """Access to the domain's manager, or to the lab that stands in for it.

    The credentials are `<PREFIX>_USERNAME` and `<PREFIX>_PASSWORD`, or `<PREFIX>_CLIENT_AUTH_CERT_FILE` and
    `<PREFIX>_CLIENT_AUTH_KEY_FILE`. Errors: EgressError when they are missing or a file cannot be used.
    """
    if lab:
        tls = ssl.create_default_context(cadata=lab.ca)
        return Access(lab.host, tls, (lab.username, lab.password.get_secret_value()))
    prefix = domain.nsx.credentials
    tls = _context(root, domain.nsx.ca_file)
    user, password = env.get(f"{prefix}_USERNAME"), env.get(f"{prefix}_PASSWORD")
    if user and password:
        return Access(domain.nsx.host, tls, (user, password))
    certificate, key = env.get(f"{prefix}_CLIENT_AUTH_CERT_FILE"), env.get(f"{prefix}_CLIENT_AUTH_KEY_FILE")
    if not certificate or not key:
        raise EgressError(
            f"no credentials: set {prefix}_USERNAME and {prefix}_PASSWORD "
            f"(or {prefix}_CLIENT_AUTH_CERT_FILE and {prefix}_CLIENT_AUTH_KEY_FILE) in the environment, never in a file"
        )
    try:
        tls.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise EgressError(f"the client certificate {certificate!r} cannot be used: {error}") from None
    return Access(domain.nsx.host, tls, None)


def _context(root: Path, ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=str(root / ca_file) if ca_file else None)
    except (OSError, ssl.SSLError) as error:
        raise EgressError(f"nsx.ca_file {ca_file!r} cannot be used: {error}") from None
