"""A read-only client of an NSX Manager's Policy API. GET is the only method it has.

with Manager.of(domain, root, lab) as manager:
    seen = sight(manager, domain)
"""

from egress.manager.client import Manager
from egress.manager.connections import Connections
from egress.manager.sight import Around, around, sight
from egress.manager.survey import survey

__all__ = ["Around", "Connections", "Manager", "around", "sight", "survey"]
