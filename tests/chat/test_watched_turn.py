from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from actors import Runtime
from actors.chat.screen import Screen
from actors.chat.talk import Talk
from actors.chat.turn import watch
from actors.events import Event, TextDelta, TurnCancelled
from actors.provider import Reply, ScriptedProvider

AT: dict[str, Any] = {"session": "s", "seq": 1, "timestamp": 0.0}
DELTA = TextDelta(**AT, text="a")
CANCELLED = TurnCancelled(**AT, text="a", thoughts="", usage=(), reason="")


class Interrupted:
    """A stream whose reader presses Ctrl-C at the first delta, and again while it is cancelled."""

    def __init__(self, *, again: int) -> None:
        self.done = self
        self.again = again
        self.closed = 0

    def __iter__(self) -> Iterator[Event]:
        yield DELTA
        raise KeyboardInterrupt

    def close(self) -> None:
        self.closed += 1

    def get(self) -> TurnCancelled:
        if self.again:
            self.again -= 1
            raise KeyboardInterrupt
        return CANCELLED


@pytest.mark.parametrize("again", [0, 1, 3])
def test_ctrl_c_cancels_once_and_for_all_however_often_it_is_pressed(again: int) -> None:
    stream: Any = Interrupted(again=again)
    shown: list[Event] = []
    assert watch(stream, shown.append) is CANCELLED
    assert shown == [DELTA, CANCELLED]
    assert stream.closed == again + 1


def test_a_session_that_has_ended_is_told_and_its_turn_can_be_tried_again() -> None:
    file = io.StringIO()
    with (
        ScriptedProvider(default=Reply("fine")) as provider,
        Runtime(provider.endpoint()) as runtime,
    ):
        talk = Talk(runtime, provider.endpoint(), Screen(Console(file=file)), None)
        talk.take("hi")
        talk._session.close()
        talk._session.ended.get(timeout=30)
        talk.take("again")
        talk.take("/retry")
    assert file.getvalue().splitlines() == [
        "fine",
        "· the session has ended: /new begins another, /retry goes on with this one",
        "fine",
    ]
