"""`python -m nsx_lab.provider`: started by Terraform or OpenTofu, never by hand."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Serve the engine that started this process. The one argument is the version to be; without it, the recorded one."""
    from nsx_lab.provider.plugin.server import serve, started_by_engine
    from nsx_lab.provider.wire.versions import RECORDED, version

    if not started_by_engine():
        sys.exit(
            "this is a provider for terraform and tofu, the lab's stand-in for vmware/nsxt: it is started by them only"
        )
    serve(version(sys.argv[1]) if len(sys.argv) > 1 else RECORDED)
    sys.stdout.flush()
    os._exit(0)  # threads that still wait for a manager must not keep the process


main()
