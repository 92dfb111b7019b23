"""What a session can run for its model: a function, and how a model is told of it."""

from __future__ import annotations

import copy
import inspect
import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from actors.errors import ArgumentsError, ConfigError
from actors.settings import Count, Positive, Seconds
from actors.tools.arguments import parse, refusal
from actors.tools.context import ToolContext
from actors.tools.docstring import described
from actors.tools.raw import raw_shape
from actors.tools.schema import Schema, without_absent
from actors.tools.shape import Shape
from actors.tools.signature import context_of, inner
from actors.tools.strict import strict_schema

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
"""As chat completions allow it."""
_OPTIONS = {
    "description": str,
    "timeout": Seconds | None,
    "max_output": Positive,
    "idempotent": bool,
    "retries": Count,
    "ends_turn": bool,
}


class Tool(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Made by `tool` from a function's type hints, or by `Tool.from_schema`. Called, it is the function itself."""

    name: str
    """Letters, digits, `_` and `-`, at most 64."""
    description: str
    parameters: Schema
    """The JSON Schema of the object of its arguments, as it is sent."""
    function: Callable[..., Any]
    run: Callable[[Any, ToolContext], Any]
    """The call itself: decoded arguments and a context in, the value out; an awaitable unless `blocking`."""
    decode: Callable[[str], Any]
    """Arguments as the model wrote them to what `run` takes; raises `ArgumentsError` and nothing else."""
    blocking: bool
    """A plain function, for a thread; else a coroutine function, for the loop."""
    strict: bool = False
    """Sent as strict: the endpoint holds the model to the schema."""
    timeout: float | None = 60.0
    """Seconds that a call may take; None: no limit."""
    max_output: int = 65536
    """Code points of text that a result may have; what is past them is cut off, with a notice."""
    idempotent: bool = False
    """Running it twice does no harm."""
    retries: int = 0
    """How often a call that crashed or timed out runs again; only where it is `idempotent`."""
    ends_turn: bool = False
    """A call ends the turn: the model is not asked again."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ConfigError(
                "Tool.name",
                f"{self.name!r} can't be one: letters, digits, '_' and '-', at most 64; say name=...",
            )
        for field, hint in _OPTIONS.items():
            try:
                msgspec.convert(getattr(self, field), hint)
            except msgspec.ValidationError as error:
                self._refuse(field, f"{error}, got {getattr(self, field)!r}")
        if self.timeout is not None and not math.isfinite(self.timeout):
            self._refuse("timeout", "must be finite; None is no limit")
        if self.retries and not self.idempotent:
            self._refuse(
                "retries", "needs idempotent=True: say that running it twice does no harm, or leave it out"
            )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function that it was made from."""
        return self.function(*args, **kwargs)

    @property
    def definition(self) -> dict[str, Any]:
        """What a request says of it, as chat completions have it."""
        function: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            "parameters": self.parameters,
        }
        if self.strict:
            function["strict"] = True
        return {"type": "function", "function": function}

    @classmethod
    def from_schema(
        cls,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        parameters: Schema,
        strict: bool = False,
        **options: Any,
    ) -> Tool:
        """A tool from a schema as it is: for tools that are described elsewhere.

        Args:
            function: takes the arguments as one dict, and the `ToolContext` where a parameter has that type.
            name: if it is not the function's.
            description: if it is not the function's docstring.
            parameters: the JSON Schema of an object; its `$ref`s stay inside it.
            strict: send the schema's strict form.
            options: `timeout`, `max_output`, `idempotent`, `retries`, `ends_turn`: see the fields.

        Raises:
            ConfigError: the schema is none, or an option can't be; the text says what to do.
        """
        named = name_of(function) if name is None else name
        here = inspect.currentframe()
        wanted = context_of(function, named, None if here is None else here.f_back)

        def run(arguments: dict[str, Any], context: ToolContext) -> Any:
            return function(arguments) if wanted is None else function(arguments, **{wanted: context})

        return make(
            function,
            name=named,
            description=described(inner(function))[0] if description is None else description,
            shape=raw_shape(copy.deepcopy(parameters), named),
            run=run,
            strict=strict,
            **options,
        )

    def _refuse(self, field: str, why: str) -> None:
        raise ConfigError(f"{self.name}.{field}", why)


def make(function: Callable[..., Any], *, name: str, shape: Shape, strict: bool, **fields: Any) -> Tool:
    """The tool whose arguments are of `shape`."""
    return Tool(
        name=name,
        function=function,
        parameters=strict_schema(shape.schema, name) if strict else shape.schema,
        decode=lambda text: decode(text, shape),
        blocking=not is_coroutine_function(function),
        strict=strict,
        **fields,
    )


def decode(text: str, shape: Shape) -> dict[str, Any]:
    """The arguments in `text`, of `shape`.

    Raises:
        ArgumentsError: there are none, whatever the reason; the text says where and what.
    """
    try:
        given = parse(text)
        return shape.convert(without_absent(given, shape.schema, shape.schema))
    except ArgumentsError:
        raise
    except RecursionError:
        raise ArgumentsError("the arguments are nested too deep") from None
    except Exception as error:  # a type's own check
        raise refusal([f"the arguments can't be taken: {type(error).__name__}: {error}"]) from error


def name_of(function: Callable[..., Any]) -> str:
    """What a tool made from `function` is called unless it is named."""
    named: str = getattr(inner(function), "__name__", "")
    return type(function).__name__ if named == "__call__" else named


def is_coroutine_function(function: Callable[..., Any]) -> bool:
    """Whether a call gives a coroutine; of an object, whether its `__call__` does."""
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)
