"""Tier-0 egress of workload domains on static routing, without CDKTF. docs/architecture.md says which room is about what.

Made to be imported: `egress.domain` (load_domains), `egress.checks` (check, enforce), `egress.policy`, `egress.reachability`,
`egress.answers`, `egress.manager`. Everything an import needs is told by the room's own `__init__`; names with `_` are nobody's.
The command is `egress.cli`.
"""
