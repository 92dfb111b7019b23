"""What a server may answer, as the SDK gives it."""

from __future__ import annotations

from typing import Any

import pytest

from actors.mcp.result import to_result
from actors.tools.result import ToolResult

types = pytest.importorskip("mcp_types", reason="the MCP SDK is not installed: pip install 'greenroom[mcp]'")
trouble = pytest.importorskip("actors.mcp.trouble")
mcp = pytest.importorskip("mcp")

TEXT = {"type": "text", "text": "one"}


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        ({"content": []}, ""),
        ({"content": [TEXT, TEXT]}, "one\none"),
        ({"content": [], "structuredContent": {"a": 1}}, {"a": 1}),
        ({"content": [TEXT], "structuredContent": {"a": 1}}, "one"),
        ({"content": [{"type": "resource_link", "name": "notes", "uri": "file:///n"}]}, "notes: file:///n"),
        ({"content": [{"type": "resource", "resource": {"uri": "a:b", "text": "inside"}}]}, "inside"),
        (
            {"content": [{"type": "resource", "resource": {"uri": "a:b", "blob": "AAAA"}}]},
            "[resource that can't be shown here]",
        ),
        (
            {"content": [TEXT, {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"}]},
            [TEXT, {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}],
        ),
        (
            {"content": [{"type": "audio", "data": "AAAA", "mimeType": "audio/odd"}]},
            "[audio that can't be shown here]",
        ),
    ],
)
def test_an_answer_becomes_a_result(answer: dict[str, Any], content: Any) -> None:
    assert to_result(types.CallToolResult.model_validate(answer)) == ToolResult(content)
    failed = types.CallToolResult.model_validate(answer | {"isError": True})
    assert to_result(failed) == ToolResult(content, is_error=True)


def test_what_the_sdk_says_when_a_server_is_gone_is_known() -> None:
    assert trouble.is_loss(mcp.MCPError(types.CONNECTION_CLOSED, "whatever"))
    assert trouble.is_loss(mcp.MCPError(types.INVALID_REQUEST, "Session terminated"))
    assert not trouble.is_loss(mcp.MCPError(types.INVALID_REQUEST, "something else"))
