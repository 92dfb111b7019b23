"""Tools that count how often they really run: what the laws are judged by, whatever the events say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from actors.scenario.laws.evidence import ToolRun
from actors.tools.context import ToolContext
from actors.tools.tool import Tool

Count = Callable[[ToolRun], None]
"""Called from any thread."""


def counted(tools: Sequence[Any], count: Count) -> tuple[Any, ...]:
    """The same tools, each of which counts its runs; what is answered by hand stays as it is."""
    return tuple(_counted(tool, count) for tool in tools)


def _counted(tool: Any, count: Count) -> Any:
    if isinstance(tool, Mapping):
        return tool
    if not isinstance(tool, Tool):
        return _CountedToolset(tool, count)
    run = tool.run

    def counting(arguments: Any, context: ToolContext) -> Any:
        count(
            ToolRun(
                turn=context.turn,
                step=context.step,
                call=context.call,
                name=context.name,
                idempotent=tool.idempotent,
            )
        )
        return run(arguments, context)

    return msgspec.structs.replace(tool, run=counting)


class _CountedToolset:
    """A toolset whose tools may change."""

    def __init__(self, toolset: Any, count: Count) -> None:
        self._toolset = toolset
        self._count = count

    async def settled(self) -> None:
        """Wait until they are known."""
        await self._toolset.settled()

    def current(self) -> tuple[Any, ...]:
        """Its tools as they are now."""
        return counted(self._toolset.current(), self._count)
