"""Reading a JSON Schema: what it allows where it refers to others, and which of an object's alternatives is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

_SAYS_TYPE = frozenset({"type", "allOf", "not"})


def resolve(reference: str, root: Schema) -> Any:
    """What `reference`, such as `#/$defs/Place`, points at in `root` (RFC 6901); None if at nothing."""
    if not (reference + "/").startswith("#/"):
        return None
    found: Any = root
    for step in reference[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list):
            found = dict(enumerate(found)).get(int(key)) if key.isdecimal() else None
        else:
            found = found.get(key) if isinstance(found, dict) else None
    return found


def alternatives(schema: Any, root: Schema, seen: frozenset[str] = frozenset()) -> Iterator[Schema]:
    """The schemas without `$ref`, `anyOf` and `oneOf` that `schema` comes down to."""
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if reference not in seen:
            yield from alternatives(resolve(reference, root), root, seen | {reference})
        return
    branches = schema.get("anyOf") or schema.get("oneOf")
    if not branches:
        yield schema
        return
    for branch in branches:
        yield from alternatives(branch, root, seen)


def allows_null(schema: Any, root: Schema) -> bool:
    """Whether null is a value of `schema`; a schema that says nothing allows everything."""
    return schema is True or any(_takes_null(leaf) for leaf in alternatives(schema, root))


def _takes_null(leaf: Schema) -> bool:
    if "enum" in leaf or "const" in leaf:
        return None in leaf.get("enum", [leaf.get("const")])
    kind = leaf.get("type")
    return kind == "null" or (isinstance(kind, list) and "null" in kind) or not _SAYS_TYPE & leaf.keys()


def without_absent(value: Any, schema: Any, root: Schema) -> Any:
    """`value` without the nulls that stand for something left out.

    In strict mode a model can't leave anything out: it writes null for what is optional. Others do so unasked. A
    null is dropped where its property is not required and has no null of its own.
    """
    leaves = list(alternatives(schema, root))
    if isinstance(value, list):
        items = next((leaf["items"] for leaf in leaves if isinstance(leaf.get("items"), dict)), None)
        return value if items is None else [without_absent(item, items, root) for item in value]
    if not isinstance(value, dict):
        return value
    meant = _meant(value, leaves)
    return value if meant is None else _without_absent_in(value, meant, root)


def _without_absent_in(value: dict[str, Any], schema: Schema, root: Schema) -> dict[str, Any]:
    properties, required = schema.get("properties", {}), schema.get("required", ())
    kept: dict[str, Any] = {}
    for name, inner in value.items():
        own = properties.get(name, schema.get("additionalProperties"))
        if inner is None and name in properties and name not in required and not allows_null(own, root):
            continue
        kept[name] = without_absent(inner, own, root)
    return kept


def _meant(value: dict[str, Any], leaves: list[Schema]) -> Schema | None:
    """The alternative that an object is of: the only one, or the first that has its keys and its constants."""
    objects = [leaf for leaf in leaves if "properties" in leaf or "additionalProperties" in leaf]
    if len(objects) == 1:
        return objects[0]
    return next((leaf for leaf in objects if _fits(value, leaf.get("properties", {}))), None)


def _fits(value: dict[str, Any], properties: Schema) -> bool:
    return value.keys() <= properties.keys() and all(
        inner in properties[name].get("enum", [properties[name].get("const", inner)])
        for name, inner in value.items()
        if isinstance(properties[name], dict)
    )
