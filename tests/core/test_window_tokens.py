"""How many tokens a request has: estimates, what corrects them, and what is not counted twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.ratio import LEAST, MOST, correct
from actors.core.tokens import AUDIO, FILE, IMAGE, PER_MESSAGE, SMALL_IMAGE, Counts, Estimator, count_pieces
from tests.core.talks import Message, says, step, talks, user

WORDS = Estimator(count=lambda text: len(text.split()))
anything = st.text(st.characters(codec="utf-8") | st.sampled_from(" \n\naé中😀\ud800"), max_size=80)


@given(anything, anything)
def test_more_text_is_never_fewer_tokens_and_no_more_than_its_parts(one: str, other: str) -> None:
    both = count_pieces(one + other)
    assert count_pieces(one) <= both <= count_pieces(one) + count_pieces(other)


@given(anything)
def test_a_token_is_a_character_at_least(text: str) -> None:
    assert count_pieces(text) <= len(text)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("Hello, world", 3),
        ("internationalisation", 3),
        ("1234567", 3),
        ('{"a": [1, 2]}', 8),
        ("a\n    b", 3),
        ("привет", 2),
        ("नमस्ते", 3),
        ("中文字", 3),
        ("👍🏽", 2),
        ("     ", 0),
    ],
)
def test_pieces_by_class_of_character(text: str, tokens: int) -> None:
    assert count_pieces(text) == tokens


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        ("one two", 2),
        (None, 0),
        ([{"type": "text", "text": "one two"}, {"type": "text", "text": "three"}], 3),
        ([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 9999}}], IMAGE),
        ([{"type": "image_url", "image_url": {"url": "http://x", "detail": "low"}}], SMALL_IMAGE),
        ([{"type": "input_audio", "input_audio": {"data": "A" * 9999, "format": "wav"}}], AUDIO),
        ([{"type": "file", "file": {"file_data": "A" * 9999}}], FILE),
        ([{"type": "refusal", "refusal": "I can not"}], 3),
        ([{"type": "other", "x": 1}], 1),
        (["one two"], 2),
        (7, 0),
    ],
)
def test_what_a_message_has(content: Any, tokens: int) -> None:
    assert WORDS.message({"role": "user", "content": content}) == PER_MESSAGE + tokens


def test_calls_tools_and_formats_count() -> None:
    call = step("done")[0]
    assert WORDS.message(call) == PER_MESSAGE + (PER_MESSAGE + 2)  # a name and its arguments
    assert WORDS.message({"role": "assistant", "tool_calls": [{"function": None}, "odd"]}) == 2 * PER_MESSAGE
    bare = Estimator.of().fixed
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    with_tool = Estimator.of(tools=[tool]).fixed
    assert bare < with_tool < Estimator.of(tools=[tool], response_format={"type": "json_object"}).fixed
    assert Estimator.of(messages=[user("")]).fixed == bare + PER_MESSAGE
    assert Estimator.of(tools=[{"default": {1, object}}]).fixed > bare


@given(talks(), talks())
def test_only_what_is_new_is_counted(one: tuple[Message, ...], more: tuple[Message, ...]) -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return len(text)

    estimator = Estimator(count=count)
    counts = Counts().of(one, estimator)
    counted.clear()
    assert counts.of(one, estimator) is counts
    assert counted == []
    longer = counts.of((*one, *more), estimator)
    assert longer.tokens == tuple(map(estimator.message, (*one, *more)))
    counted.clear()
    assert longer.of(one, estimator).tokens == counts.tokens
    assert counted == []


def test_a_message_that_was_replaced_is_counted_anew() -> None:
    talk = (user("one"), says("two"), user("three"))
    counts = Counts().of(talk, WORDS).of((talk[0], says("two and more"), talk[2]), WORDS)
    assert counts.tokens == (4, 6, 4)


@given(st.floats(LEAST, MOST), st.floats(LEAST, MOST), st.integers(512, 10**6))
def test_the_ratio_comes_near_what_is_reported(ratio: float, truth: float, estimate: int) -> None:
    reported = round(truth * estimate)
    off = abs(ratio - truth)
    for _ in range(12):
        ratio = correct(ratio, estimate, reported)
        assert LEAST <= ratio <= MOST
    assert abs(ratio - truth) <= off / 2**11 + 1 / estimate


@given(st.floats(LEAST, MOST), st.integers(-5, 10**6), st.integers(-5, 10**9))
def test_a_ratio_stays_one_whatever_is_reported(ratio: float, estimate: int, reported: int) -> None:
    assert LEAST <= correct(ratio, estimate, reported) <= MOST


def test_a_short_request_says_little() -> None:
    assert correct(1.0, 10, 40) < 1.05
    assert correct(1.0, 1000, 4000) == 2.5
    assert correct(1.0, 0, 40) == correct(1.0, 10, 0) == 1.0
