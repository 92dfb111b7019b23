"""What all settings are made of: a struct that checks itself, and the type of a key."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

import msgspec

from actors.errors import ConfigError

MiB = 1024 * 1024

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
JsonObject = dict[str, Any]
Pairs = tuple[tuple[str, str], ...]
"""Names and values; where one is wanted, a mapping is taken too."""

HEADER_NAME = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
"""Of the tokens that RFC 9110, 5.6.2 allows, those that headers are named with."""

_OURS = {
    "model": "`model`",
    "messages": "the conversation",
    "stream": "greenroom, which always streams",
}


class Secret:
    """A key that shows itself to nothing but `reveal`: not to `repr`, `str`, logs, events or pickles."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ConfigError("Secret", f"must be a str, not {type(value).__name__}")
        if not value.isascii() or not value.isprintable():
            raise ConfigError(
                "Secret",
                "must be printable ASCII on one line; a key read from a file often ends in a newline: strip it",
            )
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('***')"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Secret is not pickled: load the key where it is used")


@functools.cache
def _hints(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return get_type_hints(struct, include_extras=True)


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A struct whose fields are checked against their types when it is made."""

    def __post_init__(self) -> None:
        for name, hint in _hints(type(self)).items():
            value = getattr(self, name)
            try:
                made = msgspec.convert(value, hint)
            except msgspec.ValidationError as error:
                shown = f", got {value!r}" if isinstance(value, int | float | str) else ""
                raise ConfigError(f"{type(self).__name__}.{name}", f"{error}{shown}") from None
            if isinstance(value, dict | list) and type(made) is not type(value):
                msgspec.structs.force_setattr(self, name, made)  # a struct or tuple, given as a file has it
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigError(f"{type(self).__name__}.{name}", f"must be finite, got {value!r}")

    def _refuse(self, field: str, why: str) -> None:
        raise ConfigError(f"{type(self).__name__}.{field}", why)

    def _to_pairs(self, *fields: str) -> None:
        """Make pairs of the fields that were given as mappings; for `__post_init__`."""
        for field in fields:
            given: Any = getattr(self, field)
            if isinstance(given, Mapping):
                msgspec.structs.force_setattr(self, field, tuple(given.items()))


def check_body(settings: Settings, body: JsonObject) -> None:
    """Refuse body fields that are somebody else's to say, and what is no JSON.

    Raises:
        ConfigError: it can't be sent so.
    """
    field = f"{type(settings).__name__}.body"
    for name in body:
        if name in _OURS:
            raise ConfigError(field, f"must not hold {name!r}: that is said by {_OURS[name]}")
    try:
        json.dumps(body, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(field, f"can't be sent as JSON: {error}") from None
