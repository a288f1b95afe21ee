"""The provider block: defaults from the environment, checks, and the settings that come out of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nsx_lab.provider.values import checks, gojson
from nsx_lab.provider.values.schema import Block, Trait
from nsx_lab.provider.values.values import UNKNOWN, Value
from nsx_lab.provider.wire.errors import ProviderError
from nsx_lab.provider.wire.tls import Trust

DEFAULT_RETRY_STATUSES = (400, 409, 429, 500, 503, 504)
_LICENCE = "^[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}$"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}

# attribute: (environment variable, default), as in provider.go of 3.11.1
ENVIRONMENT: Mapping[str, tuple[str, Value]] = {
    "allow_unverified_ssl": ("NSXT_ALLOW_UNVERIFIED_SSL", False),
    "username": ("NSXT_USERNAME", None),
    "password": ("NSXT_PASSWORD", None),
    "remote_auth": ("NSXT_REMOTE_AUTH", False),
    "session_auth": ("NSXT_SESSION_AUTH", True),
    "host": ("NSXT_MANAGER_HOST", None),
    "client_auth_cert_file": ("NSXT_CLIENT_AUTH_CERT_FILE", None),
    "client_auth_key_file": ("NSXT_CLIENT_AUTH_KEY_FILE", None),
    "client_auth_cert": ("NSXT_CLIENT_AUTH_CERT", None),
    "client_auth_key": ("NSXT_CLIENT_AUTH_KEY", None),
    "ca_file": ("NSXT_CA_FILE", None),
    "ca": ("NSXT_CA", None),
    "max_retries": ("NSXT_MAX_RETRIES", 4),
    "retry_min_delay": ("NSXT_RETRY_MIN_DELAY", 0),
    "retry_max_delay": ("NSXT_RETRY_MAX_DELAY", 500),
    "tolerate_partial_success": ("NSXT_TOLERATE_PARTIAL_SUCCESS", False),
    "vmc_auth_host": ("NSXT_VMC_AUTH_HOST", None),
    "vmc_token": ("NSXT_VMC_TOKEN", None),
    "vmc_client_id": ("NSXT_VMC_CLIENT_ID", None),
    "vmc_client_secret": ("NSXT_VMC_CLIENT_SECRET", None),
    "vmc_auth_mode": ("NSXT_VMC_AUTH_MODE", "Default"),
    "enforcement_point": ("NSXT_POLICY_ENFORCEMENT_POINT", "default"),
    "global_manager": ("NSXT_GLOBAL_MANAGER", False),
    "on_demand_connection": ("NSXT_ON_DEMAND_CONNECTION", False),
}
TRAITS: Mapping[str, Trait] = {
    "host": Trait(check=checks.host),
    "vmc_auth_mode": Trait(check=checks.one_of("Default", "Bearer", "Basic")),
    "license_keys": Trait(
        check=checks.matches(_LICENCE, f"Must be a valid nsx license key matching: {_LICENCE}"),
        conflicts_with="vmc_token",
    ),
}


@dataclass(frozen=True)
class Settings:
    """What the provider works with. Delays are milliseconds. `url` is https://host[:port], as given."""

    url: str
    username: str
    password: str
    trust: Trust
    sends_credentials: bool
    session_auth: bool
    remote_auth: bool
    on_demand: bool
    global_manager: bool
    enforcement_point: str
    max_retries: int
    retry_min_delay: int
    retry_max_delay: int
    retry_statuses: tuple[int, ...]
    licence_keys: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r})"  # nothing else: a traceback must not show a password


def with_environment(block: Block, config: dict[str, Value]) -> dict[str, Value]:
    """Fill in what the configuration leaves out. Raises ProviderError for a variable of the wrong type."""
    filled = dict(config)
    for name, (variable, default) in ENVIRONMENT.items():
        if filled[name] is None:
            text = os.environ.get(variable, "")
            filled[name] = _converted(name, block.attributes[name].kind, text) if text else default
    return filled


