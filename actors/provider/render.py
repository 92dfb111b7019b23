"""From a play and a request to actions on the wire: pure, lazy, and the same bytes each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import msgspec

from actors.provider import actions
from actors.provider.actions import Action, Hold, Repeat, Send, Wait
from actors.provider.chunks import Asked, Scribe, encode, error_body, sse
from actors.provider.faults import (
    BadChunk,
    BadJson,
    BadStatusLine,
    Delay,
    Eof,
    Fault,
    InBandError,
    Inject,
    InvalidUtf8,
    KeepAlives,
    Pause,
    Reset,
    Stall,
    ends,
)
from actors.provider.framing import Framer
from actors.provider.plays import AFTER_HEADERS, BEFORE_HEADERS, Play, RawBody, Redirect, Reply, Status

COALESCE = 16 * 1024
"""Adjacent writes are merged up to so many bytes."""


def render(play: Play, asked: Asked) -> Iterator[Action]:
    """What the wire does for this play. The last action is one that ends (see `actors.provider.actions`)."""
    match play:
        case Reply():
            rendered = _Streamed(play, asked) if asked.stream else _Whole(play, asked)
            return _written(rendered.actions(), play.slice)
        case RawBody():
            return _written(_raw(play, asked), play.slice)
        case Status():
            body = error_body(play.message, play.type, play.code, play.param)
            return _written(page(play.status, body, asked, play.headers.items()), None)
        case Redirect():
            location = asked.elsewhere if play.location is None else play.location
            return _written(page(play.status, b"", asked, [("location", location)]), None)
        case _:
            return render(Reply(faults=(play,)), asked)


def page(status: int, body: bytes, asked: Asked, headers: Iterable[tuple[str, str]] = ()) -> Iterator[Action]:
    """A JSON body with its length."""
    return _raw(
        RawBody(
            body, content_type="application/json", status=status, framing="length", headers=dict(headers)
        ),
        asked,
    )


def _raw(play: RawBody, asked: Asked) -> Iterator[Action]:
    framer = Framer(asked, play.framing)
    headers = [("content-type", play.content_type), *play.headers.items()]
    if play.framing == "length":
        headers.append(("content-length", str(len(play.data))))
    yield Send(framer.head(play.status, headers))
    yield Send(framer.data(play.data))
    match play.ending:
        case "end":
            yield Send(framer.end())
            yield actions.Finish(close=framer.closes)
        case "eof":
            yield actions.Close()
        case "reset":
            yield actions.Reset()
        case "stall":
            yield actions.Hang()


_Shaping: TypeAlias = InBandError | BadJson | InvalidUtf8 | Inject
"""The faults that show in the content of a whole reply, wherever they are placed."""


class _Rendered:
    """What streamed and whole replies share: the frames in their order, with the faults between them."""

    content_type: str

    def __init__(self, reply: Reply, asked: Asked) -> None:
        self.reply = reply
        self.scribe = Scribe(reply, asked)
        self.framer = Framer(asked, reply.framing)
        self.request_id = asked.response_id.replace("chatcmpl-", "req-")

    def actions(self) -> Iterator[Action]:
        """Everything, up to the action that ends."""
        waiting = list(self.reply.timeline())
        for slot, frame in self.frames():
            while waiting and waiting[0][0] <= slot:
                fault = waiting.pop(0)[1]
                yield from self._carried_out(fault)
                if ends(fault):
                    return
            yield frame
        yield from self._finished(fault=False)

    def frames(self) -> Iterator[tuple[int, Action]]:
        """What is sent when nothing fails, each with the slot (of `Reply.timeline`) just before it."""
        raise NotImplementedError

    def body_fault(self, fault: Fault) -> bytes:
        """What a fault that is a part of the body looks like."""
        raise NotImplementedError

    def head(self) -> Action:
        """The head of the response."""
        headers = [("content-type", self.content_type), ("x-request-id", self.request_id)]
        return Send(self.framer.head(200, [*headers, *self.reply.headers.items()]))

    def _data(self, data: bytes) -> Send:
        return Send(self.framer.data(data))

    def _carried_out(self, fault: Fault) -> Iterator[Action]:
        match fault:
            case Pause():
                yield Hold(fault.gate)
            case Delay():
                yield Wait(fault.seconds)
            case Reset():
                yield actions.Reset()
            case Stall():
                yield actions.Hang()
            case Eof():
                yield from self._eof(fault)
            case KeepAlives():
                yield from self._keep_alives(fault)
            case InBandError():
                yield self._data(self.body_fault(fault))
                yield from self._finished(fault=True)
            case BadChunk() | BadStatusLine():
                line = "zz" if isinstance(fault, BadChunk) else fault.line + "\r\n"
                yield Send(_as_is(line) + b"\r\n")
                yield actions.Close()
            case _:
                yield self._data(self.body_fault(fault))

    def _finished(self, *, fault: bool) -> Iterator[Action]:
        yield Send(self.framer.end())
        yield actions.Finish(fault=fault, close=self.framer.closes)

    def _eof(self, fault: Eof) -> Iterator[Action]:
        if fault.terminated and fault.after != "before_headers":
            yield from self._finished(fault=True)
        else:
            yield actions.Close()

    def _keep_alives(self, fault: KeepAlives) -> Iterator[Action]:
        comment = self.framer.data(self.body_fault(fault))
        if fault.times is None:
            yield Repeat(comment, fault.every_s)
            return
        for _ in range(fault.times):
            yield Send(comment)
            yield Wait(fault.every_s)


class _Streamed(_Rendered):
    content_type = "text/event-stream"

    def frames(self) -> Iterator[tuple[int, Action]]:
        yield BEFORE_HEADERS, self.head()
        yield AFTER_HEADERS, self._data(self.scribe.role() if self.reply.role_first else b"")
        slot = 0
        for slot, piece in enumerate(self.reply.pieces(), 1):
            if slot > 1 and self.reply.pace_s:
                yield slot - 1, Wait(self.reply.pace_s)
            yield slot - 1, self._data(self.scribe.piece(piece))
        yield slot, self._data(self.scribe.finish())
        yield slot + 1, self._data(self.scribe.ending())
        yield slot + 2, Send(b"")

    def body_fault(self, fault: Fault) -> bytes:
        match fault:
            case KeepAlives():
                return b": " + _as_is(fault.comment) + b"\n\n"
            case InBandError():
                return self.scribe.in_band_error(fault)
            case BadJson():
                return sse(_as_is(fault.data))
            case InvalidUtf8():
                return self.scribe.invalid_utf8(fault)
            case Inject():
                return fault.data
            case _:
                return b""


class _Whole(_Rendered):
    content_type = "application/json"

    def __init__(self, reply: Reply, asked: Asked) -> None:
        shaping = tuple(fault for fault in reply.faults if isinstance(fault, _Shaping))
        others = tuple(fault for fault in reply.faults if not isinstance(fault, _Shaping))
        super().__init__(msgspec.structs.replace(reply, faults=others), asked)
        self._body = self._shaped(shaping)

    def frames(self) -> Iterator[tuple[int, Action]]:
        # White space may stand before a member of a JSON object, so keep-alives fit into this place.
        middle = max(self._body.find(b',"choices"'), 1)
        yield BEFORE_HEADERS, self.head()
        yield AFTER_HEADERS, self._data(self._body[:middle])
        last = sum(1 for _ in self.reply.pieces()) + 1
        yield last, self._data(self._body[middle:])
        yield last + 1, Send(b"")

    def body_fault(self, fault: Fault) -> bytes:
        return b"\n" if isinstance(fault, KeepAlives) else b""

    def _shaped(self, shaping: tuple[_Shaping, ...]) -> bytes:
        invalid = b"".join(fault.data for fault in shaping if isinstance(fault, InvalidUtf8))
        for fault in shaping:
            match fault:
                case InBandError():
                    return encode({"error": fault.error()}, ascii_only=self.reply.ascii)
                case BadJson():
                    return _as_is(fault.data)
        return self.scribe.completion(invalid)


def _as_is(text: str) -> bytes:
    """A fault's text goes on the wire whatever it holds."""
    return text.encode("utf-8", "surrogatepass")


def _written(rendered: Iterator[Action], size: int | None) -> Iterator[Action]:
    """The same bytes in few writes, or in writes of at most `size` bytes."""
    if size is None:
        return _coalesced(rendered)
    return _sliced(rendered, size)


def _coalesced(rendered: Iterator[Action]) -> Iterator[Action]:
    waiting = bytearray()
    for action in rendered:
        if isinstance(action, Send):
            waiting += action.data
            if len(waiting) < COALESCE:
                continue
        if waiting:
            yield Send(bytes(waiting))
            waiting.clear()
        if not isinstance(action, Send):
            yield action


def _sliced(rendered: Iterator[Action], size: int) -> Iterator[Action]:
    for action in rendered:
        if not isinstance(action, Send):
            yield action
            continue
        for start in range(0, len(action.data), size):
            yield Send(action.data[start : start + size])
            yield Wait(0)
