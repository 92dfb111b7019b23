"""A schema as OpenAI's strict mode takes it.

The rules are those of its guide, developers.openai.com/api/docs/guides/structured-outputs, under "Supported schemas":
every object closed (`additionalProperties: false`) and all of its properties required, an optional one nullable;
`anyOf`, `enum`, `$ref` and `$defs` are there, and of what restricts a type the keywords and formats that are kept here;
`allOf`, `not`, conditions and dependent schemas are not. The API itself refuses more: `oneOf` ("is not permitted"), a
schema without a type, and keywords beside a `$ref`. `oneOf` becomes `anyOf`; that it is just one, the decoder checks.
"""

from __future__ import annotations

from typing import Any

from actors.errors import ConfigError
from actors.tools.schema import Schema, allows_null

_KEPT = frozenset({
    "$ref", "additionalProperties", "anyOf", "const", "description", "enum", "exclusiveMaximum", "exclusiveMinimum",
    "format", "items", "maxItems", "maximum", "minItems", "minimum", "multipleOf", "pattern", "properties", "required",
    "title", "type",
})  # fmt: skip
"""All others that are not refused only check further, which the decoder does too, or tell people something."""
_REFUSED = {
    "allOf": "write one schema",
    "not": "say what is allowed",
    "if": "use anyOf",
    "dependentRequired": "use anyOf",
    "dependentSchemas": "use anyOf",
    "dependencies": "use anyOf",
    "patternProperties": "name the properties",
    "propertyNames": "name the properties",
    "prefixItems": "a tuple has no strict form: use an object",
    "contains": "describe the items",
    "unevaluatedProperties": "use additionalProperties",
    "unevaluatedItems": "use items",
    "$dynamicRef": "use $ref",
}
_FORMATS = frozenset({
    "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid",
})  # fmt: skip
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def strict_schema(schema: Schema, name: str) -> Schema:
    """The strict form of `schema`, which is not changed.

    Args:
        schema: of an object, with its `$defs`.
        name: the tool's, for errors.

    Raises:
        ConfigError: it says what strict mode can't, and where; without `strict` it can be used.
    """
    if "anyOf" in schema or "oneOf" in schema:
        raise _refusal(
            name, "$", "the arguments themselves can't be one of several: put them into a property"
        )
    homes = [key for key in ("$defs", "definitions") if key in schema]
    made = _strict(schema, schema, "$", name)
    for home in homes:
        made[home] = {
            each: _strict(inner, schema, f"$.{home}.{each}", name) for each, inner in schema[home].items()
        }
    return made


def _strict(schema: Any, root: Schema, path: str, name: str) -> Schema:
    if not isinstance(schema, dict):
        raise _refusal(name, path, "every value must have a type")
    for keyword, instead in _REFUSED.items():
        if keyword in schema:
            if keyword == "allOf" and len(schema["allOf"]) == 1:
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                return _strict({**schema["allOf"][0], **rest}, root, path, name)
            raise _refusal(name, path, f"has no {keyword!r}: {instead}")
    made = {key: value for key, value in schema.items() if key in _KEPT}
    if made.get("format") not in _FORMATS:
        made.pop("format", None)
    if "$ref" in made:
        return _reference(made)
    branches = schema.get("anyOf", schema.get("oneOf"))
    if branches is not None:
        made["anyOf"] = [
            _strict(branch, root, f"{path}.anyOf[{at}]", name) for at, branch in enumerate(branches)
        ]
        return made
    return _typed(made, root, path, name)


def _reference(made: Schema) -> Schema:
    if len(made) == 1:
        return made
    said: Schema = {key: made[key] for key in ("title", "description") if key in made}
    return {**said, "anyOf": [{"$ref": made["$ref"]}]}


def _typed(made: Schema, root: Schema, path: str, name: str) -> Schema:
    values = made.get("enum", [made["const"]] if "const" in made else [])
    if "type" not in made and values:
        kinds = sorted({_TYPES.get(type(value), "") for value in values})
        made["type"] = kinds[0] if len(kinds) == 1 else kinds
    kind = made.get("type")
    if not kind:
        raise _refusal(name, path, "every value must have a type: `Any` can't be strict")
    kinds = kind if isinstance(kind, list) else [kind]
    if "object" in kinds:
        _close(made, root, path, name)
    if "array" in kinds:
        if "items" not in made:
            raise _refusal(name, path, "an array must say what its items are")
        made["items"] = _strict(made["items"], root, f"{path}[]", name)
    return made


def _close(made: Schema, root: Schema, path: str, name: str) -> None:
    properties = made.get("properties")
    if properties is None or made.get("additionalProperties", False) is not False:
        raise _refusal(name, path, "an object must name its keys: use a struct instead of a dict")
    required = made.get("required", [])
    made["properties"] = {
        each: _optional(inner, root, f"{path}.{each}", name, required=each in required)
        for each, inner in properties.items()
    }
    made["required"] = list(properties)
    made["additionalProperties"] = False


def _optional(schema: Any, root: Schema, path: str, name: str, *, required: bool) -> Schema:
    made = _strict(schema, root, path, name)
    if required or allows_null(schema, root):
        return made
    if "anyOf" in made:
        return {**made, "anyOf": [*made["anyOf"], {"type": "null"}]}
    if isinstance(made.get("type"), str) and not {"enum", "const"} & made.keys():
        return {**made, "type": [made["type"], "null"]}
    said = {key: made.pop(key) for key in ("description",) if key in made}
    return {**said, "anyOf": [made, {"type": "null"}]}


def _refusal(name: str, path: str, why: str) -> ConfigError:
    return ConfigError(
        f"{name}.strict", f"{path}: strict mode {why}" if why.startswith("has") else f"{path}: {why}"
    )
