"""The nsx-lab command, also as `python -m nsx_lab`."""

import sys

from nsx_lab.extra import missing


def main() -> None:
    """Runs the command line, or says in a sentence what it lacks."""
    sentence = missing()
    if sentence:
        sys.exit(f"nsx-lab: {sentence}")
    from nsx_lab.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
