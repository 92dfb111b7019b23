from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.config import Limits
from actors.core.aggregate import Aggregate, Piece, StepResult, TextPiece, ThoughtPiece, ToolCallPiece
from actors.core.chunks import (
    Chunk,
    End,
    Error,
    Finish,
    Refusal,
    ResponseInfo,
    Text,
    Thought,
    ToolCallFragment,
    Usage,
)
from actors.errors import ProtocolViolation
from actors.events import AttemptUsage
from actors.outcome import Complete, InBandError, Protocol, Truncated

Call = ToolCallFragment


def aggregate(*chunks: Chunk, show_thoughts: bool = True) -> Aggregate:
    made = Aggregate(Limits(), show_thoughts=show_thoughts)
    made.add(chunks)
    return made


def result(*chunks: Chunk) -> StepResult:
    made = aggregate(*chunks, Finish("stop"))
    return made.result(made.outcome())


def calls(*fragments: ToolCallFragment) -> list[tuple[str, str, str]]:
    return [(call.id, call.name, call.arguments) for call in result(*fragments).calls]


def test_neighbours_of_one_kind_come_as_one_piece() -> None:
    made = Aggregate(Limits(), show_thoughts=True)
    chunks: list[Chunk] = [Thought("a"), Thought("b"), Text("c"), Usage(), Text("d"), Thought("e")]
    chunks += [Call(0, "1", "f", "g"), Call(0, arguments="h"), Call(1, "2", "i")]
    assert made.add(chunks) == (
        ThoughtPiece("ab"),
        TextPiece("cd"),
        ThoughtPiece("e"),
        ToolCallPiece(0, "1", "f", "gh"),
        ToolCallPiece(1, "2", "i"),
    )


def test_text_and_thoughts_count_until_a_tool_call_begins() -> None:
    made = aggregate(Thought("t"), Text("a"), Call(), Text("b"), Thought("u"), Refusal("r"), Finish("stop"))
    said = made.result(made.outcome())
    assert (said.full_text, said.thoughts, said.refusal) == ("a", "t", "")


def test_a_tool_call_can_begin_without_a_call_coming_of_it() -> None:
    said = result(Call(index=0), Text("x"))
    assert said.is_tool_call
    assert said.calls == ()
    assert not result(Text("x")).is_tool_call


def test_thoughts_are_shown_only_where_they_are_wanted() -> None:
    made = Aggregate(Limits(), show_thoughts=False)
    assert made.add([Thought("t"), Text("a")]) == (TextPiece("a"),)
    assert made.result(Complete()).thoughts == ""


def test_a_refusal_is_shown_like_text_and_kept_apart() -> None:
    said = result(Text("Well. "), Refusal("No."))
    assert (said.full_text, said.refusal) == ("Well. No.", "No.")


@pytest.mark.parametrize(
    ("chunks", "outcome"),
    [
        ([Text("a"), Finish("stop"), End()], Complete(finish_reason="stop")),
        ([Text("a"), Finish("eos")], Complete(finish_reason="eos")),
        ([Finish("length"), Finish("tool_calls")], Complete(finish_reason="tool_calls")),
        ([Text("a"), End()], Complete()),
        ([Finish("length"), Error("no", "400", "t")], InBandError(message="no", code="400", type="t")),
    ],
)
def test_how_an_attempt_ended(chunks: list[Chunk], outcome: Complete | InBandError) -> None:
    assert aggregate(*chunks).outcome() == outcome


def test_neither_a_finish_reason_nor_an_end_marker_is_truncated() -> None:
    for chunks in ([], [Text("a")], [Call(0, "1", "f", "{}"), Usage(output_tokens=3)]):
        assert isinstance(aggregate(*chunks).outcome(), Truncated)


