"""What a server answered to a call, as a tool's result: pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actors.tools.result import ToolResult

_FORMATS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
"""Of the sound that chat completions take."""


def to_result(answer: Any) -> ToolResult:
    """Text as text, an image or sound as a part; where there is neither, the structured content.

    Args:
        answer: an `mcp_types.CallToolResult`. What it says twice is taken once: a server whose tool gives structured
            content repeats it as text (specification 2025-06-18, server/tools, "Structured Content").
    """
    parts = list(_parts(answer.content))
    if not parts and answer.structured_content is not None:
        return ToolResult(answer.structured_content, is_error=answer.is_error)
    if all(part["type"] == "text" for part in parts):
        return ToolResult("\n".join(part["text"] for part in parts), is_error=answer.is_error)
    return ToolResult(parts, is_error=answer.is_error)


def _parts(blocks: Any) -> Iterator[dict[str, Any]]:
    for block in blocks:
        match block.type:
            case "text":
                yield _text(block.text)
            case "image":
                url = f"data:{block.mime_type};base64,{block.data}"
                yield {"type": "image_url", "image_url": {"url": url}}
            case "audio" if block.mime_type in _FORMATS:
                sound = {"data": block.data, "format": _FORMATS[block.mime_type]}
                yield {"type": "input_audio", "input_audio": sound}
            case "resource" if hasattr(block.resource, "text"):
                yield _text(block.resource.text)
            case "resource_link":
                yield _text(f"{block.name}: {block.uri}")
            case _:
                yield _text(f"[{block.type} that can't be shown here]")


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
