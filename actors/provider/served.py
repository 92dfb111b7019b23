"""What has been written of a response, read off its very bytes: whatever the script and its toxics made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from actors.provider.actions import Action, Send

_HEAD_END = b"\r\n\r\n"
_FINISH_REASON = re.compile(rb'"finish_reason"\s*:\s*"')
_END_MARKER = re.compile(rb"(?:^|[\r\n])data:\s*\[DONE\]")
"""In a model's own words the quotes are escaped, and so are line ends."""
_TAIL = 64
"""So many bytes are kept, to find a finish that was written in pieces."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """A response, as far as it was written."""

    headers: Mapping[str, str] = MappingProxyType({})
    """Names in lower case; empty until all of them were written."""
    finished: bool | None = False
    """Whether a stream's finish reason or end marker was written; None: that is no stream, and has neither."""


def watched(actions: Iterator[Action], note: Callable[[Served], None]) -> Iterator[Action]:
    """The same actions; `note` is told whenever there is more to say, just before it is written."""
    reader = _Reader()
    for action in actions:
        if isinstance(action, Send) and not reader.done and reader.read(action.data):
            note(reader.served)
        yield action


class _Reader:
    def __init__(self) -> None:
        self.served = Served()
        self.done = False
        self._data = b""
        self._in_body = False

    def read(self, data: bytes) -> bool:
        """Take up what is written next; gives whether that says more than what was there before."""
        self._data += data
        before = self.served
        if not self._in_body:
            self._read_head()
        if self._in_body:
            self._read_body()
        return self.served is not before

    def _read_head(self) -> None:
        head, end, body = self._data.partition(_HEAD_END)
        if not end:
            return
        lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1").strip() for name, _, value in lines
        }
        streams = "json" not in headers.get("content-type", "")
        self.served = Served(headers=headers, finished=False if streams else None)
        self._data, self._in_body, self.done = body, True, not streams

    def _read_body(self) -> None:
        if self.served.finished is False and _finishes(self._data):
            self.served = msgspec.structs.replace(self.served, finished=True)
            self.done = True
        self._data = self._data[-_TAIL:]


def _finishes(data: bytes) -> bool:
    if _FINISH_REASON.search(data):
        return True
    # A pattern that begins with a choice is slow to look for in each delta; its end is not.
    return b"[DONE]" in data and _END_MARKER.search(data) is not None
