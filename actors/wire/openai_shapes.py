"""The shapes of OpenAI's chat completions, as far as a turn needs them.

`parse` decodes the common shape straight into them. What does not fit (a number as text, arguments as an
object, broken UTF-8, lone surrogates) is decoded without types and read field by field: what can be
understood is, and what can't counts as absent.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import msgspec

from actors.errors import ProtocolViolation

Tokens = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""Beyond 2**53 a count is nonsense, and no JSON encoder of ours would carry it."""


class Function(msgspec.Struct, gc=False):
    """The function of a tool call, or the older `function_call`."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, gc=False):
    """A piece of a tool call in a stream, or all of it in a document."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Delta(msgspec.Struct, gc=False):
    """`delta` in a stream, `message` in a document."""

    content: str | list[Any] | None = None
    refusal: str | None = None
    reasoning_content: str | list[Any] | None = None
    reasoning: str | list[Any] | None = None
    reasoning_details: list[Any] | None = None
    tool_calls: list[ToolCall] | None = None
    function_call: Function | None = None
    annotations: list[Any] | None = None


class InputDetails(msgspec.Struct, gc=False):
    """Of what the input tokens were."""

    cached_tokens: Tokens | None = None


class OutputDetails(msgspec.Struct, gc=False):
    """Of what the output tokens were."""

    reasoning_tokens: Tokens | None = None


class UsageShape(msgspec.Struct, gc=False):
    """Token counts, with the names that several providers give to one thing."""

    prompt_tokens: Tokens | None = None
    completion_tokens: Tokens | None = None
    total_tokens: Tokens | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    prompt_cache_hit_tokens: Tokens | None = None
    cache_read_input_tokens: Tokens | None = None
    cached_tokens: Tokens | None = None
    reasoning_tokens: Tokens | None = None


class Groq(msgspec.Struct, gc=False):
    """`x_groq`, where Groq puts what others put at the top."""

    usage: UsageShape | None = None
    error: Any = None


class Choice(msgspec.Struct, gc=False):
    """One of the answers."""

    index: int | None = None
    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None
    usage: UsageShape | None = None
    error: Any = None


class Payload(msgspec.Struct, gc=False):
    """A `chat.completion.chunk`, a `chat.completion`, or an error."""

    id: str | None = None
    model: str | None = None
    object: str | None = None
    choices: list[Choice] | None = None
    usage: UsageShape | None = None
    x_groq: Groq | None = None
    citations: list[Any] | None = None
    error: Any = None
    message: Any = None
    code: Any = None
    type: Any = None


class PlainDelta(msgspec.Struct, gc=False):
    """A `Delta` of nothing but text. Each field of the full shape is named here: what has another value fits not."""

    content: str | None = None
    refusal: None = None
    reasoning_content: None = None
    reasoning: None = None
    reasoning_details: None = None
    tool_calls: None = None
    function_call: None = None
    annotations: tuple[()] | None = None


class PlainChoice(msgspec.Struct, gc=False, kw_only=True):
    """A `Choice` of nothing but text."""

    index: Literal[0] | None = None
    delta: PlainDelta
    finish_reason: Literal[""] | None = None
    message: None = None
    usage: None = None
    error: None = None


class PlainPayload(msgspec.Struct, gc=False, kw_only=True):
    """A `Payload` of nothing but text: all of a stream but its first and last few.

    Its fields, as its choice's, are in the order in which they mostly come: so they are found soonest.
    """

    id: str | None = None
    object: Literal["chat.completion.chunk"] | None = None
    model: str | None = None
    choices: tuple[PlainChoice]
    usage: None = None
    x_groq: None = None
    citations: None = None
    error: None = None
    message: None = None
    code: None = None
    type: None = None


plain = msgspec.json.Decoder(PlainPayload).decode
"""The fastest path, which says by its success that there is nothing else to look for; raises as `typed` does."""

typed = msgspec.json.Decoder(Payload).decode
"""The fast path; raises what `MISFITS` names for anything out of the ordinary."""

