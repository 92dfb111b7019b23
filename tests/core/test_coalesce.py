from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import Buffering
from actors.core.coalesce import Buffer, merge
from actors.core.fold import fold
from actors.events import (
    Custom,
    Event,
    Retracted,
    RetryScheduled,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
)
from actors.outcome import Truncated


def text(seq: int, said: str = "x", **fields: Any) -> TextDelta:
    place: dict[str, Any] = {"session": "s", "turn": 1, "step": 1, "attempt": 1} | fields
    return TextDelta(**place, seq=seq, timestamp=float(seq), text=said)


def thought(seq: int, said: str = "x") -> ThoughtDelta:
    return ThoughtDelta(session="s", turn=1, step=1, attempt=1, seq=seq, timestamp=float(seq), text=said)


def call(seq: int, number: int, name: str = "", arguments: str = "") -> ToolCallDelta:
    return ToolCallDelta(
        session="s",
        turn=1,
        step=1,
        attempt=1,
        seq=seq,
        timestamp=0,
        call=number,
        name=name,
        arguments=arguments,
    )


def cut(seq: int, keep: int, thought_keep: int = 0, **fields: int) -> Retracted:
    return Retracted(
        session="s", turn=1, seq=seq, timestamp=0, text_keep=keep, thought_keep=thought_keep, **fields
    )


def custom(seq: int) -> Custom:
    return Custom(session="s", turn=1, seq=seq, timestamp=0, payload=seq)


def test_deltas_of_a_kind_merge_and_say_what_they_stand_for() -> None:
    merged = merge(text(3, "a"), text(4, "b"))
    assert merged == text(4, "ab", first_seq=3)
    assert merged is not None
    assert merge(merged, text(5, "c")) == text(5, "abc", first_seq=3)
    assert merge(thought(1, "a"), thought(2, "b")) == ThoughtDelta(
        session="s", turn=1, step=1, attempt=1, seq=2, first_seq=1, timestamp=2, text="ab"
    )


def test_a_calls_deltas_merge() -> None:
    merged = merge(call(1, 0, "f", "{"), call(2, 0, "", "}"))
    assert isinstance(merged, ToolCallDelta)
    assert (merged.name, merged.arguments) == ("f", "{}")


def test_retractions_become_the_minimum_of_each() -> None:
    merged = merge(cut(1, 5, 2, attempt=1), cut(2, 3, 4, attempt=2))
    assert merged == cut(2, 3, 2, first_seq=1, attempt=2)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (text(1), thought(2)),
        (text(1), cut(2, 0)),
        (cut(1, 0), text(2)),
        (text(1), text(2, attempt=2)),
        (text(1), text(2, step=2)),
        (text(1), text(2, turn=2)),
        (text(1), text(2, session="t")),
        (text(1), text(3)),
        (call(1, 0), call(2, 1)),
        (custom(1), custom(2)),
        (text(1), custom(2)),
    ],
)
def test_other_neighbours_do_not_merge(first: Event, second: Event) -> None:
    assert merge(first, second) is None


def test_past_max_events_granularity_goes_and_text_does_not() -> None:
    buffer = Buffer(Buffering(max_events=3))
    for seq in range(1, 100):
        buffer.push(text(seq, f"{seq} "))
    assert len(buffer) == 3
    assert not buffer.full
    events = buffer.take()
    assert [(event.first_seq, event.seq) for event in events if isinstance(event, TextDelta)] == [
        (1, 1),
        (2, 2),
        (3, 99),
    ]
    assert fold(events).text == "".join(f"{seq} " for seq in range(1, 100))
    assert len(buffer) == 0


def test_nothing_merges_across_a_control_event() -> None:
    buffer = Buffer(Buffering(max_events=1))
    events: list[Event] = [text(1), custom(2), text(3), text(4), custom(5)]
    for event in events:
        buffer.push(event)
    assert [event.seq for event in buffer.take()] == [1, 2, 4, 5]


def test_past_max_bytes_it_is_full_until_it_is_taken() -> None:
    buffer = Buffer(Buffering(max_bytes=10))
    for seq in range(1, 6):
        buffer.push(text(seq, "éx"))
        assert buffer.full is (seq > 3)
    buffer.take()
    assert not buffer.full


