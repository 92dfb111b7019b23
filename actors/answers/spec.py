"""What is asked for: a type, as a schema for the model and as the way back from its text to a value."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import jiter
import msgspec

from actors.answers.text import find_object, without_open_number
from actors.errors import AnswerError, ArgumentsError, ConfigError
from actors.tools.arguments import parse
from actors.tools.schema import Schema, resolve, without_absent
from actors.tools.shape import Shape, shape_of
from actors.tools.signature import Parameter
from actors.tools.strict import strict_schema

FIELD = "answer"
"""What is no object by itself is asked for as the one field of an object: endpoints want one at the root."""

_SAID_OF_ONE = {"are": "is", "have": "has", "hold": "holds"}


class AnswerSpec(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A type that answers are to be of. Made by `answer_spec`."""

    name: str
    """The type's, as endpoints take it."""
    schema: Schema
    """Of an object, as it is sent."""
    strict: bool
    """Whether it has OpenAI's strict form: a type with free keys, or with `Any` in it, has none."""
    wrapped: bool
    """Whether the value is the object's one field, `FIELD`."""
    shape: Shape
    """Of an object with that field, in either case."""

    @property
    def response_format(self) -> dict[str, Any]:
        """As chat completions have it."""
        schema = {"name": self.name, "schema": self.schema, "strict": self.strict}
        return {"type": "json_schema", "json_schema": schema}

    def decode(self, text: str) -> Any:
        """The value that `text` spells, in a code fence or with prose around it, too.

        Raises:
            AnswerError: it is none; the text says where and what, for the model.
        """
        try:
            if not text.strip():
                raise AnswerError("the answer is empty")
            given = parse(find_object(text))
            return self._convert(given if self.wrapped else {FIELD: given})
        except ArgumentsError as error:
            raise AnswerError(self._about_the_answer(str(error))) from None
        except RecursionError:
            raise AnswerError("the answer is nested too deep") from None
        except AnswerError:
            raise
        except Exception as error:
            raise AnswerError(f"{type(error).__name__}: {error}") from error

    def partial(self, text: str) -> Any:
        """As much of the value as the beginning of its text holds; None if nothing does yet.

        Of the type as soon as it fits; before that as JSON has it: a dict or a list of what is there. A string may be
        there in part, a number only as a whole. What has a last item or string that does not fit yet is taken without
        it. Never raises.
        """
        start = text.find("{")
        if start < 0:
            return None
        data = without_open_number(text[start:]).encode(errors="replace")
        try:
            given = self._unwrapped(jiter.from_json(data, partial_mode="trailing-strings"))
            whole = self._unwrapped(jiter.from_json(data, partial_mode="on"))
        except (ValueError, RecursionError):
            return None
        tried = [given] if given == whole else [given, whole]
        if isinstance(whole, list) and whole:
            tried.append(whole[:-1])
        for value in tried:
            try:
                return self._convert({FIELD: value})
            except Exception:  # noqa: BLE001, S112 - as in `decode`; it does not fit yet
                continue
        return given

    def _unwrapped(self, given: Any) -> Any:
        if not self.wrapped:
            return given
        return given.get(FIELD) if isinstance(given, dict) else None

    def _convert(self, given: dict[str, Any]) -> Any:
        schema = self.shape.schema
        return self.shape.convert(without_absent(given, schema, schema))[FIELD]

    def _about_the_answer(self, complaint: str) -> str:
        """What is said about the arguments of a call, said about an answer."""
        said = re.sub(r"^the arguments (\w+)", _of_one, complaint)
        return said if self.wrapped else said.replace(f"$.{FIELD}", "$")


def _of_one(match: re.Match[str]) -> str:
    return f"the answer {_SAID_OF_ONE.get(match[1], match[1])}"


def answer_spec(returns: Any) -> AnswerSpec:
    """The spec for `returns`: whatever msgspec converts, or a pydantic model.

    Raises:
        ConfigError: it is no type, or one without a JSON Schema.
    """
    try:
        return _spec(returns)
    except NameError as error:
        raise ConfigError(
            "returns", f"{error}; what the type is made of must be defined where it is"
        ) from None
    except TypeError as error:
        raise ConfigError("returns", f"must be a type, got {returns!r}") from error


@functools.lru_cache(maxsize=256)
def _spec(returns: Any) -> AnswerSpec:
    name = re.sub(r"[^a-zA-Z0-9_-]", "_", getattr(returns, "__name__", FIELD))[:64]
    shape = shape_of((Parameter(FIELD, returns, required=True),), "returns")
    root = _object_root(shape.schema)
    schema = shape.schema if root is None else root
    try:
        schema, strict = strict_schema(schema, "returns"), True
    except ConfigError:
        strict = False
    return AnswerSpec(name=name, schema=schema, strict=strict, wrapped=root is None, shape=shape)


def _object_root(schema: Schema) -> Schema | None:
    """The schema of the field itself, if that is one of an object."""
    field, found = schema["properties"][FIELD], schema.get("$defs", {})
    name = str(field.get("$ref", "")).rpartition("/")[2]
    root = resolve(field["$ref"], schema) if name else field
    if not isinstance(root, dict) or root.get("type") != "object":
        return None
    others = {key: value for key, value in found.items() if key != name}
    if f'"#/$defs/{name}"' in json.dumps([root, others], ensure_ascii=False):
        others = found  # it refers to itself
    return {**root, "$defs": others} if others else root
