"""What an endpoint says when a request is too long for its model: the numbers in its words, and what follows."""

from __future__ import annotations

import re

import msgspec

from actors.core.ratio import clamp

_NUMBER = r"(\d[\d,]{0,14})"
_LIMIT = (
    rf"context length is (?:only )?{_NUMBER}",  # OpenAI, DeepSeek, OpenRouter, vLLM
    rf"> {_NUMBER} maximum",  # Anthropic
    rf"tokens allowed \({_NUMBER}\)",  # Gemini
    rf"context size \({_NUMBER}",  # llama.cpp
    rf"max_seq_len \({_NUMBER}\)",  # SiliconFlow
    rf"context window of {_NUMBER}",
)
_INPUT = (
    rf"\({_NUMBER} in (?:the|your) (?:messages|prompt)",  # OpenAI
    rf"\({_NUMBER} of text input",  # OpenRouter
    rf"(?:passed|has|contains at least) {_NUMBER} input tokens",  # vLLM
    rf"resulted in {_NUMBER} tokens",  # OpenAI
    rf"too long: {_NUMBER} tokens",  # Anthropic
    rf"token count \({_NUMBER}\)",  # Gemini
    rf"request \({_NUMBER} tokens\)",  # llama.cpp
    rf"prompt_tokens \({_NUMBER}\)",  # SiliconFlow
)
_OUTPUT = (
    rf"{_NUMBER} (?:in|for) (?:the|your) completion",  # OpenAI
    rf"{_NUMBER} in the output",  # OpenRouter
    rf"requested {_NUMBER} output tokens",  # vLLM
)


_SMALLER = 0.75
"""Without numbers, so much of what was refused is tried next."""
_RESERVED_PART = 4


class TooLong(msgspec.Struct, frozen=True):
    """What it says, in its own tokens; None: not said."""

    limit: int | None = None
    """The model's context, the answer included."""
    input: int | None = None
    """What was sent."""
    output: int | None = None
    """What was asked for as the answer's length."""


def read(message: str) -> TooLong:
    """Find the numbers in an error's message."""
    said = message.lower()
    return TooLong(*(_first(patterns, said) for patterns in (_LIMIT, _INPUT, _OUTPUT)))


def ceiling_of(said: TooLong, estimate: int, ratio: float, reserved: int) -> tuple[float, int]:
    """The ratio, and what a request may have, after one was refused; with both of them that one is too long.

    Args:
        said: the endpoint's numbers.
        estimate: of the request that it refused, without the ratio.
        ratio: reported to estimated tokens, as known so far.
        reserved: the room for the answer that is wanted, in tokens; at most a quarter of the limit is.
    """
    if said.input is not None:
        ratio = clamp(said.input / estimate)
    elif said.limit is not None:  # with the answer, the request was more than that
        ratio = clamp(max(ratio, (said.limit - (said.output or 0)) / estimate))
    sent = ratio * estimate
    ceiling = sent * _SMALLER
    if said.limit is not None:
        room = max(min(reserved, said.limit // _RESERVED_PART), said.output or 0)
        ceiling = said.limit - room if 0 < said.limit - room < sent else ceiling
    return ratio, max(int(ceiling), 1)


def _first(patterns: tuple[str, ...], said: str) -> int | None:
    found = next((match for pattern in patterns if (match := re.search(pattern, said))), None)
    return int(found[1].replace(",", "")) or None if found else None
