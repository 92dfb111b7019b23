"""A person decides on the calls that wait, at the prompt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.chat.notes import WARNING, in_words
from actors.chat.screen import ERROR, Screen
from actors.client import Session
from actors.errors import ArgumentsError
from actors.events import ApprovalRequested
from actors.tools.arguments import parse

QUESTION: Final = "run it? y, n [why], always, edit: "
EDIT: Final = "its arguments: "
Ask = Callable[[str, str], str]
"""Asks a question, with an answer to begin with; raises as `Editor.question` does."""


class Asker:
    """Asks about one call after the other.

    Args:
        screen: where the call is shown, as a whole: who approves it has seen what it does.
        ask: asks the person.
    """

    def __init__(self, screen: Screen, ask: Ask) -> None:
        self._screen = screen
        self._ask = ask
        self._always: set[tuple[str, str]] = set()
        """Sessions and keys: calls beside each other are asked about before the first one is decided."""

    def settle(self, session: Session, event: ApprovalRequested) -> None:
        """Have a call decided.

        Raises:
            KeyboardInterrupt: Ctrl-C.
        """
        if (session.id, event.key) in self._always:
            session.approve(event.approval).get()
            return
        self._screen.note(f"{event.name}({in_words(event.arguments)}) waits for you", WARNING)
        while (waits := self._decide(session, event)) is None:
            pass
        if not waits:
            self._screen.note("too late: it waits no longer", WARNING)

    def _decide(self, session: Session, event: ApprovalRequested) -> bool | None:
        """Whether it still waited; None: ask again."""
        said, _, why = self._answer().partition(" ")
        match said.lower():
            case "y" | "yes" if not why:
                return session.approve(event.approval).get()
            case "n" | "no":
                return session.reject(event.approval, why.strip()).get()
            case "a" | "always" if not why:
                self._always.add((session.id, event.key))
                return session.approve(event.approval, always=True).get()
            case "e" | "edit" if not why:
                return self._edit(session, event)
            case _:
                self._screen.note(
                    f"y: run it; n, or n and why: do not; edit: run it with other arguments; "
                    f"always: run it, and what else is {event.key} in this conversation"
                )
                return None

    def _answer(self) -> str:
        try:
            return self._ask(QUESTION, "").strip()
        except EOFError:
            return "n"

    def _edit(self, session: Session, event: ApprovalRequested) -> bool | None:
        text = event.arguments
        while True:
            try:
                text = self._ask(EDIT, text)
                return session.approve(event.approval, arguments=parse(text)).get()
            except ArgumentsError as error:
                self._screen.note(str(error), ERROR)
            except EOFError:
                return None
