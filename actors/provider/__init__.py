"""A scripted provider: a real HTTP server on loopback that speaks OpenAI's chat completions and fails on cue.

Example::

    story = Reply("Once upon a time there was an endpoint.")
    with ScriptedProvider() as provider:
        provider.script("ada", Status(429, headers={"retry-after": "1"}), story.but(Reset(after=3)), story)
        client = openai.OpenAI(base_url=provider.base_url, api_key="none")
        ...
        assert [request.attempt for request in provider.requests_of("ada")] == [1, 2, 3]
"""

from actors.provider.desk import SESSION_HEADER
from actors.provider.door import Door
from actors.provider.faults import (
    BadChunk,
    BadJson,
    BadStatusLine,
    Delay,
    Eof,
    Fault,
    InBandError,
    Inject,
    InvalidUtf8,
    KeepAlives,
    Pause,
    Phase,
    Reset,
    Stall,
)
from actors.provider.gate import Gate
from actors.provider.ledger import ObservedRequest
from actors.provider.plays import Play, RawBody, Redirect, Reply, Script, Status
from actors.provider.provider import ScriptedProvider
from actors.provider.tools import Call, ToolShape
from actors.provider.toxics import (
    Toxic,
    bandwidth,
    latency,
    limit_data,
    reset_peer,
    slicer,
    slow_close,
    timeout,
)

__all__ = [
    "SESSION_HEADER",
    "BadChunk",
    "BadJson",
    "BadStatusLine",
    "Call",
    "Delay",
    "Door",
    "Eof",
    "Fault",
    "Gate",
    "InBandError",
    "Inject",
    "InvalidUtf8",
    "KeepAlives",
    "ObservedRequest",
    "Pause",
    "Phase",
    "Play",
    "RawBody",
    "Redirect",
    "Reply",
    "Reset",
    "Script",
    "ScriptedProvider",
    "Stall",
    "Status",
    "ToolShape",
    "Toxic",
    "bandwidth",
    "latency",
    "limit_data",
    "reset_peer",
    "slicer",
    "slow_close",
    "timeout",
]
