"""What a user says, as messages: a text, a list of texts and parts, or messages as chat completions have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from actors.config import PartLimits
from actors.errors import ConfigError
from actors.parts import Content, File, Image, Part, content

Messages: TypeAlias = Sequence[Mapping[str, Any]]
Input: TypeAlias = str | Part | Sequence[Content] | Messages
"""A text; an image or a file; such pieces in their order, as one message; or messages as chat completions have them."""


def to_messages(text: Input, limits: PartLimits) -> tuple[Mapping[str, Any], ...]:
    """What a user says as a message, or messages as they are but for their parts.

    Raises:
        ConfigError: it is none of these, or a part can't be sent.
    """
    if isinstance(text, str):
        return ({"role": "user", "content": text},)
    given: Any = [text] if isinstance(text, Image | File) else text
    if isinstance(given, Sequence) and not isinstance(given, bytes):
        if all(isinstance(one, Mapping) and "role" in one for one in given):
            return tuple(_message(one, limits) for one in given)
        if all(
            isinstance(one, str | Image | File) or (isinstance(one, Mapping) and "type" in one)
            for one in given
        ):
            return ({"role": "user", "content": content(given, limits)},)
    raise ConfigError(
        "messages",
        "must be a text, a list of texts, Images and Files, or a list of messages such as "
        f'{{"role": "user", "content": "..."}}; got {type(text).__name__}',
    )


def _message(message: Mapping[str, Any], limits: PartLimits) -> Mapping[str, Any]:
    held = message.get("content")
    if not isinstance(held, list | tuple) or all(isinstance(piece, Mapping) for piece in held):
        return message
    return {**message, "content": content(held, limits)}
