from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from actors.chat.screen import Screen
from actors.core.fold import Fold
from actors.events import (
    Event,
    Retracted,
    RetryScheduled,
    SessionRestarted,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    TurnCompleted,
    TurnFailed,
    TurnStarted,
)
from actors.outcome import Complete, HttpError, Truncated

AT: dict[str, Any] = {"session": "s", "seq": 1, "timestamp": 0.0}
RETRY = RetryScheduled(
    **AT,
    failed_attempts=1,
    max_retries=4,
    backoff_ms=1500,
    error="",
    outcome=Truncated(message="no end"),
)


def text(written: str) -> TextDelta:
    return TextDelta(**AT, text=written)


def thought(written: str) -> ThoughtDelta:
    return ThoughtDelta(**AT, text=written)


def keep(text_keep: int, thought_keep: int = 0) -> Retracted:
    return Retracted(**AT, text_keep=text_keep, thought_keep=thought_keep)


def complete(events: Sequence[Event], *calls: ToolCall) -> TurnCompleted:
    shown = Fold()
    for event in events:
        shown.apply(event)
    return TurnCompleted(
        **AT,
        text=shown.text,
        thoughts=shown.thoughts,
        usage=(),
        is_tool_call=bool(calls),
        calls=calls,
        refusal="",
        outcome=Complete(finish_reason="stop"),
    )


def shown(*events: Event) -> str:
    file = io.StringIO()
    screen = Screen(Console(file=file, color_system=None, width=20))
    for event in (TurnStarted(**AT), *events):
        screen.show(event)
    return file.getvalue()


def whole(*events: Event) -> str:
    return shown(*events, complete(events))


def test_text_is_shown_as_it_is_however_long_its_lines() -> None:
    assert whole(text("one [b]two[/b] three four five "), text("six\n\n  7")) == (
        "one [b]two[/b] three four five six\n\n  7\n"
    )


def test_thoughts_and_text_have_lines_of_their_own() -> None:
    assert whole(thought("h"), thought("m"), text("yes")) == "(thinking) hm\nyes\n"
    assert whole(thought("hm\n"), text("yes\n")) == "(thinking) hm\nyes\n"
    assert whole(text("y"), thought("hm"), text("es")) == "y\n(thinking) hm\nyes\n"


def test_a_retry_is_told_and_the_line_goes_on_below_it() -> None:
    told = "· truncated: no end; attempt 2 of 5 in 1.5 s\n"
    assert whole(text("a\nb"), RETRY, text("c")) == f"a\nb\n{told}bc\n"
    assert whole(text("a\nb"), RETRY) == f"a\nb\n{told}b\n"
    assert whole(RETRY, text("a")) == f"{told}a\n"


def test_what_is_taken_back_is_told() -> None:
    assert whole(text("a\nbcd"), keep(3), text("e")) == "a\nbcd\n· text taken back: “cd”\nbe\n"
    assert whole(text("bcd"), keep(1)) == "bcd\n· text taken back: “cd”\nb\n"
    assert whole(thought("hm\x1b"), keep(0, 1), text("b")) == (
        "(thinking) hm\\x1b\n· thought taken back: “m\\x1b”\nb\n"
    )
    assert len(shown(text("x" * 1000), keep(0)).splitlines()[1]) < 300


def test_what_else_a_reader_must_know_is_a_line() -> None:
    call = ToolCall(id="1", name="rm", arguments="{}", runnable=True)
    assert shown(complete((), call)) == "· tool call, not run: rm({})\n"
    assert shown(complete(())) == "· no text came: complete (stop)\n"
    assert shown(text("a"), SessionRestarted(**AT, restarts=1, error="oh\nno")) == (
        "a\n· the session was restarted: oh\\nno\n"
    )
    failed = TurnFailed(
        **AT, text="a", thoughts="", usage=(), outcome=HttpError(status=401, message="bad key")
    )
    assert shown(text("a"), failed) == (
        "a\n· failed: http_error:401: bad key; "
        "check api_key, or the environment variable that it comes from\n"
    )


@st.composite
def turns(draw: st.DrawFn) -> list[Event]:
    length, events = 0, list[Event]()
    for kind in draw(st.lists(st.sampled_from(["text", "thought", "retract", "retry"]))):
        match kind:
            case "text":
                written = draw(st.text("ab\n", min_size=1, max_size=5))
                length += len(written)
                events.append(text(written))
            case "thought":
                events.append(thought(draw(st.text("tu\n", min_size=1, max_size=5))))
            case "retract":
                length = draw(st.integers(0, length))
                events.append(keep(length, 10_000))
            case _:
                events.append(RETRY)
    return events


@given(turns())
def test_the_last_line_of_text_is_shown_whole_after_whatever_happened(events: list[Event]) -> None:
    end = complete(events)
    lines = [line for line in whole(*events).splitlines() if line and set(line) <= set("ab")]
    last = end.text.rpartition("\n")[2]
    if last:
        assert lines[-1] == last
