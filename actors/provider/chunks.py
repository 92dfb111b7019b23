"""The JSON of chat completions: chunks of a stream, whole completions, errors.

`https://platform.openai.com/docs/api-reference/chat` gives the shapes.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import msgspec

from actors.provider.faults import InBandError, InvalidUtf8
from actors.provider.plays import Piece, Reply, annotated, text_delta
from actors.provider.tools import whole

DONE = b"data: [DONE]\n\n"
CREATED = 1_700_000_000
"""Every completion was created at this Unix time, so that a script gives the same bytes in each run."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What rendering needs to know of a request."""

    stream: bool
    include_usage: bool = False
    """`stream_options.include_usage`."""
    model: str = "scripted"
    response_id: str = "chatcmpl-scripted"
    elsewhere: str = ""
    """Where a `Redirect` without location points."""
    method: str = "POST"
    http_version: str = "1.1"
    close: bool = False
    """Whether the client asked for the connection to be closed."""


def encode(value: Any, *, ascii_only: bool = False) -> bytes:
    """JSON in UTF-8; a lone surrogate, which UTF-8 can't hold, stays a JSON escape."""
    if not ascii_only:
        # Lone surrogates, which msgspec refuses, are rare: nearly every delta goes the fast way.
        try:
            return msgspec.json.encode(value)
        except UnicodeEncodeError:
            pass
    text = json.dumps(value, ensure_ascii=ascii_only, separators=(",", ":"))
    # Python's escape for a lone surrogate is JSON's too.
    return text.encode("utf-8", "backslashreplace")


def sse(data: bytes) -> bytes:
    """One event of a stream."""
    return b"data: " + data + b"\n\n"


def error_body(message: str, kind: str | None, code: str | int | None, param: str | None = None) -> bytes:
    """The body of an error response."""
    return encode({"error": {"message": message, "type": kind, "param": param, "code": code}})


class Scribe:
    """Writes one reply's JSON for one request."""

    def __init__(self, reply: Reply, asked: Asked) -> None:
        self._reply = reply
        self._frame = {
            "id": asked.response_id if reply.id is None else reply.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": asked.model if reply.model is None else reply.model,
        }
        if reply.citations and reply.citation_field == "citations":
            self._frame["citations"] = [citation.url for citation in reply.citations]
        self._wants_usage = reply.usage == "always" or (reply.usage is True and asked.include_usage)
        self._sent = 0

    def role(self) -> bytes:
        """The first chunk."""
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, piece: Piece) -> bytes:
        """The chunk of one delta."""
        self._sent += 1
        if self._wants_usage and self._reply.usage_placement == "every":
            return self._chunk(piece.delta)
        before, after = self._around
        return before + encode(piece.delta, ascii_only=self._reply.ascii) + after

    @functools.cached_property
    def _around(self) -> tuple[bytes, bytes]:
        """What stands around a delta, the same each time: in a string, the quotes that are looked for are escaped."""
        before, member, after = self._chunk(None).partition(b'"delta":')
        return before + member, after.removeprefix(b"null")

    def finish(self) -> bytes:
        """The chunk with the finish reason; nothing if the reply has none."""
        reason = self._reply.finish_reason
        return b"" if reason is None else self._chunk({}, finish_reason=reason)

    def ending(self) -> bytes:
        """What follows the finish: usage and end marker, as the reply wants them."""
        usage = b""
        if self._wants_usage and self._reply.usage_placement == "last":
            usage = self._event({**self._frame, "choices": [], "usage": self._usage()})
        return usage + (DONE if self._reply.done else b"")

    def invalid_utf8(self, fault: InvalidUtf8) -> bytes:
        """A text delta that holds the fault's bytes."""
        chunk = {**self._frame, "choices": [_choice(text_delta(self._reply, _MARK), None)]}
        return sse(_smuggled(encode(chunk), fault.data))

    def in_band_error(self, fault: InBandError) -> bytes:
        """The error, in its shape, and the end marker if it is wanted."""
        error = fault.error()
        match fault.shape:
            case "event":
                event = b"event: error\n" + self._event({"error": error})
            case "field":
                event = b"error: " + encode(error, ascii_only=self._reply.ascii) + b"\n\n"
            case "beside_choices":
                choices = [_choice(text_delta(self._reply, ""), "error")]
                event = self._event({**self._frame, "error": error, "choices": choices})
            case "plain":
                event = self._event({"error": error})
        return event + (DONE if fault.done else b"")

    def completion(self, invalid_utf8: bytes = b"") -> bytes:
        """The whole reply, as not streamed; `invalid_utf8` is put at the end of its text."""
        reply = self._reply
        self._sent = sum(1 for _ in reply.pieces())
        choice = {
            "index": 0,
            "message": self._message(_MARK if invalid_utf8 else ""),
            "logprobs": None,
            "finish_reason": reply.finish_reason,
        }
        body = {**self._frame, "object": "chat.completion", "choices": [choice]}
        if reply.usage is not False:
            body["usage"] = self._usage()
        encoded = encode(body, ascii_only=reply.ascii)
        return _smuggled(encoded, invalid_utf8) if invalid_utf8 else encoded

    def _message(self, tail: str) -> dict[str, Any]:
        reply = self._reply
        message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
        text = reply.full_text + tail
        if text or not reply.tool_calls:
            message |= text_delta(reply, text)
        if reply.thoughts and reply.thought_field == "reasoning_details":
            message[reply.thought_field] = [{"type": "reasoning.text", "text": reply.thoughts}]
        elif reply.thoughts:
            message[reply.thought_field] = reply.thoughts
        if reply.citations and reply.citation_field == "annotations":
            message["annotations"] = annotated(reply.citations)
        if reply.tool_calls:
            message["tool_calls"] = whole(reply.tool_calls)
        return message

    def _chunk(self, delta: dict[str, Any] | None, finish_reason: str | None = None) -> bytes:
        choice = _choice(delta, finish_reason)
        chunk: dict[str, Any] = {**self._frame, "choices": [choice]}
        if self._wants_usage:
            match self._reply.usage_placement:
                case "last":
                    chunk["usage"] = None
                case "every":
                    chunk["usage"] = self._usage()
                case "choice" if finish_reason is not None:
                    choice["usage"] = self._usage()
        return self._event(chunk)

    def _event(self, value: dict[str, Any]) -> bytes:
        return sse(encode(value, ascii_only=self._reply.ascii))

    def _usage(self) -> dict[str, int]:
        reply = self._reply
        tokens = self._sent if reply.completion_tokens is None else reply.completion_tokens
        return {
            "prompt_tokens": reply.prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": reply.prompt_tokens + tokens,
        }


def _choice(delta: dict[str, Any] | None, finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


_MARK = "\0"


def _smuggled(encoded: bytes, data: bytes) -> bytes:
    """The JSON with its last mark replaced by bytes that no encoder would write."""
    before, _, after = encoded.rpartition(b"\\u0000")
    return before + data + after
