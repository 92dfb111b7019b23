"""Conversations as they are sent to endpoints, for the laws of the context window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st

Message: TypeAlias = Mapping[str, Any]

texts = st.integers(0, 60).map(lambda size: "word " * size)


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def says(text: str) -> Message:
    return {"role": "assistant", "content": text}


def system(text: str = "Be brief.") -> Message:
    return {"role": "system", "content": text}


def step(*results: str, name: str = "c") -> list[Message]:
    calls = [
        {"id": f"{name}{at}", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        for at in range(len(results))
    ]
    replies = [
        {"role": "tool", "tool_call_id": f"{name}{at}", "content": text} for at, text in enumerate(results)
    ]
    return [{"role": "assistant", "content": None, "tool_calls": tuple(calls)}, *replies]


@st.composite
def turns(draw: st.DrawFn, *, answered: bool) -> list[Message]:
    messages = [user(text) for text in draw(st.lists(texts, min_size=1, max_size=2))]
    for results in draw(st.lists(st.lists(texts, min_size=1, max_size=3), max_size=3)):
        messages += step(*results)
    return [*messages, says(draw(texts))] if answered else messages


@st.composite
def talks(draw: st.DrawFn) -> tuple[Message, ...]:
    """A conversation that is about to be sent: whole turns, and one that runs."""
    messages = [system(draw(texts))] if draw(st.booleans()) else []
    for turn in draw(st.lists(turns(answered=True), max_size=5)):
        messages += turn
        if draw(st.integers(0, 9)) == 0:
            messages.append({"role": "developer", "content": "Mind the gap."})
    return (*messages, *draw(turns(answered=False)))


def is_valid(messages: Sequence[Message]) -> bool:
    """Whether each call is followed by its results at once, and each result has its call."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                return False
            waiting.remove(message["tool_call_id"])
        elif waiting:
            return False
        else:
            waiting = [call["id"] for call in message.get("tool_calls", ())]
    return not waiting


def places(part: Sequence[Message], whole: Sequence[Message]) -> list[int]:
    """Where the part's messages are in the whole, by identity; raises if one is not there."""
    at = {id(message): place for place, message in enumerate(whole)}
    return [at[id(message)] for message in part]
