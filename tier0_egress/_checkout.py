"""A checkout only: the folders constructs_lib/ and stacks/ may be imported by their own names, too, and are the same modules then."""

from __future__ import annotations

import importlib
import sys


def same_modules(folder: str, package: str) -> None:
    """Makes `folder` and the modules in it those of `package`: no file is ever loaded under two names.

    To be called while `folder` is being imported, before it imports anything of its own.
    """
    sys.modules[folder] = importlib.import_module(package)
    inside = f"{package}."
    known = [name for name in sys.modules if name.startswith(inside)]
    sys.modules.update({f"{folder}.{name.removeprefix(inside)}": sys.modules[name] for name in known})
