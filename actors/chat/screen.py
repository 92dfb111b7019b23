"""Shows a turn in a terminal as it happens. What is printed stays: what is taken back is said, not wiped out."""

from __future__ import annotations

import threading
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from rich.console import Console
from rich.text import Text

from actors.chat.notes import FINE, WARNING, told
from actors.chat.tame import tame
from actors.core.advice import explain
from actors.core.fold import Fold
from actors.events import (
    Event,
    Retracted,
    RetryScheduled,
    StepStarted,
    TextDelta,
    ThoughtDelta,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.log.format import inert

Kind: TypeAlias = Literal["text", "thoughts"]

STYLES: Final = MappingProxyType({"text": "", "thoughts": "dim"})
NOTE: Final = "· "
ERROR: Final = "red"
CLIP: Final = 200
"""How much of what was taken back is quoted, in characters."""


class Screen:
    """A terminal with one turn on it at a time. Events are shown from one thread; notes come from any."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._fold = Fold()
        self._lock = threading.RLock()
        """A note may come from another thread than the turn's events."""
        self._line: Kind | None = None
        """Who writes in the cursor's line; None: nobody, it is empty."""
        self._fresh = True
        """Whether the cursor's line is empty."""
        self._begun = {"text": 0, "thoughts": 0}
        """Where the step's own text and thoughts begin."""
        self._owed = False
        """Whether the line that the text ends in was interrupted, and not shown again."""

    def show(self, event: Event) -> None:
        """Show the turn's next event; those that a reader need not know of show nothing."""
        with self._lock:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case TurnStarted():
                self._fold.apply(event)
            case StepStarted():
                self._begin_step()
            case TextDelta():
                self._write("text", event)
            case ThoughtDelta():
                self._write("thoughts", event)
            case Retracted():
                self._retract(event)
            case RetryScheduled():
                of = f"attempt {event.failed_attempts + 1} of {event.max_retries + 1}"
                self.note(f"{event.outcome.describe()}; {of} in {event.backoff_ms / 1000:g} s", WARNING)
            case TurnCompleted():
                self._complete(event)
            case TurnFailed():
                self.note(f"failed: {explain(event.outcome)}", ERROR)
            case _ if (line := told(event)) is not None:
                self.note(*line)
            case _:
                pass

    def note(self, text: str, style: str = FINE) -> None:
        """Say something that is not the model's, on a line of its own. Unfinished text goes on below, anew."""
        with self._lock:
            self._owed = self._owed or self._line == "text"
            self.end_line()
            self._console.print(Text(f"{NOTE}{inert(text)}", style), soft_wrap=True)

    def end_line(self) -> None:
        """Go to an empty line, if the cursor stands in one that is not."""
        if not self._fresh:
            self._console.print()
        self._line, self._fresh = None, True

    def _begin_step(self) -> None:
        # What was said before tools ran is a paragraph of its own, and needs no going on with.
        self.end_line()
        self._begun = {"text": len(self._fold.text), "thoughts": len(self._fold.thoughts)}
        self._owed = False

    def _write(self, kind: Kind, event: TextDelta | ThoughtDelta) -> None:
        begun = ""
        if self._line != kind:
            self.end_line()
            begun = self._unfinished(kind)
            if kind == "thoughts" and self._console.color_system is None and not begun:
                begun = "(thinking) "
        self._fold.apply(event)
        self._print(kind, begun + event.text)

    def _unfinished(self, kind: Kind) -> str:
        shown = self._fold.text if kind == "text" else self._fold.thoughts
        return shown[self._begun[kind] :].rpartition("\n")[2]

    def _print(self, kind: Kind, text: str) -> None:
        self._console.print(Text(tame(text), STYLES[kind]), end="", soft_wrap=True)
        self._line, self._fresh = kind, text.endswith("\n")
        self._owed = self._owed and kind != "text"

    def _retract(self, event: Retracted) -> None:
        cut = self._fold.thoughts[event.thought_keep :], self._fold.text[event.text_keep :]
        self._fold.apply(event)
        for kind, gone in zip(("thought", "text"), cut, strict=True):
            if gone:
                clipped = gone if len(gone) <= CLIP else f"{gone[:CLIP]}…"
                self.note(f"{kind} taken back: “{clipped}”", WARNING)
        self._owed = self._owed or bool(cut[1])

    def _complete(self, event: TurnCompleted) -> None:
        if self._owed and self._unfinished("text"):
            self.end_line()
            self._print("text", self._unfinished("text"))
        for call in event.calls:
            self.note(f"tool call, not run: {call.name}({call.arguments})", WARNING)
        if not event.text and not event.calls:
            self.note(f"no text came: {event.outcome.describe()}")
        self.end_line()
