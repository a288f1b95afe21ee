"""As much of cdktf and cdktn as the stacks use, in Python: it runs main.py unchanged and writes the bytes that its CDK would write.

jsii is 85 % of every synthesis, whatever the program does: a Node is started and asked over a pipe, 30 times for one domain.
Here the few names that `stacks/` and the constructs take from the CDK, constructs and the provider's bindings are classes that
write down what they are given. Whatever else a program asks for is not guessed: the run ends there, and the CDK itself runs the
program from its beginning (docs/decisions/0014). `python -m egress.recorder main.py FILE` is the way in.
"""

from egress.recorder.handover import HANDED_OVER

__all__ = ["HANDED_OVER"]
