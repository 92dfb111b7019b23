"""OpenAI's strict mode: what a schema becomes, what can't be, and that its nulls are read back."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ConfigError, Tool, ToolContext, tool
from actors.tools.strict import strict_schema


class Node(msgspec.Struct):
    """A node."""

    name: Annotated[str, msgspec.Meta(min_length=1, pattern="^[a-z]*$")]
    weight: int = 1
    kind: Literal["leaf", "root"] = "leaf"
    next: Node | None = None


@tool(strict=True)
def plant(
    root: Annotated[Node, msgspec.Meta(description="the first")],
    others: list[Node] = [],  # noqa: B006
    depth: Annotated[int, msgspec.Meta(ge=1)] = 3,
    note: str | None = "none yet",
) -> Any:
    """Plant a tree.

    Args:
        depth: how deep
    """
    return root, others, depth, note


def objects(schema: Any) -> list[dict[str, Any]]:
    """All objects in a schema that are schemas of objects."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = [schema] if isinstance(schema, dict) and "properties" in schema else []
    return own + [found for each in inner for found in objects(each)]


def test_every_object_is_closed_and_all_its_properties_are_required() -> None:
    found = objects(plant.parameters)
    assert len(found) == 2
    assert all(each["additionalProperties"] is False for each in found)
    assert all(each["required"] == list(each["properties"]) for each in found)


def test_what_is_optional_may_be_null() -> None:
    own = plant.parameters["properties"]
    assert own["depth"] == {"type": ["integer", "null"], "minimum": 1, "description": "how deep"}
    assert own["others"] == {"type": ["array", "null"], "items": {"$ref": "#/$defs/Node"}}
    assert own["note"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert plant.parameters["$defs"]["Node"]["properties"]["kind"] == {
        "anyOf": [{"enum": ["leaf", "root"], "type": "string"}, {"type": "null"}]
    }


def test_a_reference_stands_alone() -> None:
    assert plant.parameters["properties"]["root"] == {
        "description": "the first",
        "anyOf": [{"$ref": "#/$defs/Node"}],
    }


def test_keywords_that_strict_mode_has_not_are_left_to_the_decoder() -> None:
    assert plant.parameters["$defs"]["Node"]["properties"]["name"] == {
        "type": "string",
        "pattern": "^[a-z]*$",
    }
    with pytest.raises(Exception, match=r"^\$\.root\.name: expected str of length >= 1"):
        plant.decode('{"root": {"name": ""}}')


def test_the_definition_says_strict() -> None:
    assert plant.definition["function"]["strict"] is True


def test_its_nulls_are_the_defaults() -> None:
    null = {"name": "a", "weight": None, "kind": None, "next": None}
    text = json.dumps({"root": {**null, "next": null}, "others": [null], "depth": None, "note": None})
    jsonschema.validate(json.loads(text), plant.parameters)
    assert plant.run(plant.decode(text), ToolContext()) == (Node("a", next=Node("a")), [Node("a")], 3, None)


NODES = st.recursive(
    st.builds(Node, st.just("a"), st.integers(), st.sampled_from(["leaf", "root"]), st.none()),
    lambda inner: st.builds(Node, st.just("b"), st.integers(), st.just("leaf"), inner),
    max_leaves=3,
)


@given(
    NODES, st.lists(NODES, max_size=2), st.integers(1, 9), st.text(st.characters(codec="utf-8")) | st.none()
)
def test_a_value_that_obeys_is_read_as_itself(
    root: Node, others: list[Node], depth: int, note: str | None
) -> None:
    value = {"root": root, "others": others, "depth": depth, "note": note}
    text = msgspec.json.encode(value).decode()
    jsonschema.validate(json.loads(text), plant.parameters)
    assert plant.decode(text) == value


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (of(a={}), r"^t\.strict: \$\.a: .*must have a type"),
        (of(a=True), r"\$\.a: every value must have a type"),
        (of(a={"type": "object"}), r"\$\.a: an object must name its keys"),
        (of(a={"type": "object", "additionalProperties": {"type": "string"}}), r"\$\.a: an object must name its keys"),
        (of(a={"type": "object", "properties": {}, "additionalProperties": True}), "must name its keys"),
        ({**of(), "additionalProperties": {"type": "string"}}, r"^t\.strict: \$: an object must name its keys"),
        (of(a={"type": "array"}), r"\$\.a: an array must say what its items are"),
        (of(a={"type": "array", "items": {"not": {}}}), r"\$\.a\[\]: strict mode has no 'not'"),
        (of(a={"type": "array", "prefixItems": [], "items": False}), "a tuple has no strict form"),
        (of(a={"allOf": [{"type": "string"}, {"minLength": 1}]}), r"\$\.a: strict mode has no 'allOf'"),
        (of(a={"anyOf": [{"type": "string"}, {}]}), r"\$\.a\.anyOf\[1\]: "),
        ({**of(), "anyOf": [of()]}, "can't be one of several"),
        ({**of(), "$defs": {"A": {"if": {}}}}, r"\$\.\$defs\.A: strict mode has no 'if'"),
    ],
)  # fmt: skip
def test_what_strict_mode_can_t_say_is_refused_by_its_place(schema: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        strict_schema(schema, "t")


def test_close_relatives_become_what_strict_mode_has() -> None:
    given_schema = of(
        one={"oneOf": [{"type": "string"}, {"type": "integer"}]},
        all={"allOf": [{"$ref": "#/$defs/S"}], "description": "it"},
        at={"type": "string", "format": "uri", "title": "At"},
        day={"type": "string", "format": "date"},
        mixed={"enum": ["a", 1, None]},
        same={"const": 2},
    )
    made = strict_schema({**given_schema, "$defs": {"S": {"type": "string"}}, "$schema": "x"}, "t")
    assert made["properties"] == {
        "one": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        "all": {"anyOf": [{"$ref": "#/$defs/S"}], "description": "it"},
        "at": {"type": "string", "title": "At"},
        "day": {"type": "string", "format": "date"},
        "mixed": {"enum": ["a", 1, None], "type": ["integer", "null", "string"]},
        "same": {"const": 2, "type": "integer"},
    }
    assert made.keys() == {"type", "properties", "required", "additionalProperties", "$defs"}


def test_a_raw_schema_can_be_strict_too() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "default": "x"}}}
    made = Tool.from_schema(dict, name="t", parameters=schema, strict=True)
    assert made.parameters["properties"] == {"a": {"type": ["string", "null"]}}
    assert made.decode('{"a": null}') == {}
    assert "additionalProperties" not in schema
