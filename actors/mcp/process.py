"""The process of a server: what is started, its group, which is ended with it, and what it writes to stderr."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Mapping
from typing import Final, TextIO

from actors.errors import McpStartError
from actors.mcp.server import McpServer

KEPT: Final = 500
"""So many bytes of its stderr are kept, and of those the last lines."""
LINES: Final = 3
SHELL: Final = "/bin/sh"
_TELL_AND_BECOME: Final = 'echo $$ >&2; exec "$0" "$@"'
"""The SDK keeps the number of the process to itself, and ends its group only where it does not end by itself."""
_PIPE: Final = 65536
"""As much as a pipe holds by default (Linux, pipe(7))."""


def shell_arguments(server: McpServer, environ: Mapping[str, str]) -> list[str]:
    """Arguments for a shell that tells its number as the first line of its stderr, and then becomes the server.

    Args:
        server: what is to be started.
        environ: the variables that it gets.

    Raises:
        McpStartError: it can't be, and why.
    """
    if server.cwd is not None and not os.path.isdir(server.cwd):  # noqa: PTH112 - one look, no path is made
        raise McpStartError(f"{server.command}: its `cwd` {server.cwd!r} is no folder")
    if os.path.dirname(server.command):  # noqa: PTH120 - the same
        start = os.path.join("" if server.cwd is None else server.cwd, server.command)  # noqa: PTH118 - the same
        found = server.command if os.access(start, os.X_OK) and os.path.isfile(start) else None  # noqa: PTH113
    else:
        found = shutil.which(server.command, path=environ.get("PATH", os.defpath))
    if found is None:
        raise McpStartError(f"{server.command}: there is no such program, or it is not to be executed")
    return ["-c", _TELL_AND_BECOME, found, *server.args]


class Stderr(asyncio.Protocol):
    """What comes through the pipe: the number of the process, and the end of the rest, as it may write for ever."""

    def __init__(self) -> None:
        self._first: bytes | None = b""
        """The line with the number, as long as it is not whole."""
        self._kept = b""
        self._reading = -1
        self.pid: int | None = None

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._first is not None:
            line, end, data = (self._first + data).partition(b"\n")
            self._first = None if end else line
            if end and line.isdigit():
                self.pid = int(line)
        self._kept = (self._kept + data)[-KEPT:]

    @property
    def text(self) -> str:
        """The last lines that have come, untamed."""
        lines = (" ".join(line.split()) for line in self._kept.decode("utf-8", "replace").splitlines())
        return " | ".join([line for line in lines if line][-LINES:])

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[TextIO]:
        """Inside the block the file that is given is listened to; when it is left, nothing of the process lives on."""
        self._reading, writing = os.pipe()
        with os.fdopen(writing, "w") as pen:
            pipe = os.fdopen(self._reading, "rb", buffering=0)
            transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: self, pipe)
            try:
                yield pen
            finally:
                self._take_the_rest()
                transport.close()
                self.kill()

    def _take_the_rest(self) -> None:
        # The loop may not have come to it yet. There may be no end: whatever the server started may hold the pipe, too.
        with contextlib.suppress(BlockingIOError):
            self.data_received(os.read(self._reading, _PIPE))

    def kill(self) -> None:
        """End what is left of the process's group. From any thread."""
        pid, self.pid = self.pid, None
        if pid is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
