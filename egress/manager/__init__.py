"""A read-only client of an NSX Manager's Policy API. GET is the only method it has.

with Manager.of(domain, root, lab) as manager:
    gateway, objects = manager.tier0(domain.tier0)
"""

from egress.manager.client import Manager

__all__ = ["Manager"]
