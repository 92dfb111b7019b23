"""The actor of one MCP server: holds the connection, makes the calls, and fails when the server is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from actors.errors import McpError
from actors.kernel.future import LoopFuture
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import TaskResult
from actors.kernel.upstream import OptExcInfo
from actors.mcp.messages import LOST, CallTool, CancelCall, Connect, Listed, WantTools
from actors.mcp.report import McpReport
from actors.mcp.state import McpState
from actors.mcp.toolbox import take_listing

if TYPE_CHECKING:
    from actors.mcp.connection import Connection


class McpActor(HandlingActor):
    """Lives as long as its server's connection; its supervisor starts the next life, which connects again.

    What is asked while there is no connection waits for the attempt that is under way or due, and fails with that.

    Args:
        state: what is known of the server.
        report: takes what happens.
        delay: so many seconds it waits before it connects.
    """

    handlers: ClassVar[dict[type, str]] = {
        Connect: "_connect",
        Listed: "_listed",
        WantTools: "_want_tools",
        CallTool: "_call",
        CancelCall: "_cancel",
        TaskResult: "_ended",
    }

    def __init__(self, state: McpState, report: McpReport, delay: float = 0.0) -> None:
        super().__init__()
        self._state = state
        self._report = report
        self._delay = delay
        self._connection: Connection | None = None
        self._talk = 0
        """The task of the connection."""
        self._calls: dict[int, _Call] = {}
        """By task."""
        self._began = 0.0
        self._is_listed = False

    def on_start(self) -> None:
        """Connect, now or when the wait is over."""
        if self._delay > 0:
            self.send_after(self._delay, Connect())
        else:
            self._connect()

    def on_failure(self, kind: Any, error: Any, traceback: Any) -> None:  # noqa: ARG002 - pykka's signature
        """Called after the server was lost or not reached, or whatever else."""
        self._break_off(McpError(LOST))
        if not self._is_listed:
            self._state.refuse(error if isinstance(error, McpError) else McpError(repr(error)))

    def on_stop(self) -> None:
        """Called at the end."""
        closed = McpError(self._state.epitaph)
        self._break_off(closed)
        self._state.refuse(closed)

    def _break_off(self, error: McpError) -> None:
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.future.expire(error)

    # The connection

    def _connect(self, _: Connect | None = None) -> None:
        from actors.mcp.connection import Connection  # noqa: PLC0415 - an extra, and a slow import

        incarnation = self.incarnation
        ref = self.actor_ref
        self._began = self.dispatcher.now()
        self._connection = Connection(
            self._state.server, lambda tools: self.send(ref, Listed(incarnation, tools))
        )
        self._state.kill = self._connection.kill
        self._talk = self.spawn_task(self._connection.run(), name=f"mcp {self._state.name}")

    def _listed(self, listed: Listed) -> None:
        connection = self._connection
        if listed.incarnation != self.incarnation or connection is None:
            return  # of a talk that was cut off when the last life ended
        take_listing(self._state, listed.tools, self._report)
        if not self._is_listed:
            self._is_listed = True
            self._report.connected(connection.protocol, self.dispatcher.now() - self._began)
        self._report.listed(len(self._state.tools))
        waiting, self._state.waiting = self._state.waiting, {}
        for message, future in waiting.items():
            if isinstance(message, WantTools):
                future.set(self._state.tools)
            else:
                self._begin(message, future)

    @property
    def _open(self) -> Connection | None:
        connection = self._connection
        return connection if self._is_listed and connection is not None and connection.open else None

    def _want_tools(self, want: WantTools) -> tuple[Any, ...] | LoopFuture[Any]:
        return self._state.tools if self._open is not None else self._wait(want)

    def _wait(self, message: CallTool | WantTools) -> LoopFuture[Any]:
        future = self._state.waiting[message] = LoopFuture()
        return future

    # Calls

    def _call(self, call: CallTool) -> LoopFuture[Any]:
        if self._open is None:
            return self._wait(call)
        future: LoopFuture[Any] = LoopFuture()
        self._begin(call, future)
        return future

    def _begin(self, call: CallTool, future: LoopFuture[Any]) -> None:
        connection = self._open
        if connection is None:  # lost again before it was its turn
            self._state.waiting[call] = future
            return
        task = self.spawn_task(connection.call(call), name=f"mcp {self._state.name} {call.tool}")
        self._calls[task] = _Call(call, future)

    def _cancel(self, cancel: CancelCall) -> None:
        self._state.waiting.pop(cancel.call, None)
        for task, call in self._calls.items():
            if call.message is cancel.call:
                del self._calls[task]
                self.cancel_task(task)
                return

    def _ended(self, result: TaskResult) -> None:
        if result.task == self._talk:
            assert result.error is not None  # noqa: S101 - a talk ends in no other way
            raise result.error
        call = self._calls.pop(result.task)
        if result.error is None:
            call.future.set(result.value)
        else:
            call.future.set_exception(_raised(result.error))


class _Call(msgspec.Struct, frozen=True):
    message: CallTool
    future: LoopFuture[Any]


def _raised(error: BaseException) -> OptExcInfo:
    return type(error), error, error.__traceback__
