"""The application: the page, and what it is fed."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from actors.dashboard.web import page
from actors.dashboard.web.board import Board, Wanted
from actors.dashboard.web.frames import FrameStream, Pace, frames
from actors.dashboard.web.guard import PAGE, Guard

READERS: Final = 32
"""How many may watch at once."""


def build(
    board: Board,
    token: str,
    *,
    names: Iterable[str] = (),
    any_address: bool = False,
    pace: Pace | None = None,
    readers: int = READERS,
) -> ASGIApp:
    """Make the application, with its guard before it.

    Args:
        board: what is shown.
        token: what a reader must know.
        names: see `Guard`.
        any_address: see `Guard`.
        pace: how often a reader hears something.
        readers: how many at once; further ones get a 503.
    """
    document = page.build()
    pace = Pace() if pace is None else pace

    async def show(_: Request) -> Response:
        return Response(document.html, media_type="text/html")

    async def stream(request: Request) -> Response:
        if board.readers >= readers:
            return PlainTextResponse("too many are watching\n", HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            wanted = msgspec.convert(_asked(request), Wanted, strict=False)
        except msgspec.ValidationError as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.BAD_REQUEST)
        return FrameStream(frames(board, wanted, pace))

    app = Starlette(routes=[Route(PAGE, show), Route("/events", stream)])
    return Guard(app, token=token, policy=document.policy, names=names, any_address=any_address)


def _asked(request: Request) -> dict[str, Any]:
    asked: dict[str, Any] = dict(request.query_params)
    if "states" in asked:
        asked["states"] = asked["states"].split(",")
    return asked
