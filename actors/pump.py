"""Hands a turn's events to a callback of the host: on its running loop, or in a thread; never in an actor."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from actors.events import Event
from actors.kernel.future import LoopFuture
from actors.stream import CancelTurn, TurnHandle, TurnStream

OnEvent: TypeAlias = Callable[[Event], Awaitable[None] | None]


def pumped(stream: TurnStream, on_event: OnEvent, cancel: CancelTurn) -> TurnHandle:
    """A handle for a turn whose events are handed to a callback of the host, outside of any actor."""
    done: LoopFuture[Any] = LoopFuture()
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        threading.Thread(
            target=_pump_in_thread, args=(stream, on_event, done), name="greenroom-on-event", daemon=True
        ).start()
        return TurnHandle(stream.turn, done, cancel, stream.birthplace)
    pump = loop.create_task(_pump(stream, on_event, done))
    return TurnHandle(stream.turn, done, cancel, stream.birthplace, keeps=pump)


def _pump_in_thread(stream: TurnStream, on_event: OnEvent, done: LoopFuture[Any]) -> None:
    try:
        with stream:
            for event in stream:
                if inspect.isawaitable(on_event(event)):
                    raise TypeError("an async on_event needs a running loop: call send() inside one")
        done.set(stream.done.get())
    except BaseException:  # noqa: BLE001 - it reaches whoever waits
        done.set_exception(sys.exc_info())


async def _pump(stream: TurnStream, on_event: OnEvent, done: LoopFuture[Any]) -> None:
    try:
        async with stream:
            async for event in stream:
                awaitable = on_event(event)
                if inspect.isawaitable(awaitable):
                    await awaitable
        done.set(await stream.done)
    except BaseException:  # noqa: BLE001 - as above
        done.set_exception(sys.exc_info())
