"""The numbers in what endpoints say when a request is too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.core.too_long import TooLong, ceiling_of, read

OPENAI = "This model's maximum context length is 8192 tokens. However, "
SAID = {
    OPENAI + "you requested 9000 tokens (8500 in the messages, 500 in the completion).": TooLong(
        8192, 8500, 500
    ),
    OPENAI + "you requested 9000 tokens (8500 in your prompt; 500 for the completion).": TooLong(
        8192, 8500, 500
    ),
    OPENAI + "your messages resulted in 192871 tokens.": TooLong(8192, 192871),
    OPENAI + "your request has 130,001 input tokens.": TooLong(8192, 130001),
    "This endpoint's maximum context length is 131,072 tokens. However, you requested about 140000 tokens "
    "(139000 of text input, 1000 in the output).": TooLong(131072, 139000, 1000),
    "You passed 7681 input tokens and requested 512 output tokens. However, the model's context length is only 8192 "
    "tokens.": TooLong(8192, 7681, 512),
    "prompt is too long: 202609 tokens > 200000 maximum": TooLong(200000, 202609),
    "The input token count (461428) exceeds the maximum number of tokens allowed (131072).": TooLong(
        131072, 461428
    ),
    "request (9001 tokens) exceeds the available context size (4096 tokens)": TooLong(4096, 9001),
    "length of prompt_tokens (163280) must be less than max_seq_len (32768).": TooLong(32768, 163280),
    "Please reduce the length of the messages or completion.": TooLong(),
    "maximum context length is 0 tokens": TooLong(),
    "maximum context length is " + "9" * 5000: TooLong(int("9" * 15)),
}


@pytest.mark.parametrize(("message", "said"), SAID.items(), ids=lambda value: str(value)[:60])
def test_the_numbers_are_found(message: str, said: TooLong) -> None:
    assert read(message) == said


def test_what_was_sent_corrects_the_estimate() -> None:
    assert ceiling_of(TooLong(8192, 9000), 6000, 1.0, reserved=1000) == (1.5, 7192)
    assert ceiling_of(TooLong(8192, 8000, 500), 8000, 1.0, reserved=0) == (1.0, 7692)


def test_a_limit_alone_says_that_the_request_was_longer() -> None:
    assert ceiling_of(TooLong(8000), 4000, 1.0, reserved=1000) == (2.0, 7000)
    assert ceiling_of(TooLong(1000), 4000, 1.0, reserved=4096) == (
        1.0,
        750,
    )  # room for an answer: a quarter at most


def test_without_numbers_three_quarters_are_left() -> None:
    assert ceiling_of(TooLong(), 1000, 2.0, reserved=0) == (2.0, 1500)


numbers = st.none() | st.integers(1, 10**7)


@given(
    st.builds(TooLong, numbers, numbers, numbers),
    st.integers(2, 10**6),
    st.floats(0.5, 4),
    st.integers(0, 10**5),
)
def test_what_was_refused_never_fits_again(said: TooLong, estimate: int, ratio: float, reserved: int) -> None:
    corrected, ceiling = ceiling_of(said, estimate, ratio, reserved)
    assert ceiling >= 1
    assert ceiling < corrected * estimate or corrected * estimate <= 1
