"""`python -m egress`: the `egress` command without its script."""

from egress.cli import main

if __name__ == "__main__":
    main()
