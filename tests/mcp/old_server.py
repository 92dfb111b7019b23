"""A server of the handshake's era, by hand: quick to start, two pages of tools, some of them odd.

`old_server.py [mute] [NAME ...]`: it never answers, or has these tools, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.mcp.writing import Pen

SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
EXTRA: list[dict[str, Any]] = [{"name": name, "inputSchema": SCHEMA} for name in sys.argv[1:]]
PAGES: list[list[dict[str, Any]]] = [
    [{"name": name, "inputSchema": SCHEMA} for name in ("read file", "read/file", "environ", "breed")],
    [
        {"name": "change", "description": "Change \x1b[2J the list.", "inputSchema": SCHEMA},
        {"name": "crash", "inputSchema": SCHEMA},
        {"name": "bent", "inputSchema": {"type": "object", "properties": {"a": {"type": "nonsense"}}}},
        *EXTRA,
    ],
]
pen = Pen("server")


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def call(name: str) -> str:
    match name:
        case "change":
            PAGES[0].append({"name": "late", "inputSchema": SCHEMA})
            say({"method": "notifications/tools/list_changed"})
        case "crash":
            sys.stderr.write(f"the roof \x1b[31m came down on {os.environ.get('KEY')}\n")
            sys.stderr.flush()
            os._exit(3)
        case "environ":
            return json.dumps(dict(os.environ))
        case "breed":
            subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("writing.py"))], stdin=subprocess.DEVNULL
            )
    return name


def answer(method: str, params: dict[str, Any]) -> dict[str, Any] | None:
    match method:
        case "initialize":
            return {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": "old", "version": "1"},
            }
        case "tools/list":
            page = int(params.get("cursor", "0"))
            further = {"nextCursor": str(page + 1)} if page + 1 < len(PAGES) else {}
            return {"tools": PAGES[page], **further}
        case "tools/call":
            return {"content": [{"type": "text", "text": call(params["name"])}]}
    return None


def serve() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        result = answer(asked["method"], asked.get("params", {}))
        if result is None:
            say({"id": asked["id"], "error": {"code": -32601, "message": "Method not found"}})
        else:
            say({"id": asked["id"], "result": result})


if __name__ == "__main__":
    if sys.argv[1:] == ["mute"]:
        sys.stdin.read()
    else:
        serve()
