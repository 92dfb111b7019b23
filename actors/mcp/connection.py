"""One life of the talk with an MCP server: from connecting to whatever ends it, all of it in one task."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import anyio
from mcp import Client
from mcp_types import Implementation, ToolListChangedNotification
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from actors.errors import McpError, ToolError
from actors.mcp.messages import LOST, CallTool
from actors.mcp.server import McpServer
from actors.mcp.streams import Trail, open_streams
from actors.mcp.trouble import ENDED, explain, is_loss, whole

PAGES: Final = 1000
"""A listing of more pages than this does not end."""


class Connection:
    """The talk with one server.

    Args:
        server: which.
        on_tools: called with all tools, when the talk has begun and after each change.
    """

    def __init__(self, server: McpServer, on_tools: Callable[[tuple[Any, ...]], None]) -> None:
        self._server = server
        self._on_tools = on_tools
        self._trail = Trail()
        self._client: Client | None = None
        self._news = asyncio.Event()
        """Something is to be looked at: the list has changed, or the server is lost."""
        self._lost = False

    @property
    def protocol(self) -> str:
        """The version that was agreed on, such as `2025-11-25`; empty before."""
        return "" if self._client is None else self._client.protocol_version

    @property
    def open(self) -> bool:
        """Whether calls can be made."""
        return self._client is not None and not self._lost

    async def run(self) -> None:
        """Connect and keep the list of tools until the server is lost.

        Cancelled, it ends when the talk has been ended in order.

        Raises:
            McpError: always, and why.
        """
        # In a task of its own, which is cancelled by its scope: that spares the spawning of a process, which a loop may
        # leave alone in the world when it is cancelled in the middle (uvloop 0.23 does).
        life = anyio.CancelScope()
        talk = asyncio.create_task(self._keep_up(life))
        try:
            await asyncio.wait([talk])
        except asyncio.CancelledError:
            life.cancel()
            await asyncio.wait([talk])
            if not talk.cancelled():
                talk.exception()  # nobody wants to know any more
            raise
        talk.result()

    async def _keep_up(self, life: anyio.CancelScope) -> None:
        try:
            with life:
                await self._talk()
        except Exception as error:  # noqa: BLE001 - whatever the SDK or its HTTP client raise
            raise explain(error, self._server, self._trail) from None  # it may hold the server's keys
        raise whole(ENDED, self._server, self._trail)

    async def call(self, call: CallTool) -> Any:
        """Have the server carry out a call; cancelled, it is told so.

        Raises:
            ToolError: it refused to, in its words.
            McpError: it was lost.
        """
        assert self._client is not None  # noqa: S101 - calls are made while it is open

        async def tell(progress: float, total: float | None, message: str | None) -> None:
            said = {"progress": progress, "total": total, "message": message}
            call.progress({name: value for name, value in said.items() if value is not None})

        try:
            return await self._client.call_tool(call.tool, call.arguments, progress_callback=tell)
        except Exception as error:  # noqa: BLE001 - the same
            if not is_loss(error):
                raise ToolError(str(explain(error, self._server))) from None
            self.lose()
            raise McpError(LOST) from None

    def kill(self) -> None:
        """End the server's process and its group, where the loop does not come to it any more. From any thread."""
        self._trail.stderr.kill()

    def lose(self) -> None:
        """There is nobody at the other end any more."""
        self._lost = True
        self._news.set()

    async def _talk(self) -> None:
        # A deadline that is lifted, as scopes are left in the order in which they were entered.
        with anyio.CancelScope(deadline=anyio.current_time() + self._server.connect) as patience:
            async with (
                Client(
                    open_streams(self._server, self._trail, self.lose),
                    cache=None,
                    message_handler=self._hear,
                    client_info=Implementation(name="greenroom", version=version("greenroom")),
                ) as client,
                anyio.create_task_group() as group,
            ):
                self._client = client
                await self._follow_changes(client, group)
                await self._list(client)
                patience.deadline = math.inf
                await self._until_lost(client)
                group.cancel_scope.cancel()
        if patience.cancelled_caught:
            raise TimeoutError(f"its tools were not listed within {self._server.connect:g} s")

    async def _until_lost(self, client: Client) -> None:
        while not self._lost:
            await self._news.wait()
            if not self._lost:
                with anyio.fail_after(self._server.connect):
                    await self._list(client)

    async def _list(self, client: Client) -> None:
        self._news = asyncio.Event()  # first: what changes meanwhile is listed again
        tools: list[Any] = []
        cursor: str | None = None
        if client.server_capabilities.tools is None:
            self._on_tools(())
            return
        for _ in range(PAGES):
            page = await client.list_tools(cursor=cursor)
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None:
                self._on_tools(tuple(tools))
                return
        raise McpError(f"its list of tools does not end: more than {PAGES} pages")

    async def _hear(self, message: Any) -> None:
        """Called by the SDK with whatever the server says unasked."""
        if isinstance(message, ToolListChangedNotification):
            self._news.set()

    async def _follow_changes(self, client: Client, group: Any) -> None:
        """From 2026-07-28 on, changes are told to those only who listen."""
        tools = client.server_capabilities.tools
        if client.protocol_version in MODERN_PROTOCOL_VERSIONS and tools is not None and tools.list_changed:
            await group.start(self._listen, client)

    async def _listen(self, client: Client, *, task_status: Any) -> None:
        while True:
            async with client.listen(tools_list_changed=True) as changes:
                task_status.started()
                task_status = anyio.TASK_STATUS_IGNORED
                async for _ in changes:
                    self._news.set()
            self._news.set()  # it ended the stream in order, and may change its list before the next one begins
