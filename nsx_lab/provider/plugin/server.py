"""The plugin process: handshake with the engine (hashicorp/go-plugin), a gRPC server on a private socket, an orderly end."""

from __future__ import annotations

import base64
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
from tf.gen import grpc_controller_pb2 as controller_pb
from tf.gen import grpc_controller_pb2_grpc as controller_rpc
from tf.gen import grpc_stdio_pb2_grpc as stdio_rpc
from tf.gen import tfplugin_pb2_grpc as rpc

from nsx_lab.provider.plugin.certificate import self_signed
from nsx_lab.provider.plugin.servicer import Servicer
from nsx_lab.provider.provider import Provider
from nsx_lab.provider.wire.versions import RECORDED, Version
from nsx_lab.stand_in import PROTOCOL

# go-plugin's magic cookie of Terraform providers: tells a plugin that an engine started it
COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
THREADS = 64  # more than any sensible -parallelism: waiting for realization holds a thread
_ORPHAN_CHECK = 2.0  # seconds between two looks whether the engine is still there


class _Controller(controller_rpc.GRPCControllerServicer):  # type: ignore[misc]
    def __init__(self, done: threading.Event) -> None:
        self._done = done

    def Shutdown(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC method name
        context.add_callback(self._done.set)
        return controller_pb.Empty()


class _Stdio(stdio_rpc.GRPCStdioServicer):  # type: ignore[misc]
    def StreamStdio(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802 - gRPC method name
        return iter(())  # stderr goes to the engine by itself


def started_by_engine() -> bool:
    """Whether an engine started this process, rather than a person."""
    return os.environ.get(COOKIE[0]) == COOKIE[1]


def serve(release: Version = RECORDED) -> None:
    """Serve until the engine says so, or is gone. `release`: which version of the provider this is."""
    # Ctrl-C reaches the whole process group; the engine decides what becomes of running operations
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    engine = os.getppid()  # asked for now: later it may be gone, and somebody else our parent
    done = threading.Event()
    server = serving(Provider(release=release), done)
    with tempfile.TemporaryDirectory(prefix="nsx-lab-") as folder:
        socket = f"{folder}/plugin.sock"
        certificate = _listen(server, f"unix:{socket}")
        server.start()
        sys.stdout.write(f"1|{PROTOCOL}|unix|{socket}|grpc|{certificate}\n")
        sys.stdout.flush()
        _wait(done, engine)
        server.stop(grace=0.2).wait(1)


def serving(provider: Provider, done: threading.Event | None = None) -> grpc.Server:
    """A gRPC server with everything that an engine asks of a plugin. `done` is set when the engine wants it to end."""
    server = grpc.server(
        futures.ThreadPoolExecutor(max_workers=THREADS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)],
    )
    rpc.add_ProviderServicer_to_server(Servicer(provider), server)
    controller_rpc.add_GRPCControllerServicer_to_server(_Controller(done or threading.Event()), server)
    stdio_rpc.add_GRPCStdioServicer_to_server(_Stdio(), server)
    return server


def _listen(server: grpc.Server, address: str) -> str:
    """Open the socket, with TLS if the engine offers a certificate. Returns our certificate as go-plugin wants it."""
    if not os.environ.get("PLUGIN_CLIENT_CERT"):
        server.add_insecure_port(address)
        return ""
    key, pem, der = self_signed()
    # the engine's certificate is not demanded: it is P-521, which gRPC's TLS library does not take; the folder is private
    server.add_secure_port(address, grpc.ssl_server_credentials([(key, pem)]))
    return base64.b64encode(der).decode().rstrip("=")


def _wait(done: threading.Event, engine: int) -> None:
    """Until told to end, or until the process that started us is gone."""
    while not done.wait(_ORPHAN_CHECK):
        if os.getppid() != engine:
            return