def _converted(name: str, kind: str, text: str) -> Value:
    """Text of the environment as cty converts it: of booleans only these four spellings."""
    if kind == "string":
        return text
    if kind == "bool" and text in _BOOLEANS:
        return _BOOLEANS[text]
    if kind == "number" and gojson.is_integer(text):
        return int(text)
    wanted = "a bool is required" if kind == "bool" else "a number is required"
    if kind == "bool" and text.lower() in _BOOLEANS:
        wanted += f'; to convert from string, use lowercase "{text.lower()}"'
    raise ProviderError(f'error setting default for "{name}": {wanted}')


def settings(block: Block, config: dict[str, Value]) -> Settings:
    """The settings of a provider block. Raises ProviderError in the provider's words and order."""
    given = with_environment(block, {k: None if v is UNKNOWN else v for k, v in config.items()})
    _refuse_vmc(given)
    if given["max_retries"] < 0:
        raise ProviderError(
            f"max_retries is {given['max_retries']}: 0 and more is allowed (the real provider crashes here)"
        )
    on_demand = bool(given["on_demand_connection"])
    has_certificate = bool(given["client_auth_cert_file"] or given["client_auth_cert"])
    _demand_key(given)
    needs_credentials = not has_certificate or (on_demand and given["remote_auth"])
    if needs_credentials and not on_demand:
        _demand_credentials(given)
    url = _url(given["host"] or "")
    sends_credentials = not has_certificate or bool(given["remote_auth"])
    if sends_credentials:
        _demand_credentials(given)
    low, high = given["retry_min_delay"], given["retry_max_delay"]
    return Settings(
        url=url,
        username=given["username"] or "",
        password=given["password"] or "",
        trust=_trust(given),
        sends_credentials=sends_credentials,
        session_auth=given["session_auth"],
        remote_auth=given["remote_auth"],
        on_demand=on_demand,
        global_manager=given["global_manager"],
        enforcement_point=given["enforcement_point"] or "",
        max_retries=given["max_retries"],
        retry_min_delay=low,
        retry_max_delay=low + 1 if high < low else high,
        retry_statuses=tuple(given["retry_on_status_codes"] or DEFAULT_RETRY_STATUSES),
        licence_keys=tuple(given["license_keys"] or ()),
    )


def _refuse_vmc(given: dict[str, Value]) -> None:
    used = [n for n in ("vmc_token", "vmc_client_id", "vmc_client_secret", "vmc_auth_host") if given[n]]
    if given["vmc_auth_mode"] != "Default":
        used.append("vmc_auth_mode")
    if used:
        raise ProviderError(
            f"{used[0]}: VMware Cloud on AWS is not known to the lab's stand-in for vmware/nsxt; leave it out"
        )


def _demand_key(given: dict[str, Value]) -> None:
    if given["client_auth_cert_file"] and not given["client_auth_key_file"]:
        raise ProviderError("Please provide key file for client certificate")
    if given["client_auth_cert"] and not given["client_auth_key"]:
        raise ProviderError("Please provide key for client certificate")


def _demand_credentials(given: dict[str, Value]) -> None:
    for name in ("username", "password"):
        if not given[name]:
            raise ProviderError(f"{name} must be provided")


def _url(host: str) -> str:
    if not host.removeprefix("https://"):
        raise ProviderError("host must be provided")
    return host if host.startswith("https://") else f"https://{host}"


def _trust(given: dict[str, Value]) -> Trust:
    """Text wins over files, for the CA and for the client certificate, as in the provider."""
    certificate, key = given["client_auth_cert"] or "", given["client_auth_key"] or ""
    if given["client_auth_cert_file"] and not certificate:
        certificate, key = _file(given["client_auth_cert_file"]), _file(given["client_auth_key_file"])
    ca = _file(given["ca_file"]) if given["ca_file"] else ""
    ca = given["ca"] or ca
    return Trust(verify=not given["allow_unverified_ssl"], ca=ca, certificate=certificate, key=key)


def _file(name: Any) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise ProviderError(f"open {name}: {(error.strerror or '').lower()}") from error
    except UnicodeDecodeError as error:
        raise ProviderError(f"open {name}: not a PEM file") from error
