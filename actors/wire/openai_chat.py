"""The dialect of OpenAI's chat completions, and of the many endpoints that speak it almost.

`encode` makes a request's body; `Decoder` makes chunks of a response's bytes; `decode_document` reads a
response that was not streamed, `decode_error` the body of a status other than 2xx.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from actors.config import Limits, Profile
from actors.core.bodies import overlay
from actors.core.chunks import Chunk, End, Error, ResponseInfo, Text
from actors.core.sse import ServerSentEvent, SSEDecoder
from actors.core.surrogates import SurrogateJoiner
from actors.errors import ProtocolViolation, UsageError
from actors.scrub import scrub
from actors.wire.openai_reading import error_fields, read_error, read_payload
from actors.wire.openai_shapes import MISFITS, Payload, lenient, plain, typed, untyped

_DONE = b"[DONE]"


class Request(msgspec.Struct, frozen=True):
    """One model request, apart from the endpoint that it goes to."""

    messages: tuple[Mapping[str, Any], ...]
    tools: tuple[Mapping[str, Any], ...] = ()
    enable_thinking: bool | None = None
    response_format: dict[str, Any] | None = None
    tool_choice: Any = None
    body: Mapping[str, Any] = {}
    """Further fields of the body; they win over all the others."""
    model: str | None = None
    """Asked for instead of the turn's; None: the turn's."""


def encode(request: Request, *, model: str, profile: Profile) -> bytes:
    """The JSON body of a streamed request. Lone surrogates in it become U+FFFD.

    Fields are laid over each other: the profile's, what the request's settings mean to the profile, `request.body`.

    Raises:
        UsageError: something in the request is no JSON.
    """
    body: dict[str, Any] = {"model": model, "messages": request.messages, "stream": True}
    if profile.stream_usage:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = request.tools
    if request.tool_choice is not None:
        body["tool_choice"] = request.tool_choice
    if request.response_format is not None:
        body["response_format"] = request.response_format
    if request.enable_thinking is not None:
        body = overlay(body, profile.thinking.on if request.enable_thinking else profile.thinking.off)
    body = _renamed(overlay(overlay(profile.body, body), request.body), profile)
    try:
        return _to_json(body)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"the request can't be sent as JSON: {error}") from None


def _to_json(body: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body, enc_hook=_encode_mapping)
    except UnicodeEncodeError:  # a lone surrogate, which the standard library does not mind
        plain = msgspec.to_builtins(body, enc_hook=_encode_mapping)
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return scrub(text).encode()


def _renamed(body: dict[str, Any], profile: Profile) -> dict[str, Any]:
    for usual, here in profile.renames:
        if usual in body:
            value = body.pop(usual)
            body.setdefault(here, value)
    return body


def _encode_mapping(value: object) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON type")


class Decoder:
    """Chunks of a streamed response; any split of its bytes gives the same ones, and the same violation.

    What a call decoded before it met a violation is returned; `violation` is set, and the next call raises
    it. After `End` or `Error` nothing more is decoded, and nothing more is wrong.

    A response that begins with `{` is read as a document, for endpoints that ignore `stream` and say nothing
    about it in their content type.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sse = SSEDecoder(limits.event_bytes)
        self._joiner = SurrogateJoiner()
        self._begun = False  # a byte came that is neither white space nor of a BOM
        self._document: bytearray | None = None
        self._introduced = False
        self._ended = False
        self.violation: ProtocolViolation | None = None
        """What the next call will raise, for who does not want to wait for it."""

    def feed(self, data: bytes) -> list[Chunk]:
        """The chunks that end in `data`.

        Raises:
            ProtocolViolation: `bad_json`, `limit` or `not_a_stream`.
        """
        if self._ended:
            return []
        if self.violation is not None:
            raise self.violation
        out: list[Chunk] = []
        try:
            self._feed(data, out)
        except ProtocolViolation as violation:
            self.violation = violation
            if not out:
                raise
        return out

    def eof(self) -> list[Chunk]:
        """What the end of the stream still gives.

        An event without its final blank line counts if its payload is whole: WHATWG would discard it, but
        servers that close right after the last line are on record, and an object cut short never parses.

        Raises:
            ProtocolViolation: as `feed` does; `not_a_stream` when no server-sent event came at all.
        """
        if self._ended:
            return []
        if self.violation is not None:
            raise self.violation
        out: list[Chunk] = []
        if self._document is not None:
            out += decode_document(bytes(self._document), self._limits)
        else:
            event = self._sse.eof()
            if self._begun and not self._sse.recognised:
                raise ProtocolViolation("not_a_stream", "the response holds no server-sent events")
            if event is not None and _is_whole(event.data):
                self._decode(event, out)
        out += self._joiner.flush()
        self._ended = True
        return out

    def _feed(self, data: bytes, out: list[Chunk]) -> None:
        if not self._begun:
            data = self._begin(data)
        if self._document is None:
            lines = self._sse.feed_plain(data) if self._introduced else None
            if lines is not None:
                self._decode_lines(lines, out)
                return
            for event in self._sse.feed(data):
                self._decode(event, out)
                if self._ended:
                    return
            self.violation = self._sse.violation
            return
        self._document += data
        if len(self._document) > self._limits.event_bytes:
            raise ProtocolViolation("limit", f"the response is larger than {self._limits.event_bytes} bytes")

    def _begin(self, data: bytes) -> bytes:
        # The bytes of a BOM begin nothing else, so that they can be skipped one by one.
        start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
        self._begun = bool(start)
        if start.startswith(b"<"):
            raise ProtocolViolation("not_a_stream", "the response is a page of markup")
        if start.startswith(b"{"):
            self._document = bytearray()
            return start
        return data

    def _decode_lines(self, lines: list[bytes], out: list[Chunk]) -> None:
        """As `_decode`, for events of one line each, most of which are plain text."""
        fits = self._joiner.held is None
        for line in lines:
            if fits:
                try:
                    content = plain(line).choices[0].delta.content
                except MISFITS:
                    fits = False  # as in a thought or a tool call; then the next would hardly do
                else:
                    if content:
                        out.append(Text(content))
                    continue
            self._decode(ServerSentEvent(line), out)
            if self._ended:
                return

    def _decode(self, event: ServerSentEvent, out: list[Chunk]) -> None:
        clean = False
        if event.event == "error":
            chunks = self._settle(_error_event(event.data))
        else:
            try:
                payload = typed(event.data)
            except MISFITS:
                chunks = self._decode_misfit(event)
            else:
                clean = self._joiner.held is None  # what fits the types holds no lone surrogate
                chunks = self._read(payload)
        out += chunks if clean else self._joiner.clean(chunks)

    def _decode_misfit(self, event: ServerSentEvent) -> list[Chunk]:
        data = event.data.strip()
        if data == _DONE:
            return self._settle(End())
        if not data:
            return []  # a keep-alive in the shape of an event
        try:
            return self._read(_parse_object(data))
        except ProtocolViolation as violation:
            # 9.2.6 gives other types of event to those who listen for them: a `ping` is none of ours.
            if violation.kind == "bad_json" and event.event not in {"", "message"}:
                return []
            raise

    def _read(self, payload: Payload) -> list[Chunk]:
        chunks: list[Chunk] = []
        if not self._introduced and (payload.id or payload.model):
            self._introduced = True
            chunks.append(ResponseInfo(payload.id or "", payload.model or ""))
        read_payload(payload, chunks)
        if chunks and type(chunks[-1]) is Error:
            self._ended = True
        return chunks

    def _settle(self, chunk: Chunk) -> list[Chunk]:
        self._ended = True
        return [chunk]


