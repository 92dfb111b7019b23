"""A server made with the SDK, run as a process: `stage_server.py stdio`, or `stage_server.py http PORT`."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

import anyio
import uvicorn
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from tests.mcp.writing import Pen

PNG = bytes.fromhex("89504e470d0a1a0a")

pen = Pen("server")
server = MCPServer("stage", log_level="ERROR")
met: list[anyio.Event] = []


@server.tool(annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False))
def echo(text: str) -> str:
    """Say it again."""
    return text


@server.tool()
async def meet() -> str:
    """Wait for a second call of this."""
    met.append(anyio.Event())
    if len(met) == 2:
        for event in met:
            event.set()
    await met[0].wait()
    return "met"


@server.tool()
async def slow() -> str:
    """Never come to an end."""
    pen.note("slow begins")
    try:
        await anyio.sleep_forever()
    finally:
        pen.note("slow ends")
    return ""


@server.tool()
def fail() -> str:
    """Raise."""
    raise ToolError("no such thing")


@server.tool(structured_output=False)
def picture() -> list[Any]:
    """Give an image and a text."""
    return ["look:", Image(data=PNG, format="png")]


@server.tool()
async def climb(context: Context[Any, Any]) -> str:
    """Tell how far it is."""
    await context.report_progress(1, 2, "half way")
    await context.report_progress(2, 2)
    return "there"


@server.tool()
async def grow(name: str, context: Context[Any, Any]) -> str:
    """Get a further tool."""
    server.add_tool(lambda: "new", name=name, description="A new one.")
    await context.notify_tools_changed()
    return "grown"


@server.tool()
def crash() -> str:
    """End the process."""
    os._exit(3)


def listen(port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port))
    pen.note(f"listens {listener.getsockname()[1]}")
    app = server.streamable_http_app()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1] == "http":
        listen(int(sys.argv[2]))
    else:
        server.run("stdio")
