"""A blackboard as tools for a model."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from actors.company.board.changes import BoardEntry
from actors.company.board.keys import Key
from actors.errors import BoardError, ConfigError, ToolError
from actors.tools.context import ToolContext
from actors.tools.decorator import tool
from actors.tools.tool import Tool

if TYPE_CHECKING:
    from actors.blackboard import Blackboard

LONGEST_WAIT_S = 300
_EXPECTED = "only if the key still has this version, as it was read; 0: only if it holds nothing"
Known = Annotated[int, Meta(ge=0, description="the version that you know; 0: it held nothing")]
Patience = Annotated[int, Meta(ge=1, le=LONGEST_WAIT_S, description="how long to wait at most")]


def board_tools(
    board: Blackboard, keys: tuple[Key, ...], prefix: str, name: str, *, write: bool
) -> tuple[Tool, ...]:
    """See `Blackboard.tools`."""
    if not keys:
        raise ConfigError("prefix", f"board {board.name!r} has no key that begins with {prefix!r}")
    desk = _Desk(board, keys, prefix, name)
    made = [desk.lister(), desk.reader(), desk.waiter()]
    if write:
        made += [desk.deleter(), *(desk.writer(key) for key in keys)]
    names = sorted(each.name for each in made)
    if len(set(names)) < len(names):
        raise ConfigError("keys", f"tools of board {board.name!r} would have the same name: {names}")
    return tuple(made)


class _Desk:
    """Makes the tools of one board."""

    def __init__(self, board: Blackboard, keys: tuple[Key, ...], prefix: str, name: str) -> None:
        self._board = board
        self._keys = keys
        self._prefix = prefix
        self._name = name

    def lister(self) -> Tool:
        board, prefix = self._board, self._prefix

        async def read_all() -> list[dict[str, Any]]:
            """What the shared board holds: each key, its version, and who put it."""
            return [_brief(entry) for entry in await board.entries(prefix)]

        return self._tool(read_all, "list")

    def reader(self) -> Tool:
        board = self._board

        async def read(key: Any) -> dict[str, Any]:
            """Read one key of the shared board: its value and version. Version 0: it holds nothing."""
            return _said(key, await board.get(self._within(key)))

        return self._tool(read, "read", key=self._kind())

    def waiter(self) -> Tool:
        board = self._board

        async def wait(key: Any, known: Known, seconds: Patience = 30) -> dict[str, Any]:
            """Wait until a key of the shared board has another version than the one you know, and read it."""
            try:
                async with asyncio.timeout(seconds):
                    return await _changed(board, self._within(key), known)
            except TimeoutError:
                return {"key": key, "timeout": f"nothing changed within {seconds} seconds"}

        return self._tool(wait, "wait", key=self._kind(), timeout=LONGEST_WAIT_S + 5.0)

    def deleter(self) -> Tool:
        board = self._board

        async def delete(key: Any, context: ToolContext, version: int | None = None) -> str:
            was = await board.delete(self._within(key), version=version, by=context.session)
            return "deleted" if was else "it held nothing"

        delete.__doc__ = _words("Delete what a key of the shared board holds.", version=_EXPECTED)
        return self._tool(delete, "delete", key=self._kind())

    def writer(self, key: Key) -> Tool:
        family, said = key, re.sub(r"[^a-zA-Z0-9_-]+", "_", key.name).strip("_")

        async def write(value: Any, context: ToolContext, version: int | None = None) -> dict[str, Any]:
            return await self._put(family.name, value, version, context)

        async def write_one(
            key: Any, value: Any, context: ToolContext, version: int | None = None
        ) -> dict[str, Any]:
            if not family.covers(key):
                raise ToolError(f"the key must be {family.name!r}, with a name for the '*'")
            return await self._put(self._within(key), value, version, context)

        named = f"write_{said}" if said else "write"
        words = f"Write {family.name!r} on the shared board."
        # In the docstring, as pydantic's types and msgspec's `Meta` do not go together.
        write.__doc__ = _words(words, version=_EXPECTED)
        write_one.__doc__ = _words(words, key=self._names((family,)), version=_EXPECTED)
        if not family.is_family:
            return self._strict_if_it_can_be(write, named, value=family.hint)
        return self._strict_if_it_can_be(write_one, named, key=str, value=family.hint)

    async def _put(self, key: str, value: Any, version: int | None, context: ToolContext) -> dict[str, Any]:
        by = context.session
        if version is None:
            return _brief(await self._board.put(key, value, by=by))
        return _brief(await self._board.compare_and_set(key, value, version, by=by))

    def _strict_if_it_can_be(self, function: Any, named: str, **hints: Any) -> Tool:
        try:
            return self._tool(function, named, **hints)
        except ConfigError:  # free keys, or `Any`
            return self._tool(function, named, strict=False, **hints)

    def _tool(
        self,
        function: Callable[..., Awaitable[Any]],
        named: str,
        *,
        strict: bool = True,
        timeout: float = 60.0,
        **hints: Any,
    ) -> Tool:
        """A tool whose parameters have types that are known only now."""
        function.__annotations__.update(hints)
        return tool(_telling(function), name=f"{self._name}_{named}", strict=strict, timeout=timeout)

    def _kind(self) -> Any:
        """The type of a key, for a model."""
        if any(key.is_family for key in self._keys):
            return Annotated[str, Meta(description=self._names(self._keys))]
        return Literal[tuple(key.name for key in self._keys)]

    def _names(self, keys: tuple[Key, ...]) -> str:
        said = f"one of {', '.join(key.name for key in keys)}, with a name for the '*'"
        return f"{said}; it begins with {self._prefix!r}" if self._prefix else said

    def _within(self, key: str) -> str:
        if not key.startswith(self._prefix):
            raise ToolError(f"the key must begin with {self._prefix!r}")
        return key


def _words(what: str, **arguments: str) -> str:
    """A docstring."""
    return "\n".join([what, "", "Args:", *(f"    {name}: {said}" for name, said in arguments.items())])


def _telling(function: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same, where what the board refuses is a word to the model and no crash."""

    @functools.wraps(function)
    async def told(*args: Any, **kwargs: Any) -> Any:
        try:
            return await function(*args, **kwargs)
        except BoardError as error:
            raise ToolError(str(error)) from None

    return told


async def _changed(board: Blackboard, key: str, known: int) -> dict[str, Any]:
    """What the key holds, as soon as that has another version than `known`."""
    with board.watch(key, present=False) as changes:
        said = _said(key, await board.get(key))
        while said["version"] == known:
            await anext(changes, None)
            said = _said(key, await board.get(key))
    return said


def _said(key: str, entry: BoardEntry | None) -> dict[str, Any]:
    return {"key": key, "version": 0} if entry is None else {**_brief(entry), "value": entry.value}


def _brief(entry: BoardEntry) -> dict[str, Any]:
    return {"key": entry.key, "version": entry.version, "by": entry.by}