def decode_document(body: bytes, limits: Limits) -> list[Chunk]:
    """The chunks of a whole `chat.completion`, or of a JSON error, that came under a status of 200.

    Raises:
        ProtocolViolation: `not_a_stream` if it is neither; `bad_json` if it begins like one; `limit`.
    """
    if len(body) > limits.event_bytes:
        raise ProtocolViolation("limit", f"the response is larger than {limits.event_bytes} bytes")
    if not body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        raise ProtocolViolation("not_a_stream", "the response is neither a stream nor a JSON object")
    payload = _parse_object(body.removeprefix(b"\xef\xbb\xbf"))
    for choice in payload.choices or ():
        choice.delta, choice.message = choice.message, None
        for index, call in enumerate(choice.delta.tool_calls or () if choice.delta is not None else ()):
            call.index = index
    chunks: list[Chunk] = []
    if payload.id or payload.model:
        chunks.append(ResponseInfo(payload.id or "", payload.model or ""))
    read_payload(payload, chunks)
    if not chunks or not isinstance(chunks[-1], Error):
        if payload.choices is None:
            raise ProtocolViolation("not_a_stream", "the response is JSON, but no chat completion")
        chunks.append(End())
    return SurrogateJoiner().clean(chunks)


def decode_error(body: bytes) -> tuple[str | None, str | None, str | None]:
    """Message, code and type of the body of a response with a status other than 2xx; never raises.

    A body that is no JSON gives no message: it is a page, and its text helps nobody in a line of a log.
    """
    try:
        fields = error_fields(untyped(body.removeprefix(b"\xef\xbb\xbf")))
    except ProtocolViolation:
        return None, None, None
    message, code, kind = (None if field is None else scrub(field) for field in fields)
    return message, code, kind


def _parse_object(data: bytes) -> Payload:
    try:
        return typed(data)
    except MISFITS:
        value = untyped(data)
    if not isinstance(value, dict):
        raise ProtocolViolation("bad_json", f"a payload is no JSON object but {type(value).__name__}")
    try:
        return lenient(value)
    except RecursionError:
        raise ProtocolViolation("limit", "JSON is nested too deep") from None


def _error_event(data: bytes) -> Error:
    try:
        return read_error(untyped(data))
    except ProtocolViolation:
        return read_error(data.decode(errors="replace"))


def _is_whole(data: bytes) -> bool:
    try:
        return data.strip() == _DONE or isinstance(untyped(data), dict)
    except ProtocolViolation:
        return False
