"""The versions of vmware/nsxt that the stand-in can be, and what differs between them for its objects.

Read in the repository vmware/terraform-provider-nsxt, the differences between the tags v3.11.1 and v3.12.0. Static routes, NAT rules, BFD peers and
the schemas of everything that the stand-in has are the same in both.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """One version. `name` is its own, as engines see it.

    `version_field`: the field of /api/v1/node/version that it takes for NSX's version. `asks_for_span`: it wants a default network span
    from NSX 9.1.0 on, at each start. `related_end`: what stands behind each related error. `names_the_sought`: a search that fails is told
    with what was looked for.
    """

    name: str
    version_field: str = "node_version"
    asks_for_span: bool = False
    related_end: str = " "
    names_the_sought: bool = False


RECORDED = Version("3.11.1+lab")
"""The one that tests/recordings hold to; what a lab uses unless it is told otherwise."""
NEWER = Version("3.12.0+lab", "product_version", asks_for_span=True, related_end="\n", names_the_sought=True)
VERSIONS = {version.name: version for version in (RECORDED, NEWER)}


def version(name: str) -> Version:
    """The version of that name, with or without `+lab`; ValueError names the others."""
    found = VERSIONS.get(name) or VERSIONS.get(f"{name}+lab")
    if found is None:
        raise ValueError(f"the stand-in cannot be version {name!r}: allowed are {', '.join(VERSIONS)}")
    return found
