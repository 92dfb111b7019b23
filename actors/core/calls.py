"""Tool calls put together from fragments, whatever a provider makes of `index`, `id` and `name`.

An index names a slot. In a slot a different non-empty id opens a new call, and the same id or name again is a
repeat. Without an index a new id opens a call, and no id continues the last one that was opened.
"""

from __future__ import annotations

from typing import Any

import msgspec

from actors.config import Limits
from actors.core.chunks import ToolCallFragment
from actors.errors import ProtocolViolation
from actors.events import ToolCall

_parse = msgspec.json.Decoder(dict[str, Any]).decode


class _Call:
    __slots__ = ("arguments", "id", "index", "name", "ordinal", "size")

    def __init__(self, ordinal: int, index: int) -> None:
        self.ordinal = ordinal
        self.index = index
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []
        self.size = 0


class Calls:
    """The calls of one attempt."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls: list[_Call] = []
        self._slots: dict[int, _Call] = {}
        self._by_id: dict[tuple[int | None, str], _Call] = {}
        self.began = False
        """Whether any fragment came, even one that says nothing."""

    def add(self, fragment: ToolCallFragment) -> int | None:
        """Take up a fragment; gives the ordinal of its call, or None if it names and holds nothing.

        Raises:
            ProtocolViolation: `limit`, past the limits on calls or on the bytes of a call's arguments.
        """
        self.began = True
        call = self._find(fragment)
        if call is None:
            if not (fragment.id or fragment.name or fragment.arguments):
                return None
            call = self._open(fragment)
        if fragment.id:
            call.id = fragment.id
            self._by_id[fragment.index, fragment.id] = self._by_id[None, fragment.id] = call
        if fragment.name:
            call.name = fragment.name
        if fragment.arguments:
            self._append(call, fragment.arguments)
        return call.ordinal

    def result(self, *, complete: bool) -> tuple[ToolCall, ...]:
        """The calls in index order; runnable are those of a complete attempt that can be run."""
        return tuple(
            _finished(call, complete=complete) for call in sorted(self._calls, key=lambda call: call.index)
        )

    def _find(self, fragment: ToolCallFragment) -> _Call | None:
        index, said = fragment.index, fragment.id
        if said:
            # Providers that say `index: 0` throughout may also take turns between calls.
            known = self._by_id.get((index, said))
            if known is not None:
                if index is not None:
                    self._slots[index] = known
                return known
        last = self._calls[-1] if self._calls else None
        call = last if index is None else self._slots.get(index)
        if call is None or not said or call.id == said:
            return call
        if index is None or call.id:
            return None  # a new id
        return call  # its id comes late

    def _open(self, fragment: ToolCallFragment) -> _Call:
        if len(self._calls) >= self._limits.calls:
            raise ProtocolViolation("limit", f"more than {self._limits.calls} tool calls in one attempt")
        # The reference turn takes an absent index for 0.
        call = _Call(len(self._calls), fragment.index if fragment.index is not None else 0)
        self._calls.append(call)
        self._slots[call.index] = call
        return call

    def _append(self, call: _Call, arguments: str) -> None:
        call.size += len(arguments) if arguments.isascii() else len(arguments.encode())
        if call.size > self._limits.argument_bytes:
            raise ProtocolViolation(
                "limit", f"the arguments of a tool call are larger than {self._limits.argument_bytes} bytes"
            )
        call.arguments.append(arguments)


def _finished(call: _Call, *, complete: bool) -> ToolCall:
    arguments = "".join(call.arguments)
    runnable = complete and call.name != "" and is_object(arguments)
    return ToolCall(id=call.id, name=call.name, arguments=arguments, runnable=runnable)


def is_object(arguments: str) -> bool:
    """Whether the arguments of a call parse as a JSON object; empty means `{}`."""
    if not arguments or arguments.isspace():
        return True
    try:
        _parse(arguments)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
