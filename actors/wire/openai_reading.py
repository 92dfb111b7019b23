"""What the shapes of chat completions mean: payloads to chunks, error objects to errors."""

from __future__ import annotations

from typing import Any

from actors.core.chunks import (
    Chunk,
    Citations,
    Error,
    Finish,
    Refusal,
    Text,
    Thought,
    ToolCallFragment,
    Usage,
)
from actors.events import Citation
from actors.wire.openai_shapes import Choice, Delta, Payload

_THOUGHT_TYPES = frozenset({"thinking", "reasoning", "reasoning.text", "reasoning.summary", "summary_text"})
_MESSAGE_LENGTH = 1000
"""An error's message is for a line in a log; what is longer is somebody's page or prompt."""
_PART_DEPTH = 8
"""How deep text may lie in parts of parts. Providers use two levels."""


def read_payload(payload: Payload, out: list[Chunk]) -> None:
    """Append the chunks of one payload, but for its `ResponseInfo`, in the order in which they count."""
    error, turn = payload.error, None
    for position, choice in enumerate(payload.choices or ()):
        # With `n` > 1 the choices are told apart by their index; the first one is the turn.
        if (position if choice.index is None else choice.index) == 0:
            turn = choice
            error = error or choice.error
            _read_choice(choice, payload, out)
    if payload.citations:
        _read_citations(payload.citations, out)
    if payload.x_groq is not None:
        error = error or payload.x_groq.error
    usage = _read_usage(payload, turn)
    if usage is not None:
        out.append(usage)
    if error:
        out.append(read_error(error))
    elif payload.object == "error":
        out.append(read_error({"message": payload.message, "code": payload.code, "type": payload.type}))
    elif turn is not None and turn.finish_reason == "error":
        # OpenRouter's word for a provider that failed under it; an answer it is not.
        out.append(Error("the endpoint finished with the reason `error`", type="error"))
    elif turn is not None and turn.finish_reason:
        out.append(Finish(turn.finish_reason))


def read_error(error: Any) -> Error:
    """An error object in any of the shapes that are sent, or its bare text; always on one line."""
    message, code, kind = error_fields(error)
    return Error(message or "the endpoint reported an error without a message", code, kind)


def error_fields(error: Any) -> tuple[str | None, str | None, str | None]:
    """Message, code and type of an error object, as far as it has them."""
    for _ in range(_PART_DEPTH):
        if isinstance(error, list):
            error = error[0] if error else None
        elif isinstance(error, dict) and isinstance(error.get("error"), dict | str) and error["error"]:
            error = error["error"]
        else:
            break
    if isinstance(error, str):
        return one_line(error), None, None
    if not isinstance(error, dict):
        return None, None, None
    return (
        _first_said(error, "message", "detail", "msg", "reason"),
        _first_said(error, "code", "status_code", "status"),
        _first_said(error, "type"),
    )


def one_line(text: str) -> str | None:
    """Text of any origin as one line of bounded length; None for nothing."""
    return " ".join(text.split())[:_MESSAGE_LENGTH] or None


def _first_said(fields: dict[str, Any], *names: str) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return one_line(str(value))
    return None


def _read_choice(choice: Choice, payload: Payload, out: list[Chunk]) -> None:
    delta = choice.delta
    if delta is not None:
        _read_delta(delta, out)
    elif choice.message is not None and payload.object == "chat.completion":
        # A whole completion. Where a stream repeats in a `message` what it said, it names its object
        # otherwise.
        for index, call in enumerate(choice.message.tool_calls or ()):
            call.index = index
        _read_delta(choice.message, out)


def _read_delta(delta: Delta, out: list[Chunk]) -> None:
    # One thought comes under several names, at times in the same delta: the first that says something is
    # taken.
    for thought in (delta.reasoning_content, delta.reasoning, delta.reasoning_details):
        if thought:
            said = thought if isinstance(thought, str) else _text_in(thought)
            if said:
                out.append(Thought(said))
                break
    content = delta.content
    if content:
        if isinstance(content, str):
            out.append(Text(content))
        else:
            _read_parts(content, out)
    if delta.refusal:
        out.append(Refusal(delta.refusal))
    for call in delta.tool_calls or ():
        function = call.function
        name, arguments = (function.name, function.arguments) if function is not None else (None, None)
        out.append(ToolCallFragment(call.index, call.id or "", name or "", arguments or ""))
    if delta.annotations:
        _read_citations(delta.annotations, out)
    if delta.function_call is not None:
        out.append(
            ToolCallFragment(0, "", delta.function_call.name or "", delta.function_call.arguments or "")
        )


def _read_citations(entries: list[Any], out: list[Chunk]) -> None:
    citations = tuple(citation for entry in entries if (citation := _citation(entry)) is not None)
    if citations:
        out.append(Citations(citations))


def _citation(entry: Any) -> Citation | None:
    """An annotation of OpenAI's, plain or wrapped in its type, or the bare URL that others send."""
    if isinstance(entry, dict):
        entry = entry.get("url_citation", entry)
    if isinstance(entry, str):
        return Citation(url=entry) if entry else None
    if not isinstance(entry, dict):
        return None
    url, title = entry.get("url"), entry.get("title")
    if not isinstance(url, str) or not url:
        return None  # of a file, or of a kind that is yet to come
    text_from, text_to = entry.get("start_index"), entry.get("end_index")
    # Who has no places to tell sends 0 and 0.
    placed = type(text_from) is int and type(text_to) is int and 0 <= text_from < text_to
    return Citation(
        url=url,
        title=title if isinstance(title, str) else "",
        text_from=text_from if placed else None,
        text_to=text_to if placed else None,
    )


def _read_parts(parts: list[Any], out: list[Chunk]) -> None:
    for part in parts:
        kind = part.get("type") if isinstance(part, dict) else None
        text = _text_in(part)
        if not text:
            continue
        if kind == "refusal":
            out.append(Refusal(text))
        elif isinstance(kind, str) and kind in _THOUGHT_TYPES:
            out.append(Thought(text))
        else:
            out.append(Text(text))


def _text_in(value: Any, depth: int = _PART_DEPTH) -> str:
    """The text in a part, or in a list of them; encrypted entries have none."""
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list):
        return "".join([_text_in(item, depth - 1) for item in value])
    if depth and isinstance(value, dict):
        for key in ("text", "summary", "thinking", "reasoning", "refusal", "value"):
            if value.get(key):
                return _text_in(value[key], depth - 1)
    return ""


def _read_usage(payload: Payload, turn: Choice | None) -> Usage | None:
    shape = payload.usage
    if shape is None and payload.x_groq is not None:
        shape = payload.x_groq.usage
    if shape is None and turn is not None:
        shape = turn.usage
    if shape is None:
        return None
    inputs, outputs = shape.prompt_tokens_details, shape.completion_tokens_details
    usage = Usage(
        input_tokens=shape.prompt_tokens,
        output_tokens=shape.completion_tokens,
        total_tokens=shape.total_tokens,
        cached_input_tokens=_first(
            inputs.cached_tokens if inputs is not None else None,
            shape.prompt_cache_hit_tokens,
            shape.cache_read_input_tokens,
            shape.cached_tokens,
        ),
        reasoning_tokens=_first(
            outputs.reasoning_tokens if outputs is not None else None, shape.reasoning_tokens
        ),
    )
    return usage if usage != Usage() else None


def _first(*counts: int | None) -> int | None:
    return next((count for count in counts if count is not None), None)
