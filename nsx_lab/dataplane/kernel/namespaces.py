"""Network namespaces by file descriptor: made, entered and left by system calls, so nothing has a name on the host.

They live as long as the process that holds them. However it ends, the kernel removes them: there is nothing to sweep.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nsx_lab.dataplane.errors import Unavailable

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def current() -> int:
    """A descriptor of this thread's network namespace."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def enter(descriptor: int, kind: int = CLONE_NEWNET) -> None:
    _call("setns", descriptor, kind)


def leave_the_host() -> int:
    """Puts this process into a network namespace of its own, and into a user namespace of its own if it needs that to be allowed.

    Returns its descriptor. Must be called while the process has one thread. Errors: Unavailable, with the way to allow it.
    """
    user, group = os.geteuid(), os.getegid()
    try:
        _call("unshare", CLONE_NEWNET)
    except PermissionError:
        try:
            _call("unshare", CLONE_NEWUSER | CLONE_NEWNET)
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        except OSError as error:
            raise Unavailable(
                f"this kernel does not let this user make network namespaces ({error})", _REMEDY
            ) from error
    except OSError as error:
        raise Unavailable(f"this kernel makes no network namespaces ({error})", _REMEDY) from error
    return current()


_REMEDY = (
    "run as root, or allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 (Debian), "
    "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); in a container, --cap-add NET_ADMIN,SYS_ADMIN"
)


def create(home: int) -> int:
    """A new, empty network namespace; this thread is back at `home` afterwards."""
    _call("unshare", CLONE_NEWNET)
    try:
        return current()
    finally:
        enter(home)


@contextmanager
def inside(descriptor: int, home: int) -> Iterator[None]:
    """This thread acts in a namespace: sockets, /proc/sys/net, and child processes."""
    enter(descriptor)
    try:
        yield
    finally:
        enter(home)
