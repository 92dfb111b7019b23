"""What a user's message can hold besides text: images and files, by URL, as bytes, or by their path.

A part becomes what chat completions have (`image_url`, `file`, `input_audio`) when its turn is begun, in the thread
that begins it: a file is read there and then, and not again for each step.
"""

from __future__ import annotations

import base64
import mimetypes
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

import msgspec

from actors.config import PartLimits
from actors.errors import ConfigError

Source: TypeAlias = str | bytes | Path
"""A URL, the bytes themselves, or the path of a file."""

_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"%PDF-"), "application/pdf"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"ID3"), "audio/mpeg"),
)
"""How the formats that endpoints take begin (WHATWG, MIME Sniffing, 6)."""

_AUDIO = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
"""What `input_audio` takes, and what it calls it."""


class _Part(msgspec.Struct, frozen=True):
    source: Source

    def __post_init__(self) -> None:
        source: Any = self.source
        if not isinstance(source, str | bytes | Path):
            raise ConfigError(self._where, f"must be a URL, bytes or a Path, not {type(source).__name__}")
        if isinstance(source, str) and not _is_url(source):
            raise ConfigError(
                self._where, "a text must be a URL (http:, https:, data:); for a file give a pathlib.Path"
            )

    @property
    def _where(self) -> str:
        return f"{type(self).__name__}.source"

    def _read(self, limits: PartLimits) -> bytes:
        """The bytes of a part that is no URL.

        Raises:
            ConfigError: there is no such file, it can't be read, or it is too large.
        """
        source = self.source
        assert not isinstance(source, str)  # noqa: S101 - whoever calls has sent that as it is
        if isinstance(source, bytes):
            self._check_size(len(source), limits)
            return source
        try:
            self._check_size(source.stat().st_size, limits)  # before it fills the memory
            data = source.read_bytes()
        except OSError as error:
            raise ConfigError(self._where, f"can't read {source}: {error.strerror}") from None
        self._check_size(len(data), limits)
        return data

    def _url(self, limits: PartLimits) -> str | None:
        """The source, if it is a URL; one that holds the bytes is measured as they would be."""
        if _holds_data(self.source):
            self._check_size(len(self.source) * 3 // 4, limits)
        return self.source if isinstance(self.source, str) else None

    def _check_size(self, size: int, limits: PartLimits) -> None:
        if size == 0:
            raise ConfigError(self._where, "is empty")
        if size > limits.part_bytes:
            raise ConfigError(
                self._where,
                f"holds {size} bytes, and {limits.part_bytes} may be sent: make it smaller, give a URL, or set "
                "parts=PartLimits(part_bytes=...)",
            )


class Image(_Part, frozen=True):
    """An image for a model that sees.

    Args:
        source: a URL (`https:`, `data:`), the bytes, or a `Path`, which is read when the turn is begun.
        media_type: such as `image/png`; None: as the bytes say.
        detail: how closely the model looks, as the endpoint has it: `low`, `high`, `auto`.

    Raises:
        ConfigError: the source is none of these.
    """

    media_type: str | None = None
    detail: str | None = None

    def __repr__(self) -> str:
        return f"Image({_shown(self.source)})"

    def rendered(self, limits: PartLimits) -> dict[str, Any]:
        """As chat completions have it.

        Raises:
            ConfigError: the file can't be read, it is too large, or nothing says what it is.
        """
        url = self._url(limits)
        if url is None:
            url = self._data_url(limits)
        image = {"url": url} if self.detail is None else {"url": url, "detail": self.detail}
        return {"type": "image_url", "image_url": image}

    def _data_url(self, limits: PartLimits) -> str:
        data = self._read(limits)
        media_type = self.media_type if self.media_type is not None else _sniffed(data)
        if media_type is None or not media_type.startswith("image/"):
            raise ConfigError(
                self._where,
                f"{_shown(self.source)} is no PNG, JPEG, GIF or WebP: give media_type=, or File(...) for others",
            )
        return _data_url(data, media_type)


class File(_Part, frozen=True):
    """A file for a model that reads it: a PDF above all. Sound (WAV, MP3) is sent as `input_audio`.

    Args:
        source: as of an `Image`. Not all endpoints take the URL of a file.
        name: what the model is told it is called; None: as its path says.
        media_type: such as `application/pdf`; None: as the bytes, then the name, say.

    Raises:
        ConfigError: the source is none of these.
    """

    name: str | None = None
    media_type: str | None = None

    def __repr__(self) -> str:
        return (
            f"File({_shown(self.source)})"
            if self.name is None
            else f"File({_shown(self.source)}, {self.name!r})"
        )

    def rendered(self, limits: PartLimits) -> dict[str, Any]:
        """As chat completions have it.

        Raises:
            ConfigError: the file can't be read, or it is too large.
        """
        url = self._url(limits)
        if url is not None:
            return _file(url, self._named("" if _holds_data(url) else urllib.parse.urlsplit(url).path))
        data = self._read(limits)
        name = self._named(self.source.name if isinstance(self.source, Path) else "")
        media_type = self._media_type(data, name)
        if media_type in _AUDIO:
            encoded = base64.b64encode(data).decode()
            return {"type": "input_audio", "input_audio": {"data": encoded, "format": _AUDIO[media_type]}}
        return _file(
            _data_url(data, media_type), name or f"file{mimetypes.guess_extension(media_type) or ''}"
        )

    def _named(self, path: str) -> str:
        return self.name if self.name is not None else path.rpartition("/")[2]

    def _media_type(self, data: bytes, name: str) -> str:
        said = self.media_type if self.media_type is not None else _sniffed(data)
        if said is None:
            said = mimetypes.guess_type(name)[0]
        return said if said is not None else "application/octet-stream"


Part: TypeAlias = Image | File
Content: TypeAlias = str | Part | Mapping[str, Any]
"""A piece of a message: a text, a part, or one as chat completions have it."""


def content(pieces: Sequence[Content], limits: PartLimits) -> list[dict[str, Any]]:
    """Pieces in order, as the `content` of a message.

    Raises:
        ConfigError: there are too many, or one can't be sent.
    """
    if len(pieces) > limits.message_parts:
        raise ConfigError(
            "messages",
            f"{len(pieces)} parts in one message, and {limits.message_parts} may be: send fewer, or set "
            "parts=PartLimits(message_parts=...)",
        )
    return [_rendered(piece, limits) for piece in pieces]


def _rendered(piece: Content, limits: PartLimits) -> dict[str, Any]:
    if isinstance(piece, str):
        return {"type": "text", "text": piece}
    return piece.rendered(limits) if isinstance(piece, Image | File) else dict(piece)


def _file(data: str, name: str) -> dict[str, Any]:
    return {"type": "file", "file": {"filename": name, "file_data": data} if name else {"file_data": data}}


def _data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _sniffed(data: bytes) -> str | None:
    return next((kind for begin, kind in _SIGNATURES if begin.match(data)), None)


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://", "data:"))


def _holds_data(source: Source) -> TypeGuard[str]:
    return isinstance(source, str) and source[:5].lower() == "data:"


def _shown(source: Source) -> str:
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    if _holds_data(source):
        return f"<data URL of {len(source)} characters>"
    return repr(source)
