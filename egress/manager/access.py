"""Where a manager is and how to get in: from a domain file or a host and the environment, or from a lab file. TLS is always verified."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from egress.domain import EgressError, LabTarget, WorkloadDomain, credentials
from egress.domain.fields import EnvPrefix, Host, quoted

_IN_A_FILE = "nsx.ca_file"
_OPTIONS = {_IN_A_FILE: "--ca-file", "nsx.host": "--host"}
"""Keys of a domain file, and the options of commands that need none."""


@dataclass(frozen=True)
class Access:
    """A manager's host, the TLS context to meet it with, and user and password (None where a client certificate is used).

    by_option: host and authority were given as options of a command, not in a domain file.
    """

    host: str
    tls: ssl.SSLContext
    login: tuple[str, str] | None = field(repr=False)
    by_option: bool = False

    def advised(self, sentence: str) -> str:
        """A sentence whose remedy is where host and authority are written."""
        for key, option in _OPTIONS.items() if self.by_option else ():
            sentence = sentence.replace(key, option)
        return sentence


def access(domain: WorkloadDomain, root: Path, lab: LabTarget | None, env: Mapping[str, str]) -> Access:
    """Access to the domain's manager, or to the lab that stands in for it.

    The credentials are `<PREFIX>_USERNAME` and `<PREFIX>_PASSWORD`, or `<PREFIX>_CLIENT_AUTH_CERT_FILE` and
    `<PREFIX>_CLIENT_AUTH_KEY_FILE`. Errors: EgressError when they are missing or meant for another host, or when a file
    cannot be used.
    """
    if lab:
        return of_lab(lab)
    tls = context(root, domain.nsx.ca_file)
    credentials.check(domain.stack, domain.nsx.credentials, domain.nsx.host, env)
    return _logged_in(domain.nsx.host, tls, domain.nsx.credentials, env)


def of_host(
    host: str, env: Mapping[str, str], ca_file: Path | None = None, prefix: str = credentials.DEFAULT
) -> Access:
    """Access to a manager that no domain file names, with the credentials of a prefix, as above.

    ca_file: left out, the system's certificate authorities. Errors: EgressError, also for a host or prefix that a domain file could not name.
    """
    for kind, value in ((Host, host), (EnvPrefix, prefix)):
        try:
            TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            raise EgressError(error.errors(include_input=False, include_url=False)[0]["msg"]) from None
    tls = context(Path(), str(ca_file) if ca_file else None, _OPTIONS[_IN_A_FILE])
    credentials.check_host(prefix, host, env)
    return replace(_logged_in(host, tls, prefix, env), by_option=True)


def of_lab(lab: LabTarget) -> Access:
    """Access to a lab. Errors: EgressError for an authority that is none."""
    return Access(lab.host, _lab_context(lab), (lab.username, lab.password.get_secret_value()))


def _logged_in(host: str, tls: ssl.SSLContext, prefix: str, env: Mapping[str, str]) -> Access:
    user, password = env.get(f"{prefix}_USERNAME"), env.get(f"{prefix}_PASSWORD")
    if user and password:
        return Access(host, tls, (user, password))
    certificate, key = (env[f"{prefix}_{name}"] for name in credentials.PAIRS[1])
    try:
        tls.load_cert_chain(certificate, key, password=_no_passphrase)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise EgressError(f"the client certificate {certificate!r} cannot be used: {error}") from None
    return Access(host, tls, None)


def unusable(root: Path, ca_file: str | None) -> str:
    """Why the authority in `ca_file` cannot be used, or nothing."""
    try:
        context(root, ca_file)
    except EgressError as error:
        return str(error).partition(": ")[2]
    return ""


def context(root: Path, ca_file: str | None, named: str = _IN_A_FILE) -> ssl.SSLContext:
    """What a manager's certificate is verified with. named: what a sentence calls `ca_file`. Errors: EgressError when it is missing or holds no
    certificate."""
    try:
        return ssl.create_default_context(cafile=str(root / ca_file) if ca_file else None)
    except FileNotFoundError:
        why = "there is no such file" + (" in the project folder" if named == _IN_A_FILE else "")
    except ssl.SSLError:
        why = "it holds no certificate in PEM form"
    except OSError as error:
        why = str(error.strerror)
    raise EgressError(f"{named} {quoted(ca_file)} cannot be used: {why}")


def _lab_context(lab: LabTarget) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=lab.ca)
    except (ssl.SSLError, ValueError):
        raise EgressError("the certificate authority in the lab file is no PEM text: start the lab anew") from None


def _no_passphrase() -> str:
    """OpenSSL would ask at the terminal."""
    raise ValueError("its key has a passphrase, which nobody is asked for: give a key without one")
