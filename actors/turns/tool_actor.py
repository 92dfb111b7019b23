"""One tool call under way: an actor that lives until the tool has given its result, or its time is over.

A tool that is a coroutine function runs on the loop, as a task of this actor, and is cancelled with it. A plain one
runs in a thread of the runtime's pool, which can't be stopped: it is told (`ToolContext.cancelled`), and left alone.
"""

from __future__ import annotations

import contextlib
import math
import threading
from typing import Any, ClassVar

import msgspec
import pykka

from actors.errors import ToolError
from actors.events import ToolCallStarted, ToolOutcome, ToolProgress
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import TaskResult, Timer
from actors.messages import Message, Tell, ToolEnded
from actors.tools.context import ToolContext
from actors.tools.pool import Pool
from actors.tools.render import render
from actors.tools.result import ToolResult
from actors.tools.tool import Tool

PROGRESS_S = 0.05
"""The least time between two progress events of a call, in seconds; of what comes in between, the newest is told."""
RETRY_S = 0.5
"""Before an idempotent tool is tried again, in seconds; doubled each time."""


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be run, for whom."""

    number: int
    """Names it to the session actor."""
    session: str
    turn: int
    step: int
    call_id: str
    tool: Tool
    arguments: str
    """JSON."""
    decoded: Any
    """The same, as the tool takes them."""
    state: dict[str, Any]
    """The session's."""
    here: Any = None
    """The session's handle for this call."""


class TimeOver(Message, frozen=True):
    """The tool's deadline has passed."""


class TryAgain(Message, frozen=True):
    """The wait before another attempt is over."""


class ProgressMade(Message, frozen=True):
    """There is news in the progress slot."""


class _Progress:
    """The newest that a tool has reported and that was not told yet; set from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._news: tuple[Any, ...] = ()

    def put(self, payload: Any) -> bool:
        """Whether there was nothing in it."""
        with self._lock:
            first = not self._news
            self._news = (payload,)
            return first

    def take(self) -> tuple[Any, ...]:
        with self._lock:
            news, self._news = self._news, ()
            return news


class ToolActor(HandlingActor):
    """Runs one call."""

    handlers: ClassVar[dict[type, str]] = {
        TaskResult: "_task_done",
        TimeOver: "_time_over",
        TryAgain: "_try_again",
        ProgressMade: "_progress_made",
    }

    def __init__(
        self,
        errand: Errand,
        session: pykka.ActorRef[Any],
        supervisor: pykka.ActorRef[Any],
        threads: Pool,
    ) -> None:
        super().__init__()
        self._errand = errand
        self._session = session
        self._supervisor = supervisor
        self._threads = threads
        self._attempt = 0
        self._context: ToolContext | None = None
        self._task = 0
        self._timer: Timer | None = None
        self._progress = _Progress()
        self._quiet_until = 0.0
        self._deadline = math.inf

    def on_start(self) -> None:
        """Begin."""
        self._begin()

    def on_stop(self) -> None:
        """Tell the tool that nobody waits for it any more."""
        if self._context is not None:
            self._context.cancel()
        if self._errand.here is not None:
            self._errand.here.call_ended()

    def _try_again(self, _: TryAgain) -> None:
        self._begin()

    def _begin(self) -> None:
        errand = self._errand
        self._attempt += 1
        context = self._context = ToolContext(
            session=errand.session,
            turn=errand.turn,
            step=errand.step,
            call=errand.call_id,
            name=errand.tool.name,
            attempt=self._attempt,
            deadline=self._remaining,
            state=errand.state,
            here=errand.here,
            report=self._report,
        )
        self._tell(ToolCallStarted, arguments=errand.arguments, tool_attempt=self._attempt)
        if errand.tool.timeout is not None:
            self._deadline = self.dispatcher.now() + errand.tool.timeout
            self._timer = self.send_after(errand.tool.timeout, TimeOver())
        self._task = self.spawn_task(self._run(context), name=f"tool {errand.tool.name}")

    async def _run(self, context: ToolContext) -> Any:
        errand = self._errand
        if errand.tool.blocking:
            return await self._threads.run(errand.tool.run, errand.decoded, context)
        try:
            return await errand.tool.run(errand.decoded, context)
        except SystemExit as error:  # the tool's, and not the host's wish to end; a pool takes it so too
            raise RuntimeError(f"the tool raised {error!r}") from error

    def _task_done(self, done: TaskResult) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if done.error is None:
            self._end_with(done.value)
        elif isinstance(done.error, ToolError):
            self._end_with(ToolResult(str(done.error), is_error=True))
        else:
            said = f"{type(done.error).__name__}: {done.error}"
            self._end_or_try_again("crashed", f"the tool crashed: {said}")

    def _time_over(self, _: TimeOver) -> None:
        self.cancel_task(self._task)
        if self._context is not None:
            self._context.cancel()
        timeout = self._errand.tool.timeout
        self._end_or_try_again("timeout", f"the tool gave no result within {timeout:g} s")

    def _end_or_try_again(self, outcome: ToolOutcome, why: str) -> None:
        if self._attempt <= self._errand.tool.retries:
            self.send_after(RETRY_S * 2 ** (self._attempt - 1), TryAgain())
        else:
            self._end_with(ToolResult(why, is_error=True), outcome)

    def _end_with(self, value: Any, failure: ToolOutcome = "error") -> None:
        """End with what the tool gave, or with why it gave nothing."""
        tool, context = self._errand.tool, self._context
        rendered = render(value, tool.max_output)
        ends_turn = rendered.ends_turn or tool.ends_turn or (context is not None and context.ends_turn)
        result = ToolResult(rendered.content, is_error=rendered.is_error, ends_turn=ends_turn)
        self._tell_news()
        outcome = failure if rendered.is_error else "ok"
        self.send(self._session, ToolEnded(self._errand.number, outcome, result, rendered.truncated))
        self.stop()

    # Progress

    def _report(self, payload: Any) -> None:
        """Take what the tool reports; from any thread."""
        if self._progress.put(payload):
            with contextlib.suppress(pykka.ActorDeadError):  # it was given up, and its function still runs
                self.actor_ref.tell(ProgressMade())

    def _progress_made(self, _: ProgressMade) -> None:
        now = self.dispatcher.now()
        if now < self._quiet_until:
            self.send_after(self._quiet_until - now, ProgressMade())
            return
        self._quiet_until = now + PROGRESS_S
        self._tell_news()

    def _tell_news(self) -> None:
        for payload in self._progress.take():
            self._tell(ToolProgress, payload=payload)

    def _remaining(self) -> float:
        return self._deadline - self.dispatcher.now()

    def _tell(self, kind: type[Any], **fields: Any) -> None:
        errand = self._errand
        told = {"call_id": errand.call_id, "name": errand.tool.name, **fields}
        self.send(self._supervisor, Tell(errand.turn, kind, told))
