"""Many sessions in one process, on default settings."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from actors import Runtime, fold
from actors.events import Event, TextDelta, TurnCompleted
from actors.provider import Gate, Pause, Reply, ScriptedProvider

IDLE = 10_000
STREAMING = 2_000
TEXT = "A line that is the same for everyone. " * 4


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Room for both ends of every connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * STREAMING + 200
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"this machine allows {hard} open files, and {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_idle_sessions() -> None:
    with ScriptedProvider(default=Reply(TEXT)) as provider, Runtime(provider.endpoint()) as runtime:
        sessions = [runtime.spawn() for _ in range(IDLE)]
        for session in (sessions[0], sessions[IDLE // 2], sessions[-1]):
            assert session.run("are you there?").text == TEXT
        sessions[1].close()
        assert sessions[1].ended.get(timeout=30).reason == "closed"
    assert {session.ended.get(timeout=0).reason for session in sessions[2:]} == {"runtime_closed"}


@pytest.mark.usefixtures("descriptors")
def test_two_thousand_streaming_sessions() -> None:
    gate = Gate()
    reply = Reply(TEXT, faults=(Pause(after=2, gate=gate),))
    with ScriptedProvider(default=reply) as provider, Runtime(provider.endpoint()) as runtime:
        streams = [runtime.spawn().stream("go") for _ in range(STREAMING)]
        begun: list[list[Event]] = [
            [next(event for event in stream if isinstance(event, TextDelta))] for stream in streams
        ]  # all are in mid-stream at once: the gate lets nobody pass before everyone has come
        gate.set()
        for events, stream in zip(begun, streams, strict=True):
            events.extend(stream)
            assert isinstance(events[-1], TurnCompleted)
            assert fold(events).text == TEXT
