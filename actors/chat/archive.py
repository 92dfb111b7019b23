"""Conversations in files: JSON, for the one who talked alone to read."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from actors.errors import UsageError


class Conversation(msgspec.Struct, frozen=True, kw_only=True, tag_field="format", tag="greenroom.chat.1"):
    """What was said, as chat completions have it, and to which model."""

    model: str
    messages: tuple[dict[str, Any], ...]

    def __post_init__(self) -> None:
        if not all(isinstance(message.get("role"), str) for message in self.messages):
            raise ValueError("every message needs a role")


def save(path: Path, model: str, messages: tuple[Mapping[str, Any], ...]) -> None:
    """Write a conversation, wholly or not at all, in place of one that the file may hold already.

    Raises:
        UsageError: the file holds something else, or can't be written.
    """
    conversation = Conversation(model=model, messages=tuple(map(dict, messages)))
    encoded = msgspec.json.format(msgspec.json.encode(conversation), indent=1) + b"\n"
    if path.exists():
        load(path)
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            new = Path(file.name)
            try:
                file.write(encoded)
                file.close()
                new.replace(path)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    new.unlink()
    except OSError as error:
        raise UsageError(
            f"{str(path)!r} can't be written ({error.strerror}): name a file in a folder of yours"
        ) from error


def load(path: Path) -> Conversation:
    """Read a conversation.

    Raises:
        UsageError: the file can't be read, or holds none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Conversation)
    except OSError as error:
        raise UsageError(
            f"{str(path)!r} can't be read ({error.strerror}): name one that /save wrote"
        ) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"{str(path)!r} holds no conversation: name one that /save wrote") from error
