"""`greenroom top`."""

from __future__ import annotations

import asyncio
import gc
import math
import time
from collections.abc import Callable
from typing import ClassVar, Final

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType

from actors.dashboard.top.board import Board
from actors.dashboard.top.clock import FASTER, Clock
from actors.dashboard.top.help import Help
from actors.dashboard.top.replay import Replay
from actors.dashboard.top.source import Source
from actors.dashboard.top.timeline import TimelineScreen

PERIOD: Final = 0.25
"""Seconds between two pictures."""
QUIET: Final = 0.1
"""A picture that is due so many seconds after a key comes so much later: first what the key asked for is painted."""

STEP: Final = 0.01
LEAP: Final = 0.1
"""How far a key seeks, as a share of the log."""


class Top(App[OSError | None]):
    """Shows a fleet in a terminal, from its logs alone.

    Args:
        source: what to show; it is closed at the end.
        no_color: whether the terminal is to get no colour at all.
    """

    TITLE = "greenroom top"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c", "quit", show=False),
        Binding("question_mark", "help", show=False),
        Binding("space", "pause", show=False),
        Binding("left", f"seek({-STEP})", show=False),
        Binding("right", f"seek({STEP})", show=False),
        Binding("shift+left", f"seek({-LEAP})", show=False),
        Binding("shift+right", f"seek({LEAP})", show=False),
        Binding("b", "seek(-1.0)", show=False),
        Binding("e", "seek(1.0)", show=False),
        Binding("plus,equals_sign", f"speed({FASTER})", show=False),
        Binding("minus", f"speed({1 / FASTER})", show=False),
    ]

    def __init__(self, source: Source, *, no_color: bool = False) -> None:
        super().__init__(ansi_color=True if no_color else None)
        self.source = source
        self.replay = source if isinstance(source, Replay) else None
        self._pressed = -math.inf

    def get_default_screen(self) -> Board:
        """The screen beneath all others."""
        return Board()

    def on_ready(self) -> None:
        """Begin to follow the logs."""
        self.run_worker(self._follow(), exit_on_error=True)

    def on_unmount(self) -> None:
        """Close the logs."""
        gc.unfreeze()
        self.source.close()

    async def on_event(self, event: events.Event) -> None:
        """See keys as they come in."""
        if isinstance(event, events.Key):
            self._pressed = time.monotonic()
        await super().on_event(event)

    def draw(self) -> None:
        """Draw what is on top."""
        if isinstance(self.screen, Board | TimelineScreen):
            self.screen.draw()

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self.source.pause()
        self.draw()

    def action_help(self) -> None:
        """Say what the keys do."""
        if not isinstance(self.screen, Help):
            self.push_screen(Help())

    def action_seek(self, share: float) -> None:
        """Go to another place in the log."""
        self._change(lambda clock: clock.moved(share))

    def action_speed(self, factor: float) -> None:
        """Play faster or slower."""
        self._change(lambda clock: clock.faster(factor))

    def _change(self, change: Callable[[Clock], Clock]) -> None:
        if self.replay is not None and self.replay.clock is not None:
            self.replay.seek(change(self.replay.clock))
            self.draw()

    async def _follow(self) -> None:
        try:
            await self._poll()
            gc.freeze()  # what a long log left would be looked through again and again, 50 ms each time
            while True:
                self.draw()
                await asyncio.sleep(PERIOD)
                if time.monotonic() - self._pressed < QUIET:
                    await asyncio.sleep(QUIET)
                await self._poll()
        except OSError as error:
            self.exit(error)

    async def _poll(self) -> None:
        drawn = time.monotonic()
        for _ in self.source.poll():
            await asyncio.sleep(0)  # a backlog is long, and keys are to be answered meanwhile
            if time.monotonic() - drawn >= PERIOD:
                self.draw()
                drawn = time.monotonic()
