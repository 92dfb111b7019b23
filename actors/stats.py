"""Figures about the process."""

from __future__ import annotations

import os
import pathlib
import resource
import sys

_STATM = pathlib.Path("/proc/self/statm")


def resident_bytes() -> int:
    """The process's resident memory in bytes; where only its peak can be had, the peak."""
    try:
        return int(_STATM.read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        # getrusage(2): kilobytes, but bytes on macOS.
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