# The shapes that providers send, each of the design's rules at least once.
@pytest.mark.parametrize(
    ("fragments", "expected"),
    [
        pytest.param([Call(0, "1", "f", "{"), Call(0, arguments="}")], [("1", "f", "{}")], id="as-specified"),
        pytest.param(
            [Call(1, "2", "g", "B"), Call(0, "1", "f", "A"), Call(1, arguments="b"), Call(0, arguments="a")],
            [("1", "f", "Aa"), ("2", "g", "Bb")],
            id="in-index-order",
        ),
        pytest.param(
            [
                Call(None, "1", "f", "A"),
                Call(None, "", "", "a"),
                Call(None, "2", "g", "B"),
                Call(arguments="b"),
            ],
            [("1", "f", "Aa"), ("2", "g", "Bb")],
            id="no-index",
        ),
        pytest.param(
            [Call(None, "1", "f", "A"), Call(None, "2", "g", "B"), Call(None, "1", "f", "a")],
            [("1", "f", "Aa"), ("2", "g", "B")],
            id="no-index-but-an-id-each-time",
        ),
        pytest.param(
            [Call(0, "1", "f", "A"), Call(0, "", "", "a"), Call(0, "2", "g", "B"), Call(0, "", "", "b")],
            [("1", "f", "Aa"), ("2", "g", "Bb")],
            id="all-index-0",
        ),
        pytest.param(
            [Call(0, "1", "f", "A"), Call(0, "2", "g", "B"), Call(0, "1", "f", "a"), Call(0, "", "", "a")],
            [("1", "f", "Aaa"), ("2", "g", "B")],
            id="all-index-0-taking-turns",
        ),
        pytest.param(
            [Call(0, "1", "f", ""), Call(0, "1", "f", "{"), Call(0, "1", "f", "}")],
            [("1", "f", "{}")],
            id="id-and-name-repeated",
        ),
        pytest.param([Call(0, "", "f", "A"), Call(0, "1", "", "a")], [("1", "f", "Aa")], id="id-comes-late"),
        pytest.param([Call(0, "1", "", "{}"), Call(0, "", "f")], [("1", "f", "{}")], id="name-comes-late"),
        pytest.param([Call(0, "1", "f"), Call(0, "1", "g")], [("1", "g", "")], id="a-name-replaces"),
        pytest.param(
            [Call(None, "1", "f", "A"), Call(0, "1", "", "a")], [("1", "f", "Aa")], id="index-comes-late"
        ),
        pytest.param(
            [Call(arguments="A"), Call(arguments="a")], [("", "", "Aa")], id="nothing-but-arguments"
        ),
        pytest.param(
            [Call(None, "", "f", "A"), Call(None, "2", "g", "B")],
            [("", "f", "A"), ("2", "g", "B")],
            id="no-index-and-the-first-without-id",
        ),
        pytest.param([Call(3, "", "f"), Call(3, "", "", "x")], [("", "f", "x")], id="no-id-at-all"),
    ],
)
def test_fragments_become_calls(
    fragments: list[ToolCallFragment], expected: list[tuple[str, str, str]]
) -> None:
    assert calls(*fragments) == expected


@given(st.data())
def test_calls_that_take_turns_come_out_whole(data: st.DataObject) -> None:
    written = data.draw(
        st.lists(st.lists(st.text(max_size=4), min_size=1, max_size=4), min_size=1, max_size=4)
    )
    left = [list(pieces) for pieces in written]
    fragments = []
    while any(left):
        index = data.draw(st.sampled_from([i for i, pieces in enumerate(left) if pieces]))
        first = len(left[index]) == len(written[index])
        said = (f"id{index}", f"name{index}") if first or data.draw(st.booleans()) else ("", "")
        fragments.append(Call(index, *said, left[index].pop(0)))
    assert calls(*fragments) == [(f"id{i}", f"name{i}", "".join(pieces)) for i, pieces in enumerate(written)]


@pytest.mark.parametrize(
    ("arguments", "runnable"),
    [("{}", True), ("", True), (" \n", True), ('{"a": [1]}', True), ('{"a": 1', False), ("[]", False),
     ("1", False), ("null", False), ('{"a": NaN}', False), ("{}{}", False), ("{'a': 1}", False),
     ('{"a":' * 5000, False)],
)  # fmt: skip
def test_a_call_is_runnable_if_its_arguments_are_an_object(arguments: str, *, runnable: bool) -> None:
    (call,) = result(Call(0, "1", "f", arguments)).calls
    assert call.runnable is runnable
    assert call.arguments == arguments


