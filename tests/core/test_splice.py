from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.core.aggregate import Piece, TextPiece, ThoughtPiece, ToolCallPiece
from actors.core.splice import Cut, Shown, Splice

T, H = TextPiece, ThoughtPiece


def begun(*shown: Piece) -> Splice:
    """A splice in its second attempt, the first of which showed `shown`."""
    splice = Splice()
    splice.begin_step()
    splice.begin_attempt()
    splice.feed(shown)
    splice.begin_attempt()
    return splice


def test_a_first_attempt_passes_through() -> None:
    splice = Splice()
    splice.begin_step()
    splice.begin_attempt()
    pieces = (H("t"), T("a"), ToolCallPiece(0, "1", "f"))
    assert splice.feed(pieces) == pieces
    assert splice.complete() == ()
    assert (splice.text, splice.thoughts) == ("a", "t")


def test_while_an_attempt_agrees_nothing_is_sent() -> None:
    splice = begun(T("Hello wor"))
    assert splice.feed([T("Hel"), T("lo")]) == ()
    assert splice.feed([T(" world"), T("!")]) == (T("ld"), T("!"))
    assert splice.complete() == ()
    assert splice.text == "Hello world!"


def test_at_the_first_difference_it_cuts_once_and_goes_on() -> None:
    splice = begun(T("Hello world"))
    assert splice.feed([T("Hello there"), T(".")]) == (Cut(6, 0), T("there"), T("."))
    assert splice.text == "Hello there."


def test_a_completed_attempt_that_is_shorter_cuts_at_its_end() -> None:
    splice = begun(H("think"), T("Hello world"))
    assert splice.feed([H("th"), T("Hello")]) == ()
    assert splice.complete() == (Cut(5, 2),)
    assert (splice.text, splice.thoughts) == ("Hello", "th")


def test_a_failed_attempt_that_is_shorter_cuts_nothing() -> None:
    splice = begun(T("Hello world"))
    splice.feed([T("Hello")])
    splice.begin_attempt()
    assert splice.feed([T("Hello world")]) == ()
    assert splice.text == "Hello world"


def test_text_and_thoughts_are_compared_each_on_its_own() -> None:
    splice = begun(H("abc"), T("xyz"))
    assert splice.feed([H("aX"), T("xyz!")]) == (Cut(3, 1), H("X"), T("!"))
    assert (splice.text, splice.thoughts) == ("xyz!", "aX")


def test_it_never_cuts_below_its_steps_start() -> None:
    splice = begun(T("step one."))
    splice.feed([T("step one.")])
    splice.begin_step()
    splice.begin_attempt()
    splice.feed([T("step two")])
    splice.begin_attempt()
    assert splice.feed([T("other")]) == (Cut(9, 0), T("other"))
    splice.begin_attempt()
    assert splice.complete() == (Cut(9, 0),)
    assert splice.text == "step one."


def test_knows_whether_a_step_has_shown_anything() -> None:
    splice = begun(T("a"))
    assert splice.shown_in_step
    assert splice.complete() == (Cut(0, 0),)
    assert splice.shown_in_step, "what was cut again was shown all the same"


def test_a_step_has_shown_nothing_at_its_start() -> None:
    splice = begun(T("a"))
    splice.begin_step()
    assert not splice.shown_in_step


def test_a_tool_calls_delta_is_something_shown() -> None:
    splice = begun()
    splice.feed([ToolCallPiece(0, "1", "f")])
    assert splice.shown_in_step


def test_counts_code_points() -> None:
    splice = begun(T("né😀x"))
    assert splice.feed([T("né😀y")]) == (Cut(3, 0), T("y"))


# A small alphabet, so that attempts agree for a while and then do not.
text = st.text("ab", max_size=8)
pieces = st.lists(st.one_of(st.builds(T, text), st.builds(H, text)), max_size=6)
steps = st.lists(st.lists(pieces, min_size=1, max_size=4), min_size=1, max_size=3)


@given(steps)
def test_a_consumer_sees_what_the_attempts_say(steps: list[list[list[Piece]]]) -> None:
    """After the last attempt of each step, all failed but that, the fold is the steps' answers in order."""
    splice, text, thoughts = Splice(), "", ""
    answer, answer_thoughts = "", ""
    for attempts in steps:
        splice.begin_step()
        floor = len(text), len(thoughts)
        for attempt in attempts:
            splice.begin_attempt()
            shown: list[Shown] = [item for piece in attempt for item in splice.feed([piece])]
            if attempt is attempts[-1]:
                shown += splice.complete()
            assert sum(isinstance(item, Cut) for item in shown) <= 3
            for item in shown:
                if isinstance(item, Cut):
                    assert item.text_keep >= floor[0]
                    assert item.thought_keep >= floor[1]
                    assert (item.text_keep, item.thought_keep) != (len(text), len(thoughts)), "an idle cut"
                    text, thoughts = text[: item.text_keep], thoughts[: item.thought_keep]
                elif isinstance(item, TextPiece):
                    text += item.text
                elif isinstance(item, ThoughtPiece):
                    thoughts += item.text
            assert (text, thoughts) == (splice.text, splice.thoughts)
        answer += "".join(piece.text for piece in attempts[-1] if isinstance(piece, TextPiece))
        answer_thoughts += "".join(piece.text for piece in attempts[-1] if isinstance(piece, ThoughtPiece))
        assert (text, thoughts) == (answer, answer_thoughts)


@given(pieces, pieces)
def test_nothing_is_sent_again_that_was_shown(first: list[Piece], second: list[Piece]) -> None:
    splice = begun(*first)
    before = splice.text
    sent = "".join(item.text for item in splice.feed(second) if isinstance(item, TextPiece))
    said = "".join(piece.text for piece in second if isinstance(piece, TextPiece))
    agreed = next((i for i, pair in enumerate(zip(before, said, strict=False)) if pair[0] != pair[1]), None)
    common = min(len(before), len(said)) if agreed is None else agreed
    assert sent == said[common:]
