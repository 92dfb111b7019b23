"""greenroom: an actor-model runtime for LLM sessions.

A host spawns sessions; each is a pykka actor with its own mailbox; a supervisor retries what fails and forwards
events by message passing. Start with `Runtime`, `Endpoint` and `Runtime.spawn`.

Names are loaded when they are first used, so that `import actors` and the command start quickly.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors import events, log, outcome
    from actors.answers.fold import AnswerFold
    from actors.approvals import ApprovalRequest, Approvals, Approve, Reject, Rule
    from actors.blackboard import Blackboard, BoardStream
    from actors.client import Session
    from actors.company.agent import Agent
    from actors.company.board.changes import BoardChange, BoardChanges, BoardDeleted, BoardEntry, BoardMissed
    from actors.company.board.limits import BoardLimits
    from actors.company.gathering import Gathered, Job, gather
    from actors.company.handoff import Handoff
    from actors.company.routing import Routed, route, router
    from actors.company.talk_tools import talk_tools
    from actors.config import (
        Budget,
        Buffering,
        Deadlines,
        Endpoint,
        Intensity,
        Limits,
        PartLimits,
        Price,
        Profile,
        Repeats,
        RetryPolicy,
        RuntimeConfig,
        Secret,
        SessionConfig,
        Thinking,
        Tls,
        Window,
    )
    from actors.core.advice import advise, trouble_of
    from actors.core.fold import Fold, fold
    from actors.errors import (
        AdmissionError,
        AnswerError,
        AskCancelledError,
        AskCycleError,
        AskError,
        AskTimeoutError,
        BlockingCallError,
        BoardError,
        BoardFullError,
        BoardKeyError,
        BoardValueError,
        BudgetError,
        ConfigError,
        DrainingError,
        ForkedError,
        GreenroomError,
        McpError,
        McpStartError,
        NoSuchSessionError,
        QueueFullError,
        RuntimeClosedError,
        ScriptError,
        SessionClosedError,
        ToolError,
        TurnCancelledError,
        TurnError,
        TurnFailedError,
        UsageError,
        VersionConflictError,
    )
    from actors.hooks import Hooks, Invocation, Place
    from actors.local import LocalModel
    from actors.mapping import MapResult
    from actors.mcp.server import McpServer
    from actors.mcp.tools import McpTools
    from actors.messages import EventBatch, GetHistory
    from actors.parts import File, Image
    from actors.room import Room
    from actors.runtime import Runtime
    from actors.stream import EventStream, TurnHandle, TurnStream
    from actors.tools.context import ToolContext
    from actors.tools.decorator import tool
    from actors.tools.result import ToolResult
    from actors.tools.tool import Tool

_HOMES = {
    "Blackboard": "actors.blackboard",
    "BoardStream": "actors.blackboard",
    "BoardChange": "actors.company.board.changes",
    "BoardChanges": "actors.company.board.changes",
    "BoardDeleted": "actors.company.board.changes",
    "BoardEntry": "actors.company.board.changes",
    "BoardMissed": "actors.company.board.changes",
    "BoardLimits": "actors.company.board.limits",
    "BoardError": "actors.errors",
    "BoardFullError": "actors.errors",
    "BoardKeyError": "actors.errors",
    "BoardValueError": "actors.errors",
    "VersionConflictError": "actors.errors",
    "Repeats": "actors.config",
    "Approvals": "actors.approvals",
    "ApprovalRequest": "actors.approvals",
    "Approve": "actors.approvals",
    "Reject": "actors.approvals",
    "Rule": "actors.approvals",
    "Hooks": "actors.hooks",
    "Invocation": "actors.hooks",
    "Place": "actors.hooks",
    "AnswerFold": "actors.answers.fold",
    "AnswerError": "actors.errors",
    "Budget": "actors.config",
    "Price": "actors.config",
    "BudgetError": "actors.errors",
    "Buffering": "actors.config",
    "Deadlines": "actors.config",
    "Endpoint": "actors.config",
    "Intensity": "actors.config",
    "Limits": "actors.config",
    "PartLimits": "actors.config",
    "Profile": "actors.config",
    "RetryPolicy": "actors.config",
    "RuntimeConfig": "actors.config",
    "Secret": "actors.config",
    "SessionConfig": "actors.config",
    "Thinking": "actors.config",
    "Tls": "actors.config",
    "Agent": "actors.company.agent",
    "Gathered": "actors.company.gathering",
    "Job": "actors.company.gathering",
    "gather": "actors.company.gathering",
    "Handoff": "actors.company.handoff",
    "Routed": "actors.company.routing",
    "route": "actors.company.routing",
    "router": "actors.company.routing",
    "Session": "actors.client",
    "Window": "actors.config",
    "advise": "actors.core.advice",
    "trouble_of": "actors.core.advice",
    "Fold": "actors.core.fold",
    "fold": "actors.core.fold",
    "AdmissionError": "actors.errors",
    "AskCancelledError": "actors.errors",
    "AskCycleError": "actors.errors",
    "AskError": "actors.errors",
    "AskTimeoutError": "actors.errors",
    "BlockingCallError": "actors.errors",
    "ConfigError": "actors.errors",
    "DrainingError": "actors.errors",
    "ForkedError": "actors.errors",
    "GreenroomError": "actors.errors",
    "McpError": "actors.errors",
    "McpStartError": "actors.errors",
    "NoSuchSessionError": "actors.errors",
    "QueueFullError": "actors.errors",
    "RuntimeClosedError": "actors.errors",
    "ScriptError": "actors.errors",
    "SessionClosedError": "actors.errors",
    "ToolError": "actors.errors",
    "TurnCancelledError": "actors.errors",
    "TurnError": "actors.errors",
    "TurnFailedError": "actors.errors",
    "UsageError": "actors.errors",
    "LocalModel": "actors.local",
    "MapResult": "actors.mapping",
    "McpServer": "actors.mcp.server",
    "McpTools": "actors.mcp.tools",
    "EventBatch": "actors.messages",
    "File": "actors.parts",
    "Image": "actors.parts",
    "GetHistory": "actors.messages",
    "Room": "actors.room",
    "talk_tools": "actors.company.talk_tools",
    "Runtime": "actors.runtime",
    "EventStream": "actors.stream",
    "TurnHandle": "actors.stream",
    "TurnStream": "actors.stream",
    "Tool": "actors.tools.tool",
    "ToolContext": "actors.tools.context",
    "ToolResult": "actors.tools.result",
    "tool": "actors.tools.decorator",
}
_MODULES = frozenset({"events", "log", "outcome"})

__all__ = [
    "AdmissionError",
    "Agent",
    "AnswerError",
    "AnswerFold",
    "ApprovalRequest",
    "Approvals",
    "Approve",
    "AskCancelledError",
    "AskCycleError",
    "AskError",
    "AskTimeoutError",
    "Blackboard",
    "BlockingCallError",
    "BoardChange",
    "BoardChanges",
    "BoardDeleted",
    "BoardEntry",
    "BoardError",
    "BoardFullError",
    "BoardKeyError",
    "BoardLimits",
    "BoardMissed",
    "BoardStream",
    "BoardValueError",
    "Budget",
    "BudgetError",
    "Buffering",
    "ConfigError",
    "Deadlines",
    "DrainingError",
    "Endpoint",
    "EventBatch",
    "EventStream",
    "File",
    "Fold",
    "ForkedError",
    "Gathered",
    "GetHistory",
    "GreenroomError",
    "Handoff",
    "Hooks",
    "Image",
    "Intensity",
    "Invocation",
    "Job",
    "Limits",
    "LocalModel",
    "MapResult",
    "McpError",
    "McpServer",
    "McpStartError",
    "McpTools",
    "NoSuchSessionError",
    "PartLimits",
    "Place",
    "Price",
    "Profile",
    "QueueFullError",
    "Reject",
    "Repeats",
    "RetryPolicy",
    "Room",
    "Routed",
    "Rule",
    "Runtime",
    "RuntimeClosedError",
    "RuntimeConfig",
    "ScriptError",
    "Secret",
    "Session",
    "SessionClosedError",
    "SessionConfig",
    "Thinking",
    "Tls",
    "Tool",
    "ToolContext",
    "ToolError",
    "ToolResult",
    "TurnCancelledError",
    "TurnError",
    "TurnFailedError",
    "TurnHandle",
    "TurnStream",
    "UsageError",
    "VersionConflictError",
    "Window",
    "advise",
    "events",
    "fold",
    "gather",
    "log",
    "outcome",
    "route",
    "router",
    "talk_tools",
    "tool",
    "trouble_of",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"actors.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'actors' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
