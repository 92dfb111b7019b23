"""The tools of a server for hosts and sessions, which change while they are in use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import pykka

from actors.errors import McpError
from actors.kernel.future import LoopFuture, ask
from actors.mcp.messages import WantTools
from actors.mcp.state import McpState
from actors.tools.tool import Tool


class McpTools:
    """The tools of one MCP server, from `Runtime.mcp`. Among a session's `tools` it stands for those listed by then.

    Args:
        state: what is known of the server.
        loop: gives the runtime's loop, whose timers are used; raises if the runtime is not open.
    """

    def __init__(self, state: McpState, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self._state = state
        self._loop = loop

    @property
    def name(self) -> str:
        """The server's."""
        return self._state.name

    def current(self) -> tuple[Tool, ...]:
        """As they were listed last; none before the first listing, and once the server was given up. Any thread."""
        return self._state.tools

    def listed(self, timeout: float | None = None) -> LoopFuture[tuple[Tool, ...]]:
        """The tools, once they are listed: at once if the server is connected, else after the attempt that is due.

        From any thread; never blocks. Unpacked, `tools=[*files.listed().get()]`, they stay what they were then.

        Args:
            timeout: seconds until the future fails with `pykka.Timeout`.

        Returns:
            A future to `.get()` in a thread or to await. It raises `McpError` where the server is not reached, and
            says why.

        Raises:
            RuntimeClosedError: the runtime is not open.
        """
        loop = self._loop()
        future: LoopFuture[tuple[Tool, ...]] = LoopFuture()
        assert self._state.ref is not None  # noqa: S101 - the runtime is open
        asked = ask(self._state.ref, WantTools(), timeout=timeout, loop=loop)
        asked.add_done_callback(lambda done: self._hand_on(done, future))
        return future

    def _hand_on(self, asked: LoopFuture[Any], future: LoopFuture[Any]) -> None:
        tools, error = asked.outcome()
        if error is None:
            future.set(tools)
        elif isinstance(error, pykka.ActorDeadError):
            future.expire(self._state.named(McpError(self._state.epitaph)))
        else:
            future.expire(self._state.named(error) if isinstance(error, McpError) else error)

    async def settled(self) -> None:
        """Before the first listing, wait for it, or for the failure of the attempt at it: a step is about to begin."""
        if not self._state.tools and not self._state.gone:
            with contextlib.suppress(McpError):
                await self.listed()

    @property
    def hints(self) -> Mapping[str, Mapping[str, bool]]:
        """What the server says of its tools, by their names here: `readOnlyHint`, `destructiveHint`, `idempotentHint`,
        `openWorldHint`, as far as it says so. A server can say what it likes.
        """
        return self._state.hints
