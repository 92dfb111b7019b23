"""`@tool`: a tool from a function's own words, its type hints and its docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, overload

from actors.tools.context import ToolContext
from actors.tools.docstring import described
from actors.tools.shape import Shape, shape_of
from actors.tools.signature import inner, read_signature
from actors.tools.tool import Tool, make, name_of


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...


@overload
def tool(
    function: Callable[..., Any],
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool = False,
    timeout: float | None = 60.0,
    max_output: int = 65536,
    idempotent: bool = False,
    retries: int = 0,
    ends_turn: bool = False,
) -> Tool: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool = False,
    timeout: float | None = 60.0,
    max_output: int = 65536,
    idempotent: bool = False,
    retries: int = 0,
    ends_turn: bool = False,
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None, /, **options: Any
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a tool from a function, a method, a partial or an object that can be called.

    The schema comes from the type hints: what msgspec knows (structs, dataclasses, TypedDict, Literal, Enum,
    datetime, `Annotated[..., msgspec.Meta(...)]`), or what pydantic knows if one of its types is among them. The
    descriptions come from the docstring. A parameter of type `ToolContext` is passed; no model is told of it.

    Args:
        function: plain functions run in a thread, coroutine functions on the loop.
        options: `name` and `description` if they are not the function's own; `strict`, `timeout`, `max_output`,
            `idempotent`, `retries`, `ends_turn`: see `Tool`.

    Raises:
        ConfigError: no model could call it; the text says why and what to do.
    """
    here = inspect.currentframe()
    frame = None if here is None else here.f_back
    if function is None:
        return lambda given: _tool(given, frame, **options)
    return _tool(function, frame, **options)


def _tool(
    function: Callable[..., Any],
    frame: FrameType | None,
    *,
    name: str | None = None,
    description: str | None = None,
    strict: bool = False,
    **options: Any,
) -> Tool:
    named = name_of(function) if name is None else name
    signature = read_signature(function, named, frame)
    said, of_parameters = described(inner(function))
    shape = _described(shape_of(signature.parameters, named), of_parameters)

    def run(arguments: dict[str, Any], context: ToolContext) -> Any:
        return signature.call(function, arguments, context)

    return make(
        function,
        name=named,
        description=said if description is None else description,
        shape=shape,
        run=run,
        strict=strict,
        **options,
    )


def _described(shape: Shape, words: Mapping[str, str]) -> Shape:
    """`shape`, with the docstring's words where its types have none of their own."""
    for name, schema in shape.schema["properties"].items():
        if name in words:
            schema.setdefault("description", words[name])
    return shape
