"""A line of the log to a line for a person: pure, and inert whatever a field holds.

A line is a list of parts, each a text and the name of a rich style; `plain` joins them for a pipe.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import msgspec

from actors.log.schema import EVENTS, PREFIX, STAMPED

Part: TypeAlias = tuple[str, str]

GAP: Final = "  "
EVENT_WIDTH: Final = max(len(name) for name in EVENTS) - len(PREFIX)
SESSION_WIDTH: Final = 12
SESSION_MOST: Final = 36
PLACE_WIDTH: Final = 7
LEVEL_WIDTH: Final = 8
INDENT: Final = "  "
DEEPEST: Final = 8
"""How far children are indented at most, in floors."""
KNOWN: Final = 50_000
"""Of so many children it is known whose they are."""
CLIP: Final = 200
"""The longest detail, in characters; the message is shown whole."""

LEVEL_STYLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TRACE": "dim",
        "DEBUG": "dim",
        "INFO": "blue",
        "SUCCESS": "green",
        "WARNING": "yellow",
        "ERROR": "red",
        "CRITICAL": "bold red",
    }
)

UNTOLD: Final = frozenset(STAMPED) | {
    "gen_ai.conversation.id",
    "session.turn",
    "session.step",
    "request.attempt",
    "request.id",
    "actor.urn",
    "actor.parent",
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.response.id",
    "server.address",
    "server.port",
    "retry.next_at",
    "usage.source",
    "exception.stacktrace",
    "code.stacktrace",
    "trace_id",
    "span_id",
}
"""What has a column of its own, or is for programs. Everything else is shown, also what is not known here."""


_RECORD: Final = msgspec.json.Decoder(dict[str, Any])


def _plain_value(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")


def _seconds(value: object) -> str:
    return f"{value:.3f}s" if isinstance(value, float) else f"{_plain_value(value)}s"


def _bytes(value: object) -> str:
    return f"{value / 2**20:.1f}MiB" if isinstance(value, int | float) else _plain_value(value)


def _names(value: object) -> str:
    return ",".join(map(_plain_value, value)) if isinstance(value, list) else _plain_value(value)


DETAILS: Final[Mapping[str, tuple[str, Callable[[object], str]]]] = MappingProxyType(
    {
        "outcome": ("outcome", _plain_value),
        "reason": ("reason", _plain_value),
        "retry.delay": ("retry_in", _seconds),
        "retry.max": ("retries_max", _plain_value),
        "retry.reason": ("retry_reason", _plain_value),
        "http.response.status_code": ("status", _plain_value),
        "duration": ("duration", _seconds),
        "attempt.duration": ("attempt_duration", _seconds),
        "gen_ai.response.time_to_first_chunk": ("first_chunk", _seconds),
        "gen_ai.response.finish_reasons": ("finish", _names),
        "gen_ai.usage.input_tokens": ("in", _plain_value),
        "gen_ai.usage.cache_read.input_tokens": ("cached", _plain_value),
        "gen_ai.usage.output_tokens": ("out", _plain_value),
        "gen_ai.usage.reasoning.output_tokens": ("reasoning", _plain_value),
        "usage.total_tokens": ("tokens", _plain_value),
        "chunks.count": ("chunks", _plain_value),
        "messages.count": ("messages", _plain_value),
        "messages.cut": ("cut", _plain_value),
        "tools.count": ("tools", _plain_value),
        "calls.count": ("calls", _plain_value),
        "gen_ai.agent.name": ("agent", _plain_value),
        "session.parent": ("parent", _plain_value),
        "gen_ai.request.model": ("model", _plain_value),
        "gen_ai.response.model": ("response_model", _plain_value),
        "actor.class": ("actor", _plain_value),
        "actor.state": ("state", _plain_value),
        "actor.restarts": ("restarts", _plain_value),
        "actor.inbox.size": ("inbox", _plain_value),
        "runtime.loop.lag": ("lag", _seconds),
        "runtime.rss": ("rss", _bytes),
        "error.type": ("error", _plain_value),
        "exception.type": ("exception", _plain_value),
        "exception.message": ("exception_message", _plain_value),
    }
)
"""What is told first, and how; the rest follows under its own name, without a leading `runtime.`."""


class Format:
    """Lays out one line after the other. The column of the sessions grows with their names, up to `SESSION_MOST`.

    The name of a child is indented below its parent's, as long as the lines before told of its start.
    """

    def __init__(self) -> None:
        self._session_width = SESSION_WIDTH
        self._depths: dict[tuple[str, str], int] = {}
        """Of sessions that live and have a parent, by runtime and name."""

    def parts(self, line: bytes) -> list[Part]:
        """Lay out a line of the log; one that is no record is shown as what it is. Raises nothing."""
        try:
            record = _RECORD.decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            text = line.decode("utf-8", "backslashreplace")
            return [("no record:", "bold red"), (f" {_clip(inert(text))}", "red")]
        session = self._indented(record)
        self._session_width = min(max(self._session_width, len(session)), SESSION_MOST)
        return _layout(record, f"{session:<{self._session_width}}")

    def _indented(self, record: Mapping[str, Any]) -> str:
        name = _text(record, "gen_ai.conversation.id")
        event, parent = record.get("event.name"), _text(record, "session.parent")
        if not parent and not self._depths:
            return name
        run = _text(record, "run.id")
        if parent and len(self._depths) < KNOWN:
            self._depths[run, name] = self._depths.get((run, parent), 0) + 1
        depth = self._depths.get((run, name), 0)
        if event == "actors.session.ended":
            self._depths.pop((run, name), None)
        return INDENT * min(depth, DEEPEST) + name


def plain(parts: Iterable[Part]) -> str:
    """Join parts to a line without colour, and without trailing blanks."""
    return "".join(text for text, _ in parts).rstrip(" ")


def inert(text: str) -> str:
    """Show what a terminal would obey or not draw (controls, line breaks, overrides) as Python escapes."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def inert_json(line: bytes) -> bytes | None:
    """A line of JSON with escapes for what a terminal would obey or not draw; None if it is no record."""
    try:
        _RECORD.decode(line)
        text = line.decode("utf-8")
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if text.isprintable():
        return line
    # Outside of its strings JSON has no such character but white space.
    return "".join(char if char.isprintable() else _json_escape(char) for char in text).encode("utf-8")


