"""`python -m nsx_lab`: the nsx-lab command."""

from nsx_lab.cli import main

if __name__ == "__main__":
    main()
