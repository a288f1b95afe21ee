"""The line that `egress --help` has for each command, so that it need not import them all. `tests/cli/test_help.py` holds it to their
own first sentences, and to the files in this folder."""

from __future__ import annotations

SECTIONS: dict[str, dict[str, str]] = {
    "Domain files": {
        "check": "Judge domain files against the preflight rules.",
        "show": "Print the domain of STACK, merged with its defaults, as YAML.",
        "schema": "Print the JSON Schema of a domain file, for editors and other programs.",
        "init": "Write a new repository: app, example domain, pinned version, workflows for CI.",
    },
    "Packets": {
        "explain": "Say whether image pulls, DNS lookups and the ingress work, and what is missing.",
        "diagnose": "Say what a failed image pull in `kubectl describe pod` means, and what is missing.",
        "routes": "Print the routes that DNS servers and the upstream router lack.",
        "topology": "Draw a domain as a tree, in Mermaid or as SVG, with what becomes of packets.",
        "report": "Write one self-contained HTML page: picture, checks, flows, missing routes.",
    },
    "Managers": {
        "scan": "Write a domain file from what a manager has; nothing is changed there.",
        "adopt": "Match hand-made objects with a domain file, and write their ids into it.",
        "plan": "Synthesise and plan; nothing is written to the manager.",
        "apply": "Plan, show the plan, ask, and apply that very plan.",
        "propose": "Propose mappings for egress addresses that have none: a change of domain files.",
        "drift": "Compare the manager with the state, attribute by attribute; nothing is written.",
        "verify": "Compare the domain file with the manager, by reads of its own; nothing is written.",
        "destroy": "Plan the destruction of everything the stacks made, show it, ask, and do it.",
        "unprotect": "Let the default route of STACK be destroyed: a change of its domain file.",
        "forget": "Let the state of STACK go of what stood below a Tier-0 that is gone.",
        "rename": "Let the stack of a renamed domain file keep its state and its objects.",
        "gate": "Judge the saved plans in DIR: what is denied, what somebody has to answer for.",
        "affected": "Print the stacks whose synthesised Terraform differs from the base's, one a line.",
    },
    "Pull requests": {
        "comment": "Post what saved plans do as one comment on the pull request, updated in place.",
    },
    "Tools": {
        "doctor": "Look at all that plan and apply need: what is missing, and how to get it.",
        "engine": "Run terraform or tofu on STACK: state list, output, import, console.",
        "unlock": "Say who holds the lock of STACK's state and since when, ask, and take it away.",
        "lock": "Write the provider lock, with hashes for every platform that the project names.",
        "shell": "Open a shell in which plain cdktf and the engine work on this project.",
        "lab": "Run a lab in the foreground, seeded with the Tier-0s of the stacks, until Ctrl-C.",
        "seed": "Print the seed of a lab: Tier-0s, interfaces and Tier-1s, as Policy objects in JSON.",
    },
}
COMMANDS: dict[str, str] = {name: words for section in SECTIONS.values() for name, words in section.items()}
