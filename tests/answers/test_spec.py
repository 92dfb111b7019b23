"""From a type to a schema, and from a model's text to a value."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import enum
import json
from typing import Annotated, Any, Literal, TypedDict

import jsonschema
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors import AnswerError, ConfigError
from actors.answers.spec import answer_spec


class Role(enum.Enum):
    LEAD = "lead"
    CHORUS = "chorus"


class Actor(msgspec.Struct):
    name: str
    age: Annotated[int, msgspec.Meta(ge=0)]
    role: Role = Role.CHORUS
    born: dt.date | None = None


class Play(msgspec.Struct):
    title: str
    cast: list[Actor]


class Tree(msgspec.Struct):
    name: str
    below: list[Tree]


@dataclasses.dataclass
class Scene:
    number: int
    place: str = "a room"


class Prop(TypedDict):
    name: str
    heavy: bool


class Seat(pydantic.BaseModel):
    row: int = pydantic.Field(ge=1)
    side: Literal["left", "right"]


class Fraction(msgspec.Struct):
    of: int
    by: int

    def __post_init__(self) -> None:
        divmod(self.of, self.by)


class Cat(msgspec.Struct, tag="cat"):
    lives: int


class Dog(msgspec.Struct, tag="dog"):
    name: str


PLAY = Play("Hamlet", [Actor("Ann", 30, Role.LEAD), Actor("Bob", 4, born=dt.date(2020, 1, 2))])
VALUES: list[tuple[Any, Any]] = [
    (Play, PLAY),
    (Actor, PLAY.cast[0]),
    (Tree, Tree("a", [Tree("b", []), Tree("c", [Tree("d", [])])])),
    (Scene, Scene(3, "a forest")),
    (Prop, {"name": "sword", "heavy": True}),
    (Seat, Seat(row=2, side="left")),
    (list[Actor], PLAY.cast),
    (list[Seat], [Seat(row=1, side="right")]),
    (dict[str, int], {"a": 1, "b": 2}),
    (Cat | Dog, Dog("Rex")),
    (Literal["yes", "no"], "no"),
    (int, 42),
    (float, 1.5),
    (bool, False),
    (str, 'a "word" {in} braces'),
    (int | None, None),
    (dt.date, dt.date(2020, 1, 2)),
]
IDS = [getattr(returns, "__name__", str(returns)) for returns, _ in VALUES]
WRAPPED = {
    list[Actor],
    list[Seat],
    Cat | Dog,
    Literal["yes", "no"],
    int,
    float,
    bool,
    str,
    int | None,
    dt.date,
}


def written(returns: Any, value: Any) -> str:
    """As a model would write it."""
    plain = msgspec.to_builtins(value, enc_hook=lambda seat: seat.model_dump())
    return json.dumps({"answer": plain} if returns in WRAPPED else plain)


@pytest.mark.parametrize(("returns", "value"), VALUES, ids=IDS)
def test_an_answer_is_of_its_schema_and_gives_its_value(returns: Any, value: Any) -> None:
    spec = answer_spec(returns)
    text = written(returns, value)
    asked = spec.response_format["json_schema"]
    assert asked["schema"]["type"] == "object"
    assert asked["strict"] == (returns != dict[str, int])
    assert set(asked["name"]) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    jsonschema.Draft202012Validator.check_schema(asked["schema"])
    # In strict mode what has a default is there, and be it as null.
    jsonschema.validate(json.loads(text), asked["schema"])
    assert spec.decode(text) == value
    assert spec.wrapped == (returns in WRAPPED)


def test_what_is_left_out_has_its_default_and_what_strict_mode_makes_null_too() -> None:
    spec = answer_spec(Scene)
    assert spec.decode('{"number": 1}') == Scene(1)
    assert spec.decode('{"number": 1, "place": null}') == Scene(1)


def test_a_schema_says_no_more_than_it_needs() -> None:
    assert answer_spec(Scene).schema == {
        "title": "Scene",
        "type": "object",
        "properties": {"number": {"type": "integer"}, "place": {"type": ["string", "null"]}},
        "required": ["number", "place"],
        "additionalProperties": False,
    }
    assert "Tree" in answer_spec(Tree).schema["$defs"]
    assert set(answer_spec(Play).schema["$defs"]) == {"Actor", "Role"}


@pytest.mark.parametrize(
    ("returns", "text", "complaint"),
    [
        (Play, '{"title": "x", "cast": [{"name": "a", "age": "b"}]}', "$.cast[0].age: expected int, got str"),
        (Play, '{"title": "x"}', "$: object missing required field cast"),
        (Play, "[]", "the answer must be a JSON object, not an array"),
        (Play, '{"title": "x", "cast": [', "the answer is not valid JSON: "),
        (Play, "I'd rather not.", "the answer is not valid JSON: "),
        (Play, " \n", "the answer is empty"),
        (list[int], '{"answer": [1, "2"]}', "$.answer[1]: expected int, got str"),
        (
            Seat,
            '{"row": 0, "side": "up"}',
            "$.row: input should be greater than or equal to 1; $.side: input",
        ),
        (Literal["yes", "no"], '{"answer": "may be"}', "$.answer: "),
        (Actor, '{"name": "a", "name": "b", "age": 1}', 'the answer has a key twice in one object: "name"'),
    ],
)
def test_a_complaint_tells_the_model_where_and_what(returns: Any, text: str, complaint: str) -> None:
    with pytest.raises(AnswerError) as caught:
        answer_spec(returns).decode(text)
    assert str(caught.value).startswith(complaint)


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "```json\n{}\n```",
        "Here you are:\n\n```\n{}\n```\nAnything else?",
        "Sure! {} Enjoy.",
        'First I thought of\n{{"title": 3}}\nbut no, it is\n{}',
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_the_answer_is_found_in_what_stands_around_it(around: str, indent: int | None) -> None:
    text = json.dumps(msgspec.to_builtins(PLAY), indent=indent)
    assert answer_spec(Play).decode(around.format(text)) == PLAY


def test_a_part_of_an_answer_that_was_cut_off_is_none_though_it_has_the_shape() -> None:
    whole = written(Tree, Tree("a", [Tree("b", [])]))
    cut = whole[:-2]
    with pytest.raises(AnswerError):
        answer_spec(Tree).decode(cut)
    with pytest.raises(AnswerError):
        answer_spec(Tree).decode(f"Here you are: {cut}")


@pytest.mark.parametrize("returns", [object, "Nowhere", 3, {"a": int}, list["Nowhere"], lambda: None])  # type: ignore[name-defined]  # noqa: F821
def test_what_is_no_type_with_json_is_refused(returns: Any) -> None:
    with pytest.raises(ConfigError, match="returns"):
        answer_spec(returns)


def test_what_a_type_says_itself_reaches_the_model() -> None:
    spec = answer_spec(Fraction)
    with pytest.raises(AnswerError, match=r"ZeroDivisionError: .*zero"):
        spec.decode('{"of": 1, "by": 0}')
    assert spec.partial('{"of": 1, "by": 0}') == {"of": 1, "by": 0}


@pytest.mark.parametrize(
    ("returns", "text", "value"),
    [
        (Play, "", None),
        (Play, "Here", None),
        (Play, "{", {}),
        (Play, '{"tit', {}),
        (Play, '{"title": "Ham', {"title": "Ham"}),
        (Play, '{"title": "Hamlet", "cast": [', Play("Hamlet", [])),
        (Play, '{"title": "Hamlet", "cast": [{"name": "A', {"title": "Hamlet", "cast": [{"name": "A"}]}),
        (Scene, '{"number": 1', {}),
        (Scene, '{"number": 12, ', Scene(12)),
        (Scene, '{"number": 12, "place": "a 3', Scene(12, "a 3")),
        (Scene, '{"number": 12, "place": "a \\"3\\" 4', Scene(12, 'a "3" 4')),
        (Actor, '{"name": "a", "age": 3, "role": "le', Actor("a", 3)),
        (list[Actor], '{"answer"', None),
        (list[Actor], '{"answer": [', []),
        (list[Actor], '{"answer": [{"name": "a", "age": 3}, {"name": "b', [Actor("a", 3)]),
        (Seat, '```json\n{"row": 3, "side": "le', {"row": 3, "side": "le"}),
        (Seat, '```json\n{"row": 3, "side": "left"', Seat(row=3, side="left")),
        (str, '{"answer": "to be or', "to be or"),
        (int, '{"answer": 4', None),
        (int, '{"answer": 42}', 42),
    ],
)
def test_a_partial_value(returns: Any, text: str, value: Any) -> None:
    assert answer_spec(returns).partial(text) == value


@given(st.sampled_from(VALUES), st.data())
def test_any_beginning_of_an_answer_has_a_partial_value_and_the_whole_has_the_value(
    case: tuple[Any, Any], data: st.DataObject
) -> None:
    returns, value = case
    spec, text = answer_spec(returns), written(returns, value)
    spec.partial(text[: data.draw(st.integers(0, len(text)))])
    assert spec.partial(text) == spec.decode(text) == value


@given(st.text() | st.text(alphabet='{}[]",:\\0e-. \nan'))
def test_whatever_a_model_writes_is_a_value_or_a_complaint(text: str) -> None:
    spec = answer_spec(Play)
    spec.partial(text)
    with contextlib.suppress(AnswerError):
        assert isinstance(spec.decode(text), Play)
