"""A domain file held against its manager: what is there, equal, realized and reached. Pure: values in, findings out.

verify                       everything, in one value
finding                      the checks with their ids (docs/verify.md), and what a finding is
objects, meaning             the stack's own objects, attribute by attribute; what values mean
gateway, forwarding          the Tier-0 as declared; the default route on each edge
around                       what others have in the way: the rules over a manager; alarms
below, room                  what sends, and whether it is covered; how much is left
flows                        the walk, held against the walk over the file
changes, text, junit         from one look to the next; in words; for CI
"""
