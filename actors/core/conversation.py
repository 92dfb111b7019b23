"""What a conversation remembers of tool calls, so that it can always be sent.

Endpoints refuse a history in which a call has no result, or a result no call. So the assistant's message keeps its
calls until something follows it: then those stay that are answered at once, and the others are forgotten.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from actors.core.aggregate import StepResult
from actors.core.calls import is_object
from actors.errors import ConfigError
from actors.events import ToolCall
from actors.outcome import Complete

Message: TypeAlias = Mapping[str, Any]

_NAMELESS = "unnamed"
"""What a call without a name is remembered as: endpoints refuse an empty one."""


class Asked(msgspec.Struct, frozen=True):
    """A call as the conversation has it."""

    id: str
    """Unique in its step, also where the endpoint's own is not."""
    name: str
    call: ToolCall
    """As the model asked for it."""


def answer(result: StepResult) -> Message:
    """The assistant's message that a complete step adds, with the calls that can be run.

    A refusal is kept apart from what was said besides, as chat completions have it.
    """
    return _assistant(result, named([call for call in result.calls if call.runnable]))


def asking(result: StepResult) -> tuple[Message, tuple[Asked, ...]]:
    """As `answer`, with all calls: each is going to get a result, and be it that it can't be run."""
    asked = named(result.calls)
    return _assistant(result, asked), asked


def named(calls: Sequence[ToolCall]) -> tuple[Asked, ...]:
    """A step's calls with ids of their own; some endpoints send none, or the same one twice."""
    taken: dict[str, Asked] = {}
    for index, call in enumerate(calls):
        name = call.id
        while not name or name in taken:
            name = f"call_{index}" if not name else f"{name}_{index}"
        taken[name] = Asked(name, call.name, call)
    return tuple(taken.values())


def cut_off(result: StepResult, asked: Sequence[Asked]) -> str | None:
    """The id of the call that the answer ended in as it reached its length limit; None: it did not.

    A call with no arguments yet may have been about to get some: it is none that a model has written to its end.
    """
    if not asked or not isinstance(result.outcome, Complete) or result.outcome.finish_reason != "length":
        return None
    last = asked[-1]
    whole = last.call.runnable and last.call.arguments.strip() != ""
    return None if whole else last.id


def reply(call_id: str, content: Any) -> Message:
    """The message that holds a call's result."""
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def _assistant(result: StepResult, asked: tuple[Asked, ...]) -> Message:
    said = result.full_text.removesuffix(result.refusal)
    message: dict[str, Any] = {"role": "assistant", "content": said}
    if not said and (asked or result.refusal):
        message["content"] = None  # as OpenAI sends it
    if result.refusal:
        message["refusal"] = result.refusal
    if asked:
        message["tool_calls"] = tuple(_written(one) for one in asked)
    return message


def _last_asked(conversation: Sequence[Message]) -> tuple[int, tuple[str, ...]]:
    """Where the calls at the conversation's end were asked for, and the ids of those that have no result yet."""
    answered = set()
    for place in range(len(conversation) - 1, -1, -1):
        message = conversation[place]
        if message.get("role") != "tool":
            calls = message.get("tool_calls") or ()
            return place, tuple(str(call.get("id")) for call in calls if str(call.get("id")) not in answered)
        answered.add(str(message.get("tool_call_id")))
    return 0, ()


def open_calls(conversation: Sequence[Message]) -> tuple[str, ...]:
    """The ids of the calls at the conversation's end that have no results yet, in order."""
    return _last_asked(conversation)[1]


def settle(conversation: tuple[Message, ...], following: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation, without the calls at its end that what follows does not answer at once."""
    place, unanswered = _last_asked(conversation)
    if not unanswered:
        return conversation
    answers = itertools.takewhile(lambda message: message.get("role") == "tool", following)
    forgotten = set(unanswered) - {str(message.get("tool_call_id")) for message in answers}
    if not forgotten:
        return conversation
    asked = conversation[place]
    kept = tuple(call for call in asked["tool_calls"] if str(call.get("id")) not in forgotten)
    settled = {name: value for name, value in asked.items() if name != "tool_calls"}
    if kept:
        settled["tool_calls"] = kept
    elif settled.get("content") is None:
        settled["content"] = ""
    return (*conversation[:place], settled, *conversation[place + 1 :])


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
    return tuple(reply(name, _text(name, given[name])) for name in calls)


def _text(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(
            "results", f"the result of {name} is neither a text nor can it be JSON: {error}"
        ) from None


def _written(asked: Asked) -> dict[str, Any]:
    """A call as chat completions have it; arguments that are no JSON object would make the request one that fails."""
    call = asked.call
    whole = call.arguments.strip() if is_object(call.arguments) else ""
    function = {"name": asked.name or _NAMELESS, "arguments": call.arguments if whole else "{}"}
    return {"id": asked.id, "type": "function", "function": function}
