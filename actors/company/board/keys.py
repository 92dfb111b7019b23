"""The keys of a blackboard and their types: pure.

A value is kept as JSON, which nobody can change behind the board's back: whoever reads it makes a value of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from actors.errors import ArgumentsError, BoardKeyError, BoardValueError, ConfigError
from actors.tools.render import plain
from actors.tools.shape import Shape, shape_of
from actors.tools.signature import Parameter

NAME: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,200}", re.ASCII)
ANY: Final = "*"
"""At the end of a declared key: it stands for all that begin so."""
VALUE: Final = "value"
"""A type is checked as that of the one field of an object."""


class Key(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One that was declared."""

    name: str
    """Or what its keys begin with, and `*`."""
    hint: Any
    """The type of its values."""
    shape: Shape
    """Of an object with the field `VALUE`."""

    @property
    def is_family(self) -> bool:
        """Whether it stands for many keys."""
        return self.name.endswith(ANY)

    def covers(self, key: str) -> bool:
        """Whether `key` is this one, or one of this family."""
        return key == self.name or (
            self.is_family and key != self.name[:-1] and key.startswith(self.name[:-1])
        )

    def encode(self, key: str, value: Any, limit: int) -> bytes:
        """The JSON of a value.

        Raises:
            BoardValueError: it is not of the type, has no JSON, or has more of it than `limit` bytes.
        """
        try:
            data = msgspec.json.encode(value, enc_hook=plain)
            self.decode(data)
        except ArgumentsError as error:
            raise BoardValueError(key, str(error).replace(f"$.{VALUE}", "$")) from None
        except RecursionError:
            raise BoardValueError(key, "it is nested too deep") from None
        except UnicodeEncodeError:
            raise BoardValueError(key, "it holds half of a surrogate pair, which is no character") from None
        except Exception as error:  # of the value's own methods, or the type's
            raise BoardValueError(key, f"it has no JSON form: {type(error).__name__}: {error}") from error
        if len(data) > limit:
            raise BoardValueError(key, f"it takes {len(data)} bytes of JSON, and at most {limit} are allowed")
        return data

    def decode(self, data: bytes) -> Any:
        """The value that `encode` made JSON of: a new one each time."""
        return self.shape.convert({VALUE: msgspec.json.decode(data)})[VALUE]


class Keys:
    """What a board may hold.

    Args:
        board: its name, for errors.
        declared: keys, or what they begin with and `*`, to the types of their values.

    Raises:
        ConfigError: there are none, or one can't be, or its type has no JSON.
    """

    def __init__(self, board: str, declared: Mapping[str, Any]) -> None:
        if not declared:
            raise ConfigError("keys", f"board {board!r} needs some: {{'plan': list[str], 'notes/*': str}}")
        self.declared = tuple(_declared(name, hint) for name, hint in declared.items())
        # The longest name decides, so that one of a family can have a type of its own.
        self._by_length = sorted(self.declared, key=lambda key: (key.is_family, -len(key.name)))

    def find(self, key: str) -> Key:
        """What `key` was declared as.

        Raises:
            BoardKeyError: it was not.
        """
        if NAME.fullmatch(key):
            for one in self._by_length:
                if one.covers(key):
                    return one
        names = ", ".join(one.name for one in self.declared)
        raise BoardKeyError(key, f"there is no such key; there are {names}")

    def under(self, prefix: str) -> tuple[Key, ...]:
        """Those whose keys begin with `prefix`, or may."""
        return tuple(
            one
            for one in self.declared
            if one.name.startswith(prefix) or (one.is_family and prefix.startswith(one.name[:-1]))
        )

    def same(self, declared: Mapping[str, Any]) -> bool:
        """Whether just these were declared."""
        return {key.name: key.hint for key in self.declared} == dict(declared)


def _declared(name: str, hint: Any) -> Key:
    field = f"keys[{name!r}]"
    if not NAME.fullmatch(name.removesuffix(ANY) if name != ANY else "any"):
        raise ConfigError(field, "must be letters, digits and any of _.:/- (at most 200), and may end in '*'")
    try:
        shape = shape_of((Parameter(VALUE, hint, required=True),), field)
    except (NameError, TypeError) as error:
        raise ConfigError(field, f"must be a type: {error}") from None
    return Key(name=name, hint=hint, shape=shape)
