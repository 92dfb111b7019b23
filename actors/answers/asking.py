"""How an endpoint is asked for a typed answer, what of a step is that answer, and how to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from actors.answers.spec import AnswerSpec
from actors.config import Profile
from actors.core.aggregate import StepResult
from actors.core.conversation import Message, answer
from actors.errors import AnswerError
from actors.wire.openai_chat import Request

ANSWER_TOOL = "give_final_answer"
"""What the tool is called that takes the answer, where an endpoint is asked by one."""

_BY_TOOL = "Give the final answer. Call this once, alone, when you need nothing more."
_BY_WORDS = (
    "Your final answer must be one JSON object and nothing else, neither prose nor a code fence. It must be valid by "
    "this JSON Schema:\n"
)


def prepare(request: Request, spec: AnswerSpec, profile: Profile) -> Request:
    """The request, with the answer's type said as the endpoint understands it."""
    with_tools = profile.structured_with_tools
    match profile.structured if with_tools is None or not request.tools else with_tools:
        case "json_schema":
            return msgspec.structs.replace(request, response_format=spec.response_format)
        case "json_object":
            told = _told(request, spec)
            return msgspec.structs.replace(told, response_format={"type": "json_object"})
        case "tool":
            return _with_tool(request, spec)
        case _:
            return _told(request, spec)


def read(result: StepResult, spec: AnswerSpec) -> tuple[StepResult, Any] | None:
    """The answer in a complete step: the step with the answer as its text and without calls, and the value.

    The value is None where the model refused. An answer that comes with calls of tools is the answer: they are not run.

    Returns:
        None if the step asks for tools instead, and gives no answer.

    Raises:
        AnswerError: what it gives is not of the type; see `again`.
    """
    said = _said(result)
    if said is None:
        return None
    if said.refusal:
        return said, None
    try:
        return said, spec.decode(said.full_text)
    except AnswerError:
        if getattr(result.outcome, "finish_reason", None) == "length":
            raise AnswerError("the answer was cut off, as it was too long: make it shorter") from None
        raise


def again(result: StepResult, error: AnswerError) -> tuple[Message, ...]:
    """What to send behind the conversation to ask again: the answer as it was, and what is wrong with it.

    They need not be remembered: once there is an answer, that one stands in their place.
    """
    said = _said(result)
    assert said is not None  # noqa: S101 - `read` has found an answer in it
    words = (
        f"This answer can't be taken: {error}. Answer again, with all of it, in the form that was asked for."
    )
    asked: Message = {"role": "user", "content": words}
    return (answer(said), asked) if said.full_text.strip() else (asked,)  # endpoints refuse an empty message


def _said(result: StepResult) -> StepResult | None:
    """The step with the answer that it gives, by a call or by itself, as its text; None if it only asks for tools."""
    if not result.calls:
        return result
    given = next((call.arguments for call in result.calls if call.name == ANSWER_TOOL), None)
    if given is None:
        return None
    text = given if given.strip() else "{}"
    return msgspec.structs.replace(result, full_text=text, refusal="", calls=(), is_tool_call=False)


def _with_tool(request: Request, spec: AnswerSpec) -> Request:
    function: dict[str, Any] = {"name": ANSWER_TOOL, "description": _BY_TOOL, "parameters": spec.schema}
    if spec.strict:
        function["strict"] = True
    tool = {"type": "function", "function": function}
    # "required" also where it is the only one: who knows no other forms takes the name of a tool for "auto".
    return msgspec.structs.replace(request, tools=(*request.tools, tool), tool_choice="required")


def _told(request: Request, spec: AnswerSpec) -> Request:
    words = _BY_WORDS + msgspec.json.encode(spec.schema).decode()
    return msgspec.structs.replace(request, messages=_with_words(request.messages, words))


def _with_words(messages: tuple[Mapping[str, Any], ...], words: str) -> tuple[Mapping[str, Any], ...]:
    """Further words to the system: in its message, as many templates take only one, and only as the first."""
    first = messages[0] if messages else {}
    if first.get("role") not in {"system", "developer"}:
        return {"role": "system", "content": words}, *messages
    content = first.get("content")
    if isinstance(content, list | tuple):
        content = [*content, {"type": "text", "text": words}]
    else:
        content = f"{content}\n\n{words}" if content else words
    return {**first, "content": content}, *messages[1:]
