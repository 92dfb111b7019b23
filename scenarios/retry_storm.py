"""Retry storm: everyone is turned away at once, and everyone comes back.

    greenroom run scenarios/retry_storm.py --sessions 1000

All sessions ask in the same moment, and the provider tells each of them, several times over, to come back later. What
makes a storm of it is who comes back too soon, and that all come back together. So nobody may come back before the
moment that the provider named, and those who waited must come back spread out.
"""

from __future__ import annotations

import math
from collections import defaultdict

from actors.config import RetryPolicy
from actors.events import Event, RetryScheduled
from actors.provider import Reply, Status
from actors.scenario import Says, Stage, completed, maximum, minimum, retry_wait, scenario, share

LINE = Reply(
    "The best actors in the world, either for tragedy, comedy, history, pastoral, or scene individable."
)
SPREAD = 0.25
"""Who waits adds up to so much of the wait."""


@scenario(sessions=100, tags=("overload", "retry"))
async def retry_storm(stage: Stage, *, failures: int = 2, asked_s: float = 0.4) -> None:
    """Everyone is turned away at once; nobody comes back too soon, and not all together."""
    busy = Status(429, {"retry-after-ms": f"{asked_s * 1000:g}"}, message="Rate limit reached.")
    stage.fault(busy, times=failures)

    stage.expect(share(completed) == 1)
    stage.expect(minimum(retry_wait) >= failures * asked_s)
    stage.expect(maximum(retry_wait) <= failures * asked_s * (1 + SPREAD))

    waits: defaultdict[int, list[float]] = defaultdict(list)

    def remember(event: Event) -> None:
        if isinstance(event, RetryScheduled):
            waits[event.failed_attempts].append(event.backoff_ms / 1000)

    async def player(name: str) -> None:
        session = stage.spawn(name, LINE, retry=RetryPolicy(max_retries=failures, backoff_ms=10))
        expected = Says(LINE.text, after=("http_error:429",) * failures)
        stage.send(session, "Your line?", expected, on_event=remember)

    await stage.each(player)

    stage.check(soonest(stage) >= asked_s, "nobody comes back before the moment that the provider named")
    for number, waited in waits.items():
        if len(waited) >= 10:  # a few may well choose the same moment
            apart = max(waited) - min(waited)
            stage.check(apart >= asked_s * SPREAD / 5, f"after refusal {number} they come back spread out")


def soonest(stage: Stage) -> float:
    """The shortest time that anybody stayed away between two requests, in seconds."""
    last: dict[str, float] = {}
    away = []
    for request in stage.provider.requests:
        if request.key in last:
            away.append(request.received_at - last[request.key])
        last[request.key] = request.received_at
    return min(away, default=math.inf)


if __name__ == "__main__":
    retry_storm.main()
