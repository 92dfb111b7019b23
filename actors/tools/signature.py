"""A function's parameters: which a model fills in, and which one is the context."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType
from typing import Any, get_args, get_type_hints

import msgspec

from actors.errors import ConfigError
from actors.tools.context import ToolContext


class Parameter(msgspec.Struct, frozen=True):
    """One that the model fills in."""

    name: str
    hint: Any
    required: bool
    default: Any = None


class Signature(msgspec.Struct, frozen=True):
    """What a function is called with."""

    bound: inspect.Signature
    parameters: tuple[Parameter, ...]
    context: str | None
    """The name of the parameter that takes the `ToolContext`."""

    def call(self, function: Callable[..., Any], arguments: Mapping[str, Any], context: ToolContext) -> Any:
        """What `function` gives for `arguments`, by name; those left out have their defaults."""
        bound = self.bound.bind_partial()
        bound.arguments.update(arguments)
        if self.context is not None:
            bound.arguments[self.context] = context
        bound.apply_defaults()
        return function(*bound.args, **bound.kwargs)


def inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that has the name, the hints and the docstring: in a partial, a wrapper, or of a callable object."""
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    if inspect.isroutine(function) or inspect.isclass(function):
        return function
    called: Callable[..., Any] = type(function).__call__
    return called


def read_signature(function: Any, name: str, frame: FrameType | None) -> Signature:
    """The signature of `function`.

    Args:
        function: what is to be called: a function, a method, a partial, an object that can be called.
        name: the tool's, for errors.
        frame: where the tool is made: annotations of a function inside another may need its names.

    Raises:
        ConfigError: no model could call it so.
    """
    if not callable(function) or inspect.isclass(function):
        raise ConfigError(name, f"a tool is made from a function, not from {function!r}")
    if inspect.isgeneratorfunction(inner(function)) or inspect.isasyncgenfunction(inner(function)):
        raise ConfigError(
            name, "a generator can't be a tool: return a list, and tell of progress by the context"
        )
    hints = _hints(function, name, frame)
    signature = inspect.signature(function)
    fixed = function.keywords if isinstance(function, partial) else {}
    shown = [given for given in signature.parameters.values() if given.name not in fixed]
    context = _context_among(hints, name)
    parameters = tuple(_parameter(given, hints, name) for given in shown if given.name != context)
    return Signature(signature, parameters, context)


def context_of(function: Callable[..., Any], name: str, frame: FrameType | None) -> str | None:
    """The name of the parameter of `function` that takes the `ToolContext`, if one does."""
    return _context_among(_hints(function, name, frame), name)


def _context_among(hints: Mapping[str, Any], name: str) -> str | None:
    found = [parameter for parameter, hint in hints.items() if parameter != "return" and _is_context(hint)]
    if len(found) > 1:
        raise ConfigError(name, f"takes two contexts, {' and '.join(found)}: one is enough")
    return found[0] if found else None


def _hints(function: Callable[..., Any], name: str, frame: FrameType | None) -> dict[str, Any]:
    hinted = inner(function)
    try:
        return get_type_hints(hinted, localns=_names_around(hinted, frame), include_extras=True)
    except NameError as error:
        raise ConfigError(
            name,
            f"an annotation can't be resolved: {error}; import or define it, not under TYPE_CHECKING alone",
        ) from None
    except (TypeError, SyntaxError) as error:
        raise ConfigError(name, f"an annotation can't be read: {error}") from None


def _names_around(function: Callable[..., Any], frame: FrameType | None) -> dict[str, Any] | None:
    """The names of the function that `function` was defined in, if that is where `frame` is."""
    within = "<locals>" in getattr(function, "__qualname__", "")
    if frame is None or not within or frame.f_globals is not getattr(function, "__globals__", None):
        return None
    return dict(frame.f_locals)


def _is_context(hint: Any) -> bool:
    return hint is ToolContext or ToolContext in get_args(hint)


def _parameter(given: inspect.Parameter, hints: Mapping[str, Any], name: str) -> Parameter:
    field = f"{name}.{given.name}"
    if given.kind in {given.VAR_POSITIONAL, given.VAR_KEYWORD}:
        raise ConfigError(
            field, f"a model can't fill in {given}: name the parameters, or use Tool.from_schema"
        )
    if given.name == "self" and given.name not in hints:
        raise ConfigError(field, "a method is made a tool where it is bound: tool(object.method)")
    if given.name not in hints:
        raise ConfigError(field, "has no annotation: a model must be told its type, such as `str`")
    required = given.default is given.empty
    return Parameter(given.name, hints[given.name], required, None if required else given.default)
