"""What `@tool` makes of a function: its name, its schema, its words, and the refusals."""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import math
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec
import pytest

from actors import ConfigError, Tool, ToolContext, tool


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Size:
    width: int
    unit: str = "cm"


class Filter(TypedDict):
    tag: str
    limit: NotRequired[int]


class Place(msgspec.Struct):
    """A place on earth."""

    city: str
    near: Later | None = None


class Later(msgspec.Struct):
    street: str


def parameters(made: Tool) -> Any:
    return made.parameters["properties"]


def test_a_schema_comes_from_the_hints() -> None:
    @tool
    def paint(
        text: str,
        colour: Colour,
        size: Size,
        matching: Filter,
        place: Place,
        kind: Literal["a", "b"] = "a",
        count: Annotated[int, msgspec.Meta(ge=1, description="how many")] = 1,
        ratio: float | None = None,
    ) -> None: ...

    schema = paint.parameters
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["text", "colour", "size", "matching", "place"]
    assert parameters(paint)["text"] == {"type": "string"}
    assert parameters(paint)["kind"] == {"enum": ["a", "b"], "default": "a"}
    assert parameters(paint)["count"] == {
        "type": "integer",
        "minimum": 1,
        "description": "how many",
        "default": 1,
    }
    assert parameters(paint)["ratio"]["default"] is None
    assert schema["$defs"].keys() == {"Colour", "Size", "Filter", "Place", "Later"}
    assert schema["$defs"]["Colour"]["enum"] == ["blue", "red"]
    assert schema["$defs"]["Filter"]["required"] == ["tag"]


@pytest.mark.parametrize(
    "docstring",
    [
        "Look there.\n\nClosely.\n\nArgs:\n    where: the place,\n        by name\n\nReturns:\n    what is seen",
        "Look there.\n\nClosely.\n\nParameters\n----------\nwhere : str\n    the place,\n    by name\n",
        "Look there.\n\nClosely.\n\n:param where: the place,\n    by name\n:returns: what is seen",
        "Look there.\n\nClosely.\n\n@param where: the place,\n    by name\n@return: what is seen",
    ],
    ids=["google", "numpy", "rest", "epydoc"],
)
def test_the_words_come_from_the_docstring(docstring: str) -> None:
    def look(where: str, deep: bool = False) -> str:
        return where if deep else ""

    look.__doc__ = docstring
    made = tool(look)
    assert made.description == "Look there.\n\nClosely."
    assert parameters(made)["where"]["description"] == "the place, by name"
    assert "description" not in parameters(made)["deep"]


def test_a_type_s_own_description_wins_over_the_docstring() -> None:
    @tool
    def look(where: Annotated[str, msgspec.Meta(description="its name")]) -> None:
        """Args:
        where: the place
        """

    assert parameters(look)["where"]["description"] == "its name"


def test_the_definition_is_that_of_chat_completions() -> None:
    @tool(name="peek", description="Peeks.")
    def look() -> None: ...

    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    assert look.definition == {
        "type": "function",
        "function": {"name": "peek", "description": "Peeks.", "parameters": schema},
    }


def test_the_context_is_passed_and_not_shown() -> None:
    @tool
    def look(where: str, hidden: ToolContext) -> str:
        return f"{where} in {hidden.session}"

    assert parameters(look).keys() == {"where"}
    assert look.run(look.decode('{"where": "Rome"}'), ToolContext(session="s1")) == "Rome in s1"


def test_a_tool_is_the_function_it_was_made_from() -> None:
    @tool
    def add(left: int, right: int = 1) -> int:
        return left + right

    assert (add(1), add(1, right=2)) == (2, 3)


def test_names_of_the_function_around_are_resolved() -> None:
    class Local(msgspec.Struct):
        word: str

    @tool(timeout=None)
    def look(at: Local) -> str:
        return at.word

    assert look.run(look.decode('{"at": {"word": "x"}}'), ToolContext()) == "x"


