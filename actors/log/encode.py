"""A record to one line of JSON, whatever its values are: a value that can't be said is described instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from actors.config import Secret

HIDDEN = "***"


def to_line(record: Mapping[str, Any]) -> bytes:
    """Encode a record as one line of UTF-8 JSON, its newline included. Raises nothing for any value."""
    try:
        return _ENCODER.encode_lines((record,))
    except Exception:  # noqa: BLE001 - lone surrogates, odd keys, endless nesting, a `__repr__` that raises, ...
        safe = {name: _safe(value) for name, value in record.items()}
        return msgspec.json.encode(safe) + b"\n"


def _described(value: object) -> str:
    return HIDDEN if isinstance(value, Secret) else repr(value)


_ENCODER: Final = msgspec.json.Encoder(enc_hook=_described)


def _safe(value: object) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    try:
        return msgspec.Raw(msgspec.json.encode(value, enc_hook=_described))
    except Exception:  # noqa: BLE001 - the same
        return _repr(value)


def _repr(value: object) -> str:
    try:
        return repr(value).encode("utf-8", "backslashreplace").decode("utf-8")
    except Exception:  # noqa: BLE001 - the same
        return f"<{type(value).__qualname__} that can't be shown>"
