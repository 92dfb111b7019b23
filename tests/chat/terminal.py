"""`greenroom chat` in a pseudo-terminal, driven by handshakes: every wait is for something it shows."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

PATIENCE: Final = 20.0
"""Seconds until what is waited for counts as not coming."""

READY: Final = "\x1b[?2004h"
"""The editor asks for bracketed paste as it begins to read."""

DONE: Final = "\x1b[?2004l"
"""And wants it no more once it has read."""

PROGRAM: Final = (
    "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"  # so that Ctrl-C reaches it
    "from actors.cli import main; main(prog_name='greenroom')\n"
)
COMMAND: Final = (sys.executable, "-c", PROGRAM, "chat")


def environment(**more: str) -> dict[str, str]:
    """What the command finds, whatever the tests run in: no key, no colour switched off, no cursor queries."""
    dropped = ("OPENAI_", "NO_COLOR", "FORCE_COLOR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(dropped)}
    return kept | {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", "PROMPT_TOOLKIT_NO_CPR": "1"} | more


class Terminal:
    """A person's end of the pseudo-terminal."""

    def __init__(self, screen: int) -> None:
        self._screen = screen
        self._seen = ""
        self._place = 0

    def sees(self, *texts: str) -> str:
        """Wait until these appear, one after the other, behind what was waited for before; give all up to there."""
        start = self._place
        for text in texts:
            while (found := self._seen.find(text, self._place)) < 0:
                assert self._read(), f"it ended without {text!r}: {self._seen[start:]!r}"
            self._place = found + len(text)
        return self._seen[start : self._place]

    def types(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def is_asked(self) -> str:
        """Wait until the editor reads."""
        return self.sees(READY)

    def enters(self, line: str) -> None:
        self.types(line + "\r")

    def rest(self) -> str:
        """All that comes until it ends."""
        while self._read():
            pass
        return self._seen[self._place :]

    def _read(self) -> bool:
        ready, _, _ = select.select([self._screen], [], [], PATIENCE)
        assert ready, f"nothing came any more: {self._seen[self._place :]!r}"
        try:
            data = os.read(self._screen, 65536)
        except OSError:  # Linux says so when the other side has closed
            return False
        self._seen += data.decode("utf-8", "replace")
        return bool(data)


@contextlib.contextmanager
def chatting(
    *arguments: str, status: int = 0, env: Mapping[str, str] | None = None, command: tuple[str, ...] = COMMAND
) -> Iterator[Terminal]:
    """The command, talking; when the block is left it must end by itself, with this status."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment() if env is None else env,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            terminal = Terminal(ours)
            yield terminal
            terminal.rest()
            assert process.wait(PATIENCE) == status
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            os.close(ours)


def plain(shown: str) -> str:
    """What was shown, without what steers the terminal."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown).replace("\r\n", "\n")
