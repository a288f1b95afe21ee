"""Credentials of managers: the variables that hold them, the hosts they are bound to, and what of them an engine gets.

A domain file is data of a pull request, the environment is the operator's. So the environment decides which managers may ever
see a prefix's user and password: `<PREFIX>_HOST`, one host or several with commas between. Pure functions over an environment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from egress.domain.managers import ManagerKey
from egress.domain.problems import EgressError
from egress.layout import SHELL_MARK

DEFAULT = "NSXT"
"""The provider's own prefix."""
PAIRS = (("USERNAME", "PASSWORD"), ("CLIENT_AUTH_CERT_FILE", "CLIENT_AUTH_KEY_FILE"))
"""Either of them lets somebody in."""
VARIABLES = (
    "USERNAME",
    "PASSWORD",
    "CLIENT_AUTH_CERT_FILE",
    "CLIENT_AUTH_KEY_FILE",
    "CLIENT_AUTH_CERT",
    "CLIENT_AUTH_KEY",
    "REMOTE_AUTH",
    "SESSION_AUTH",
    "CA",
    "CA_FILE",
    "ALLOW_UNVERIFIED_SSL",
)
"""What an engine gets as NSXT_<name>: what the provider reads to know who it is and whom to trust (provider 3.12.0,
provider.go). Nothing else passes: no NSXT_MANAGER_HOST (the stack says its host), no setting that nobody here has tried."""
HOST = "HOST"
"""`<PREFIX>_HOST`: ours, never passed on."""
REFUSED = {
    "CACHE_MODE": "the provider's next release then writes tags while it reads (provider.go after 3.12.0)",
}
FOREIGN = {
    "Terraform, OpenTofu and their state stores": "TF TFE TFC TERRAFORM TOFU TG TERRAGRUNT ATLAS CONSUL PG POSTGRES POSTGRESQL",
    "a cloud": "AWS ARM AZURE GOOGLE GCP GCLOUD CLOUDSDK OCI OS ALICLOUD DIGITALOCEAN CLOUDFLARE",
    "another product of VMware": "VSPHERE VCENTER VCD VMC VRA AVI SDDC GOVC ESX ESXI",
    "a CI system or a forge": "CI GITHUB GH GITLAB GL BITBUCKET RUNNER ACTIONS JENKINS BUILD BUILDKITE CIRCLE DRONE SYSTEM AGENT",
    "a secret store": "VAULT BAO OP SOPS BW",
    "a tool of this machine": "SSH GIT GPG SUDO DOCKER REGISTRY KUBE KUBERNETES HELM ANSIBLE NPM NODE JSII CDKTF PIP UV POETRY TWINE "
    "PYTHON EGRESS HTTP HTTPS FTP ALL NO PROXY LD DYLD LC XDG SMTP MAIL LDAP DB DATABASE MYSQL REDIS MONGO SLACK",
}
"""Whose first words are no prefix of ours: a file that named one would send a stranger's login to a manager."""
_OWNERS = {word: owner for owner, words in FOREIGN.items() for word in words.split()}


def owner(prefix: str) -> str | None:
    """Whose variables begin with `prefix`, if they are not those of an NSX Manager."""
    words = prefix.split("_")
    return next((_OWNERS[head] for n in range(1, len(words) + 1) if (head := "_".join(words[:n])) in _OWNERS), None)


def hosts(prefix: str, env: Mapping[str, str]) -> tuple[str, ...] | None:
    """The managers that may see the credentials of `prefix`; None where nothing binds them."""
    text = env.get(f"{prefix}_{HOST}", "").strip()
    return tuple(part.strip() for part in text.split(",") if part.strip()) if text else None


def bound_elsewhere(prefix: str, host: str, env: Mapping[str, str]) -> str:
    """The hosts that the credentials of `prefix` are for, in words, where `<PREFIX>_HOST` is set and does not name `host`; else nothing."""
    bound = hosts(prefix, env)
    if bound is None or ManagerKey.of(host) in {ManagerKey.of(one) for one in bound}:
        return ""
    return " or ".join(map(repr, bound)) or "no host"


