"""A scenario's parameters: the keyword-only arguments of its function, set with `--set name=value`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import msgspec

from actors.errors import ScriptError, UsageError


class Parameter(msgspec.Struct, frozen=True):
    """One of them."""

    name: str
    annotation: str
    """Its type, as the script writes it."""
    default: Any

    def __str__(self) -> str:
        return f"{self.name}: {self.annotation} = {self.default!r}"


def parameters_of(script: Callable[..., Any]) -> tuple[Parameter, ...]:
    """The parameters of a scenario's function, in order.

    Raises:
        ScriptError: it takes something else than the stage and parameters with types and defaults.
    """
    name = getattr(script, "__name__", repr(script))
    taken = list(inspect.signature(script).parameters.values())
    if not taken or taken[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise ScriptError(f"a scenario takes the stage: write `async def {name}(stage)`")
    others = taken[1:]
    for one in others:
        if one.kind is not inspect.Parameter.KEYWORD_ONLY or inspect.Parameter.empty in {
            one.annotation,
            one.default,
        }:
            raise ScriptError(
                f"{name}: write its parameter `{one.name}` behind a `*`, with a type and a default, as in "
                f"`async def {name}(stage, *, {one.name}: int = 3)`"
            )
    return tuple(Parameter(one.name, _shown(one.annotation), one.default) for one in others)


def converted(script: Callable[..., Any], name: str, given: Mapping[str, str]) -> dict[str, Any]:
    """The values that were given as text, as the function takes them.

    Args:
        script: a scenario's function.
        name: the scenario's.
        given: texts by parameter.

    Raises:
        UsageError: a parameter does not exist, or a text is no value of its type.
    """
    if not given:
        return {}
    known = {parameter.name: parameter for parameter in parameters_of(script)}
    hints = _hints(script, tuple(known))
    values = {}
    for key, text in given.items():
        if key not in known:
            there = ", ".join(map(str, known.values()))
            raise UsageError(
                f"{name} has no parameter {key!r}: " + (f"there are {there}" if there else "it has none")
            )
        try:
            values[key] = _value(text, hints[key])
        except msgspec.ValidationError as error:
            raise UsageError(f"--set {key}={text}: {error} (it is {known[key]})") from None
    return values


def _value(text: str, kind: Any) -> Any:
    """The text itself where the type takes it, such as `5` or `true`; else what it says as JSON."""
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError as error:
        try:
            return msgspec.convert(msgspec.json.decode(text), kind)
        except msgspec.MsgspecError:
            raise error from None


def _hints(script: Callable[..., Any], names: tuple[str, ...]) -> dict[str, Any]:
    # Of the parameters alone: a script may import the stage's type for the type checker only.
    own = types.SimpleNamespace(__annotations__={name: script.__annotations__[name] for name in names})
    return get_type_hints(own, globalns=script.__globals__, include_extras=True)


def _shown(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
