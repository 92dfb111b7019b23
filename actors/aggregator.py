"""The aggregator: chunks of one attempt in, what may be shown and the attempt's result out.

It lives for one attempt, so a late chunk of an attempt that was given up reaches a dead actor.
"""

from __future__ import annotations

from typing import Any, ClassVar

import pykka

from actors.config import SessionConfig
from actors.core.aggregate import Aggregate, Piece
from actors.errors import ProtocolViolation
from actors.kernel.handlers import HandlingActor
from actors.messages import (
    AttemptFailed,
    AttemptFinished,
    AttemptKey,
    Chunks,
    Deltas,
    StreamEnded,
    StreamFailed,
)
from actors.outcome import Complete, Outcome


class AggregatorActor(HandlingActor):
    """Aggregates one attempt for its supervisor."""

    handlers: ClassVar[dict[type, str]] = {
        Chunks: "_chunks",
        StreamEnded: "_ended",
        StreamFailed: "_failed",
    }

    def __init__(self, key: AttemptKey, supervisor: pykka.ActorRef[Any], config: SessionConfig) -> None:
        super().__init__()
        self._key = key
        self._supervisor = supervisor
        self._aggregate = Aggregate(config.limits, show_thoughts=config.enable_thought)
        self._settled = False

    def _chunks(self, message: Chunks) -> None:
        if self._settled:
            return  # sent before the caller could know that a limit was passed
        pieces: tuple[Piece, ...] = ()
        try:  # noqa: SIM105 - a context manager would cost more than all else here
            pieces = self._aggregate.add(message.chunks)
        except ProtocolViolation:
            pass  # the aggregate keeps it
        if pieces:
            self.send(
                self._supervisor, Deltas(self._key, pieces, self._aggregate.received, self._aggregate.usage)
            )
        if self._aggregate.violation is not None:
            self._settle(self._aggregate.outcome())

    def _ended(self, _: StreamEnded) -> None:
        self._settle(self._aggregate.outcome())

    def _failed(self, message: StreamFailed) -> None:
        # The model had already said that it was done: what broke after that took nothing from the answer.
        if self._aggregate.finish_reason is not None and self._aggregate.error is None:
            self._settle(self._aggregate.outcome())
        else:
            self._settle(message.outcome)

    def _settle(self, outcome: Outcome) -> None:
        if self._settled:
            return
        self._settled = True
        _, step, attempt = self._key
        aggregate = self._aggregate
        usage = aggregate.attempt_usage(step=step, attempt=attempt)
        last = (
            AttemptFinished(self._key, aggregate.result(outcome), outcome, usage, aggregate.chunks)
            if isinstance(outcome, Complete)
            else AttemptFailed(self._key, outcome, usage, aggregate.chunks)
        )
        self.send(self._supervisor, last)
