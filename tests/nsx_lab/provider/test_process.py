"""The plugin process, its launcher and its mirror."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from click.testing import CliRunner
from tf.gen import grpc_controller_pb2 as controller_pb
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from nsx_lab.provider.plugin.mirror import REGISTRIES, mirror, target, write_mirror
from nsx_lab.provider.plugin.server import COOKIE
from nsx_lab.provider.wire.versions import RECORDED

pytestmark = pytest.mark.slow

LAUNCHER = f"terraform-provider-nsxt_v{RECORDED.name}"


def launcher(folder: Path) -> Path:
    return folder / REGISTRIES[0] / "vmware" / "nsxt" / RECORDED.name / target() / LAUNCHER


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "NSX_LAB_PYTHON": sys.executable, COOKIE[0]: COOKIE[1], **more}


@pytest.fixture
def plugin(mirror_folder: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running plugin without TLS, and its socket."""
    process = subprocess.Popen(
        [launcher(mirror_folder)],
        env=environment(),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline().strip().split("|")
    assert line[:3] == ["1", "6", "unix"], process.stderr.read()
    yield process, line[3]
    if process.poll() is None:
        process.kill()
    process.wait(10)
    process.stdout.close()
    process.stderr.close()


def shut_down(address: str) -> None:
    with grpc.insecure_channel(f"unix:{address}") as channel:
        controller_rpc.GRPCControllerStub(channel).Shutdown(controller_pb.Empty(), timeout=20)


def test_the_plugin_serves_its_schema_and_ends_when_told(plugin: tuple[subprocess.Popen[str], str]) -> None:
    process, address = plugin
    with grpc.insecure_channel(f"unix:{address}") as channel:
        answer = rpc.ProviderStub(channel).GetProviderSchema(pb.GetProviderSchema.Request(), timeout=20)
    assert "nsxt_policy_nat_rule" in answer.resource_schemas
    shut_down(address)
    assert process.wait(10) == 0
    assert not Path(address).exists()


def test_an_interrupt_is_left_to_the_engine(plugin: tuple[subprocess.Popen[str], str]) -> None:
    process, address = plugin
    process.send_signal(signal.SIGINT)
    with grpc.insecure_channel(f"unix:{address}") as channel:
        rpc.ProviderStub(channel).StopProvider(pb.StopProvider.Request(), timeout=20)
    assert process.poll() is None
    shut_down(address)
    assert process.wait(10) == 0


def test_a_plugin_whose_engine_is_gone_ends(mirror_folder: Path, tmp_path: Path) -> None:
    script = f'"{launcher(mirror_folder)}" </dev/null & echo $!; read line'
    parent = subprocess.Popen(
        ["sh", "-c", script], env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline().startswith("1|6|unix|")
    parent.kill()
    parent.wait(10)
    rest = parent.stdout.read()  # returns once the plugin has let go of the pipe, that is, has ended
    parent.stdout.close()
    parent.stdin.close()
    assert rest.strip() == ""
    assert not Path(f"/proc/{pid}/cmdline").exists() or b"nsx_lab" not in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_started_by_hand_it_says_what_it_is() -> None:
    bare = {k: v for k, v in os.environ.items() if k != COOKIE[0]}
    done = subprocess.run(
        [sys.executable, "-m", "nsx_lab.provider"], env=bare, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "it is started by them only" in done.stderr


def test_modules_in_the_callers_folder_are_not_imported(mirror_folder: Path, tmp_path: Path) -> None:
    for name in ("json", "grpc", "nsx_lab"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('hijacked')\n")
    bare = {k: v for k, v in environment().items() if k != COOKIE[0]}
    done = subprocess.run(
        [launcher(mirror_folder)], env=bare, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert "hijacked" not in done.stderr
    assert "started by them only" in done.stderr


def test_the_launcher_is_the_same_bytes_everywhere(tmp_path: Path) -> None:
    folders = [write_mirror(tmp_path / name) for name in ("one", "two")]
    first, second = (launcher(folder).read_bytes() for folder in folders)
    assert first == second
    assert first.startswith(b"#!/bin/sh\n")
    assert str(tmp_path).encode() not in first
    assert sys.executable.encode() not in first


def test_a_mirror_is_written_once_and_mended(tmp_path: Path) -> None:
    path = launcher(write_mirror(tmp_path))
    before = path.stat().st_mtime_ns
    write_mirror(tmp_path)
    assert path.stat().st_mtime_ns == before
    path.write_text("broken")
    write_mirror(tmp_path)
    assert path.read_text().startswith("#!/bin/sh")
    assert os.access(path, os.X_OK)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(REGISTRIES)


def test_the_command_writes_a_mirror(tmp_path: Path) -> None:
    done = CliRunner().invoke(mirror, [str(tmp_path / "m")])
    assert done.exit_code == 0
    assert launcher(tmp_path / "m").is_file()
    assert done.output.strip() == str((tmp_path / "m").resolve())
