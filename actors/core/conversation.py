"""What a conversation remembers of tool calls, so that it can always be sent.

Endpoints refuse a history in which a call has no result, or a result no call. So the assistant's message keeps its
calls until something follows it: then those stay that are answered at once, and the others are forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from actors.core.aggregate import StepResult
from actors.errors import ConfigError
from actors.events import ToolCall

Message: TypeAlias = Mapping[str, Any]


def answer(result: StepResult) -> Message:
    """The assistant's message that a complete step adds, with the calls that can be run.

    A refusal is kept apart from what was said besides, as chat completions have it.
    """
    calls = _unique_ids([call for call in result.calls if call.runnable])
    said = result.full_text.removesuffix(result.refusal)
    message: dict[str, Any] = {"role": "assistant", "content": said}
    if not said and (calls or result.refusal):
        message["content"] = None  # as OpenAI sends it
    if result.refusal:
        message["refusal"] = result.refusal
    if calls:
        message["tool_calls"] = calls
    return message


def open_calls(conversation: Sequence[Message]) -> tuple[str, ...]:
    """The ids of the calls at the conversation's end that have no results yet, in order."""
    calls = conversation[-1].get("tool_calls") if conversation else None
    return tuple(str(call.get("id")) for call in calls) if calls else ()


def settle(conversation: tuple[Message, ...], following: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation, without the calls at its end that what follows does not answer at once."""
    if not open_calls(conversation):
        return conversation
    answered = set()
    for message in following:
        if message.get("role") != "tool":
            break
        answered.add(str(message.get("tool_call_id")))
    asked = conversation[-1]
    kept = tuple(call for call in asked["tool_calls"] if str(call.get("id")) in answered)
    if len(kept) == len(asked["tool_calls"]):
        return conversation
    settled = {name: value for name, value in asked.items() if name != "tool_calls"}
    if kept:
        settled["tool_calls"] = kept
    elif settled.get("content") is None:
        settled["content"] = ""
    return (*conversation[:-1], settled)


def tool_messages(calls: tuple[str, ...], results: Mapping[str, Any] | Sequence[Any]) -> tuple[Message, ...]:
    """The messages that answer calls.

    Args:
        calls: the ids of those that wait, in order.
        results: by id, or one for each in order; what is no text is sent as JSON.

    Raises:
        ConfigError: there is no such call, or not one result for each, or one is no JSON.
    """
    if not calls:
        raise ConfigError("results", "no call waits for one: the last turn that completed asked for none")
    given: Any = results
    if isinstance(given, str) or not isinstance(given, Mapping | Sequence):
        raise ConfigError(
            "results", f"must be a mapping by call id, or a list in order, not {type(given).__name__}"
        )
    if not isinstance(given, Mapping):
        if len(given) != len(calls):
            raise ConfigError("results", f"{len(calls)} calls wait, got {len(given)} results")
        given = dict(zip(calls, given, strict=True))
    unknown = [name for name in given if name not in calls]
    missing = [name for name in calls if name not in given]
    if unknown or missing:
        raise ConfigError("results", f"the calls that wait are {', '.join(calls)}; got {', '.join(given)}")
    return tuple(
        {"role": "tool", "tool_call_id": name, "content": _text(name, given[name])} for name in calls
    )


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            "results", f"the result of {name} is neither a text nor can it be JSON: {error}"
        ) from None


def _unique_ids(calls: Sequence[ToolCall]) -> tuple[dict[str, Any], ...]:
    """The calls as chat completions have them; some endpoints send no ids, or the same one twice."""
    taken: set[str] = set()
    written = []
    for index, call in enumerate(calls):
        name = call.id
        while not name or name in taken:
            name = f"call_{index}" if not name else f"{name}_{index}"
        taken.add(name)
        arguments = call.arguments if call.arguments.strip() else "{}"
        written.append(
            {"id": name, "type": "function", "function": {"name": call.name, "arguments": arguments}}
        )
    return tuple(written)
