"""What can go wrong on the way to a manager, as sentences with the remedy that fits."""

from __future__ import annotations

import ssl

_EXPIRED, _NOT_YET, _SELF_SIGNED = 10, 9, 18
_OTHER_NAME = (62, 64)
"""X509_V_ERR_* of OpenSSL (x509_vfy.h): has expired, not yet valid, self-signed leaf; host name and address mismatch."""


def certificate_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """The refusal of a certificate among the causes of an error, if there is one."""
    found = _cause(error, ssl.SSLCertVerificationError)
    return found if isinstance(found, ssl.SSLCertVerificationError) else None


def told(host: str, error: BaseException) -> str:
    """Why `host` cannot be reached, in a sentence."""
    certificate = certificate_error(error)
    if certificate is not None:
        return untrusted(host, certificate)
    tls = _cause(error, ssl.SSLError)
    if isinstance(tls, ssl.SSLError):
        return f"{host} does not speak TLS as it should: {_tls(tls)}"
    return f"{host} cannot be reached: {_plain(error)}"


def untrusted(host: str, error: ssl.SSLCertVerificationError) -> str:
    """Why the certificate of `host` is refused. Each cause has a remedy of its own."""
    code, said = error.verify_code, error.verify_message
    if code == _EXPIRED:
        return f"the certificate of {host} has expired: give the manager a new one, nsx.ca_file does not help ({said})"
    if code == _NOT_YET:
        return f"the certificate of {host} is not valid yet: compare the clocks of this machine and of the manager ({said})"
    if code in _OTHER_NAME:
        return f"the certificate of {host} is for another name: write the name that it carries into nsx.host ({said})"
    if code == _SELF_SIGNED:
        return (
            f"the certificate of {host} is not trusted: name its authority in nsx.ca_file, which is the certificate itself, as it "
            f"is self-signed: compare its fingerprint in NSX Manager first ({said})"
        )
    return f"the certificate of {host} is not trusted: name its authority in nsx.ca_file ({said})"


def _tls(error: ssl.SSLError) -> str:
    reason = (error.reason or str(error)).replace("_", " ").lower()
    if "wrong version" in reason or "http request" in reason or "unknown protocol" in reason:
        return "something else than TLS answers on this port, check nsx.host"
    if "certificate required" in reason or "bad certificate" in reason:
        return f"it does not take our client certificate ({reason})"
    return reason


def _plain(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _cause(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, kind):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None
