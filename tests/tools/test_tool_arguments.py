"""Arguments as models write them, and what is said of those that can't be taken."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import Tool, ToolContext, tool
from actors.errors import ArgumentsError
from actors.tools.arguments import parse


class Place(msgspec.Struct):
    city: str
    zone: int = 1


class Tram(msgspec.Struct, tag="tram"):
    line: int
    note: str = ""


class Walk(msgspec.Struct, tag="walk"):
    note: str | None = ""


@tool
def travel(
    where: Place,
    by: Tram | Walk | None = None,
    stops: list[Place] = [],  # noqa: B006
    prices: dict[int, float] = {},  # noqa: B006
    at: dt.date | None = None,
    mood: Literal["glad", "sad"] = "glad",
    note: str = "",
    anything: Any = 0,
) -> Any:
    return where, by, stops, prices, at, mood, note, anything


RAW = Tool.from_schema(lambda arguments: arguments, name="raw", parameters=travel.parameters)


def decoded(text: str) -> Any:
    return travel.run(travel.decode(text), ToolContext())


def test_json_becomes_what_the_hints_say() -> None:
    text = (
        '{"where": {"city": "Rome"}, "by": {"type": "tram", "line": 3.0}, "stops": [{"city": "A", "zone": 2}], '
        '"prices": {"1": 2}, "at": "2026-01-02", "anything": {"x": [1.5]}}'
    )
    assert decoded(text) == (
        Place("Rome"), Tram(3), [Place("A", 2)], {1: 2.0}, dt.date(2026, 1, 2), "glad", "", {"x": [1.5]},
    )  # fmt: skip


def test_null_stands_for_what_is_left_out_where_it_has_no_meaning_of_its_own() -> None:
    text = (
        '{"where": {"city": "Rome", "zone": null}, "mood": null, "note": null, "stops": [{"city": "A", "zone": null}],'
        '"by": {"type": "tram", "line": 3, "note": null}, "anything": null}'
    )
    assert decoded(text) == (Place("Rome"), Tram(3), [Place("A")], {}, None, "glad", "", None)
    assert decoded('{"where": {"city": "R"}, "by": {"type": "walk", "note": null}}')[1] == Walk(note=None)


@pytest.mark.parametrize("text", ["", " \n"])
def test_no_text_is_an_empty_object(text: str) -> None:
    assert parse(text) == {}
    with pytest.raises(ArgumentsError, match=r"^\$: object missing required field where$"):
        travel.decode(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"where": {"city": 5}}', r"^\$\.where\.city: expected str, got int$"),
        ('{"where": {"city": null}}', r"^\$\.where\.city: expected str, got null$"),
        ('{"where": {"city": "x"}, "stops": [{"city": "a"}, {}]}', r"^\$\.stops\[1\]: .*missing required field city"),
        ('{"where": {"city": "x"}, "prices": {"x": 1}}', r"^key in \$\.prices: expected int, got str$"),
        ('{"where": {"city": "x"}, "place": 1}', r"^\$: object contains unknown field place$"),
        ('{"where": {"city": "x"}, "mood": "so so"}', r"^\$\.mood: invalid enum value 'so so'$"),
        ('{"where": {"city": "x"}, "at": "soon"}', r"^\$\.at: "),
        ('{"where": ', r"not valid JSON: Expecting value: line 1 column 11 \(char 10\)"),
        ('{"where": {"city": "x"}} and', r"not valid JSON: Extra data: line 1 column 26"),
        ("[]", "must be a JSON object, not an array"),
        ('"x"', "must be a JSON object, not a string"),
        ("true", "must be a JSON object, not a boolean"),
        ("null", "must be a JSON object, not null"),
        ("-1.5", "must be a JSON object, not a number"),
        ('{"anything": NaN}', "NaN is no JSON number"),
        ('{"anything": -Infinity}', "-Infinity is no JSON number"),
        ('{"anything": 1e999}', "out of range: 1e999"),
        ('{"anything": ' + "1" * 5000 + "}", r"out of range: 1{40}\.\.\."),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', 'a key twice in one object: "b"'),
        ('{"note": "\\ud83d"}', "half of a surrogate pair"),
        ('{"\\udc00": 1}', "half of a surrogate pair"),
        ('{"note": "\ud83d"}', "half of a surrogate pair"),
        ('{"anything": ' + "[" * 100_000, "nested too deep"),
        ('{"anything": ' * 100_000, "nested too deep"),
        ('{"anything":' + "[" * 700 + "]" * 700 + "}", None),
    ],
)  # fmt: skip
def test_what_can_t_be_taken_is_said_to_the_model(text: str, said: str | None) -> None:
    with pytest.raises(ArgumentsError, match=said or "."):
        travel.decode(text)


def test_a_pair_of_surrogates_in_escapes_is_a_character() -> None:
    assert parse('{"x": "\\ud83d\\ude00"}') == {"x": "😀"}


class Picky(msgspec.Struct):
    word: str

    def __post_init__(self) -> None:
        if self.word == "dull":
            raise ValueError("say more")
        if self.word == "bug":
            raise KeyError(self.word)


@pytest.mark.parametrize(
    ("word", "said"), [("dull", r"^\$\.which: say more$"), ("bug", "can't be taken: KeyError: 'bug'")]
)
def test_a_type_s_own_check_speaks_to_the_model(word: str, said: str) -> None:
    @tool
    def choose(which: Picky) -> None: ...

    with pytest.raises(ArgumentsError, match=said):
        choose.decode(json.dumps({"which": {"word": word}}))


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
PLACES = st.builds(Place, TEXT, st.integers())
VALUES = st.fixed_dictionaries(
    {"where": PLACES},
    optional={
        "by": st.builds(Tram, st.integers(), TEXT) | st.builds(Walk, TEXT | st.none()) | st.none(),
        "stops": st.lists(PLACES, max_size=3),
        "prices": st.dictionaries(st.integers(-9, 9), st.floats(allow_nan=False, allow_infinity=False)),
        "at": st.dates() | st.none(),
        "mood": st.sampled_from(["glad", "sad"]),
        "note": TEXT,
        "anything": st.recursive(
            st.none() | st.booleans() | st.integers() | TEXT,
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        ),
    },
)


@given(VALUES, st.sampled_from([travel, tool(travel.function, name="either")]))
def test_a_value_that_is_written_down_is_read_as_itself(value: dict[str, Any], made: Tool) -> None:
    assert made.decode(msgspec.json.encode(value).decode()) == value


JSON_ISH = st.text(st.sampled_from('{}[]:,"\\ \nwherecitynoteanyu0d8tflsN-+.1e5\ud800😀'), max_size=60)
OBJECTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*travel.parameters["properties"], "city", "type"]) | st.text(), inner
        )
    ),
    max_leaves=8,
)


@given(st.text(st.characters()) | JSON_ISH | OBJECTS.map(json.dumps), st.sampled_from([travel, RAW]))
def test_any_text_is_taken_or_complained_about(text: str, made: Tool) -> None:
    taken, said = {}, ""
    try:
        taken = made.decode(text)
    except ArgumentsError as error:
        said = str(error)
    assert isinstance(taken, dict)
    assert said.encode() or made.run(taken, ToolContext()) is not None
