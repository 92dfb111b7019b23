"""Fleets that stand still, to be looked at, and the screen that shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

from textual.pilot import Pilot

from actors.dashboard.top.app import Top
from actors.dashboard.top.board import Board
from actors.dashboard.top.rows.headline import Status
from actors.fleet.fold import Fleet
from actors.log.schema import Record
from tests.fleet.story import STATS, T0, record

SMALL, LARGE = (80, 24), (200, 60)

HOSTILE = "[red]\x1b[2J\u202eevil\n[/]"
"""Markup, a control sequence, an override of direction, and a line break."""

Script: TypeAlias = Callable[[Pilot[OSError | None]], Awaitable[None]]


class Still:
    """A source whose fleet is complete, and whose time does not pass."""

    def __init__(self, *records: Record, now: float = 30.0, bad: str = "") -> None:
        self.fleet = Fleet()
        for it in records:
            self.fleet.apply(it)
        if bad:
            self.fleet.bad_line(bad)
        self.paused = self.closed = False
        self._now = T0 + now

    @property
    def status(self) -> Status:
        return Status(source="night.jsonl", files=1, read=9000, there=9000, paused=self.paused)

    def now(self) -> float:
        return self._now

    def poll(self) -> Iterator[None]:
        yield

    def pause(self) -> None:
        self.paused = not self.paused

    def close(self) -> None:
        self.closed = True


def turn(session: str, at: float, *more: Record, agent: str = "poet") -> tuple[Record, ...]:
    """A session's start and first request, at the beginning of the log's `at`-th second."""
    return (
        record("session.started", at, session=session, agent=agent),
        record("turn.started", at, session=session),
        record("request.started", at + 0.1, session=session, step=1, attempt=1),
        *more,
    )


def call(session: str, call_id: str, tool: str = "look") -> dict[str, Any]:
    """Which call a record is of."""
    return {"session": session, "step": 1, "tool_name": tool, "tool_call_id": call_id}


def called(session: str, at: float, call_id: str, *more: Record) -> tuple[Record, ...]:
    """A call that runs."""
    return record("tool.started", at, **call(session, call_id)), *more


def desk() -> tuple[Record, ...]:
    """Two agents: one waits for a decision, and for a tool; of the other several tools run."""
    return (
        *turn("fay", 1, agent="clerk"),
        record("request.completed", 3, session="fay", step=1, attempt=1, calls_count=2),
        *called("fay", 3, "c1"),
        record("approval.requested", 3, **call("fay", "c2", "pay"), approval_id="a"),
        *turn("gus", 4, agent="clerk"),
        record("request.completed", 5, session="gus", step=1, attempt=1, calls_count=3),
        *called("gus", 5, "c1"),
        *called("gus", 5, "c2"),
        *called("gus", 5, "c3", record("tool.failed", 9, **call("gus", "c3"), level="WARNING", duration=4.0)),
        *turn("hal", 10, *called("hal", 12, HOSTILE), agent="clerk"),
    )


def evening() -> tuple[Record, ...]:
    """Something of everything."""
    return (
        record("runtime.started"),
        record("actor.started", actor_class="RootSupervisor", actor_urn="root", actor_state="ready"),
        record("actor.started", actor_urn="s-ada", actor_parent="root", session="ada", actor_state="ready"),
        record("actor.started", actor_class="SessionActor", actor_urn="a-ada", actor_parent="s-ada",
               session="ada", actor_state="ready"),
        *turn("ada", 1),
        record("request.first_chunk", 2, session="ada", step=1, attempt=1),
        record("actor.failed", 3, level="ERROR", actor_class="SessionActor", actor_urn="a-ada",
               actor_parent="s-ada", session="ada", exception_type="KeyError", exception_message="'tool'"),
        record("actor.restarted", 3, actor_class="SessionActor", actor_urn="a-ada", actor_parent="s-ada",
               session="ada", actor_state="ready", actor_restarts=1),
        record("session.restarted", 3, session="ada", level="WARNING", message="KeyError: 'tool'"),
        record("request.completed", 5, session="ada", step=1, attempt=1, calls_count=2,
                     message="complete (tool_calls)"),
        *called("ada", 5, "c1", record("tool.completed", 5.25, **call("ada", "c1"), duration=0.25)),
        record("approval.requested", 5, **call("ada", "c2", "pay"), approval_id="a"),
        record("approval.decided", 5.5, **call("ada", "c2", "pay"), approval_id="a", outcome="rejected",
               duration=0.5),
        record("tool.failed", 5.5, **call("ada", "c2", "pay"), level="WARNING", outcome="rejected",
               error_type="tool:rejected", tool_ran=False, duration=0.5),
        record("turn.completed", 6, session="ada", message="turn completed"),
        *turn("bob", 6, record("request.failed", 7, session="bob", step=1, attempt=1, level="WARNING",
                               message="http_error:503: The service is down."),
              record("request.retry_scheduled", 7, session="bob", step=1, attempt=1, level="WARNING",
                     message="attempt 1 of 5 failed, next in 40000 ms: http_error:503", retry_delay=40.0)),
        *turn("cyd", 8, record("request.first_chunk", 9, session="cyd", step=1, attempt=1,
                               time_to_first_chunk=0.25),
              record("request.progress", 28, session="cyd", step=1, attempt=1)),
        *turn(HOSTILE, 10, record("request.failed", 11, session=HOSTILE, level="WARNING", message=HOSTILE),
              record("turn.failed", 11, session=HOSTILE, level="ERROR", message=HOSTILE), agent=HOSTILE),
        *turn("蛙飛び込む水の音、古池や", 12),
        *turn("eve", 13, record("turn.cancelled", 14, session="eve"), record("session.ended", 14, session="eve")),
        record("dispatcher.stalled", 15, level="WARNING", message="a handler held the loop for 0.4 s"),
        record("actor.dead_letter", 16, level="WARNING", session="bob",
               message="Chunks could not be delivered to AggregatorActor"),
        record("runtime.stats", 29, **STATS | {"rss": 57_000_000}),
    )  # fmt: skip


def watch(source: Still, size: tuple[int, int], script: Script) -> None:
    """Let a script press keys."""

    async def run() -> None:
        async with Top(source).run_test(size=size) as pilot:
            await pilot.pause()
            await script(pilot)

    asyncio.run(run())


def board(pilot: Pilot[OSError | None]) -> Board:
    """The screen at the bottom."""
    found = pilot.app.screen_stack[0]
    assert isinstance(found, Board)
    return found


def seen(pilot: Pilot[OSError | None]) -> str:
    """The screen's text."""
    strips = pilot.app.screen._compositor.render_strips()
    return "".join(f"{strip.text.rstrip()}\n" for strip in strips)
