"""Which NSX Manager is meant, however a file or a variable writes it. The only answer to "is it the same one?"."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple

_HTTPS = 443


class ManagerKey(NamedTuple):
    """An NSX Manager, however its address is written: letter case, the default port and a trailing dot make no difference."""

    host: str
    port: int

    @classmethod
    def of(cls, written: str) -> ManagerKey:
        """The manager that a host names. Names are compared, never looked up: an alias in DNS is another manager."""
        name, colon, port = written.rpartition(":")
        if not colon or not re.fullmatch("[0-9]{1,5}", port) or (":" in name and not name.endswith("]")):
            name, port = written, str(_HTTPS)
        return cls(_canonical(name), int(port))

    def __str__(self) -> str:
        return self.host if self.port == _HTTPS else f"{self.host}:{self.port}"


def _canonical(name: str) -> str:
    """Names in lower case without the dot of the root (RFC 4343, RFC 1034 3.1), addresses as they are usually written."""
    bare = name.removeprefix("[").removesuffix("]")
    try:
        return ip_address(bare).compressed
    except ValueError:
        return bare.lower().removesuffix(".")
