"""Servers as the tests start them, and a host that calls their tools from its thread."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from loguru import logger

from actors import McpServer, Runtime
from actors.tools.context import ToolContext
from tests.mcp.diary import PATIENCE_S, Diary

FOLDER = Path(__file__).parent

wants_mcp = pytest.mark.skipif(
    find_spec("mcp") is None, reason="the MCP SDK is not installed: pip install 'greenroom[mcp]'"
)


def old(diary: Diary, *arguments: str, **settings: Any) -> McpServer:
    """The quick one, over stdio."""
    script = str(FOLDER / "old_server.py")
    env = diary.env | settings.pop("env", {})
    given = {"args": (script, *arguments), "env": env, "backoff": 0.001}
    return McpServer(command=sys.executable, **given | settings)


def stage(diary: Diary) -> McpServer:
    """The SDK's, over stdio."""
    script = str(FOLDER / "stage_server.py")
    return McpServer(command=sys.executable, args=(script, "stdio"), env=tuple(diary.env.items()))


@contextlib.contextmanager
def listening(diary: Diary, port: int = 0) -> Iterator[int]:
    """The SDK's, over HTTP; gives its port. It is dead when the block is left."""
    script = str(FOLDER / "stage_server.py")
    with subprocess.Popen([sys.executable, script, "http", str(port)], env=diary.env) as process:
        try:
            yield int(diary.line("listens"))
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE_S)


def called(
    runtime: Runtime, name: str, report: Callable[[Any], None] = print, /, **arguments: Any
) -> Future[Any]:
    """A call of a tool, as a session's would be: on the runtime's loop."""
    server = name.partition("__")[0]
    (tool,) = [each for each in runtime.mcp(server).current() if each.name == name]
    assert runtime._dispatcher is not None
    running = tool.run(arguments, ToolContext(report=report))
    return asyncio.run_coroutine_threadsafe(running, runtime._dispatcher.loop)


def call(runtime: Runtime, name: str, /, **arguments: Any) -> Any:
    """The content of its result."""
    return called(runtime, name, **arguments).result(PATIENCE_S).content


def names(runtime: Runtime, server: str) -> list[str]:
    """Of its tools, once they are listed."""
    return [tool.name for tool in runtime.mcp(server).listed().get(timeout=PATIENCE_S)]


class Heard:
    """The runtime's log records, as they come."""

    def __init__(self) -> None:
        self._records: queue.Queue[dict[str, Any]] = queue.Queue()

    def take(self, message: Any) -> None:
        self._records.put(message.record["extra"]["greenroom"])

    def next(self, event: str) -> dict[str, Any]:
        while True:
            record = self._records.get(timeout=PATIENCE_S)
            if record["event.name"] == f"actors.mcp.{event}":
                return record


@contextlib.contextmanager
def listening_to_the_log() -> Iterator[Heard]:
    heard = Heard()
    logger.enable("actors")
    handler = logger.add(heard.take, level="DEBUG", filter=lambda record: "greenroom" in record["extra"])
    try:
        yield heard
    finally:
        logger.remove(handler)
        logger.disable("actors")
