"""A server made with the SDK, run as a process: `stage_server.py stdio`, or `stage_server.py http PORT`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

PNG = bytes.fromhex("89504e470d0a1a0a")


def note(line: str) -> None:
    with socket.create_connection(("127.0.0.1", int(os.environ["DIARY"]))) as diary:
        diary.sendall(f"{line}\n".encode())


server = MCPServer("stage")


@server.tool(annotations=ToolAnnotations(read_only_hint=True, destructive_hint=False))
def echo(text: str) -> str:
    """Say it again."""
    return text


@server.tool()
async def slow() -> str:
    """Never come to an end."""
    note("slow begun")
    try:
        await anyio.sleep_forever()
    finally:
        note("slow ended")
    return ""


@server.tool()
def crash() -> str:
    """End the process."""
    sys.stderr.write("the roof \x1b[31m came down, key-of-the-house\n")
    sys.stderr.flush()
    os._exit(3)


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
def about() -> dict[str, Any]:
    """Say which process this is, and what it was given."""
    return {"pid": os.getpid(), "environ": dict(os.environ), "cwd": str(Path.cwd())}


@server.tool()
def breed() -> int:
    """Start a further process, which ends by itself never."""
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal; signal.pause()"], stdin=subprocess.DEVNULL
    )
    return child.pid


def listen(port: int) -> None:
    listener = socket.create_server(("127.0.0.1", port))
    note(f"listens {listener.getsockname()[1]}")
    app = server.streamable_http_app()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    note(f"starts {os.getpid()}")
    if sys.argv[1] == "http":
        listen(int(sys.argv[2]))
    else:
        server.run("stdio")
        note("left in order")