MISFITS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def untyped(data: bytes) -> Any:
    """Any JSON, leniently: broken UTF-8 becomes U+FFFD, lone surrogates and control characters pass.

    Raises:
        ProtocolViolation: `bad_json`; `limit` when it is nested too deep.
    """
    try:
        return json.loads(data.decode(errors="replace"), strict=False)
    except RecursionError:
        raise ProtocolViolation("limit", "JSON is nested too deep") from None
    except ValueError:  # JSONDecodeError, or a number with thousands of digits
        raise ProtocolViolation("bad_json", f"{len(data)} bytes that should be JSON are not") from None


def lenient(value: dict[str, Any]) -> Payload:
    """As much of a `Payload` as `value` holds."""
    choices = value.get("choices")
    return Payload(
        id=_text(value.get("id")),
        model=_text(value.get("model")),
        object=_text(value.get("object")),
        choices=[_choice(item) for item in choices if isinstance(item, dict)]
        if isinstance(choices, list)
        else None,
        usage=_usage(value.get("usage")),
        x_groq=_groq(value.get("x_groq")),
        citations=_list(value.get("citations")),
        error=value.get("error"),
        message=value.get("message"),
        code=value.get("code"),
        type=value.get("type"),
    )


def _choice(value: dict[str, Any]) -> Choice:
    return Choice(
        index=_int(value.get("index")),
        delta=_delta(value.get("delta")),
        message=_delta(value.get("message")),
        finish_reason=_text(value.get("finish_reason")),
        usage=_usage(value.get("usage")),
        error=value.get("error"),
    )


def _delta(value: Any) -> Delta | None:
    if not isinstance(value, dict):
        return None
    calls = value.get("tool_calls")
    if isinstance(calls, dict):
        calls = [calls]
    return Delta(
        content=_text_or_parts(value.get("content")),
        refusal=_text(value.get("refusal")),
        reasoning_content=_text_or_parts(value.get("reasoning_content")),
        reasoning=_text_or_parts(value.get("reasoning")),
        reasoning_details=_list(value.get("reasoning_details")),
        tool_calls=[_call(item) for item in calls if isinstance(item, dict)]
        if isinstance(calls, list)
        else None,
        function_call=_function(value.get("function_call")),
        annotations=_list(value.get("annotations")),
    )


def _call(value: dict[str, Any]) -> ToolCall:
    return ToolCall(_int(value.get("index")), _text(value.get("id")), _function(value.get("function")))


def _function(value: Any) -> Function | None:
    if not isinstance(value, dict):
        return None
    arguments = value.get("arguments")
    if isinstance(arguments, dict | list):
        arguments = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    return Function(_text(value.get("name")), _text(arguments))


def _groq(value: Any) -> Groq | None:
    return Groq(_usage(value.get("usage")), value.get("error")) if isinstance(value, dict) else None


def _usage(value: Any) -> UsageShape | None:
    if not isinstance(value, dict):
        return None
    inputs, outputs = value.get("prompt_tokens_details"), value.get("completion_tokens_details")
    return UsageShape(
        prompt_tokens=_tokens(value.get("prompt_tokens")),
        completion_tokens=_tokens(value.get("completion_tokens")),
        total_tokens=_tokens(value.get("total_tokens")),
        prompt_tokens_details=InputDetails(_tokens(inputs.get("cached_tokens")))
        if isinstance(inputs, dict)
        else None,
        completion_tokens_details=(
            OutputDetails(_tokens(outputs.get("reasoning_tokens"))) if isinstance(outputs, dict) else None
        ),
        prompt_cache_hit_tokens=_tokens(value.get("prompt_cache_hit_tokens")),
        cache_read_input_tokens=_tokens(value.get("cache_read_input_tokens")),
        cached_tokens=_tokens(value.get("cached_tokens")),
        reasoning_tokens=_tokens(value.get("reasoning_tokens")),
    )


def _text_or_parts(value: Any) -> str | list[Any] | None:
    if isinstance(value, dict):
        return [value]
    return value if isinstance(value, list) else _text(value)


def _list(value: Any) -> list[Any] | None:
    return value if isinstance(value, list) else None


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _int(value: Any) -> int | None:
    if isinstance(value, str | float):
        try:
            return int(value)
        except (ValueError, OverflowError):
            return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _tokens(value: Any) -> int | None:
    count = _int(value)
    return count if count is not None and 0 <= count <= 2**53 else None