def _json_escape(char: str) -> str:
    return " " if char in "\t\r" else json.dumps(char)[1:-1]


def _layout(record: Mapping[str, Any], session: str) -> list[Part]:
    level = _text(record, "level")
    style = LEVEL_STYLES.get(level, "")
    loud = style if level in {"WARNING", "ERROR", "CRITICAL"} else ""
    parts = [
        (f"{_time(_text(record, 'timestamp'))}{GAP}", "dim"),
        (f"{level:<{LEVEL_WIDTH}}{GAP}", style),
        (f"{_text(record, 'event.name').removeprefix(PREFIX):<{EVENT_WIDTH}}{GAP}", "cyan"),
        (f"{session}{GAP}", "magenta"),
        (f"{_place(record):<{PLACE_WIDTH}}{GAP}", ""),
        (_text(record, "message"), loud),
    ]
    for label, value in _details(record):
        parts += [(f"{GAP}{label}=", "dim"), (value, "")]
    return parts


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return "" if value is None else inert(_plain_value(value))


def _time(timestamp: str) -> str:
    # `2025-01-31T12:34:56.789012Z` as `01-31 12:34:56.789`, in UTC; any other shape as it is.
    if len(timestamp) == len("2025-01-31T12:34:56.789012Z") and timestamp[10] == "T":
        return f"{timestamp[5:10]} {timestamp[11:23]}"
    return timestamp


def _place(record: Mapping[str, Any]) -> str:
    # turn/step/attempt, as far as the record goes into it
    place = [_text(record, name) for name in ("session.turn", "session.step", "request.attempt")]
    while place and not place[-1]:
        place.pop()
    return "/".join(number or "-" for number in place)


def _details(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, (label, render) in DETAILS.items():
        if record.get(name) is not None:
            yield label, _clip(inert(render(record[name])))
    for name, value in record.items():
        if name not in UNTOLD and name not in DETAILS and value is not None:
            yield inert(name.removeprefix("runtime.")), _clip(inert(_plain_value(value)))


def _clip(text: str) -> str:
    return text if len(text) <= CLIP else f"{text[:CLIP]}…"
