"""A server of the handshake's era, by hand: two pages of tools, some odd, and a list that changes unasked."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

SCHEMA = {"type": "object", "properties": {}}
PAGES = [
    [{"name": "read file", "inputSchema": SCHEMA}, {"name": "read/file", "inputSchema": SCHEMA}],
    [{"name": "change", "description": "Change \x1b[2J the list.", "inputSchema": SCHEMA},
     {"name": "bent", "inputSchema": {"type": "object", "properties": {"a": {"type": "nonsense"}}}}],
]  # fmt: skip


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


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
            if params["name"] == "change":
                PAGES[0].append({"name": "late", "inputSchema": SCHEMA})
                say({"method": "notifications/tools/list_changed"})
            return {"content": [{"type": "text", "text": params["name"]}]}
    return None


if __name__ == "__main__":
    if "mute" in sys.argv:
        sys.stdin.read()
        os._exit(0)
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked:
            continue
        result = answer(asked["method"], asked.get("params", {}))
        if result is None:
            say({"id": asked["id"], "error": {"code": -32601, "message": "Method not found"}})
        else:
            say({"id": asked["id"], "result": result})
