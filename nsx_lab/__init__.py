"""A lab without NSX: a Policy API over TLS that acts like an NSX Manager, and a stand-in for the vmware/nsxt provider.

Useful on its own to anybody who writes NSX automation; imports nothing of the rest of this distribution.

    from nsx_lab import Lab

    with Lab(seed=document) as lab:
        ...  # lab.host, lab.ca_pem, lab.username, lab.password, lab.control

Importing this package is cheap: the provider starts through it. `Lab` is loaded when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nsx_lab.manager.lab import Lab

__all__ = ["Lab"]


def __getattr__(name: str) -> Any:
    if name == "Lab":
        from nsx_lab.extra import missing

        sentence = missing()
        if sentence:
            raise ImportError(sentence)
        from nsx_lab.manager.lab import Lab

        return Lab
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
