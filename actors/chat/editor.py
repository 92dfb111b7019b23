"""The line that a person types: with editing, history and completion of commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import WordCompleter
from prompt_toolkit.history import DummyHistory, FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from actors.errors import UsageError

PROMPT = "> "


class Editor:
    """Asks for input on the terminal.

    Args:
        commands: what Tab completes.
        history: where what was typed is kept for the next time; None: nowhere, as it is private.

    Raises:
        UsageError: the history can't be written.
    """

    def __init__(self, commands: Iterable[str] = (), history: Path | None = None) -> None:
        self._session: PromptSession[str] = PromptSession(
            history=InMemoryHistory() if history is None else _kept(history),
            completer=WordCompleter([*commands], sentence=True),
            complete_while_typing=False,
            key_bindings=_bindings(),
        )
        self._questions: PromptSession[str] = PromptSession(history=DummyHistory())

    @property
    def terminal(self) -> int | None:
        """Where lines can be read while nothing is asked; None: nowhere."""
        return sys.stdin.fileno() if os.name == "posix" and sys.stdin.isatty() else None

    def ask(self) -> str:
        """The next input; may hold line breaks, pasted or typed with Alt-Enter.

        Raises:
            EOFError: Ctrl-D on an empty line.
            KeyboardInterrupt: Ctrl-C.
        """
        return self._session.prompt(PROMPT)

    def question(self, prompt: str, default: str = "") -> str:
        """The answer to a question; it is kept in no history. Raises as `ask` does."""
        return self._questions.prompt(prompt, default=default)


def _bindings() -> KeyBindings:
    bindings = KeyBindings()

    @bindings.add("escape", "enter")
    def break_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return bindings


def _kept(path: Path) -> History:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError as error:
        raise UsageError(
            f"{str(path)!r} can't be written ({error.strerror}): name another with --history"
        ) from error
    return FileHistory(path)
