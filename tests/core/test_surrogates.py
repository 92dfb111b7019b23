from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

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
from actors.core.surrogates import SurrogateJoiner
from actors.scrub import scrub

HIGH, LOW = "\ud83d", "\ude00"


def cleaned(*chunks: Chunk) -> list[Chunk]:
    joiner = SurrogateJoiner()
    return [*joiner.clean(chunks), *joiner.flush()]


def test_a_pair_that_was_split_is_joined() -> None:
    assert cleaned(Text("a" + HIGH), Text(LOW + "b")) == [Text("a"), Text("😀b")]
    assert cleaned(Thought(HIGH), Thought(LOW)) == [Thought("😀")]
    assert cleaned(Refusal(HIGH), Refusal(LOW)) == [Refusal("😀")]


def test_usage_between_the_halves_does_not_part_them() -> None:
    assert cleaned(Text(HIGH), Usage(output_tokens=1), Text(LOW)) == [Usage(output_tokens=1), Text("😀")]


def test_a_half_that_stays_alone_is_replaced() -> None:
    assert cleaned(Text(HIGH), Thought(LOW)) == [Text("�"), Thought("�")]
    assert cleaned(Text(HIGH + "x"), Text(LOW)) == [Text("�x"), Text("�")]
    assert cleaned(Text(HIGH), Finish("stop"), End()) == [Text("�"), Finish("stop"), End()]
    assert cleaned(Text(HIGH), End()) == [Text("�"), End()]
    assert cleaned(Text(HIGH), Error("x" + LOW)) == [Text("�"), Error("x�")]


def test_arguments_are_joined_within_their_call() -> None:
    def fragment(arguments: str, call: str = "", index: int | None = 0) -> ToolCallFragment:
        return ToolCallFragment(index, call, arguments=arguments)

    assert cleaned(fragment("a" + HIGH, "c1"), fragment(LOW)) == [fragment("a", "c1"), fragment("😀")]
    assert cleaned(fragment(HIGH, "c1"), fragment(LOW, "c1")) == [fragment("", "c1"), fragment("😀", "c1")]
    assert cleaned(fragment(HIGH, "c1"), fragment(LOW, "c2"))[1:] == [fragment("�"), fragment("�", "c2")]
    assert cleaned(fragment(HIGH), fragment(LOW, index=1)) == [
        fragment(""),
        fragment("�"),
        fragment("�", index=1),
    ]


def test_names_and_ids_are_scrubbed() -> None:
    assert cleaned(ResponseInfo(HIGH, LOW), ToolCallFragment(0, HIGH, LOW)) == [
        ResponseInfo("�", "�"),
        ToolCallFragment(0, "�", "�"),
    ]


anything = st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from([HIGH, LOW, "\udfff", "\ud800"])))


@given(anything)
def test_scrubbing_gives_valid_text_and_keeps_what_is_valid(text: str) -> None:
    assert scrub(text).encode().decode() == scrub(text)
    valid = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    assert scrub(text).replace("�", "") == valid.replace("�", "")


@given(st.lists(anything, max_size=6))
def test_any_split_of_a_text_gives_the_same_text(pieces: list[str]) -> None:
    chunks = cleaned(*(Text(piece) for piece in pieces))
    assert "".join(chunk.text for chunk in chunks if isinstance(chunk, Text)) == scrub("".join(pieces))