def test_past_max_control_it_is_full() -> None:
    buffer = Buffer(Buffering(max_events=1, max_control=2))
    for seq in (1, 2, 3):
        buffer.push(custom(seq))
        assert buffer.full is (seq > 2)
    buffer.take()
    assert not buffer.full


def test_deltas_that_alternate_too_fast_to_merge_fill_it_too() -> None:
    buffer = Buffer(Buffering(max_events=2, max_control=3))
    pushed = 0
    while not buffer.full:
        pushed += 1
        buffer.push(text(pushed) if pushed % 2 else thought(pushed))
    assert pushed == 2 + 3 + 1


def test_pause_goes_there_straight_away() -> None:
    buffer = Buffer(Buffering(max_events=2, overflow="pause"))
    for seq in (1, 2, 3):
        assert not buffer.full
        buffer.push(text(seq))
    assert buffer.full
    assert [event.seq for event in buffer.take()] == [1, 2, 3]
    assert not buffer.full


def test_what_is_pushed_when_it_is_full_is_kept() -> None:
    buffer = Buffer(Buffering(max_bytes=1, max_events=1))
    for seq in range(1, 50):
        buffer.push(text(seq))
    assert fold(buffer.take()).text == "x" * 49


RETRY = partial(
    RetryScheduled,
    session="s",
    turn=1,
    timestamp=0,
    failed_attempts=1,
    max_retries=2,
    backoff_ms=1,
    error="",
    outcome=Truncated(message=""),
)
kinds = st.sampled_from(["text", "text", "thought", "cut", "custom", "call", "retry"])


@st.composite
def streams(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = []
    for seq, kind in enumerate(draw(st.lists(kinds, max_size=40)), 1):
        if kind == "text":
            events.append(text(seq, draw(st.sampled_from(["a", "bé", "😀"]))))
        elif kind == "thought":
            events.append(thought(seq, draw(st.sampled_from(["t", "uv"]))))
        elif kind == "cut":
            now = fold(events)
            events.append(
                cut(seq, draw(st.integers(0, len(now.text))), draw(st.integers(0, len(now.thoughts))))
            )
        elif kind == "call":
            events.append(call(seq, draw(st.integers(0, 1)), "f", "a"))
        elif kind == "custom":
            events.append(custom(seq))
        else:
            events.append(RETRY(seq=seq))
    return events


def is_control(event: Event) -> bool:
    return isinstance(event, Custom | RetryScheduled)


@given(
    streams(), st.integers(1, 5), st.lists(st.integers(1, 7), min_size=1), st.sampled_from(["merge", "pause"])
)
def test_whatever_merges_the_fold_stays_and_no_seq_is_lost(
    events: list[Event], max_events: int, rhythm: list[int], overflow: Any
) -> None:
    buffer, taken = Buffer(Buffering(max_events=max_events, overflow=overflow)), []
    for number, event in enumerate(events):
        buffer.push(event)
        if number % rhythm[number % len(rhythm)] == 0:
            taken += buffer.take()
    taken += buffer.take()
    assert (fold(taken).text, fold(taken).thoughts) == (fold(events).text, fold(events).thoughts)
    assert [event for event in taken if is_control(event)] == [event for event in events if is_control(event)]
    covered = [seq for event in taken for seq in range(getattr(event, "first_seq", event.seq), event.seq + 1)]
    assert covered == list(range(1, len(events) + 1))
    assert buffer._bytes == buffer._stuck == 0


@given(streams(), st.data())
def test_neighbours_may_merge_in_any_order(events: list[Event], data: st.DataObject) -> None:
    waiting = list(events)
    for _ in range(len(events)):
        pairs = [i for i in range(len(waiting) - 1) if merge(waiting[i], waiting[i + 1]) is not None]
        if not pairs:
            break
        at = data.draw(st.sampled_from(pairs))
        merged = merge(waiting[at], waiting[at + 1])
        assert merged is not None
        waiting[at : at + 2] = [merged]
    assert (fold(waiting).text, fold(waiting).thoughts) == (fold(events).text, fold(events).thoughts)
    in_one_go: deque[Event] = deque()
    for event in events:
        last = merge(in_one_go[-1], event) if in_one_go else None
        if last is not None:
            in_one_go[-1] = last
        else:
            in_one_go.append(event)
    assert waiting == list(in_one_go)
