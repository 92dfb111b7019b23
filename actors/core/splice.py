"""What a turn has shown, and how the next attempt's deltas fit onto it.

When an attempt dies after it showed text, the next one's pieces are compared with what is shown, text and
thoughts each on its own: while they agree nothing is sent, at the first difference one `Cut`, and then the
pieces go on. A completed attempt that is shorter than what is shown ends with one `Cut`. Nothing before the
step's start is ever compared or cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from actors.core.aggregate import Piece, TextPiece, ThoughtPiece, ToolCallPiece


class Cut(msgspec.Struct, frozen=True, gc=False):
    """Text and thoughts of the turn are cut back to so many code points."""

    text_keep: int
    thought_keep: int


Shown: TypeAlias = TextPiece | ThoughtPiece | ToolCallPiece | Cut


class Splice:
    """One turn's text and thoughts as shown."""

    def __init__(self) -> None:
        self._text = _Channel()
        self._thoughts = _Channel()
        self.shown_in_step = False
        """Whether anything was shown since the step began, even if it was cut again."""

    @property
    def text(self) -> str:
        """The turn's text as shown, all steps."""
        return self._text.shown()

    @property
    def thoughts(self) -> str:
        """The turn's thoughts as shown, all steps."""
        return self._thoughts.shown()

    def begin_step(self) -> None:
        """Called before a step's first attempt: what is shown by now stays."""
        self._text.begin_step()
        self._thoughts.begin_step()
        self.shown_in_step = False

    def begin_attempt(self) -> None:
        """Called before each attempt: it is compared with what the step has shown so far."""
        self._text.begin_attempt()
        self._thoughts.begin_attempt()

    def feed(self, pieces: Sequence[Piece]) -> tuple[Shown, ...]:
        """What to send for an attempt's pieces."""
        if len(pieces) == 1 and type(pieces[0]) is TextPiece and self._text.is_live():
            self._text.append(pieces[0].text)  # nearly all that comes
            self.shown_in_step = True
            return tuple(pieces)
        shown: list[Shown] = []
        for piece in pieces:
            if isinstance(piece, ToolCallPiece):
                shown.append(piece)
                continue
            channel = self._text if isinstance(piece, TextPiece) else self._thoughts
            if channel.is_live():
                channel.append(piece.text)
                shown.append(piece)
                continue
            rest, differs = channel.compare(piece.text)
            if differs:
                shown.append(self._cut())
            if rest:
                channel.append(rest)
                shown.append(type(piece)(rest))
        if shown:
            self.shown_in_step = True
        return tuple(shown)

    def complete(self) -> tuple[Shown, ...]:
        """What to send at the end of a completed attempt: a `Cut` if it was shorter than what is shown."""
        text, thoughts = self._text.cut_rest(), self._thoughts.cut_rest()
        return (self._cut(),) if text or thoughts else ()

    def _cut(self) -> Cut:
        return Cut(self._text.length, self._thoughts.length)


class _Channel:
    """What is shown of text or of thoughts, and how far the running attempt agrees with it."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.length = 0
        self._step = 0
        self._agreed = 0

    def is_live(self) -> bool:
        """Whether the attempt has caught up with what is shown."""
        return self._agreed == self.length

    def shown(self) -> str:
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0] if self._parts else ""

    def begin_step(self) -> None:
        self._step = self._agreed = self.length

    def begin_attempt(self) -> None:
        self._agreed = self._step

    def append(self, text: str) -> None:
        self._parts.append(text)
        self.length += len(text)
        self._agreed = self.length

    def compare(self, text: str) -> tuple[str, bool]:
        """What of `text` is not shown yet, and whether what is shown was cut for it."""
        shown = self.shown()
        if shown.startswith(text, self._agreed):
            self._agreed += len(text)
            return "", False
        agreed = _common_prefix(shown, self._agreed, text)
        self._agreed += agreed
        return text[agreed:], self.cut_rest()

    def cut_rest(self) -> bool:
        """Cut what is shown back to what the attempt agreed with; gives whether anything was cut."""
        if self.is_live():
            return False
        self._parts = [self.shown()[: self._agreed]]
        self.length = self._agreed
        return True


def _common_prefix(shown: str, start: int, text: str) -> int:
    for count, char in enumerate(text):
        if start + count == len(shown) or shown[start + count] != char:
            return count
    return len(text)
