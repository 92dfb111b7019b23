from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest

from actors.errors import ScriptError, UsageError
from actors.scenario import Stage, scenario
from actors.scenario.params import converted, parameters_of


async def storm(
    stage: Stage,
    *,
    failures: int = 3,
    share: float = 0.5,
    loud: bool = False,
    word: str = "no",
    kind: Literal["a", "b"] = "a",
    steps: tuple[int, ...] = (),
    limit: int | None = None,
) -> None: ...


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("failures", "5", 5),
        ("share", "0.25", 0.25),
        ("share", "1", 1.0),
        ("loud", "true", True),
        ("word", "5", "5"),
        ("word", "a=b", "a=b"),
        ("kind", "b", "b"),
        ("steps", "[1, 2]", (1, 2)),
        ("limit", "null", None),
        ("limit", "4", 4),
    ],
)
def test_a_text_becomes_a_value_of_the_parameters_type(name: str, text: str, value: Any) -> None:
    got = converted(storm, "storm", {name: text})[name]
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("failures", "many", "--set failures=many: Expected `int`, got `str` (it is failures: int = 3)"),
        ("kind", "c", "--set kind=c: Invalid enum value 'c'"),
        ("steps", "[1,", "--set steps=[1,: Expected `array`, got `str`"),
        ("failure", "5", "storm has no parameter 'failure': there are failures: int = 3, share: float = 0.5"),
    ],
)
def test_a_text_that_is_no_value_is_told_with_what_there_is(name: str, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        converted(storm, "storm", {name: text})
    assert str(caught.value).startswith(said)


def test_only_the_parameters_annotations_are_looked_at() -> None:
    played: dict[str, Any] = {}
    source = "from __future__ import annotations\nasync def s(stage: NotImported, *, n: int = 1): ..."
    exec(source, played)  # noqa: S102 - a script
    assert converted(played["s"], "s", {"n": "2"}) == {"n": 2}


async def nothing() -> None: ...
async def keyword(*, stage: Stage) -> None: ...
async def positional(stage: Stage, failures: int = 3) -> None: ...
async def untyped(stage: Stage, *, failures=3) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
async def required(stage: Stage, *, failures: int) -> None: ...
async def anything(stage: Stage, **more: int) -> None: ...


@pytest.mark.parametrize("script", [nothing, keyword, positional, untyped, required, anything])
def test_what_can_not_be_set_is_refused_when_it_is_declared(script: Callable[..., Any]) -> None:
    with pytest.raises(ScriptError, match="async def"):
        scenario(script)


def test_tags_are_words_and_no_word() -> None:
    with pytest.raises(ScriptError, match=r"write tags=\('slow',\)"):
        scenario(tags="slow")(storm)
    assert scenario(tags=["slow"])(storm).tags == ("slow",)
    assert [str(one) for one in parameters_of(storm)][:2] == ["failures: int = 3", "share: float = 0.5"]
