"""The fold law: whatever the attempts, their chunks and the merges, consumers end with the turn's text."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from actors.config import Buffering, Limits
from actors.core.aggregate import Aggregate, TextPiece, ThoughtPiece
from actors.core.chunks import Chunk, Finish, Text, Thought, ToolCallFragment
from actors.core.coalesce import Buffer
from actors.core.fold import Fold, fold
from actors.core.splice import Cut, Shown, Splice
from actors.events import AttemptStarted, Event, Retracted, TextDelta, ThoughtDelta, TurnStarted

PLACE: dict[str, Any] = {"session": "s", "turn": 1}


def test_deltas_append_and_a_retraction_cuts() -> None:
    folded = Fold()
    for event in (
        TextDelta(**PLACE, seq=1, timestamp=0, text="né😀x"),
        ThoughtDelta(**PLACE, seq=2, timestamp=0, text="think"),
        Retracted(**PLACE, seq=3, timestamp=0, text_keep=3, thought_keep=2),
        TextDelta(**PLACE, seq=4, timestamp=0, text="!"),
    ):
        folded.apply(event)
    assert (folded.text, folded.thoughts) == ("né😀!", "th")


def test_a_turn_begins_anew() -> None:
    events: list[Event] = [
        TextDelta(**PLACE, seq=1, timestamp=0, text="a"),
        TurnStarted(session="s", turn=2, seq=2, timestamp=0),
    ]
    assert (fold(events).text, fold(events).thoughts) == ("", "")


word = st.text("abé😀", min_size=1, max_size=6)
chunks = st.lists(st.one_of(st.builds(Text, word), st.builds(Thought, word)), max_size=8)
attempts = st.lists(st.tuples(chunks, st.booleans()), min_size=1, max_size=4)
steps = st.lists(attempts, min_size=1, max_size=3)


class Turn:
    """A turn as the actors play it, with the events that its consumers are sent."""

    def __init__(self) -> None:
        self.splice = Splice()
        self.events: list[Event] = []

    def send(self, shown: tuple[Shown, ...], step: int, attempt: int) -> None:
        for item in shown:
            place: dict[str, Any] = {
                "session": "s",
                "turn": 1,
                "step": step,
                "attempt": attempt,
                "seq": len(self.events) + 1,
            }
            if isinstance(item, Cut):
                self.events.append(
                    Retracted(**place, timestamp=0, text_keep=item.text_keep, thought_keep=item.thought_keep)
                )
            elif isinstance(item, TextPiece):
                self.events.append(TextDelta(**place, timestamp=0, text=item.text))
            elif isinstance(item, ThoughtPiece):
                self.events.append(ThoughtDelta(**place, timestamp=0, text=item.text))

    def attempt(
        self, chunks: list[Chunk], sizes: list[int], step: int, number: int, *, fails: bool
    ) -> Aggregate:
        self.events.append(
            AttemptStarted(
                session="s", turn=1, step=step, attempt=number, seq=len(self.events) + 1, timestamp=0
            )
        )
        self.splice.begin_attempt()
        aggregate = Aggregate(Limits(), show_thoughts=True)
        rest = [*chunks, *([] if fails else [Finish("stop")])]
        while rest:
            size = sizes[len(rest) % len(sizes)]
            self.send(self.splice.feed(aggregate.add(rest[:size])), step, number)
            rest = rest[size:]
        if not fails:
            self.send(self.splice.complete(), step, number)
        return aggregate


@given(
    steps,
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_the_fold_law(
    steps: list[list[tuple[list[Chunk], bool]]], sizes: list[int], rhythm: list[int]
) -> None:
    turn, answers, thoughts = Turn(), "", ""
    for step, attempts in enumerate(steps, 1):
        turn.splice.begin_step()
        for number, (chunks, breaks_in_a_call) in enumerate(attempts, 1):
            fails = number < len(attempts)
            said = [*chunks, ToolCallFragment(0, "1", "f")] if fails and breaks_in_a_call else chunks
            aggregate = turn.attempt(said, sizes, step, number, fails=fails)
        result = aggregate.result(aggregate.outcome())
        answers += result.full_text
        thoughts += result.thoughts
    assert (turn.splice.text, turn.splice.thoughts) == (answers, thoughts)
    assert (fold(turn.events).text, fold(turn.events).thoughts) == (answers, thoughts)
    buffer, taken = Buffer(Buffering(max_events=2)), []
    for event in turn.events:
        buffer.push(event)
        if event.seq % rhythm[event.seq % len(rhythm)] == 0:
            taken += buffer.take()
    taken += buffer.take()
    assert (fold(taken).text, fold(taken).thoughts) == (answers, thoughts)


@given(steps, st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_the_fold_law_holds_for_a_turn_that_fails(
    steps: list[list[tuple[list[Chunk], bool]]], sizes: list[int]
) -> None:
    turn = Turn()
    for step, attempts in enumerate(steps, 1):
        turn.splice.begin_step()
        for number, (chunks, _) in enumerate(attempts, 1):
            last = step == len(steps)
            turn.attempt(chunks, sizes, step, number, fails=last or number < len(attempts))
    assert (fold(turn.events).text, fold(turn.events).thoughts) == (turn.splice.text, turn.splice.thoughts)
