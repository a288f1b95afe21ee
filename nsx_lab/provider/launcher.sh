#!/bin/sh
# The lab's stand-in for vmware/nsxt. NSX_LAB_PYTHON names a Python (3.11 or newer) that has nsx_lab installed.
# -P: the folder of the caller must not be able to bring modules of its own.
exec "${NSX_LAB_PYTHON:-python3}" -P -m nsx_lab.provider "$@"
