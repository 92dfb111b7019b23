"""The parameters of a function as a JSON Schema, and the way from an object to them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from typing import Any, get_args

import msgspec

from actors.errors import ConfigError
from actors.tools.arguments import refusal
from actors.tools.schema import Schema
from actors.tools.signature import Parameter


class Shape(msgspec.Struct, frozen=True):
    """What arguments must look like."""

    schema: Schema
    """Of an object; what it refers to is in its `$defs`."""
    convert: Callable[[dict[str, Any]], dict[str, Any]]
    """Arguments as JSON has them to those that were meant, by name; raises `ArgumentsError`."""


def shape_of(parameters: tuple[Parameter, ...], name: str) -> Shape:
    """The shape of `parameters`: by pydantic if one of them is made of its types, else by msgspec.

    Args:
        parameters: those that the model fills in.
        name: the tool's, for errors.

    Raises:
        ConfigError: a type that has no JSON.
    """
    mentioned = [inside for parameter in parameters for inside in _inside(parameter.hint)]
    if not any(_is_pydantic(inside) for inside in mentioned):
        return _by_msgspec(parameters, name)
    if any(isinstance(inside, msgspec.Meta) for inside in mentioned):
        raise ConfigError(
            name, "has pydantic's types and msgspec.Meta: pydantic ignores that, use pydantic.Field"
        )
    return _by_pydantic(parameters, name)


def _inside(hint: Any) -> Iterator[Any]:
    """A hint and everything that it is made of."""
    yield hint
    for argument in get_args(hint):
        yield from _inside(argument)


def _is_pydantic(hint: Any) -> bool:
    """Whether only pydantic understands this; told without importing it."""
    if hasattr(hint, "__get_pydantic_core_schema__") or hasattr(hint, "__pydantic_validator__"):
        return True
    home = hint.__module__ if isinstance(hint, type) else type(hint).__module__
    return home.partition(".")[0] in {"pydantic", "annotated_types"}


def _by_msgspec(parameters: tuple[Parameter, ...], name: str) -> Shape:
    fields = [
        (each.name, each.hint)
        if each.required
        # What is left out stays so, and the function's own default is used, whatever it is.
        else (each.name, each.hint, msgspec.field(default_factory=_unset))
        for each in parameters
    ]
    try:
        struct = msgspec.defstruct("Arguments", fields, kw_only=True, forbid_unknown_fields=True)
        (top,), found = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    except (TypeError, ValueError, RecursionError) as error:
        why = str(error).splitlines()[-1]  # the first ones are for who writes such types
        raise ConfigError(name, f"a type has no JSON Schema: {why}") from None
    schema = found.pop(top["$ref"].rpartition("/")[2])
    return Shape(_finished(schema, found, parameters), lambda given: _converted(given, struct))


def _unset() -> msgspec.UnsetType:
    return msgspec.UNSET


def _converted(given: dict[str, Any], struct: type[msgspec.Struct]) -> dict[str, Any]:
    try:
        made = msgspec.convert(given, struct, str_keys=True)
    except msgspec.ValidationError as error:
        what, _, where = str(error).rpartition(" - at ")
        if not what:
            what, where = where, "$"
        raise refusal([f"{where}: {what[:1].lower()}{what[1:]}".replace("`", "")]) from None
    values = ((field, getattr(made, field)) for field in struct.__struct_fields__)
    return {field: value for field, value in values if value is not msgspec.UNSET}


def _by_pydantic(parameters: tuple[Parameter, ...], name: str) -> Shape:
    pydantic = importlib.import_module("pydantic")  # the host has imported it, or there were no type of it
    typing_extensions = importlib.import_module("typing_extensions")  # whose TypedDict pydantic asks for
    fields = {
        each.name: each.hint if each.required else typing_extensions.NotRequired[each.hint]
        for each in parameters
    }
    object_type = typing_extensions.TypedDict("Arguments", fields)
    object_type.__pydantic_config__ = pydantic.ConfigDict(extra="forbid")
    try:
        adapter = pydantic.TypeAdapter(object_type)
        schema = adapter.json_schema()
    except pydantic.errors.PydanticUserError as error:
        raise ConfigError(name, f"pydantic has no JSON Schema for a type: {error}") from None

    def convert(given: dict[str, Any]) -> dict[str, Any]:
        try:
            made: dict[str, Any] = adapter.validate_python(given)
        except pydantic.ValidationError as error:
            raise refusal(_complaints(error)) from None
        return made

    return Shape(_finished(schema, schema.pop("$defs", {}), parameters), convert)


def _complaints(error: Any) -> Iterator[str]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in each["loc"])
        yield f"${path}: {each['msg'][:1].lower()}{each['msg'][1:]}"


def _finished(schema: Schema, found: Schema, parameters: tuple[Parameter, ...]) -> Schema:
    schema.pop("title", None)
    for each in parameters:
        if not each.required:
            _tell_default(schema["properties"][each.name], each.default)
    return {**schema, "$defs": found} if found else schema


def _tell_default(schema: Schema, default: Any) -> None:
    try:
        plain = msgspec.to_builtins(default, str_keys=True)
        json.dumps(plain, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return  # a default that has no JSON is the function's own affair
    schema.setdefault("default", plain)
