"""Tools that were described by a schema: arguments stay JSON, and are checked against it."""

from __future__ import annotations

from typing import Any

import pytest

from actors import ConfigError, Tool, ToolContext
from actors.errors import ArgumentsError

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "where": {"$ref": "#/$defs/Place"},
        "deep": {"type": "boolean"},
        "words": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    },
    "required": ["where"],
    "additionalProperties": False,
    "$defs": {"Place": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}},
}


def look(arguments: dict[str, Any], within: ToolContext) -> Any:
    """Look there.

    Args:
        arguments: what to look at
        within: the call
    """
    return arguments, within.session


LOOK = Tool.from_schema(look, parameters=SCHEMA)


def test_arguments_arrive_as_a_dict() -> None:
    assert (LOOK.name, LOOK.description, LOOK.blocking) == ("look", "Look there.", True)
    assert LOOK.parameters == SCHEMA
    given = LOOK.decode('{"where": {"city": "Rome"}, "deep": null}')
    assert LOOK.run(given, ToolContext(session="s")) == ({"where": {"city": "Rome"}}, "s")


def test_a_coroutine_function_runs_on_the_loop() -> None:
    async def ask(arguments: dict[str, Any]) -> Any:
        return arguments

    assert not Tool.from_schema(ask, parameters=SCHEMA).blocking


def test_every_complaint_is_told_with_its_path() -> None:
    with pytest.raises(ArgumentsError) as caught:
        LOOK.decode('{"where": {"city": 5}, "deep": "yes", "words": ["a", 1], "more": 1}')
    assert str(caught.value) == (
        "$.where.city: 5 is not of type 'string'; $.deep: 'yes' is not of type 'boolean'; "
        "$.words[1]: 1 is not of type 'string'; $: Additional properties are not allowed ('more' was unexpected)"
    )


def test_complaints_are_bounded() -> None:
    with pytest.raises(ArgumentsError) as caught:
        LOOK.decode(
            '{"where": {"city": "x"}, "words": ["a"' + ', {"long": "' + "x" * 5000 + '"}' + ", 1" * 500 + "]}"
        )
    assert len(str(caught.value)) < 8000
    assert str(caught.value).endswith("; and more")


def test_the_schema_is_copied() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    made = Tool.from_schema(look, parameters=schema)
    schema["properties"] = {}
    assert made.parameters["properties"] == {"a": {"type": "string"}}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ([], r"^look\.parameters: must be the JSON Schema of an object"),
        ({}, "must be the JSON Schema of an object"),
        ({"type": "string"}, "must be the JSON Schema of an object"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, r"is no JSON Schema: \$\.properties\.a\.type: "),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/B"}}}, r"refers to '#/\$defs/B': it must be within"),
        ({"type": "object", "properties": {"a": {"default": float("inf")}}}, "can't be sent as JSON: "),
        ({"type": "object", "properties": {"a": {"default": {1, 2}}}}, "can't be sent as JSON: "),
        ({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/s"}}}, "must be within"),
    ],
)  # fmt: skip
def test_a_broken_schema_is_refused_when_the_tool_is_made(schema: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Tool.from_schema(look, parameters=schema)


def test_a_schema_that_comes_back_to_itself_ends() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/A"}]}},
    }
    assert Tool.from_schema(look, parameters=schema).decode('{"a": "x"}') == {"a": "x"}


def test_references_into_lists_and_to_itself_are_followed() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "b": {"$ref": "#/properties/a/anyOf/1"},
            "again": {"$ref": "#"},
        },
    }
    made = Tool.from_schema(look, parameters=schema)
    assert made.decode('{"again": {"again": {"b": 1, "a": null}}}') == {"again": {"again": {"b": 1}}}
    with pytest.raises(ArgumentsError, match=r"^\$\.again\.b: 'x' is not of type 'integer'$"):
        made.decode('{"again": {"b": "x"}}')