def refuse_other_host(stack: str, prefix: str, host: str, env: Mapping[str, str]) -> None:
    """Errors: EgressError when `<PREFIX>_HOST` is set and does not name `host`. Nothing was sent anywhere then."""
    elsewhere = bound_elsewhere(prefix, host, env)
    if elsewhere:
        raise EgressError(
            f"{stack}: nsx.host is {host!r}, the credentials {prefix}_* are for {elsewhere} only "
            f"({prefix}_{HOST}): correct nsx.host or nsx.credentials, or add the host to {prefix}_{HOST}; nothing was sent"
        )


def refuse_settings(prefix: str, env: Mapping[str, str]) -> None:
    """Errors: EgressError for a setting of the provider that a plan must not run with."""
    for name, why in REFUSED.items():
        for variable in dict.fromkeys((f"{prefix}_{name}", f"{DEFAULT}_{name}")):
            if env.get(variable):
                raise EgressError(f"{variable}={env[variable]} is not allowed: {why}: unset it")


def refuse_missing(prefix: str, env: Mapping[str, str]) -> None:
    """Errors: EgressError when neither user and password nor a client certificate are in the environment.

    Also when NSXT_* is wanted in an `egress shell` that put a lab's credentials there.
    """
    mark = env.get(SHELL_MARK, "")
    if mark.startswith("lab ") and prefix == DEFAULT:
        raise EgressError(f"this shell was opened for the {mark}, whose credentials are in NSXT_*: leave it first")
    if not given(prefix, env):
        raise EgressError(f"no credentials: {ask(prefix)} in the environment, never in a file")


def given(prefix: str, env: Mapping[str, str]) -> bool:
    """Whether user and password or a client certificate are in the environment."""
    return any(all(env.get(f"{prefix}_{name}") for name in pair) for pair in PAIRS)


def ask(prefix: str) -> str:
    """What to set, as the end of a sentence."""
    login, certificate = (" and ".join(f"{prefix}_{name}" for name in pair) for pair in PAIRS)
    return f"set {login} (or {certificate})"


def check(stack: str, prefix: str, host: str, env: Mapping[str, str]) -> None:
    """Everything that must hold before the credentials of `prefix` are used on `host`. Errors: EgressError."""
    refuse_other_host(stack, prefix, host, env)
    refuse_settings(prefix, env)
    refuse_missing(prefix, env)


def check_host(prefix: str, host: str, env: Mapping[str, str]) -> None:
    """The same for a host that no domain file names. Errors: EgressError."""
    elsewhere = bound_elsewhere(prefix, host, env)
    if elsewhere:
        raise EgressError(
            f"the host is {host!r}, the credentials {prefix}_* are for {elsewhere} only "
            f"({prefix}_{HOST}): ask that host, name other credentials, or add the host to {prefix}_{HOST}; nothing was sent"
        )
    refuse_settings(prefix, env)
    refuse_missing(prefix, env)


def for_provider(prefix: str, env: Mapping[str, str]) -> dict[str, str]:
    """The credentials of `prefix` as the NSXT_* variables that the provider reads."""
    found = {name: env.get(f"{prefix}_{name}") for name in VARIABLES}
    return {f"{DEFAULT}_{name}": value for name, value in found.items() if value}


def without(prefixes: Collection[str], env: Mapping[str, str]) -> dict[str, str]:
    """The environment without anything of the provider's own (NSXT_*), and without the credentials of `prefixes`."""
    theirs = {f"{prefix}_{name}" for prefix in prefixes for name in (*VARIABLES, HOST)}
    return {key: value for key, value in env.items() if key not in theirs and not key.startswith(f"{DEFAULT}_")}
