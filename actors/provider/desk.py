"""The front desk: whose a request is and what it asks, or the page that turns it away. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from actors.config import MiB
from actors.provider.chunks import encode, error_body
from actors.provider.plays import RawBody

SESSION_HEADER = "x-greenroom-session"
ATTEMPT_HEADER = f"{SESSION_HEADER}-attempt"
"""Turn, step and attempt of a request, such as `1.1.2`."""
MODEL = "scripted"
MAX_BODY = 16 * MiB
"""A longer request body is refused with status 413."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came, whole."""

    method: str
    path: str
    """The target, query included."""
    headers: Mapping[str, str]
    """Names in lower case; of repeated ones the last."""
    data: bytes | None
    """The body; None: it passed `MAX_BODY`."""
    http_version: str = "1.1"

    @property
    def close(self) -> bool:
        """Whether the client asked for the connection to be closed after the response."""
        options = self.headers.get("connection", "").lower().split(",")
        return "close" in (option.strip() for option in options)


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """What the desk found out about a request."""

    key: str = ""
    """The session header, else the body's `model`; empty for a request that is turned away."""
    body: Any = None
    """The decoded JSON; None for none."""
    page: RawBody | None = None
    """The answer to a request that no script is for."""


def receive(request: Request) -> Visitor:
    """Look at a request: is it a chat completion that a script can answer?"""
    path = request.path.partition("?")[0]
    if request.data is None:
        return _refusal(413, f"a request body may hold {MAX_BODY} bytes", None)
    body = _decoded(request.data)
    match request.method, path:
        case "POST", "/v1/chat/completions":
            return _chat(request, body)
        case "GET" | "HEAD", "/v1/models":
            models = [{"id": MODEL, "object": "model", "created": 0, "owned_by": "greenroom"}]
            return Visitor(page=_json(200, encode({"object": "list", "data": models})))
        case _, ("/v1/chat/completions" | "/v1/models"):
            return _refusal(405, f"{request.method} is not allowed on {path}", body)
        case _:
            return _refusal(404, f"nothing is at {path}", body)


def _chat(request: Request, body: Any) -> Visitor:
    if not isinstance(body, dict):
        return _refusal(400, "the body must be a JSON object", body)
    model = body.get("model")
    if not isinstance(model, str) or not model:
        return _refusal(400, "you must provide a model parameter", body)
    if not isinstance(body.get("messages"), list):
        return _refusal(400, "'messages' must be an array", body)
    return Visitor(key=request.headers.get(SESSION_HEADER, model), body=body)


def _decoded(data: bytes) -> Any:
    try:
        # Not msgspec: clients send lone surrogates, as escapes, and the standard library takes them.
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def refusal(status: int, message: str) -> RawBody:
    """An error of the client's, as OpenAI words it."""
    return _json(status, error_body(message, "invalid_request_error", None))


def _refusal(status: int, message: str, body: Any) -> Visitor:
    return Visitor(body=body, page=refusal(status, message))


def _json(status: int, data: bytes) -> RawBody:
    return RawBody(data, content_type="application/json", status=status, framing="length")