def shouting(function: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(function)
    def louder(*args: Any, **kwargs: Any) -> str:
        return function(*args, **kwargs).upper()

    return louder


def test_a_decorated_function_is_called_as_it_is_decorated() -> None:
    class Local(msgspec.Struct):
        word: str

    @tool
    @shouting
    def say(what: Local) -> str:
        """Say it."""
        return what.word

    assert (say.name, say.description, say.blocking) == ("say", "Say it.", True)
    assert say.run(say.decode('{"what": {"word": "hey"}}'), ToolContext()) == "HEY"


def test_a_cached_function_is_called_by_way_of_its_cache() -> None:
    class Key(msgspec.Struct, frozen=True):
        word: str

    @functools.cache
    def look(key: Key) -> list[str]:
        """Look once."""
        return [key.word]

    made = tool(look)
    assert (made.name, made.description) == ("look", "Look once.")
    first, second = [made.run(made.decode('{"key": {"word": "a"}}'), ToolContext()) for _ in range(2)]
    assert first is second


def test_positional_parameters_may_be_left_out() -> None:
    @tool
    def pair(left: int = 1, right: int = 2, /) -> tuple[int, int]:
        return left, right

    assert pair.run(pair.decode('{"right": 3}'), ToolContext()) == (1, 3)


class Shelf:
    def __init__(self, books: list[str]) -> None:
        self.books = books

    def find(self, word: str, /, most: int = 1) -> list[str]:
        """Find books."""
        return [book for book in self.books if word in book][:most]

    async def __call__(self, word: str) -> list[str]:
        """Find one, later."""
        return self.find(word)


def test_methods_partials_and_callable_objects_are_tools() -> None:
    shelf = Shelf(["ab", "b"])
    method = tool(shelf.find)
    assert (method.name, method.description, method.blocking) == ("find", "Find books.", True)
    assert method.run(method.decode('{"word": "b", "most": 2}'), ToolContext()) == ["ab", "b"]
    bound = tool(functools.partial(shelf.find, most=2))
    assert parameters(bound).keys() == {"word"}  # what is bound is nothing that a model may say
    assert bound.run(bound.decode('{"word": "b"}'), ToolContext()) == ["ab", "b"]
    called = tool(shelf)
    assert (called.name, called.description, called.blocking) == ("Shelf", "Find one, later.", False)


def test_a_default_is_the_function_s_own_object() -> None:
    nothing = object()

    @tool
    def look(
        depth: int = nothing,  # type: ignore[assignment]
        words: list[str] = [],  # noqa: B006
        limit: float = math.inf,
    ) -> Any:
        return depth, words, limit

    depth, words, limit = look.run(look.decode(""), ToolContext())
    assert depth is nothing
    assert words is inspect.signature(look.function).parameters["words"].default
    assert limit == math.inf
    assert "default" not in parameters(look)["depth"] | parameters(look)["limit"]  # neither has a JSON


def no_hint(where) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001


def many(*words: str) -> None: ...


def named(**words: str) -> None: ...


def no_json(what: Shelf) -> None: ...


def unresolved(what: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def two(one: ToolContext, other: ToolContext | None = None) -> None: ...


async def stream(words: str) -> AsyncIterator[str]:
    yield words


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (no_hint, r"^no_hint\.where: has no annotation"),
        (many, r"^many\.words: a model can't fill in \*words"),
        (named, r"^named\.words: .*Tool\.from_schema"),
        (no_json, r"^no_json: a type has no JSON Schema: .*Shelf"),
        (unresolved, r"^unresolved: an annotation can't be resolved: .*Nowhere"),
        (two, r"^two: takes two contexts, one and other"),
        (stream, r"^stream: a generator"),
        (Shelf.find, r"^find\.self: .*tool\(object\.method\)"),
        (Shelf, r"made from a function"),
        (len, r"^len"),
        (lambda: None, r"'<lambda>' can't be one: .*name="),
    ],
)
def test_what_no_model_can_call_is_refused(function: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        tool(function)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "two words"}, "'two words' can't be one"),
        ({"name": "x" * 65}, "at most 64"),
        ({"name": "ok\n"}, "can't be one"),
        ({"timeout": 0}, r"^look\.timeout: Expected"),
        ({"timeout": float("inf")}, r"^look\.timeout: must be finite"),
        ({"timeout": float("nan")}, r"^look\.timeout: "),
        ({"timeout": "5"}, r"^look\.timeout: Expected"),
        ({"max_output": 0}, r"^look\.max_output: "),
        ({"retries": -1, "idempotent": True}, r"^look\.retries: Expected"),
        ({"retries": 1}, r"^look\.retries: needs idempotent=True"),
    ],
)
def test_options_that_can_t_be_are_refused(options: dict[str, Any], said: str) -> None:
    def look() -> None: ...

    with pytest.raises(ConfigError, match=said):
        tool(look, **options)
