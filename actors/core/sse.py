"""Server-sent events: bytes in, events out, at any split of the bytes.

The grammar and its interpretation are WHATWG HTML, 9.2.5 and 9.2.6 ("Parsing" and "Interpreting an event
stream"). Two deliberate additions: a field `error` stands for an event of that type whose data is the field's
value (as some servers report a failure in mid-stream), and `eof` gives the event that the stream's end cut
off, which 9.2.6 discards: whether it still counts is for the dialect to say.
"""

from __future__ import annotations

import msgspec

from actors.errors import ProtocolViolation

_BOM = b"\xef\xbb\xbf"
_FIELDS = frozenset({b"data", b"event", b"id", b"retry", b"error"})


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One event."""

    data: bytes
    """The values of its `data` fields, as sent, joined by LF."""
    event: str = ""
    """Its type; empty if none was given."""


class SSEDecoder:
    """An incremental decoder; what it keeps is bounded by `max_event_bytes`.

    The bound holds for all lines of one event, and for a line that has not ended. Past it the events before
    are still given, and the next call raises `ProtocolViolation("limit")`, however the bytes were split.
    """

    def __init__(self, max_event_bytes: int) -> None:
        self._limit = max_event_bytes
        self._head: bytes | None = b""  # up to three bytes that may be a BOM; None once that is decided
        self._after_cr = False
        self._line: list[bytes] = []  # the pieces of a line that has not ended
        self._line_size = 0
        self._data: list[bytes] | None = None
        self._event = b""
        self._size = 0  # of the lines of the event that has not ended
        self._at_rest = False  # a line begins, and an event: nothing is pending but `_line`
        self.violation: ProtocolViolation | None = None
        """What the next call will raise."""
        self.recognised = False
        """Whether any line so far was a comment or a field that the format knows."""

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that end in `data`.

        Raises:
            ProtocolViolation: `limit`, for an event that is too large.
        """
        if self.violation is not None:
            raise self.violation
        self._at_rest = False
        if self._head is not None:
            data = self._strip_bom(data)
        if self._after_cr or b"\r" in data:
            data = self._to_lf(data)
        events: list[ServerSentEvent] = []
        try:
            self._feed_lines(data, events)
        except ProtocolViolation as violation:
            self.violation = violation
            self._line.clear()
            self._data = None
            if not events:
                raise
            return events
        pending = self._data is not None or self._size or self._after_cr
        self._at_rest = self._head is None and not pending
        return events

    def feed_plain(self, data: bytes) -> list[bytes] | None:
        """The data of each event that ends in `data`, if they are all of one `data` line; else None.

        None: nothing was taken; `feed` it. What is no such event can't be mistaken for one: with an LF in their
        data, or another line beside it, the LFs would not be two an event.
        """
        if (
            not self._at_rest
            or b"\n" not in data  # nothing ends here: don't join a long line anew for each of its pieces
            or b"\r" in data
        ):
            return None
        if self._line:
            data = b"".join((*self._line, data))
        end = data.rfind(b"\n\n")
        if end < 0 or not data.startswith(b"data: ") or len(data) > self._limit:
            return None
        lines = data[6:end].split(b"\n\ndata: ")
        if data.count(b"\n", 0, end) != 2 * (len(lines) - 1):
            return None
        self.recognised = True
        rest = data[end + 2 :]
        self._line = [rest] if rest else []
        self._line_size = len(rest)
        return lines

    def eof(self) -> ServerSentEvent | None:
        """The event that the stream's end cut off, if it has data.

        Raises:
            ProtocolViolation: as `feed` does.
        """
        head, self._head = self._head, None
        events = self.feed(head if head is not None else b"")
        if self.violation is not None:
            raise self.violation
        if self._line:
            self._take_line(b"".join(self._line), events)
            self._line.clear()
        self._dispatch(events)
        return events[0] if events else None

    def _strip_bom(self, data: bytes) -> bytes:
        # 9.2.6: one leading U+FEFF is ignored; its three bytes may come one at a time.
        data = (self._head or b"") + data
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._head = data
            return b""
        self._head = None
        return data.removeprefix(_BOM)

    def _to_lf(self, data: bytes) -> bytes:
        # A CR ends its line at once, so the LF of a CRLF may still come with the next bytes.
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if data.endswith(b"\r"):
            self._after_cr = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _feed_lines(self, data: bytes, events: list[ServerSentEvent]) -> None:
        if b"\n" not in data:
            self._keep(data)
            return
        if self._line:
            data = b"".join((*self._line, data))
            self._line.clear()
            self._line_size = 0
        lines = data.split(b"\n")
        rest = lines.pop()
        between_events = self._data is None and self._size == 0
        if not (between_events and len(data) <= self._limit and self._take_whole(lines, events)):
            for line in lines:
                self._take_line(line, events)
        self._keep(rest)

    def _take_whole(self, lines: list[bytes], events: list[ServerSentEvent]) -> bool:
        """The common case: nothing but whole events of one `data` line each. Gives whether it was that."""
        if len(lines) % 2 or any(lines[1::2]):
            return False
        whole = [ServerSentEvent(line[6:]) for line in lines[::2] if line.startswith(b"data: ")]
        if 2 * len(whole) != len(lines):
            return False
        self.recognised = True
        events += whole
        return True

    def _keep(self, piece: bytes) -> None:
        if not piece:
            return
        self._line.append(piece)
        self._line_size += len(piece)
        self._check(self._line_size)

    def _check(self, line_size: int) -> None:
        if self._size + line_size > self._limit:
            raise ProtocolViolation("limit", f"a server-sent event is larger than {self._limit} bytes")

    def _take_line(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if not line:
            self._dispatch(events)
            return
        self._check(len(line))
        if line.startswith(b":"):
            self.recognised = True
            return  # a comment is no part of its event: keep-alives without end take no memory
        self._size += len(line)
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name not in _FIELDS:
            return
        self.recognised = True
        if name == b"event":
            self._event = value
        elif name in {b"data", b"error"}:
            if name == b"error":
                self._event = b"error"
            if self._data is None:
                self._data = []
            self._data.append(value)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data is not None:
            events.append(ServerSentEvent(b"\n".join(self._data), self._event.decode(errors="replace")))
        self._data = None
        self._event = b""
        self._size = 0
