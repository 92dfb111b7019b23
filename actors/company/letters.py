"""How what one session says is put to another: as a user's message that says from whom it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actors.company.book import Line


def signed(sender: str, messages: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, Any], ...]:
    """The messages, the first of which says from whom they are.

    Args:
        sender: the session's name.
        messages: at least one, as chat completions have them.
    """
    first, *rest = messages
    head, content = f"From {sender!r}:", first.get("content")
    if isinstance(content, str) or content is None:
        said: Any = f"{head}\n\n{'' if content is None else content}"
    else:
        said = [{"type": "text", "text": head}, *content]
    return ({**first, "content": said}, *rest)


def heard(room: str, lines: Sequence[Line]) -> str:
    """The user's text that hands lines of a room to a member."""
    said = "\n\n".join(f"{line.by!r} says: {line.text}" for line in lines)
    return f"In the room {room!r}:\n\n{said}"
