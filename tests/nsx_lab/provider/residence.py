"""A resident stand-in in this process, and an engine's side of the plugin protocol, as far as tests need it."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from nsx_lab.provider.plugin.sessions import Sessions
from nsx_lab.provider.provider import Provider
from nsx_lab.provider.values.values import from_msgpack, to_msgpack
from nsx_lab.stand_in import PROTOCOL

ADDRESSES = ("registry.terraform.io/vmware/nsxt", "registry.opentofu.org/vmware/nsxt")


@contextmanager
def resident(make: Callable[[], Provider] = Provider) -> Iterator[Path]:
    """A resident stand-in in a thread; yields its socket."""
    folder = Path(tempfile.mkdtemp(prefix="nsx-lab-test-"))
    with socket.socket(socket.AF_UNIX) as listening:
        path = folder / "s.sock"
        listening.bind(str(path))
        listening.listen(64)
        sessions = Sessions(listening, folder, make)
        thread = threading.Thread(target=sessions.serve, daemon=True)
        thread.start()
        yield path
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        thread.join()
        sessions.end()
    shutil.rmtree(folder, ignore_errors=True)  # a session that ends takes its own socket away meanwhile


def variables(path: Path, process: int) -> dict[str, str]:
    """What an engine finds the resident stand-in by. `process`: any that lives as long."""
    address = {"Network": "unix", "String": str(path)}
    known = {"Protocol": "grpc", "ProtocolVersion": PROTOCOL, "Pid": process, "Test": True, "Addr": address}
    return {"TF_REATTACH_PROVIDERS": json.dumps(dict.fromkeys(ADDRESSES, known))}


class Talk:
    """One connection to a stand-in."""

    def __init__(self, path: Path) -> None:
        self._channel = grpc.insecure_channel(f"unix:{path}", options=[("grpc.use_local_subchannel_pool", 1)])
        self.stub = rpc.ProviderStub(self._channel)
        self._block = Provider().block

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *error: object) -> None:
        self._channel.close()

    def configure(self, **given: Any) -> list[str]:
        """Configures the provider; returns what it complains about."""
        config = {**self._block.null(), "allow_unverified_ssl": True, **given}
        answer = self.stub.ConfigureProvider(pb.ConfigureProvider.Request(config=_value(config)), timeout=60)
        return [found.summary for found in answer.diagnostics]

    def version(self) -> str:
        """The manager's version by the data source; or the first complaint."""
        config = Provider().data_sources["nsxt_manager_info"].null()
        request = pb.ReadDataSource.Request(type_name="nsxt_manager_info", config=_value(config))
        answer = self.stub.ReadDataSource(request, timeout=60)
        if answer.diagnostics:
            return str(answer.diagnostics[0].summary)
        return str(from_msgpack(answer.state.msgpack)["version"])


def _value(value: Any) -> Any:
    return pb.DynamicValue(msgpack=to_msgpack(value))
