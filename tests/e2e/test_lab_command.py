"""`egress lab` as a process: what it leaves when it ends in a way nobody wished for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from nsx_lab.manager.http.labfile import read_lab_file
from tests.e2e.sites import EGRESS, project

pytestmark = pytest.mark.slow


def test_lab_that_is_killed_leaves_no_server_behind(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("EGRESS_", "NSXT_", "TF_"))}
    with subprocess.Popen([EGRESS, "lab"], cwd=root, env=env, stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        while not command.stdout.readline().startswith("lab ready"):
            assert command.poll() is None
        lab = read_lab_file(root / ".lab" / "lab.json")
        server = os.pidfd_open(lab.pid)
        command.send_signal(signal.SIGKILL)
    ended(server)
    host, _, port = lab.host.rpartition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    assert not (root / ".lab" / "lab.json").exists()


def ended(process: int) -> None:
    """Waits for the end of a process that is not a child of this one."""
    import select

    poll = select.poll()
    poll.register(process, select.POLLIN)
    assert poll.poll(30_000), "the server is still there"
    os.close(process)
