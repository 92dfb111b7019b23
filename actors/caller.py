"""The LLM caller: one attempt of one step, and the only actor that touches HTTP.

It sends what it reads to its aggregator as `Chunks` and then, last, `StreamEnded` or `StreamFailed`. It decides
nothing: not what the chunks mean, not whether to try again.
"""

from __future__ import annotations

import asyncio
import functools
from typing import Any, ClassVar

import msgspec
import pykka

from actors.config import Deadlines, Limits
from actors.core.bodies import overlay
from actors.core.chunks import Chunk, End, Error, Finish
from actors.core.retry import parse_retry_after
from actors.diagnosis import TransportFailure
from actors.errors import ProtocolViolation
from actors.kernel.handlers import HandlingActor
from actors.kernel.loop_actor import TaskResult, Timer
from actors.log.record import Log
from actors.messages import Chunks, DeadlineDue, Pause, ProgressDue, Resume, StreamEnded, StreamFailed
from actors.outcome import Failure, HttpError, Protocol, Stalled
from actors.services import Services
from actors.transport import HttpTransport, Response
from actors.turn import Turn
from actors.valve import Valve
from actors.wire import openai_chat

DRAIN_S = 1.0
"""How long the rest of a body is awaited after the end marker, so that its connection can be used again."""

ERROR_BODY_S = 2.0
"""How long the body of an error response is awaited: who stalls there must not hide what the status said."""


_LAST = End, Error
"""Chunks after which nothing counts."""


class CallSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller needs to know: the same for each attempt of a step but for `labels`."""

    transport: HttpTransport
    body: bytes
    session_header: str | None
    deadlines: Deadlines
    limits: Limits
    progress_every: float
    """Seconds between two progress records."""
    labels: dict[str, Any]
    """What its log records carry."""


def call_spec(session: str, turn: Turn, request: openai_chat.Request, services: Services) -> CallSpec:
    """What the attempts of a step share.

    Raises:
        UsageError: the request can't be sent as JSON, or a file of `Endpoint.tls` can't be used.
    """
    endpoint = turn.endpoint
    models = (request.model, turn.config.model, endpoint.model)
    model = next(model for model in models if model is not None)
    body = overlay(overlay(endpoint.body, turn.config.body), request.body)
    transport = services.transports.get(endpoint)
    return CallSpec(
        transport=transport,
        body=openai_chat.encode(
            msgspec.structs.replace(request, body=body), model=model, profile=endpoint.profile
        ),
        session_header=endpoint.session_header,
        deadlines=turn.config.deadlines,
        limits=turn.config.limits,
        progress_every=services.config.progress_every,
        labels={
            "session": session,
            "turn": turn.number,
            "step": turn.step,
            "operation": "chat",
            "provider": endpoint.provider,
            "model": model,
            "server_address": transport.host,
            "server_port": transport.port,
            "messages_count": len(request.messages),
            "tools_count": len(request.tools),
        },
    )


def headers_of(spec: CallSpec) -> dict[str, str]:
    """Whose request it is, and which attempt, where the endpoint wants to know it."""
    if spec.session_header is None:
        return {}
    labels = spec.labels
    attempt = f"{labels['turn']}.{labels['step']}.{labels['attempt']}"
    return {spec.session_header: labels["session"], f"{spec.session_header}-attempt": attempt}


class CallerActor(HandlingActor):
    """Streams one response."""

    handlers: ClassVar[dict[type, str]] = {
        Pause: "_pause",
        Resume: "_resume",
        DeadlineDue: "_deadline_due",
        ProgressDue: "_progress_due",
        TaskResult: "_task_done",
    }

    def __init__(self, spec: CallSpec, aggregator: pykka.ActorRef[Any], log: Log) -> None:
        super().__init__()
        self._spec = spec
        self._aggregator = aggregator
        self._log = log
        self._valve = Valve()
        self._chunks = 0
        self._settled = False
        """Whether the aggregator has had its last word from here."""

    def on_start(self) -> None:
        """Begin the request."""
        self._now = self.dispatcher.now
        self._started = self._last_chunk = self._now()
        self._first_chunk: float | None = None
        self._finished: float | None = None
        self._emit("actors.request.started", "request started")
        self._streaming = self.spawn_task(self._stream())
        self._timer: Timer | None = None
        self.send_after(self._spec.progress_every, ProgressDue())

    # Reading: runs as a task of this actor, on its loop

    async def _stream(self) -> Failure | None:
        spec = self._spec
        try:
            async with spec.transport.stream(
                spec.body, headers_of(spec), connect_s=spec.deadlines.connect, on_begin=self._begin
            ) as response:
                if not 200 <= response.status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
                    return await self._http_error(response)
                if "json" in response.headers.get("content-type", ""):
                    await self._document(response)
                    return None
                await self._events(response)
        except TransportFailure as failure:
            return failure.outcome
        except ProtocolViolation as violation:
            return Protocol(message=violation.message, type=violation.kind)  # type: ignore[arg-type]
        return None

    def _begin(self) -> None:
        # The time in which we waited for a connection of ours to come free is not the endpoint's.
        self._started = self._last_chunk = self._now()
        first = min(self._spec.deadlines.first_event, self._spec.deadlines.attempt)
        self._timer = self.send_after(first, DeadlineDue())

    async def _events(self, response: Response) -> None:
        decoder = openai_chat.Decoder(self._spec.limits)

        def take(data: bytes) -> bool:
            if self.actor_inbox.closed:
                return True  # killed by what the last read led to, and this one was in hand
            over = self._forward(decoder.feed(data))
            if over:
                self._settle(StreamEnded())
            elif decoder.violation is not None:
                raise decoder.violation
            return over

        if await response.pour(functools.partial(self.dispatcher.at_once, take), self._valve):
            await self._drain(response)
        else:
            self._forward(decoder.eof())

    async def _drain(self, response: Response) -> None:
        """Read a body that should be over to its end; past `DRAIN_S` give the connection up."""
        try:
            async with asyncio.timeout(DRAIN_S):
                await response.pour(_discard, Valve())
        except (TimeoutError, TransportFailure):
            pass

    async def _document(self, response: Response) -> None:
        limit = self._spec.limits.event_bytes
        body = await response.read_at_most(limit + 1)
        if len(body) > limit:
            raise ProtocolViolation("limit", f"a response of more than {limit} bytes")
        self._forward(openai_chat.decode_document(body, self._spec.limits))

    async def _http_error(self, response: Response) -> HttpError:
        try:
            async with asyncio.timeout(ERROR_BODY_S):
                body = await response.read_at_most(self._spec.limits.error_bytes)
        except (TimeoutError, TransportFailure):
            body = b""  # the status says enough
        message, code, kind = openai_chat.decode_error(body)
        location = response.headers.get("location")
        return HttpError(
            status=response.status,
            message=message if message is not None else f"status {response.status}",
            code=code,
            type=kind,
            retry_after_s=parse_retry_after(response.headers, self.dispatcher.wall()),
            should_retry={"true": True, "false": False}.get(response.headers.get("x-should-retry", "")),
            location=None if location is None else location.partition("?")[0],
        )

    def _forward(self, chunks: list[Chunk]) -> bool:
        """Pass chunks on. True: the stream is over, whatever follows."""
        if not chunks:
            return False
        self._last_chunk = now = self._now()
        self._chunks += len(chunks)
        last = type(chunks[-1])
        if last is Error:
            chunks[-1] = self._spec.transport.redact(chunks[-1])
        self.send(self._aggregator, Chunks(tuple(chunks)))
        if self._first_chunk is None:
            self._first_chunk = now
            self._emit("actors.request.first_chunk", "first chunk", time_to_first_chunk=now - self._started)
            self._arm()
        if self._finished is None and Finish in map(type, chunks):
            self._finished = now
            self._arm()
        return last in _LAST

    # Messages

    def _pause(self, _: Pause) -> None:
        self._valve.shut()

    def _resume(self, _: Resume) -> None:
        # The time in which the consumer made us wait is not the endpoint's.
        self._last_chunk = self._now()
        if self._finished is not None:
            self._finished = self._last_chunk
        self._valve.open()
        self._arm()

    def _task_done(self, done: TaskResult) -> None:
        if isinstance(done.error, BaseException):
            raise done.error
        failure: Failure | None = done.value
        self._settle(StreamEnded() if failure is None else StreamFailed(self._spec.transport.redact(failure)))
        self.stop()

    def _deadline_due(self, _: DeadlineDue) -> None:
        if self._settled:
            return
        at, stalled = self._next_deadline()
        if self._now() < at:
            self._arm()
            return
        self.cancel_task(self._streaming)
        self._settle(StreamEnded() if stalled is None else StreamFailed(stalled))
        self.stop()

    def _progress_due(self, _: ProgressDue) -> None:
        if self._settled:
            return
        self._emit("actors.request.progress", "streaming", chunks_count=self._chunks, duration=self._age())
        self.send_after(self._spec.progress_every, ProgressDue())

    # Deadlines: one timer, which looks again when it fires, as each chunk moves the deadline further away. It is set
    # anew only where the next deadline can come sooner: at the first chunk, at the finish, and after a pause.

    def _next_deadline(self) -> tuple[float, Stalled | None]:
        deadlines = self._spec.deadlines
        attempt = self._started + deadlines.attempt, _stalled("attempt", deadlines.attempt)
        if not self._valve.is_open:
            return attempt
        if self._finished is not None:
            return self._finished + deadlines.trailing, None
        if self._first_chunk is None:
            first = self._started + deadlines.first_event, _stalled("first_event", deadlines.first_event)
            return min(first, attempt, key=_when)
        idle = self._last_chunk + deadlines.idle, _stalled("idle", deadlines.idle)
        return min(idle, attempt, key=_when)

    def _arm(self) -> None:
        if self._timer is None:
            return  # the request has not begun
        self._timer.cancel()
        at, _ = self._next_deadline()
        self._timer = self.send_after(max(0.0, at - self._now()), DeadlineDue())

    # The end

    def _settle(self, last: StreamEnded | StreamFailed) -> None:
        if self._settled:
            return
        self._settled = True
        self.send(self._aggregator, last)

    def _age(self) -> float:
        return self._now() - self._started

    def _emit(self, event: str, message: str, **fields: Any) -> None:
        if self._log.enabled:
            self._log.emit(event, message, level="DEBUG", **self._spec.labels, **fields)


def _discard(_: bytes) -> bool:
    return False


def _when(deadline: tuple[float, Stalled | None]) -> float:
    return deadline[0]


_NOTHING = {
    "first_event": "no chunk within {:g} s of the request",
    "idle": "no chunk for {:g} s (keep-alives do not count)",
    "attempt": "the attempt took more than {:g} s",
}


def _stalled(deadline: Any, seconds: float) -> Stalled:
    return Stalled(message=_NOTHING[deadline].format(seconds), deadline=deadline, seconds=seconds)
