"""Where a manager is and how to get in: from the domain file and the environment, or from a lab file. TLS is always verified."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from egress.domain import EgressError, LabTarget, WorkloadDomain, credentials
from egress.domain.fields import quoted


@dataclass(frozen=True)
class Access:
    """A manager's host, the TLS context to meet it with, and user and password (None where a client certificate is used)."""

    host: str
    tls: ssl.SSLContext
    login: tuple[str, str] | None = field(repr=False)


def access(domain: WorkloadDomain, root: Path, lab: LabTarget | None, env: Mapping[str, str]) -> Access:
    """Access to the domain's manager, or to the lab that stands in for it.

    The credentials are `<PREFIX>_USERNAME` and `<PREFIX>_PASSWORD`, or `<PREFIX>_CLIENT_AUTH_CERT_FILE` and
    `<PREFIX>_CLIENT_AUTH_KEY_FILE`. Errors: EgressError when they are missing or meant for another host, or when a file
    cannot be used.
    """
    if lab:
        return Access(lab.host, _lab_context(lab), (lab.username, lab.password.get_secret_value()))
    prefix = domain.nsx.credentials
    tls = context(root, domain.nsx.ca_file)
    credentials.check(domain.stack, prefix, domain.nsx.host, env)
    user, password = env.get(f"{prefix}_USERNAME"), env.get(f"{prefix}_PASSWORD")
    if user and password:
        return Access(domain.nsx.host, tls, (user, password))
    certificate, key = (env[f"{prefix}_{name}"] for name in credentials.PAIRS[1])
    try:
        tls.load_cert_chain(certificate, key, password=_no_passphrase)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise EgressError(f"the client certificate {certificate!r} cannot be used: {error}") from None
    return Access(domain.nsx.host, tls, None)


def unusable(root: Path, ca_file: str | None) -> str:
    """Why the authority in `ca_file` cannot be used, or nothing."""
    try:
        context(root, ca_file)
    except EgressError as error:
        return str(error).partition(": ")[2]
    return ""


def context(root: Path, ca_file: str | None) -> ssl.SSLContext:
    """What a manager's certificate is verified with. Errors: EgressError when `ca_file` is missing or holds no certificate."""
    try:
        return ssl.create_default_context(cafile=str(root / ca_file) if ca_file else None)
    except FileNotFoundError:
        why = "there is no such file in the project folder"
    except ssl.SSLError:
        why = "it holds no certificate in PEM form"
    except OSError as error:
        why = str(error.strerror)
    raise EgressError(f"nsx.ca_file {quoted(ca_file)} cannot be used: {why}")


def _lab_context(lab: LabTarget) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=lab.ca)
    except (ssl.SSLError, ValueError):
        raise EgressError("the certificate authority in the lab file is no PEM text: start the lab anew") from None


def _no_passphrase() -> str:
    """OpenSSL would ask at the terminal."""
    raise ValueError("its key has a passphrase, which nobody is asked for: give a key without one")