@pytest.mark.parametrize("chunks", [[], [Error("x")], [Finish("tool_calls"), Error("x")]])
def test_no_call_of_an_attempt_that_is_not_complete_is_runnable(chunks: list[Chunk]) -> None:
    made = aggregate(Call(0, "1", "f", "{}"), *chunks)
    assert [call.runnable for call in made.result(made.outcome()).calls] == [False]


def test_a_call_without_a_name_is_not_runnable() -> None:
    assert [call.runnable for call in result(Call(0, "1", "", "{}")).calls] == [False]


def test_the_finish_reason_has_no_say_in_what_is_runnable() -> None:
    made = aggregate(Call(0, "1", "f", "{}"), Finish("length"))
    assert made.result(made.outcome()).calls[0].runnable


def test_usage_in_every_chunk_keeps_the_last_that_was_said() -> None:
    made = aggregate(
        Usage(input_tokens=5, output_tokens=1), Usage(output_tokens=2, reasoning_tokens=1), Usage()
    )
    assert made.usage == Usage(input_tokens=5, output_tokens=2, reasoning_tokens=1)
    assert made.attempt_usage(step=2, attempt=3) == AttemptUsage(
        step=2, attempt=3, source="measured", input_tokens=5, output_tokens=2, reasoning_tokens=1
    )


def test_usage_is_estimated_or_unknown_where_it_was_not_reported() -> None:
    hidden = aggregate(Thought("1234"), Text("5678"), Call(0, "", "", "9"), show_thoughts=False)
    assert hidden.attempt_usage(step=1, attempt=1) == AttemptUsage(
        step=1, attempt=1, source="estimated", output_tokens=3
    )
    assert aggregate(Finish("stop")).attempt_usage(step=1, attempt=1).source == "unknown"


def test_who_answered() -> None:
    said = result(ResponseInfo("r1", "m1"), Text("x"))
    assert (said.response_id, said.response_model) == ("r1", "m1")


def test_too_many_calls_are_a_violation_after_what_came_before() -> None:
    made = Aggregate(Limits(calls=2), show_thoughts=True)
    fragments = [Call(index, f"{index}", "f") for index in range(3)]
    assert len(made.add(fragments)) == 2
    assert made.outcome() == Protocol(type="limit", message="more than 2 tool calls in one attempt")
    with pytest.raises(ProtocolViolation):
        made.add([Finish("stop")])


def test_too_large_arguments_are_a_violation_counted_in_bytes() -> None:
    made = Aggregate(Limits(argument_bytes=4), show_thoughts=True)
    made.add([Call(0, "1", "f", "éé")])
    with pytest.raises(ProtocolViolation, match="larger than 4 bytes"):
        made.add([Call(0, arguments="x")])


some_text = st.sampled_from(["", "a", "bc", "é"])
chunks = st.lists(
    st.one_of(
        st.builds(Text, some_text),
        st.builds(Thought, some_text),
        st.builds(Refusal, some_text),
        st.builds(Call, st.sampled_from([None, 0, 1]), st.sampled_from(["", "x", "y"]), some_text, some_text),
        st.builds(Usage, output_tokens=st.integers(0, 9)),
    ),
    max_size=12,
)


@given(chunks, st.integers(0, 12))
def test_however_chunks_are_batched_the_result_is_the_same(given: list[Chunk], at: int) -> None:
    whole, parted = (Aggregate(Limits(calls=2), show_thoughts=True) for _ in range(2))
    shown, shown_in_parts = _shown(whole, [given]), _shown(parted, [given[:at], given[at:]])
    assert parted.outcome() == whole.outcome()
    assert parted.result(Complete()) == whole.result(Complete())
    assert shown_in_parts == shown
    if whole.violation is None:
        assert shown[0] == whole.result(Complete()).full_text


def _shown(made: Aggregate, batches: list[list[Chunk]]) -> tuple[str, str, list[tuple[int, str]]]:
    pieces: list[Piece] = []
    try:
        for batch in batches:
            pieces += made.add(batch)
    except ProtocolViolation:
        assert made.violation is not None
    text = "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))
    thoughts = "".join(piece.text for piece in pieces if isinstance(piece, ThoughtPiece))
    written: dict[int, str] = {}
    for piece in pieces:
        if isinstance(piece, ToolCallPiece):
            written[piece.call] = written.get(piece.call, "") + piece.arguments
    return text, thoughts, sorted(written.items())
