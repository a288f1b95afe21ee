"""The gate: whether what was planned may be applied, by rules over plans and their reviews, and by a file of the team's own.

policy        the file gate.yaml as values, and reading it
code_owners   whether a CODEOWNERS file protects it
base          what the base branch says, by git
binding       what holds, of the base's file and of this branch's
rule          what a rule is; objects, packets and runs hold them, registry has them all
judge         the verdict; asking reads what it needs
text, sarif, junit, page   writing verdict and rules down
"""
