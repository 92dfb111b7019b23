"""The conversation in a terminal: input is a turn, or a command that begins with a slash."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pykka

from actors.chat import archive
from actors.chat.asking import Asker
from actors.chat.contact import Contact
from actors.chat.ears import Ears
from actors.chat.editor import Editor
from actors.chat.screen import ERROR, Screen
from actors.chat.toolbox import NO_TOOLS, Toolbox
from actors.chat.turn import watch
from actors.chat.usage import Meter
from actors.client import Session
from actors.config import Endpoint
from actors.errors import GreenroomError, UsageError
from actors.events import ApprovalRequested, Event
from actors.runtime import Runtime
from actors.user_input import Messages

HISTORY_S = 5.0
"""How long to wait for the session to say what was said, in seconds."""


class Command(NamedTuple):
    """What a slash command does."""

    argument: str
    """How its argument is called; empty: it takes none."""
    meaning: str
    carry_out: Callable[[Talk, str], None]


class Talk:
    """A conversation.

    Args:
        runtime: where its sessions live.
        endpoint: where its model answers.
        screen: where it is shown.
        system: the system message that each new conversation begins with.
        toolbox: what its model may do.
        asker: decides on the calls that wait; None: nobody here does.
    """

    def __init__(
        self,
        runtime: Runtime,
        endpoint: Endpoint,
        screen: Screen,
        system: str | None,
        *,
        toolbox: Toolbox = NO_TOOLS,
        asker: Asker | None = None,
    ) -> None:
        self._runtime = runtime
        self._endpoint = endpoint
        self._screen = screen
        self._toolbox = toolbox
        self._asker = asker
        self._opening: Messages = () if system is None else ({"role": "system", "content": system},)
        self._meter = Meter()
        self._contact = Contact()
        self._session = self._spawn(self._opening)
        self._before: Messages = self._opening
        """What had been said before `last`."""
        self._last: str | None = None
        self._leaving = False
        self._ears = Ears(None, self._hear)
        self._ahead: deque[str] = deque()
        """What was typed while a turn ran, and is said next."""

    def hold(self, editor: Editor) -> None:
        """Talk until the person leaves. What goes wrong is one line, and the talk goes on."""
        self._ears = Ears(editor.terminal, self._hear)
        at, model = self._endpoint.base_url, self._endpoint.model
        self._screen.note(f"{model} at {at}; /help lists the commands, /quit or Ctrl-D leaves")
        while not self._leaving:
            try:
                self.take(self._ahead.popleft() if self._ahead else editor.ask())
            except EOFError:
                return
            except KeyboardInterrupt:
                self._screen.note("/quit or Ctrl-D leaves")

    def take(self, line: str) -> None:
        """Carry out one input."""
        try:
            if line.startswith("/") and not line.startswith("//"):
                self._command(line)
            elif line.strip():
                self._turn(line[1:] if line.startswith("//") else line)
        except GreenroomError as error:
            self._screen.note(str(error), ERROR)

    def _turn(self, text: str) -> None:
        self._before, self._last = self._history(), text
        with self._session.stream(text, endpoint=self._endpoint) as stream, self._ears.listening():
            self._meter.add(watch(stream, self._show))

    def _show(self, event: Event) -> None:
        self._contact.check(event)
        self._screen.show(event)
        if isinstance(event, ApprovalRequested) and self._asker is not None:
            with self._ears.covered():
                self._asker.settle(self._session, event)

    def _hear(self, line: str) -> None:
        """Take what is typed while a turn runs; in the thread of the ears."""
        name, _, text = line.strip().partition(" ")
        if name != "/steer" or not text:
            self._ahead.append(line)
        elif self._is_steered(text):
            self._screen.note("it hears that before its next step")
        else:  # the turn has just ended
            self._ahead.append(text)

    def _is_steered(self, text: str) -> bool:
        try:
            return self._session.steer(text).get(timeout=HISTORY_S)
        except (GreenroomError, pykka.ActorDeadError, pykka.Timeout):
            return False

    def _command(self, line: str) -> None:
        name, _, argument = line.strip().partition(" ")
        argument = argument.strip()
        command = COMMANDS.get(name)
        if command is None:
            raise UsageError(f"{name} is no command: /help lists them, and // begins a text with a slash")
        if bool(argument) is not bool(command.argument):
            raise UsageError(f"usage: {name} {command.argument}".rstrip())
        command.carry_out(self, argument)

    # Commands

    def new(self, _: str) -> None:
        """Begin a new conversation."""
        self._restart(self._opening)
        self._screen.note("a new conversation")

    def save(self, name: str) -> None:
        """Write the conversation to a file."""
        path, messages = _path(name), self._history()
        archive.save(path, self._endpoint.model, messages)
        self._screen.note(f"{_counted(messages)} saved in {path}")

    def load(self, name: str) -> None:
        """Go on with a conversation from a file, with the model at hand."""
        conversation = archive.load(_path(name))
        self._restart(conversation.messages)
        self._screen.note(f"{_counted(conversation.messages)} loaded, said to {conversation.model}")

    def model(self, name: str) -> None:
        """Ask another model from now on."""
        self._endpoint = msgspec.structs.replace(self._endpoint, model=name)
        self._screen.note(f"{name} answers from now on")

    def retry(self, _: str) -> None:
        """Send the last input again, in place of what came of it."""
        if self._last is None:
            raise UsageError("there is nothing to retry yet")
        last = self._last
        self._restart(self._before)
        self._turn(last)

    def usage(self, _: str) -> None:
        """Say what was used so far."""
        self._screen.note(self._meter.describe())

    def steer(self, _: str) -> None:
        """Say that there is nothing to steer: where there is, the ears have heard it."""
        raise UsageError("no turn runs: type /steer TEXT while one does")

    def tools(self, _: str) -> None:
        """List what the model may call."""
        if not self._toolbox.tools:
            self._screen.note("no tools: begin the chat with --tools FILE.py")
        for line in self._toolbox.describe():
            self._screen.note(line)

    def help(self, _: str) -> None:
        """List the commands."""
        for name, command in COMMANDS.items():
            self._screen.note(f"{name} {command.argument}".ljust(14) + command.meaning)
        self._screen.note("Ctrl-C cancels a turn; Alt-Enter breaks the line; // begins a text with a slash")

    def quit(self, _: str) -> None:
        """Leave."""
        self._leaving = True

    # Inside

    def _restart(self, messages: Messages) -> None:
        self._session.close()
        self._session = self._spawn(messages)
        self._last = None

    def _spawn(self, messages: Messages) -> Session:
        return self._runtime.spawn(self._endpoint, messages=messages, **self._toolbox.settings)

    def _history(self) -> tuple[Mapping[str, Any], ...]:
        try:
            return self._session.history().get(timeout=HISTORY_S)
        except (pykka.ActorDeadError, pykka.Timeout) as error:
            raise UsageError(
                "the session has ended: /new begins another, /retry goes on with this one"
            ) from error


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        "/new": Command("", "begin a new conversation", Talk.new),
        "/save": Command("FILE", "write the conversation to a file", Talk.save),
        "/load": Command("FILE", "go on with one from a file", Talk.load),
        "/model": Command("NAME", "ask another model from now on", Talk.model),
        "/retry": Command("", "send the last input again, in place of what came of it", Talk.retry),
        "/steer": Command("TEXT", "while a turn runs: have it hear this before its next step", Talk.steer),
        "/tools": Command("", "what the model may call, and whether you are asked", Talk.tools),
        "/usage": Command("", "what was used so far", Talk.usage),
        "/help": Command("", "this list", Talk.help),
        "/quit": Command("", "leave", Talk.quit),
    }
)


def _path(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError as error:
        raise UsageError(f"{name!r} names a home that is not known") from error


def _counted(messages: Messages) -> str:
    return f"{len(messages)} message{'' if len(messages) == 1 else 's'}"
