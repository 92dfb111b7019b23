"""A session's tools, as they are at one step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from actors.errors import ConfigError
from actors.tools.tool import Tool


class Toolset:
    """Tools by name: those that are run here, and those whose calls the host answers by hand.

    Args:
        tools: each a `Tool`, a definition as chat completions have it, or an object whose `current()` gives tools,
            once its `settled()` was awaited.
    """

    def __init__(self, tools: Sequence[Any]) -> None:
        self._tools = tuple(_expanded(tools))
        self._ours = {tool.name: tool for tool in self._tools if isinstance(tool, Tool)}
        self.by_hand = frozenset(_name(tool) for tool in self._tools if isinstance(tool, Mapping))
        """The names of those whose calls the host answers."""

    @property
    def runs_any(self) -> bool:
        """Whether any of them is run here."""
        return bool(self._ours)

    def find(self, name: str) -> Tool | None:
        """The tool of that name that is run here."""
        return self._ours.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that are run here."""
        return tuple(self._ours)

    def definitions(self) -> tuple[Mapping[str, Any], ...]:
        """All, as chat completions have them."""
        return tuple(tool.definition if isinstance(tool, Tool) else tool for tool in self._tools)


async def settle_tools(tools: Sequence[Any]) -> None:
    """Wait for tools that are only just being listed."""
    for each in tools:
        if not isinstance(each, Tool | Mapping):
            await each.settled()


def _expanded(tools: Sequence[Any]) -> Iterator[Any]:
    for tool in tools:
        if isinstance(tool, Tool | Mapping):
            yield tool
        else:
            yield from tool.current()


def _name(definition: Mapping[str, Any]) -> str:
    function = definition.get("function")
    return str(function.get("name")) if isinstance(function, Mapping) else str(definition.get("name"))


def check_tools(tools: Sequence[Any]) -> None:
    """Refuse what is no tool, and a name that is there twice.

    Raises:
        ConfigError: it says which, and what to do.
    """
    seen: set[str] = set()
    for tool in tools:
        if not isinstance(tool, Tool | Mapping) and not hasattr(tool, "settled"):
            hint = ": decorate it with @tool" if callable(tool) else ""
            raise ConfigError(
                "tools", f"{tool!r} is neither a Tool nor a definition as chat completions have it{hint}"
            )
        if isinstance(tool, Tool | Mapping):
            name = tool.name if isinstance(tool, Tool) else _name(tool)
            if name in seen:
                raise ConfigError("tools", f"{name!r} is there twice: give one of them another name")
            seen.add(name)
