"""Arguments that are checked against a schema as it was given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actors.errors import ArgumentsError, ConfigError
from actors.tools.schema import resolve
from actors.tools.shape import Shape

_LONGEST = 300
"""Of one complaint, in code points: jsonschema quotes the value that it complains about."""
_MOST = 20
"""Complaints that a model is told at once."""


def raw_shape(schema: Any, name: str) -> Shape:
    """The shape that `schema` says: arguments stay as JSON has them.

    Raises:
        ConfigError: it is no JSON Schema of an object, or refers to what it does not hold; nothing is ever fetched.
    """
    import jsonschema  # noqa: PLC0415 - `import actors` stays quick
    import referencing  # noqa: PLC0415 - the same

    field = f"{name}.parameters"
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ConfigError(
            field, "must be the JSON Schema of an object: {'type': 'object', 'properties': ...}"
        )
    judge = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        judge.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ConfigError(field, f"is no JSON Schema: {error.json_path}: {error.message}") from None
    for reference in _references(schema):
        if resolve(reference, schema) is None:
            raise ConfigError(field, f"refers to {reference!r}, which is not in it")
    validator = judge(schema, registry=referencing.Registry())  # an empty one, else jsonschema fetches

    def convert(given: dict[str, Any]) -> dict[str, Any]:
        complaints = sorted(validator.iter_errors(given), key=lambda error: error.json_path)
        if complaints:
            raise ArgumentsError(
                "; ".join(f"{e.json_path}: {e.message[:_LONGEST]}" for e in complaints[:_MOST])
            )
        return given

    return Shape(schema, convert)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    elif isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield reference
        for inner in schema.values():
            yield from _references(inner)
