"""A server's tools as tools of a session: each call is a question to the server's actor."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import pykka

from actors.errors import ConfigError, McpError
from actors.kernel.future import ask
from actors.mcp.messages import CallTool, CancelCall
from actors.mcp.naming import names_of
from actors.mcp.report import McpReport
from actors.mcp.result import to_result
from actors.mcp.state import McpState
from actors.tools.context import ToolContext
from actors.tools.result import ToolResult
from actors.tools.tool import Tool


def take_listing(state: McpState, listed: Iterable[Any], report: McpReport) -> None:
    """Make the tools of a listing, each once; one that can't be a tool here is left out, and the log says why.

    Args:
        state: the server they are of; gets the tools and what is said of them.
        listed: as the SDK has them: `mcp_types.Tool`.
        report: takes what is left out.
    """
    by_name = {each.name: each for each in listed}
    names = names_of(state.prefix, by_name)
    tools: list[Tool] = []
    for tool, name in names.items():
        try:
            tools.append(_made(state, by_name[tool], name))
        except ConfigError as error:
            report.left_out(tool, error)
    state.hints = {names[tool]: _hints(each) for tool, each in by_name.items()}
    state.tools = tuple(tools)


def _hints(listed: Any) -> dict[str, bool]:
    said = {} if listed.annotations is None else listed.annotations.model_dump(by_alias=True)
    return {name: value for name, value in said.items() if isinstance(value, bool)}


def _made(state: McpState, listed: Any, name: str) -> Tool:
    server = state.server
    hints = _hints(listed)
    harmless = hints.get("idempotentHint", False) or hints.get("readOnlyHint", False)
    retries = server.retries if harmless else 0

    async def run(arguments: dict[str, Any], context: ToolContext) -> ToolResult:
        return await _call(state, CallTool(listed.name, arguments, context.progress))

    return Tool.from_schema(
        run,
        name=name,
        description=listed.description if listed.description is not None else "",
        parameters=listed.input_schema,
        timeout=server.timeout,
        max_output=server.max_output,
        idempotent=retries > 0,
        retries=retries,
    )


async def _call(state: McpState, call: CallTool) -> ToolResult:
    assert state.ref is not None  # noqa: S101 - its actor listed the tool
    try:
        return to_result(await ask(state.ref, call, loop=asyncio.get_running_loop()))
    except asyncio.CancelledError:
        with contextlib.suppress(pykka.ActorDeadError):
            state.ref.tell(CancelCall(call))
        raise
    except pykka.ActorDeadError:
        raise state.named(McpError(state.epitaph)) from None
    except McpError as error:
        raise state.named(error) from None
