"""The exit codes of `greenroom run`."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a run exits with."""

    PASSED = 0
    NOT_AS_EXPECTED = 1
    """The script ran, and something is not as it says."""
    MISUSED = 2
    """There is nothing to run, or no place for the log."""
    SCRIPT_FAILED = 3
    """The script raised, when it was loaded or when it ran."""
    INTERRUPTED = 130
    """What a shell makes of SIGINT: 128 and the signal's number."""
