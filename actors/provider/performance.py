"""Carries out one play's actions on a transport. Runs on the provider's loop; never blocks, never raises."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Iterator

from actors.provider.actions import Action, Close, Finish, Hang, Hold, Repeat, Reset, Send, Wait
from actors.provider.gate import Gate
from actors.provider.ledger import Serving


class Performance:
    """One response.

    Args:
        transport: where to write; it pauses this with `pause()` and `resume()` as its buffer fills.
        actions: the rendered play.
        progressed: told how far serving has come.
        finished: told when the response is over by HTTP's rules, with whether the connection closes.
    """

    def __init__(
        self,
        transport: asyncio.Transport,
        actions: Iterator[Action],
        progressed: Callable[[Serving], None],
        finished: Callable[[bool], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = transport
        self._actions = actions
        self._progressed = progressed
        self._finished = finished
        self._timer: asyncio.Handle | None = None
        self._ended = False
        self._paused = False
        self._waiting = False

    def start(self) -> None:
        """Carry out actions until one waits."""
        self._go_on()

    def pause(self) -> None:
        """The client does not keep up: write nothing more."""
        self._paused = True

    def resume(self) -> None:
        """The client has caught up."""
        self._paused = False
        if not self._waiting:
            # Not at once: asyncio's transport does not expect to be closed while it resumes its protocol, and
            # would call `connection_lost` twice.
            self._waiting = True
            self._loop.call_soon(self._go_on)

    def abandon(self) -> None:
        """The client is gone."""
        if not self._ended:
            self._end("client_gone")

    def _go_on(self) -> None:
        self._waiting = False
        # A transport that has lost its client takes writes for a moment still, and would log them.
        while not (self._ended or self._waiting or self._paused or self._transport.is_closing()):
            self._carry_out(next(self._actions))

    def _carry_out(self, action: Action) -> None:
        match action:
            case Send(data):
                self._transport.write(data)
            case Wait(seconds):
                self._wake_after(seconds, self._go_on)
            case Hold(gate):
                self._hold(gate)
            case Repeat():
                self._progressed("held")
                self._repeat(action)
            case Hang():
                self._waiting = True
                self._progressed("held")
            case Finish():
                self._end("fault" if action.fault else "completed")
                self._finished(action.close)
            case Close():
                self._end("fault")
                self._transport.close()
            case Reset():
                self._end("fault")
                self._reset()

    def _wake_after(self, seconds: float, callback: Callable[[], None]) -> None:
        self._waiting = True
        self._timer = self._loop.call_later(seconds, callback) if seconds else self._loop.call_soon(callback)

    def _hold(self, gate: Gate) -> None:
        self._waiting = True
        if not gate.is_set():
            self._progressed("held")
        gate.arrive(self._released)

    def _released(self) -> None:
        # The gate is opened on any thread, perhaps when the provider is long closed.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._on_release)

    def _on_release(self) -> None:
        if not self._ended:
            self._progressed("serving")
            self._go_on()

    def _repeat(self, action: Repeat) -> None:
        if not self._paused:
            self._transport.write(action.data)
        self._wake_after(action.every_s, lambda: self._repeat(action))

    def _reset(self) -> None:
        connection: socket.socket | None = self._transport.get_extra_info("socket")
        if connection is not None:  # in memory, to abort is to reset
            # Closing with a linger time of 0 sends RST instead of FIN (RFC 9293, 3.10.5 ABORT).
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _end(self, outcome: Serving) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        self._progressed(outcome)
