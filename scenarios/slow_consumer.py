"""Slow consumer: some of those who watch look away while a model is in full flood.

    greenroom run scenarios/slow_consumer.py --set look_away_s=2

What comes meanwhile merges into coarser deltas, and then the socket is not read until they look again: so what waits
for them stays within bounds, and yet every letter arrives. Those who keep watching get the same flood at its own speed.
"""

from __future__ import annotations

import itertools

from actors.config import Buffering
from actors.core.fold import Fold
from actors.events import Event, TextDelta
from actors.provider import Reply
from actors.scenario import Says, Stage, completed, p95, scenario, share, turn_time
from actors.transport import READ_AHEAD

FLOOD = Reply(
    "All the world's a stage, and all the men and women merely players. " * 8000,
    delta_chars=1000,
    pace_s=0.001,
)
SMALL = Buffering(max_events=4, max_bytes=64 * 1024)
BOUND = SMALL.max_bytes + 2 * READ_AHEAD
"""What may wait, and what was read from the socket before it was known that nothing more should be."""


class Watcher:
    """Looks away from the first events, and puts together what it sees."""

    def __init__(self, stage: Stage, look_away_s: float, times: int) -> None:
        self.shown = Fold()
        self.most = 0
        """Letters in one event."""
        self._stage = stage
        self._look_away_s = look_away_s
        self._times = times

    async def __call__(self, event: Event) -> None:
        """See an event."""
        self.shown.apply(event)
        if isinstance(event, TextDelta):
            self.most = max(self.most, len(event.text))
            if self._times:
                self._times -= 1
                await self._stage.sleep(self._look_away_s)


@scenario(sessions=6, tags=("pressure",))
async def slow_consumer(stage: Stage, *, look_away_s: float = 0.8, times: int = 2) -> None:
    """Half of those who watch a flood look away: what waits for them stays within bounds, and no letter is lost."""
    kinds = itertools.cycle(("slow", "quick"))
    slow: list[Watcher] = []

    async def watch(name: str) -> None:
        kind = next(kinds)
        session = stage.spawn(f"{kind}-{name}", FLOOD, buffering=SMALL)
        watcher = Watcher(stage, look_away_s, times if kind == "slow" else 0)
        if kind == "slow":
            slow.append(watcher)
        stage.send(session, "Go on.", Says(FLOOD.text), on_event=watcher)

    await stage.each(watch)

    stage.check(all(one.shown.text == FLOOD.text for one in slow), "every letter reaches those who look away")
    stage.check(
        all(one.most <= BOUND for one in slow), f"never more than {BOUND} letters wait for one of them"
    )
    stage.expect(share(completed) == 1)
    stage.expect(p95(turn_time, of="quick-*") < 5)


if __name__ == "__main__":
    slow_consumer.main()
