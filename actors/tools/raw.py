"""Arguments that are checked against a schema as it was given."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from actors.errors import ConfigError
from actors.tools.arguments import refusal
from actors.tools.schema import resolve
from actors.tools.shape import Shape


def raw_shape(schema: Any, name: str) -> Shape:
    """The shape that `schema` says: arguments stay as JSON has them.

    Raises:
        ConfigError: it is no JSON Schema of an object, or refers to what it does not hold; nothing is ever fetched.
    """
    import jsonschema  # noqa: PLC0415 - `import actors` stays quick

    field = f"{name}.parameters"
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ConfigError(
            field, "must be the JSON Schema of an object: {'type': 'object', 'properties': ...}"
        )
    judge = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    try:
        json.dumps(schema, allow_nan=False)
        judge.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ConfigError(field, f"is no JSON Schema: {error.json_path}: {error.message}") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(field, f"can't be sent as JSON: {error}") from None
    for reference in _references(schema):
        if resolve(reference, schema) is None:  # jsonschema would fetch it
            raise ConfigError(field, f"refers to {reference!r}: it must be within, such as '#/$defs/Place'")
    validator = judge(schema)

    def convert(given: dict[str, Any]) -> dict[str, Any]:
        errors = validator.iter_errors(given)
        if first := next(errors, None):
            raise refusal(f"{each.json_path}: {each.message}" for each in itertools.chain([first], errors))
        return given

    return Shape(schema, convert)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    elif isinstance(schema, dict):
        said = (schema.get(keyword) for keyword in ("$ref", "$dynamicRef", "$recursiveRef"))
        yield from (reference for reference in said if isinstance(reference, str))
        for inner in schema.values():
            yield from _references(inner)
