"""A summary in place of what was cut: what a model is asked for it, and how its words are put into the conversation."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from actors.core.conversation import Message
from actors.core.tokens import PER_MESSAGE, Count
from actors.core.units import is_pinned, is_user
from actors.window import Window

_GAP = " [...] "
_OVERHEAD = 64
"""What the words around a transcript have, in tokens."""


class SummaryPlan(msgspec.Struct, frozen=True):
    """A model request that gives a summary: its text is what the model answers."""

    messages: tuple[Message, ...]
    model: str | None
    """None: the model of the turn."""
    body: Mapping[str, Any]
    """Fields of the request's body."""


def plan_summary(
    cut: Sequence[Message], earlier: str, window: Window, *, room: int, count: Count
) -> SummaryPlan:
    """What to ask for.

    The messages go as a transcript in one message of the user's, so that no endpoint takes calls in it for its own, and
    no words in it for instructions. Where it is longer than the model takes, its longest messages lose their middles.

    Args:
        cut: the messages that are to be summed up.
        earlier: the summary that stands for what was cut before, which the new one is to hold too.
        window: whose settings say how.
        room: what the request may have, in tokens as `count` counts them.
        count: counts a text's tokens.
    """
    said = [*([f"earlier summary: {earlier}"] if earlier else []), *map(_line, cut)]
    room -= count(window.summary_prompt) + window.summary_tokens + _OVERHEAD
    transcript = "\n\n".join(_clipped(said, max(room, 0), count))
    asked = f"<transcript>\n{transcript}\n</transcript>\n\nSum this up in at most {_words(window)} words."
    return SummaryPlan(
        messages=(
            {"role": "system", "content": window.summary_prompt},
            {"role": "user", "content": asked},
        ),
        model=window.summary_model,
        body={"max_tokens": window.summary_tokens},
    )


def summed_up(summary: str) -> str:
    """A summary as it stands in the conversation."""
    return f"[What was said before, summed up:]\n{summary}\n[From here on word for word.]"


def annotated(messages: Sequence[Message], note: str) -> tuple[Message, ...]:
    """The messages with a note in the first of the user's, or in one of its own where there is none.

    In a user's message, as its words come from users, tools and models: in the system's they would weigh more than
    they should. No message is added where one is, as some templates refuse two of one role in a row.
    """
    if not note:
        return tuple(messages)
    at = next((at for at, message in enumerate(messages) if is_user(message)), None)
    if at is not None:
        return (*messages[:at], _noted(messages[at], note), *messages[at + 1 :])
    leading = len(list(itertools.takewhile(is_pinned, messages)))
    return (*messages[:leading], {"role": "user", "content": note}, *messages[leading:])


def cost(note: str, count: Count) -> int:
    """What a note adds to a request, in tokens."""
    return PER_MESSAGE + count(note) if note else 0


def _noted(message: Message, note: str) -> Message:
    content = message.get("content")
    if content is None or isinstance(content, str):
        said: Any = f"{note}\n\n{content}" if content else note
    else:
        said = ({"type": "text", "text": note}, *content)
    return {**message, "content": said}


def _words(window: Window) -> int:
    # Three quarters of a word to a token, in English, and some way from the limit, as an answer that meets it is cut.
    return max(window.summary_tokens // 2, 1)


def _line(message: Message) -> str:
    calls = "".join(
        f"\ncalls {function.get('name')}({function.get('arguments')})"
        for call in message.get("tool_calls") or ()
        if isinstance(function := call.get("function"), Mapping)
    )
    return f"{message.get('role')}: {''.join(_texts(message.get('content')))}{calls}"


def _texts(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Sequence):
        for part in content:
            text = part.get("text") if isinstance(part, Mapping) else part
            yield text if isinstance(text, str) else "[an attachment]"


def _clipped(texts: Sequence[str], room: int, count: Count) -> Iterator[str]:
    """The texts, the longest cut to one length, so that all together have `room` tokens."""
    sizes = [count(text) for text in texts]
    level = _level(sizes, room)
    for text, size in zip(texts, sizes, strict=True):
        yield text if size <= level else _middle_cut(text, len(text) * level // size)


def _level(sizes: Sequence[int], room: int) -> int:
    """The most that each may have, so that the sum of all is at most `room`."""
    left, level = room, max(sizes, default=0)
    for rank, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - rank)
        if size > share:
            return share
        left -= size
    return level


def _middle_cut(text: str, length: int) -> str:
    half = max(length - len(_GAP), 0) // 2
    return f"{text[:half]}{_GAP}{text[len(text) - half :]}"
