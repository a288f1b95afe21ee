"""Objects that somebody made by hand, matched with a domain file by content, and what the file then says of them. Pure."""

from egress.adoption.adopting import Adoption, Match, Refusal, adoption, others_of, same_but_for, still_there

__all__ = ["Adoption", "Match", "Refusal", "adoption", "others_of", "same_but_for", "still_there"]
