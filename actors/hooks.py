"""Where a host may look into a turn, and change what passes: `Hooks`, whose methods do nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, TypeAlias

import msgspec

from actors.core.aggregate import StepResult
from actors.tools.result import ToolResult
from actors.wire.openai_chat import Request

Messages: TypeAlias = tuple[Mapping[str, Any], ...]


class Place(msgspec.Struct, frozen=True):
    """Where in a session's life a hook is called."""

    session: str
    turn: int
    step: int
    """From 1; 0 before the first."""


class Invocation(msgspec.Struct, frozen=True):
    """A tool call that is about to be carried out, or was."""

    call_id: str
    name: str
    arguments: Mapping[str, Any]


class Hooks:
    """Derive from it, write the methods that you need, as plain or as coroutine functions, and give an instance.

    What a method returns takes the place of what it was given; None leaves that as it is. One that raises fails its
    turn as `hook_failed`, and nothing else. Plain ones run on the runtime's loop: they must not block.
    """

    def on_user_message(
        self, messages: Messages, place: Place
    ) -> Messages | Awaitable[Messages | None] | None:
        """Called before a turn's first step, and before what steers it enters, with the user's messages."""

    def on_request(self, request: Request, place: Place) -> Request | Awaitable[Request | None] | None:
        """Called before each model request, with all of it; what it changes is sent and not remembered."""

    def on_response(
        self, result: StepResult, place: Place
    ) -> StepResult | Awaitable[StepResult | None] | None:
        """Called after each complete answer of the model; what was shown of it by then stays shown."""

    def on_tool_call(
        self, call: Invocation, place: Place
    ) -> Invocation | ToolResult | Awaitable[Invocation | ToolResult | None] | None:
        """Called before each call that can run, ahead of its approval; a `ToolResult` answers it instead."""

    def on_tool_result(
        self, result: ToolResult, call: Invocation, place: Place
    ) -> ToolResult | Awaitable[ToolResult | None] | None:
        """Called after each call, run or not, with what the model is going to get."""


def overridden(hooks: Hooks | None, name: str) -> Any:
    """The bound method if the host has written it, else None: so that what does nothing costs nothing."""
    if hooks is None or getattr(type(hooks), name) is getattr(Hooks, name):
        return None
    return getattr(hooks, name)
