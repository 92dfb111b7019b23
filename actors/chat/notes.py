"""What a talk says of tool calls, and of what else goes on beside the text, as it happens: pure, a line each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from actors.events import (
    AnswerRejected,
    ApprovalDecided,
    Event,
    LoopNoticed,
    SessionRestarted,
    Steered,
    ToolCallFinished,
    ToolCallStarted,
    ToolProgress,
    TurnCancelled,
)

CLIP: Final = 200
"""The longest argument list, report or result, in characters; a person who is asked sees all of it."""
FINE: Final = "dim"
WARNING: Final = "yellow"


def told(event: Event) -> tuple[str, str] | None:
    """The line on an event, and the name of a rich style; None: it has none."""
    match event:
        case ToolCallStarted():
            again = f" again, attempt {event.tool_attempt}" if event.tool_attempt > 1 else ""
            return f"{event.name}({clipped(in_words(event.arguments))}){again}", FINE
        case ToolProgress():
            return f"{event.name}: {clipped(_plain(event.payload))}", FINE
        case ToolCallFinished():
            style = FINE if event.result == "ok" else WARNING
            cut = ", cut" if event.truncated else ""
            return (
                f"{event.name} {event.result}{cut}, {event.duration:.3g} s: {clipped(event.content)}",
                style,
            )
        case ApprovalDecided(decision="expired"):
            return f"nobody decided within {event.waited:g} s", WARNING
        case Steered():
            return "heard", FINE
        case AnswerRejected():
            return f"{event.error}; asked again", WARNING
        case LoopNoticed():
            return f"{event.name} was asked for {event.times} times with the same arguments", WARNING
        case TurnCancelled():
            return "cancelled", WARNING
        case SessionRestarted():
            return f"the session was restarted: {event.error}", WARNING
        case _:
            return None


def in_words(arguments: str) -> str:
    """The arguments of a call, from their JSON, as a person writes them: `where="Rome", deep=true`."""
    try:
        given = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return arguments
    if not isinstance(given, Mapping):
        return arguments
    return ", ".join(f"{name}={_json(value)}" for name, value in given.items())


def clipped(text: str) -> str:
    """No more of a text than a line is worth."""
    return text if len(text) <= CLIP else f"{text[:CLIP]}…"


def _plain(payload: Any) -> str:
    return payload if isinstance(payload, str) else _json(payload)


def _json(value: Any) -> str:
    return msgspec.json.encode(value, enc_hook=repr).decode()
