"""Where the host uses pydantic, its types are the tool's."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Any

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import ConfigError, ToolContext, tool
from actors.errors import ArgumentsError
from actors.tools.render import render


class Place(pydantic.BaseModel):
    city: str = pydantic.Field(description="its name")
    zone: int = 1


@tool
async def look(
    at: list[Place], json: Annotated[int, pydantic.Field(ge=1)] = 2, context: ToolContext | None = None
) -> Any:
    """Look.

    Args:
        at: the places
    """
    return at, json, context is not None


def test_the_schema_is_pydantic_s() -> None:
    assert not look.blocking
    schema = look.parameters
    assert schema["required"] == ["at"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["at"]["description"] == "the places"
    assert schema["properties"]["json"]["minimum"] == 1
    assert schema["$defs"]["Place"]["properties"]["city"]["description"] == "its name"


def test_arguments_are_models() -> None:
    assert look.decode('{"at": [{"city": "x", "zone": null}], "json": null}') == {"at": [Place(city="x")]}


def test_all_complaints_are_told_with_their_paths() -> None:
    with pytest.raises(ArgumentsError) as caught:
        look.decode('{"at": [{"city": 5}, {"zone": "x"}], "json": 0, "more": 1}')
    assert str(caught.value) == (
        "$.at[0].city: input should be a valid string; $.at[1].city: field required; "
        "$.at[1].zone: input should be a valid integer, unable to parse string as an integer; "
        "$.json: input should be greater than or equal to 1; $.more: extra inputs are not permitted"
    )


def test_strict_mode_takes_models() -> None:
    made = tool(look.function, strict=True)
    assert made.parameters["required"] == ["at", "json"]
    assert made.parameters["$defs"]["Place"]["required"] == ["city", "zone"]
    assert made.parameters["$defs"]["Place"]["properties"]["zone"]["type"] == ["integer", "null"]


def test_msgspec_s_constraints_are_not_lost_in_silence() -> None:
    def both(at: Place, count: Annotated[int, msgspec.Meta(ge=1)]) -> None: ...

    def struct(at: Place, other: Struct) -> None: ...

    with pytest.raises(ConfigError, match=r"^both: .*use pydantic\.Field"):
        tool(both)
    with pytest.raises(ConfigError, match=r"^struct: pydantic has no JSON Schema for a type"):
        tool(struct)


class Struct(msgspec.Struct):
    word: str


def test_a_model_is_a_result() -> None:
    assert render([Place(city="x")], 100).content == '[{"city":"x","zone":1}]'


@given(st.lists(st.builds(Place, city=st.text(st.characters(codec="utf-8")), zone=st.integers()), max_size=3))
def test_models_that_are_written_down_are_read_as_themselves(places: list[Place]) -> None:
    text = '{"at": [' + ",".join(place.model_dump_json() for place in places) + "]}"
    assert look.decode(text) == {"at": places}


def test_neither_pydantic_nor_the_readers_are_loaded_for_who_does_not_use_them() -> None:
    code = (
        "import sys, actors; actors.Tool, actors.ToolContext\n"
        "assert not {'pydantic', 'jsonschema', 'docstring_parser'} & sys.modules.keys()\n"
        "@actors.tool\n"
        "def look(where: str): 'Look.'\n"
        "assert look.decode('{\"where\": \"x\"}') == {'where': 'x'}\n"
        "assert not {'pydantic', 'jsonschema'} & sys.modules.keys()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
