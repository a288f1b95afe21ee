"""A pull request, reviewed: what saved plans do to packets, whether anything in them is dangerous, and how both are told.

consequence   the values: what becomes of a flow, what another failure does, the review of one plan; as JSON and back
walked        making one: the walk over what is there now, and over that with the plan put in
planned_run   a folder of saved plans with their reviews, and the stacks that could not be planned
finding       what the gate says, as values
gate          what it says, and gate.yaml: a room of its own
afterwards    what became of the flows once the plan was applied
comment       it all as Markdown, in the room that a forge gives
drift_issue   what a nightly run found of one stack, as Markdown
"""
