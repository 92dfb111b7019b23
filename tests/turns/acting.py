"""One turn of a simulated session that has tools, with the laws that hold for every such turn checked on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from actors import Session, TurnHandle
from actors.core.fold import fold
from actors.events import (
    ApprovalDecided,
    ApprovalRequested,
    Event,
    SessionEnded,
    StepFinished,
    Terminal,
    ToolCallFinished,
    ToolCallStarted,
    TurnCancelled,
    TurnCompleted,
    TurnFailed,
)
from actors.provider import Call, Play, Reply
from actors.sim import Simulation

TERMINAL = TurnCompleted, TurnFailed, TurnCancelled
DONE = Reply("It is done.")

Drive = Callable[[Session, TurnHandle], Awaitable[None]]


class Acted(NamedTuple):
    """What became of the turn."""

    events: tuple[Event, ...]
    history: tuple[Mapping[str, Any], ...]
    bodies: tuple[Any, ...]
    """What was requested, in order."""
    seconds: float

    @property
    def terminal(self) -> Terminal:
        """The first turn's."""
        return self.of(*TERMINAL)[0]  # type: ignore[no-any-return]

    @property
    def completed(self) -> TurnCompleted:
        assert isinstance(self.terminal, TurnCompleted), self.terminal
        return self.terminal

    @property
    def failed(self) -> TurnFailed:
        assert isinstance(self.terminal, TurnFailed), self.terminal
        return self.terminal

    @property
    def results(self) -> dict[str, str]:
        """How each call ended, by id."""
        return {event.call_id: event.result for event in self.of(ToolCallFinished)}

    @property
    def contents(self) -> dict[str, str]:
        """What the model was told of each call, by id."""
        return {event.call_id: event.content for event in self.of(ToolCallFinished)}

    def of(self, *kinds: type[Any]) -> tuple[Any, ...]:
        return tuple(event for event in self.events if isinstance(event, kinds))


def asks(*calls: Call, text: str = "") -> Reply:
    return Reply(text, tool_calls=calls)


async def wait(_: Session, handle: TurnHandle) -> None:
    await handle


def act(*plays: Play, tools: Sequence[Any], drive: Drive = wait, seed: int = 1, **settings: Any) -> Acted:
    """Run one turn; `drive` may cut in on it."""
    sim = Simulation(seed)
    sim.provider.script("s", *plays)

    async def main() -> Acted:
        async with sim.runtime() as runtime:
            session = runtime.spawn(id="s", tools=list(tools), **settings)
            events = session.events()
            handle = session.send("Go on.")
            try:
                await drive(session, handle)
            except Exception as error:
                if not hasattr(error, "event"):
                    raise
            history = await session.history()
            session.close()
            told = tuple([event async for event in events if not isinstance(event, SessionEnded)])
        requests = tuple(request.body for request in sim.provider.requests_of("s"))
        return Acted(told, history, requests, sim.now())

    acted = sim.run(main)
    assert not sim.leftovers()
    hold_to_the_laws(acted)
    return acted


def hold_to_the_laws(acted: Acted) -> None:
    """One terminal event, whose text is what the deltas gave; each call one result; what is sent can be sent."""
    for terminal in acted.of(*TERMINAL):
        assert fold(event for event in acted.events if event.turn == terminal.turn).text == terminal.text
    assert [event.seq for event in acted.events] == list(range(1, len(acted.events) + 1))
    begun, ended = acted.of(ToolCallStarted), acted.of(ToolCallFinished)
    results = Counter((event.turn, event.step, event.call_id) for event in ended)
    assert set(results.values()) <= {1}
    assert {(event.turn, event.step, event.call_id) for event in begun} <= set(results)
    firsts = Counter((event.turn, event.step, event.call_id) for event in begun if event.tool_attempt == 1)
    assert set(firsts.values()) <= {1}
    assert firsts.keys() == {(event.turn, event.step, event.call_id) for event in ended if event.ran}
    asked = Counter((event.turn, event.step) for event in acted.of(StepFinished) for _ in event.calls)
    assert Counter((event.turn, event.step) for event in ended) <= asked
    for terminal in acted.of(TurnCompleted):
        if not terminal.calls:  # else some are the host's to answer
            mine = {place: count for place, count in asked.items() if place[0] == terminal.turn}
            assert mine == {
                place: count
                for place, count in Counter((event.turn, event.step) for event in ended).items()
                if place[0] == terminal.turn
            }
    opened, settled = acted.of(ApprovalRequested), acted.of(ApprovalDecided)
    assert sorted(event.approval for event in opened) == sorted(event.approval for event in settled)
    check_sendable(acted.history)
    for body in acted.bodies:
        check_sendable(body["messages"])


def check_sendable(messages: Sequence[Mapping[str, Any]]) -> None:
    """What endpoints insist on: each call has its result right behind it, and each result its call."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            waiting.remove(message["tool_call_id"])
            continue
        assert waiting == [], "a call without a result"
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
        assert len(set(waiting)) == len(waiting)
        assert message.get("tool_calls") is None or waiting
    assert waiting == []
