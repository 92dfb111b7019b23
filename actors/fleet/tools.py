"""What the tools did, by their names, over a log of any length."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from actors.fleet.sketch import Sketch
from actors.fleet.tally import OTHERS
from actors.fleet.view import ToolRow


class Tool:
    """The calls of one that ended."""

    __slots__ = ("calls", "failed", "took")

    def __init__(self) -> None:
        self.calls = self.failed = 0
        self.took = Sketch()


class Tools:
    """At most so many tools, the first that come, and the rest as one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tools: dict[str, Tool] = {}

    def ended(self, name: str, took: float | None, *, failed: bool) -> None:
        """Count a call; `took` is how long the tool ran, None if it did not, or nobody knows."""
        tool = self._of(name)
        tool.calls += 1
        tool.failed += failed
        if took is not None:
            tool.took.add(took)
            tool.took.settle()

    def rows(self, running: Mapping[str, int], top: int) -> tuple[ToolRow, ...]:
        """A row a tool, the most called first.

        Args:
            running: how many calls of each run now.
            top: how many rows at most.
        """
        names = self._tools.keys() | running.keys()
        rows = (self._row(name, running.get(name, 0)) for name in names)
        return tuple(heapq.nsmallest(top, rows, key=lambda it: (-it.calls, -it.running, it.tool)))

    def _of(self, name: str) -> Tool:
        tool = self._tools.get(name)
        if tool is None:
            name = name if len(self._tools) < self._most else OTHERS
            tool = self._tools.setdefault(name, Tool())
        return tool

    def _row(self, name: str, running: int) -> ToolRow:
        tool = self._tools.get(name) or Tool()
        return ToolRow(
            tool=name, calls=tool.calls, failed=tool.failed, running=running, took=tool.took.quantiles()
        )
