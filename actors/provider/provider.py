"""The scripted provider: an endpoint on loopback that says and breaks what its scripts tell it to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self

from actors.errors import UsageError
from actors.provider.connection import Answer
from actors.provider.desk import Request
from actors.provider.door import Door
from actors.provider.playhouse import DEFAULT, Playhouse
from actors.provider.plays import Script
from actors.provider.socket_door import SocketDoor
from actors.provider.stage import Stage


class ScriptedProvider(Playhouse):
    """A real HTTP/1.1 server on 127.0.0.1 that speaks OpenAI's chat completions, streaming and not.

    A sync and an async context manager. It serves on a daemon thread of its own, so a host whose loop is
    blocked never blocks the provider, nor the other way round.

    Whose a request is (its key): the header `x-greenroom-session`, else the body's `model`.

    Args:
        default: what keys without a script of their own get; a tuple gives a play for each attempt.
        seed: of response ids, with the key and the attempt; and of what goes wrong by chance.
        keep_alive_s: so many seconds an idle connection stays open.

    Raises:
        ConfigError: a play or setting that can't be.
    """

    def __init__(
        self,
        *,
        default: Script = DEFAULT,
        seed: int = 0,
        keep_alive_s: float = 60.0,
    ) -> None:
        super().__init__(default=default, seed=seed, keep_alive_s=keep_alive_s, clock=time.monotonic)
        self._stage: Stage | None = None
        self._doors: list[SocketDoor] = []
        self._closed = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        # Blocks for the moment that the provider's thread takes; an await could be cancelled half-way.
        self.close()

    def start(self) -> None:
        """Start serving. A provider is started once.

        Raises:
            UsageError: it was started before.
        """
        if self._stage is not None or self._closed:
            raise UsageError("a ScriptedProvider is started once; make a new one")
        self._stage = Stage()
        self._stage.start()
        try:
            self._open_house()
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Drop every connection and stop; leaves no thread, task or socket. Closing again does nothing."""
        self._closed = True
        stage, self._stage = self._stage, None
        if stage is not None:
            for door in self._doors:
                stage.call(door.dismantle())
            stage.stop()

    def _check_running(self) -> None:
        self._running()

    def _running(self) -> Stage:
        if self._stage is None:
            raise UsageError(
                "the provider is not running: use it inside `with ScriptedProvider(...) as provider:`"
            )
        return self._stage

    def _new_door(self, answer: Callable[[Request], Answer]) -> Door:
        door = SocketDoor(self._running(), answer, self._ledger.connected, self._keep_alive_s)
        self._doors.append(door)
        return door
