"""One turn, watched by a person who may interrupt it."""

from __future__ import annotations

from collections.abc import Callable

from actors.events import Event, Terminal
from actors.stream import TurnStream


def watch(stream: TurnStream, show: Callable[[Event], None]) -> Terminal:
    """Show a turn to its end; Ctrl-C cancels it, and it alone, however often it is pressed.

    Returns:
        Its last event, shown already.
    """
    interrupted = False
    while True:
        try:
            if not interrupted:
                for event in stream:
                    show(event)
                return stream.done.get()
            # Not read on: an event that was being taken at that moment may be lost.
            stream.close()
            terminal: Terminal = stream.done.get()
            show(terminal)
        except KeyboardInterrupt:
            interrupted = True
        else:
            return terminal
